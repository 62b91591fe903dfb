"""The child's side of the sandbox: isolate this process, lower its limits, run one program.

Run as a script by :mod:`apd.tasks.judging.sandbox` with ``python -I -S -B``; it never imports the
package. Standard input holds one JSON object ``{program, nonce, limits, writable, locks}``, the
last being the file of :mod:`apd.tasks.judging.sandbox_locks`. Standard output receives ``<nonce>
kernel <what it enforces>``, then ``<nonce> passed`` or ``<nonce> failed <reason>``. The nonce is
not among the program's variables, so a program that prints "passed" or calls ``os._exit(0)`` does
not pass.

Two processes take part. The *supervisor* enters new user, network, process and mount namespaces
where the kernel allows it and keeps the wall clock; the *runner* is process 1 of the new process
namespace, so everything the program started dies with it.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

CLONE_FLAGS = 0x00020000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x08000000  # NS USER PID NET IPC
MS_REC_PRIVATE = 0x4000 | 0x40000
MS_NOSUID_NODEV = 0x2 | 0x4
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, ATTR_RDONLY = 442, -100, 0x8000, 1
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CAPABILITY_VERSION_3 = 0x20080522

# What a judged program has no reason to do. Audit hooks cannot be removed once they are installed.
FORBIDDEN_EVENTS = (
    "socket.", "subprocess.", "ctypes.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
    "os.fork", "os.kill", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.chmod", "os.chown", "os.truncate", "os.utime", "os.setxattr", "os.removexattr", "shutil.",
    "signal.pthread_kill", "ftplib.", "smtplib.", "urllib.", "http.", "webbrowser.", "pty.",
    "syslog.", "resource.", "fcntl.",
)  # fmt: skip
# The same, where the interpreter raises no event.
FORBIDDEN_FUNCTIONS = (
    ("_posixsubprocess", "fork_exec"), ("_signal", "pidfd_send_signal"), ("posix", "pidfd_open"),
    ("posix", "mkfifo"), ("posix", "mknod"), ("posix", "setpriority"), ("posix", "setsid"),
    ("posix", "sched_setaffinity"), ("posix", "sched_setscheduler"), ("posix", "sched_setparam"),
)  # fmt: skip
ALIASES = {"_signal": "signal", "posix": "os"}  # where these functions are known, too
MOST_FILES = 64  # opened for writing


def enter_namespaces(writable: str) -> set[str]:
    """Enter new namespaces. Returns what the kernel now enforces, a subset of
    {"network", "processes", "files"}; empty where this user may not make namespaces (not Linux,
    a container's seccomp filter, an AppArmor rule).

    "network": there is no interface at all. "processes": nothing outside is visible, and nothing
    started here survives. "files": all is read-only but `writable`, a 16 MB memory file system.
    """
    if not sys.platform.startswith("linux"):
        return set()
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_FLAGS) != 0:
        return set()
    with contextlib.suppress(OSError):
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    held = {"network", "processes"}
    return held | {"files"} if make_files_read_only(libc, writable) else held


def make_files_read_only(libc: Any, writable: str) -> bool:
    """Hide /proc, which shows every process's environment and memory, remount the whole tree
    read-only (Linux 5.12) and put a small tmpfs on `writable`."""
    read_only = (ctypes.c_uint64 * 4)(ATTR_RDONLY, 0, 0, 0)  # struct mount_attr
    size = ctypes.c_size_t(ctypes.sizeof(read_only))
    options = ctypes.c_ulong(MS_NOSUID_NODEV)
    return (
        libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC_PRIVATE), None) == 0
        and libc.mount(b"tmpfs", b"/proc", b"tmpfs", options, b"size=4k,mode=000") == 0
        and libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, read_only, size) == 0
        and libc.mount(b"tmpfs", writable.encode(), b"tmpfs", options, b"size=16m") == 0
    )


def drop_privileges() -> None:
    """Die with the supervisor; give up every capability, so that no limit can be undone."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def lower_limits(limits: dict[str, float]) -> None:
    """Hard resource limits: CPU seconds, bytes of memory and of any file, processes, open files."""
    cpu_seconds = max(1, round(limits["cpu_s"]))
    wanted = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: int(limits["memory_bytes"]),
        resource.RLIMIT_FSIZE: int(limits["file_bytes"]),
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS has no RLIMIT_AS
            resource.setrlimit(name, (value, value))


def forbid_events(writable: str) -> None:
    """An audit hook that raises PermissionError on network, processes and writes elsewhere."""
    inside = os.path.realpath(writable) + os.sep
    write_flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    written = [0]

    def refuse(what: str) -> None:
        raise PermissionError(f"{what} is not allowed in the sandbox")

    def check_path(event: str, path: Any, writes: bool) -> None:
        path = os.path.realpath(os.fsdecode(path))
        if (path + os.sep).startswith(("/proc/", "/sys/")):
            refuse(f"{event} of {path!r}")
        if event == "open" and not writes and os.path.isdir(path):
            refuse(f"opening the directory {path!r}")  # from it, files elsewhere have short names
        written[0] += writes
        outside = not path.startswith(inside) and path != os.devnull
        if writes and (outside or written[0] > MOST_FILES):
            refuse(f"writing {path!r}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN_EVENTS):
            refuse(event)
        path = arguments[0] if arguments else None
        if event == "open" and not isinstance(path, int):
            check_path(event, path, bool(arguments[2] & write_flags))
        elif event in ("os.listdir", "os.scandir") and not isinstance(path, int):
            check_path(event, path or ".", False)
        elif event == "sqlite3.connect" and path != ":memory:":
            refuse("a database in a file")
        elif event == "import" and path == "readline":
            refuse("readline")

    forbid_functions(refuse)
    sys.addaudithook(hook)


def forbid_functions(refuse: Callable[[str], None]) -> None:
    """Put a refusal in the place of FORBIDDEN_FUNCTIONS."""
    for module, name in FORBIDDEN_FUNCTIONS:
        with contextlib.suppress(ImportError):
            for place in (module, ALIASES.get(module, module)):
                loaded: Any = __import__(place)
                if hasattr(loaded, name):
                    setattr(loaded, name, lambda *_, name=name: refuse(name))


def run_program(program: str) -> str:
    """Run the program's text in a fresh namespace: "passed", or "failed <reason>" in one line."""
    try:
        exec(compile(program, "<program>", "exec"), {"__name__": "candidate"})
    except BaseException as error:
        return f"failed {type(error).__name__}: {error}"[:300].replace("\n", " ")
    return "passed"


def runner(request: dict[str, Any], held: set[str], report: Callable[[str], None]) -> None:
    """Process 1 of its namespace: silence the streams, give up rights, run, report, die."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.setpgid(0, 0)  # or a signal to its own group would reach the supervisor
    os.chdir(request["writable"])
    if sys.platform.startswith("linux"):
        drop_privileges()
        held = held | lock(request["locks"], request["writable"])
    lower_limits(request["limits"])
    report(" ".join(["kernel", *sorted(held)]))
    forbid_events(request["writable"])
    outcome = run_program(request["program"])
    report(outcome)
    os._exit(0)


def lock(source: str, writable: str) -> set[str]:
    """Put on the locks of this file; returns what they hold."""
    with open(source, encoding="utf-8") as file:
        locks: dict[str, Any] = {"__name__": "locks"}
        exec(compile(file.read(), source, "exec"), locks)
    held = {"files", "reading"} if locks["forbid_files"](writable) else set()
    return held | ({"network", "processes"} if locks["forbid_system_calls"]() else set())


def supervise(child: int, wall_s: float) -> str | None:
    """Wait for the runner; kill it after `wall_s` seconds. Returns why it ended badly, or None."""
    deadline = time.monotonic() + wall_s
    while True:
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"failed timed out after {wall_s:g} s"
        time.sleep(0.002)
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "failed used up its processor time"
    return None if code == 0 else f"failed ended with status {code}"


def main() -> None:
    request = json.load(sys.stdin)
    held = enter_namespaces(request["writable"])
    channel = os.dup(1)

    def report(outcome: str) -> None:
        os.write(channel, f"{request['nonce']} {outcome}\n".encode("utf-8", "replace"))

    child = os.fork()
    if child == 0:
        runner(request, held, report)
    trouble = supervise(child, request["limits"]["wall_s"])
    if trouble:
        report(trouble)


main()
