"""The notebook that a box is tested with: each function tries to break one promise and says what it managed to do.

This text is sent into the box as a cell; it is never run on this side.
"""

SOURCE = r'''
import ctypes, importlib, importlib.util, os, socket, stat, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def tried(*attempts):
    """Names of the attempts that did not raise and did not return None."""
    done = []
    for name, attempt in attempts:
        try:
            if attempt() is not None:
                done.append(name)
        except BaseException:
            continue
    return done

def zero(value):
    return True if value == 0 else None

def hidden():
    found = [n for n in ("reference", "autograder", "autograder.checks", "assignments", "tests", "nbgrader")
             if tried((n, lambda: importlib.util.find_spec(n)))]
    for top in ("/box", "/home", "/root", "/work", "/opt", "/srv", "/tmp", *sys.path):
        for folder, _, files in os.walk(top):
            found += [f for f in files if f in ("test_hidden.py", "wrong.py", "right.py", "course.yaml", "grades.db")]
    return sorted(set(found))

def network(port):
    kinds = {"inet": 2, "inet6": 10, "netlink": 16, "packet": 17, "vsock": 40, "bluetooth": 31}
    made = [(k, lambda v=v: socket.socket(v, socket.SOCK_STREAM if v != 17 else socket.SOCK_RAW)) for k, v in kinds.items()]
    return tried(*made, ("loopback of the host", lambda: socket.create_connection(("127.0.0.1", port), 1)),
                 ("docker socket", lambda: os.stat("/var/run/docker.sock")))

def writes():
    places = ["/", "/usr", "/usr/lib", "/etc", "/box", "/box/guest", "/box/env", "/box/data", "/box/channel", "/dev", "/var",
              "/var/tmp", "/root", "/home", "/opt", "/run", "/proc", "/sys", os.path.dirname(os.path.realpath(sys.executable))]
    return tried(*[(p, lambda p=p: open(os.path.join(p, "autograder-probe"), "w")) for p in places],
                 ("null device changed", lambda: os.chmod("/dev/null", 0o600) or True))

def processes():
    """Process 1 is the submission itself, or the first one of its box."""
    first = os.getpid() != 1
    def seen():
        return [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())][0]
    def read(name):
        with open(f"/proc/1/{name}", "rb") as f: return f.read(1)
    def change(call, *arguments):
        return zero(libc.syscall(call, *arguments)) if first else None
    done = tried(("see others", seen), ("signal others", lambda: os.kill(-1, 0) or True),
                 ("another's group", lambda: True if os.getpgid(0) not in (0, 1, os.getpid()) else None),
                 *[(f"read {n} of process 1", lambda n=n: read(n)) for n in ("environ", "mem", "maps", "io", "auxv")],
                 ("list descriptors of process 1", lambda: os.listdir("/proc/1/fd")),
                 ("ptrace", lambda: zero(libc.ptrace(16, 1, 0, 0))),
                 *[(f"{name} of process 1", lambda c=c, a=a: change(c, *a)) for name, c, a in ON_FIRST])
    for signal in (9, 19, 15, 1, 2, 3, 6, 11, 20):  # of no effect on the first process: the next submission must be fine
        tried(("signal", lambda: os.kill(1, signal) if first else None))
    return done

def privileges():
    calls = [(f"syscall {n}", lambda n=n, a=a: True if libc.syscall(n, *a) >= 0 else None) for n, a in DANGEROUS]
    return tried(("new user namespace", lambda: zero(libc.unshare(0x10000000))),
                 ("new mount namespace", lambda: zero(libc.unshare(0x20000))),
                 ("mount", lambda: zero(libc.mount(b"x", b"/tmp", b"tmpfs", 0, None))),
                 ("become root", lambda: os.setuid(0) or True),
                 ("be root", lambda: zero(os.getuid())),
                 ("no_new_privs off", lambda: zero(libc.prctl(39, 0, 0, 0, 0))),
                 ("no seccomp filter", lambda: zero(libc.prctl(21, 0, 0, 0, 0))),
                 ("dumpable", lambda: True if libc.prctl(3, 0, 0, 0, 0) == 1 else None),
                 ("capability in bounding set", lambda: next((c for c in range(64) if libc.prctl(23, c, 0, 0, 0) == 1), None)),
                 *calls)

def environment(allowed):
    extra = [k for k in os.environ if k not in allowed]
    for fd in range(4, 1024):
        try:
            os.fstat(fd)
            extra.append(f"descriptor {fd}")
        except OSError:
            pass
    if not stat.S_ISSOCK(os.fstat(3).st_mode):
        extra.append("descriptor 3 is no socket")
    return extra

def forks():
    made = 0
    try:
        while made < 5000:
            if os.fork() == 0:
                time.sleep(300)
                os._exit(0)
            made += 1
    except OSError:
        pass
    return made

def memory():
    import numpy as np
    kept = []
    while True:
        kept.append(np.ones(1 << 22))

def leave():
    marks = tried(("tmp", lambda: open("/tmp/autograder-probe", "w")), ("work", lambda: open("autograder-probe", "w")),
                  ("shm", lambda: open("/dev/shm/autograder-probe", "w")))
    global kept
    kept = socket.socket(socket.AF_UNIX)
    kept.bind("\0autograder-probe")
    kept.listen()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(300)
        os._exit(0)
    return marks

def find():
    def abstract():
        s = socket.socket(socket.AF_UNIX)
        s.connect("\0autograder-probe")
        return s
    return tried(*[(p, lambda p=p: os.stat(p)) for p in ("/tmp/autograder-probe", "autograder-probe", "/dev/shm/autograder-probe")],
                 ("abstract socket", abstract))

def die():
    os._exit(0)

def spin():
    while True:
        pass

def fine():
    return 42
'''

#: Calls that could change the first process of the box: a name and how they are called.
ON_FIRST = {
    "prlimit64": (1, 7, bytes(16), 0),  # no files
    "sched_setaffinity": (1, 8, bytes([1] + [0] * 7)),
    "setpriority": (0, 1, 19),
    "ioprio_set": (1, 1, 3 << 13),
    "sched_setscheduler": (1, 5, bytes(8)),
    "process_mrelease": (1, 0),
    "pidfd_open": (1, 0),
}
#: Calls tried with harmless arguments: reaching any of them means that the filter is not there.
TRIED = (
    "setns ptrace process_vm_readv keyctl add_key bpf perf_event_open userfaultfd io_uring_setup memfd_create "
    "name_to_handle_at open_by_handle_at mq_open shmget msgget semget pidfd_getfd kcmp fsopen open_tree mount_setattr"
).split()
