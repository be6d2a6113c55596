"""The list of what a submission may try, entry by entry in our own words, and the attacks that try it.

Sections: A reading secrets, B forging, C monkeypatching, D values, E deserialisation, F resources, G archives and
notebooks, I host and network, J leftovers and neighbours.  (H, feedback and web, is tried where the pages are.)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One thing to try, and the ids of the attacks that do."""

    section: str
    words: str
    attacks: tuple[str, ...]


_TABLE = """
A open the files of tests and answers: A1 A6 A15 X13
A its own file: A14
A frames and objects of the heap: A2 A16
A line cache, constants and source of code: A12
A environment and arguments: A3
A /proc of itself: A3 A14
A /proc of process 1 and of others: A3 B14
A its own memory: A4 A14
A inherited descriptors: A5
A layers of the image: A15
A bytecode and pip's cache: A15 A7
A leftovers in shared folders: A7 J14
A core dumps: A14
A a repository in the bundle: A15
A a reference inherited by fork: A16 A6 A2
A seeds: A13
A hidden inputs in the text of exceptions: A8 A20
A hidden inputs in names of classes: A8
A hidden inputs in what is printed: A9 A10
A hidden inputs in answers: A11
A hidden inputs in pixels: A17
A hidden inputs in the run time: A18
A pass and fail as bits over many attempts: A19 A20
B a file of results: B2
B every descriptor: B3 J9
B printed passes, JSON and separators: B1
B exit with 0: B4 B5
B at the end of the process: B6
B threads and daemons that write later: B12 B24 A9 D20
B another file over the channel: B11
B an answer before the question: B20 B3 X10
B a nonce again: B10
B an answer twice: B9 B19
B signals to the parent: B13 B22 B23
B ptrace: B14
B frames of its own making: B7 B8 B15 B16 B17 B18
B the gradebook by SQL: B21
C numpy's comparisons: C1
C numpy's tests: C1 C17
C torch's comparisons: C11
C builtins: C1 C18
C pytest: C2 C17
C IPython: C7 C15 C16
C the table of modules: C2 C13 C17
C fake modules in the working folder: C13 C3
C sitecustomize and conftest in the working folder: C14 C3
C generators that agree with the judge's: C4 A13
C clocks: C5
C default type and device: C9 C12
C numpy's error state: C9
C trace, import hooks, collector callbacks: C6
C the guest's own code: C8 C10 B7
D objects that equal everything: D1
D array subclasses: D2 D12
D Tensor subclasses: D28
D __array__, __float__ and __array_interface__ that lie: D3 D32
D subclasses of numbers and containers: D29 D21
D NaN: D4
D one number or (1, 1) for a whole array: D5 D6
D empty arrays: D7
D arrays of objects: D8
D complex numbers: D9
D overflow of integers: D34 D17
D minus zero: D30
D infinity: D10
D views changed after they were returned: D20
D inputs changed: D19
D generators: D11
D other answers at each call: D18
D state kept between calls: D31
D low precision inside a loose tolerance: D22
D a constant that fits one input: D33 D26
D a library call in place of the work: D23 D24 D25 D27 D36
D autograd for a gradient by hand: D35
D other kinds and shapes than asked for: D13 D14 D15 D16
E pickle: E1
E joblib and cloudpickle: E16
E torch.load: E16
E npy files with objects: E1
E a header that asks for 8 GiB: E17 E18 E2
E YAML with objects: E1 E19
E XML entities: E19 E1
E JSON, deeply nested: E6 E7
E integers of a million digits: E5
E lone surrogates: E20 E11
E keys twice: E8
E shapes, types and handles that are not true: E3 E10 E13 E14 E21
E many and large values: E4 E9 E12 E15
F an endless loop that catches everything: F1 F2
F sleep: F3 F17
F fork and process bombs: F4 F26
F a thread bomb: F5
F memory: F6 F27
F temporary files and inodes: F7 F33
F /dev/shm: F7
F descriptors: F8 F35 F24 F25
F a flood of output: F9 F10
F a huge traceback: F12 X6
F a huge repr: F32 F12 F11
F a huge figure: F31 X12
F regular expressions: F13 F28
F recursion that crashes C: F14 F29 F15
F a deadlock on a full pipe: F30 F8
F answers too large: F16
F source that costs its reader much: F18 F19 F20 F21 F22 F23
F all memory of the card: F36
F an endless kernel on the card: F37
F an error of the card that stays: F38
F a flood of submissions: F34
G a zip bomb: G1
G bombs in bombs: G2
G a million entries: G17
G names that climb, absolute names: G3 G16
G a link, and a file through it: G4 G19
G hard links, devices and pipes: G20
G names twice, names that differ in case: G21
G a hundred thousand cells: G5
G megabytes of output: G9
G broken JSON: G10 G11 G12 G18
G another format of notebook: G22 G12
G cyclic and absurd metadata: G23 G8
G grade ids twice: G6
G a foreign kernel: G27 G8
G %%script: G15
G shell commands: G14 G28
G extensions: G14 G28
G input(): G14
G graded cells unlocked: G7
G graded cells deleted: G13
G graded cells of another type: G25
G graded cells pointed elsewhere: G24
I links where the host reads, writes or changes owners: I1
I set-user-id files: I2 I12
I the engine's socket: I3
I DNS and services of the host: I3 I11
I metadata addresses: I3
I reverse shells: I10
I LD_PRELOAD: I4 I12
I PYTHONSTARTUP: I4 I12
I .pth files: I4 I12
I code run while building or collecting: G26 C14
I kernel interfaces, namespaces and rules of its own: I5 I6 I7 I8 I9 I13 I14
J a daemon that outlives its job: J1 J5 J6
J SIGSTOP for processes of the same user: J2 B22
J keyrings: J11 J3
J vsock: J12 I3
J file locks: J13 J4
J abstract sockets: J10 J4
J shared memory: J14 J3
J its own channel handed on: J8 J9
J state that the next would inherit: J7 C18
J processor time: J15 F26
J memory of the card that is not cleared: J16
"""


def _entry(line: str) -> Entry:
    words, _, attacks = line[2:].rpartition(":")
    return Entry(line[0], words.strip(), tuple(attacks.split()))


ENTRIES: tuple[Entry, ...] = tuple(_entry(line) for line in _TABLE.strip().splitlines())
