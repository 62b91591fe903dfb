"""The sandbox attacked, layer by layer: an attack that succeeds would reach its end and pass."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandbox_layers import without

from apd.tasks.judging import SandboxLimits, run_program

NAP = f"60.{os.getpid():07}"  # seconds, by which a child of an attack is known
QUICK = SandboxLimits(cpu_s=1, wall_s=2)
SECRET = "correct-horse-battery-staple"
FORK_EXEC = """
import os, _posixsubprocess
def start(*words):
    words = [word.encode() for word in words]
    r, w = os.pipe()
    return _posixsubprocess.fork_exec(words, words[:1], True, (), None, None, -1, -1, -1, -1, -1,
        -1, r, w, False, False, -1, None, None, None, -1, None, True)
"""
NATIVE = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

# Each ends, and so passes, if it has done its harm. {victim}: a process of the same user that
# holds a secret in its environment; {folder}: a directory outside the sandbox with a file in it.
ATTACKS = {
    "fork bomb": "import os\nfor _ in range(64): os.fork()",
    "fork bomb unseen by hooks": FORK_EXEC + "for _ in range(64): start('/bin/sleep', '{nap}')",
    "fork bomb in native code": NATIVE + "assert libc.fork() >= 0",
    "fork bomb by spawning": "import os\nos.posix_spawn('/bin/sleep', ['sleep', '{nap}'], {{}})",
    "fork bomb of threads": """
import threading, time
for _ in range(100_000): threading.Thread(target=time.sleep, args=(60,)).start()""",
    "a child left behind": """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '{nap}'])
    os._exit(0)""",
    "a child by multiprocessing": """
import multiprocessing
multiprocessing.get_context('spawn').Process(target=print).start()""",
    "memory": "x = bytearray(2**30)",
    "memory in pieces": "x = [bytearray(2**20) for _ in range(2**10)]",
    "memory of the reader": """
import os
while True:
    for fd in range(3, 10):
        try: os.write(fd, b'x' * 65536)
        except OSError: pass""",
    "file elsewhere": "open('{folder}/new', 'w')",
    "file overwritten": "open('{folder}/file', 'r+').write('gone')",
    "file removed": "import os\nos.unlink('{folder}/file')",
    "file by a directory's descriptor": """
import os
place = os.open('{folder}', os.O_RDONLY)
os.open('new', os.O_WRONLY | os.O_CREAT, dir_fd=place)""",
    "file by a database": """
import sqlite3
connection = sqlite3.connect('{folder}/new')
connection.execute('create table t (x)')
connection.commit()""",
    "file of a history": "import readline\nreadline.write_history_file('{folder}/new')",
    "file that is a pipe": "import os\nos.mkfifo('{folder}/new')",
    "file in native code": NATIVE + "assert libc.creat(b'{folder}/new', 0o600) >= 0",
    "file too large": "open('big', 'wb').write(bytes(2**22))",
    "files without end": "for i in range(2**15): open(str(i), 'wb').write(bytes(2**20))",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)",
    "network in native code": NATIVE + "assert libc.socket(2, 1, 0) >= 0",
    "network of a package": """
import urllib.request
urllib.request.urlopen('http://127.0.0.1:{port}')""",
    "infinite loop": "while True: pass",
    "infinite loop that cannot be stopped": """
import signal
for number in range(1, 64):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True:
    try:
        while True: pass
    except BaseException: pass""",
    "infinite sleep": "import time\nwhile True: time.sleep(60)",
    "infinite message": """
class Endless(Exception):
    def __str__(self):
        while True: pass
raise Endless""",
    "infinite product": "10 ** 10 ** 10",
    "signal to another process": "import os\nos.kill({victim}, 9)",
    "signal by a descriptor": """
import os, signal
signal.pidfd_send_signal(os.pidfd_open({victim}), 9)""",
    "signal by a file": """
import fcntl, os, signal
r, w = os.pipe()
fcntl.fcntl(r, 8, {victim})""",
    "signal in native code": NATIVE + "assert libc.kill({victim}, 9) == 0",
    "signal to everybody": "import os\nos.kill(-1, 9)",
    "limits of another process": """
