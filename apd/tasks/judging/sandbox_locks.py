"""Locks that Linux lets any process put on itself for good: on its system calls, and on files.

Loaded by the child of the sandbox as a script, so it imports nothing of the package. Both locks
bind whatever the interpreter is brought to do, and need no right that a user lacks: a seccomp
filter (on x86-64 and AArch64) and a Landlock rule set (Linux 5.13).
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, REFUSE, NOT_THERE = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
KILL = 0x80000000
LOAD, EQUAL, AT_LEAST, BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF instructions
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in seccomp_data
CLONE_THREAD = 0x00010000
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # have the kernel signal another process

# What a judged program has no reason to ask the kernel for: (x86-64, AArch64) numbers.
SYSTEM_CALLS = {
    # network
    "socket": (41, 198), "socketpair": (53, 199), "io_uring_setup": (425, 425),
    # other programs and processes
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "pidfd_open": (434, 434),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "ptrace": (101, 117), "kcmp": (312, 272),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    # the system
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "mount_setattr": (442, 442),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "mknod": (133, None),
    "mknodat": (259, 33), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # memory that outlives the process
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
CLONE, CLONE3, FCNTL, PRLIMIT = (56, 220), (435, 435), (72, 25), (302, 261)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ_FILE, READ_DIRECTORY = 1 << 2, 1 << 3
EXECUTE, WRITE_FILE = 1 << 0, 1 << 1
VERSIONS = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 5: 1 << 16}  # one bit above those it handles
# Where an interpreter and its libraries are, beside its own prefixes.
READABLE = ("/usr", "/lib", "/lib32", "/lib64", "/nix", "/gnu", "/etc/ld.so.cache",
            "/etc/localtime", "/dev/urandom", "/dev/zero")  # fmt: skip


def forbid_system_calls() -> bool:
    """Refuse SYSTEM_CALLS, new processes, and other processes' limits and signals, to all threads.

    Returns whether the kernel does so.
    """
    if platform.machine() not in ARCHITECTURES or sys.maxsize < 2**32:
        return False
    column, architecture = ARCHITECTURES[platform.machine()]
    code = [_step(LOAD, ARCHITECTURE), _step(EQUAL, architecture, 1, 0), _step(RETURN, KILL)]
    code += [_step(LOAD, NUMBER), _step(AT_LEAST, 0x40000000, 0, 1), _step(RETURN, REFUSE)]
    for number in (numbers[column] for numbers in SYSTEM_CALLS.values()):
        if number is not None:
            code += [_step(EQUAL, number, 0, 1), _step(RETURN, REFUSE)]
    # Threads are made with clone, and with clone3, whose arguments a filter cannot read.
    code += [_step(EQUAL, CLONE3[column], 0, 1), _step(RETURN, NOT_THERE)]
    code += [_step(EQUAL, CLONE[column], 0, 4), _step(LOAD, FIRST)]
    code += [_step(BITS, CLONE_THREAD, 1, 0), _step(RETURN, REFUSE), _step(RETURN, ALLOW)]
    code += [_step(EQUAL, PRLIMIT[column], 0, 4), _step(LOAD, FIRST)]
    code += [_step(EQUAL, 0, 1, 0), _step(RETURN, REFUSE), _step(RETURN, ALLOW)]
    code += _fcntl(column)
    program = ctypes.create_string_buffer(b"".join(code))
    filter_ = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return int(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0)) == 0


def _fcntl(column: int) -> list[bytes]:
    """The end of the filter: every call but some of fcntl is allowed."""
    return [
        _step(EQUAL, FCNTL[column], 0, 4),
        _step(LOAD, SECOND),
        _step(EQUAL, F_SETOWN, 3, 0),
        _step(EQUAL, F_SETSIG, 2, 0),
        _step(EQUAL, F_SETOWN_EX, 1, 0),
        _step(RETURN, ALLOW),
        _step(RETURN, REFUSE),
    ]


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    """One instruction; `true` and `false` are steps to skip."""
    return struct.pack("HBBI", code, true, false, value)


def forbid_files(writable: str) -> bool:
    """Let this process write below `writable` alone, and read there and what Python consists of.

    Returns whether the kernel does so.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    everything = max(bit for first, bit in VERSIONS.items() if first <= version) - 1
    rights = ctypes.create_string_buffer(struct.pack("Q", everything), 8)
    rules = libc.syscall(LANDLOCK_CREATE, rights, ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    read = READ_FILE | READ_DIRECTORY | EXECUTE
    for path in {*READABLE, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        _allow(libc, rules, path, read)
    _allow(libc, rules, os.devnull, READ_FILE | WRITE_FILE)
    _allow(libc, rules, writable, everything & ~EXECUTE)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    locked = libc.syscall(LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return locked


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """Add the rights below `path`, if it exists, to the rule set."""
    with contextlib.suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if not os.path.isdir(path):
            rights &= EXECUTE | WRITE_FILE | READ_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
        libc.syscall(LANDLOCK_ADD, rules, 1, rule, 0)
        os.close(place)