import resource
resource.prlimit({victim}, resource.RLIMIT_NOFILE, (3, 3))""",
    "pace of another process": "import os\nos.setpriority(os.PRIO_PROCESS, {victim}, 19)",
    "cores of another process": "import os\nos.sched_setaffinity({victim}, {{0}})",
    "environment of this process": "import os\nassert {secret!r} in str(os.environ)",
    "environment of another process": """
assert {secret!r} in open('/proc/{victim}/environ').read()""",
    "memory of another process": "open('/proc/{victim}/mem', 'rb').read(1)",
    "list of processes": """
import os
assert [name for name in os.listdir('/proc') if name.isdigit()]""",
    "command line of another process": "open('/proc/{victim}/cmdline').read()",
    "tracing another process": NATIVE + "assert libc.ptrace(16, {victim}, None, None) == 0",
    "limits raised": """
import resource
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))""",
    "file system mounted": NATIVE + "assert libc.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "exit that looks like success": "import os\nos._exit(0)",
}
LAYERS = {  # which layers are cut out
    "all": (),
    "kernel alone": ("hook", "functions"),
    "locks alone": ("namespaces", "hook", "functions"),
    "hook alone": ("namespaces", "locks"),
}
NOT_HELD = {("locks alone", "files without end")}  # the number of files is the hook's, or a tmpfs's


@dataclass(frozen=True)
class Surroundings:
    """What an attack may harm."""

    folder: Path
    victim: subprocess.Popen[bytes]

    def unharmed(self) -> bool:
        """Whether nothing has happened to it."""
        number = self.victim.pid
        return (
            [path.name for path in self.folder.iterdir()] == ["file"]
            and (self.folder / "file").read_text() == "safe"
            and self.victim.poll() is None
            and os.getpriority(os.PRIO_PROCESS, number) == os.getpriority(os.PRIO_PROCESS, 0)
            and os.sched_getaffinity(number) == os.sched_getaffinity(0)
            and resource.prlimit(number, resource.RLIMIT_NOFILE)
            == resource.getrlimit(resource.RLIMIT_NOFILE)
        )


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "file").write_text("safe")
    victim = subprocess.Popen(["sleep", "600"], env={"TOKEN": SECRET})
    yield Surroundings(folder, victim)
    victim.kill()
    victim.wait()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()  # nobody has come


def sleepers() -> set[str]:
    """Processes that attacks have started and that are still there."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if NAP.encode() in command:
            found.add(path.parent.name)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attacks on Linux")
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("layers", LAYERS)
def test_attack(
    layers: str, attack: str, surroundings: Surroundings, port: int, tmp_path: Path
) -> None:
    if (layers, attack) in NOT_HELD:
        pytest.skip("not what this layer is for")
    program = ATTACKS[attack].format(
        victim=surroundings.victim.pid,
        folder=surroundings.folder,
        port=port,
        secret=SECRET,
        nap=NAP,
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with without(*LAYERS[layers], folder=tmp_path):
        held = run_program("pass", QUICK).kernel
        if layers != "hook alone" and not held >= {"network", "processes", "files", "reading"}:
            pytest.skip(f"this kernel offers {sorted(held) or 'nothing'}")
        result = run_program(program, QUICK)
    assert not result.passed
    assert surroundings.unharmed()
    assert not sleepers()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**16  # KiB


@pytest.mark.parametrize("layers", LAYERS)
def test_ordinary_programs_run_with_every_layer(layers: str, tmp_path: Path) -> None:
    program = """
import bisect, collections, datetime, decimal, hashlib, itertools, math, random, re, threading
import subprocess, multiprocessing, asyncio, sqlite3, zoneinfo, tempfile, string, typing
thread = threading.Thread(target=print)
thread.start()
thread.join()
with open('note', 'w') as file: file.write('x')
assert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,)
assert hashlib.sha256(b'x').hexdigest() and datetime.datetime.now() and random.random() < 1
"""
    with without(*LAYERS[layers], folder=tmp_path):
        result = run_program(program)
    assert result.passed, result.reason


def test_a_flood_of_reports_is_no_verdict_and_no_end_of_the_evaluation() -> None:
    program = """
import os
for fd in range(3, 10):
    try: os.write(fd, b'\\xff\\n' * 2**15)
    except OSError: pass
"""
    assert not run_program(program, QUICK).passed
