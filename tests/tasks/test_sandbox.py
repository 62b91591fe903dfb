"""The sandbox, for real: what a program may do, what it may not, and what counts as passing."""

import os
import socket
import time
from pathlib import Path

import pytest
from sandbox_layers import without

from apd.tasks.judging import SandboxLimits, run_program

QUICK = SandboxLimits(cpu_s=1, wall_s=2)


def test_a_program_that_ends_passes() -> None:
    result = run_program("import math\nassert math.sqrt(4) == 2")
    assert result.passed
    assert result.reason == "passed"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("assert 1 == 2, 'sums differ'", "AssertionError: sums differ"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),  # an early exit is not a pass
        ("import os\nos._exit(0)", "ended without a verdict"),
        ("print('passed')\n1 / 0", "ZeroDivisionError"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("x = [0] * 10**9", "MemoryError"),
        ("open('big', 'wb').write(b'x' * 2**22)", "File too large"),
        ("open('/etc/apd-was-here', 'w')", "not allowed"),
        ("import os\nos.remove('/etc/hostname')", "not allowed"),
        ("import subprocess\nsubprocess.run(['true'])", "not allowed"),
        ("import os\nos.fork()", "not allowed"),
        ("import os\nos.system('true')", "not allowed"),
        ("import ctypes\nctypes.CDLL(None)", "not allowed"),
        ("input()", "EOFError"),
    ],
)
def test_what_fails(program: str, reason: str) -> None:
    result = run_program(program)
    assert not result.passed
    assert reason in result.reason


def test_an_endless_loop_ends_with_its_processor_time() -> None:
    start = time.monotonic()
    assert not run_program("while True: pass", QUICK).passed
    assert time.monotonic() - start < 30


def test_a_sleeper_ends_with_its_wall_time() -> None:
    result = run_program("import time\ntime.sleep(60)", QUICK)
    assert "timed out" in result.reason


def test_swallowing_every_exception_does_not_outlive_the_limits() -> None:
    program = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert not run_program(program, QUICK).passed


def test_files_may_be_written_in_the_temporary_directory_only() -> None:
    result = run_program("open('note', 'w').write('x')\nassert open('note').read() == 'x'")
    assert result.passed, result.reason


def test_the_environment_and_the_arguments_are_empty() -> None:
    result = run_program("import os\nassert set(os.environ) <= {'LC_CTYPE'}, dict(os.environ)")
    assert result.passed, result.reason


def test_site_packages_cannot_be_imported() -> None:
    assert "ModuleNotFoundError" in run_program("import torch").reason


def test_no_connection_reaches_a_listening_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run_program(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not result.passed


def test_namespaces_hold_even_without_the_audit_hook_and_the_locks(tmp_path: Path) -> None:
    with without("hook", "functions", "locks", folder=tmp_path):
        if run_program("pass").kernel != {"network", "processes", "files"}:
            pytest.skip("this system does not let this user create namespaces")
        target = tmp_path / "victim"
        target.write_text("safe", encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            connect = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)"
            assert "unreachable" in run_program(connect).reason
        assert "Read-only" in run_program(f"open({str(target)!r}, 'w')").reason
        assert target.read_text(encoding="utf-8") == "safe"
        assert run_program("import os\nassert os.getpid() == 1").passed
        own_group = "import os, time\nos.kill(0, 9)\ntime.sleep(60)"  # not the supervisor's
        assert "timed out" in run_program(own_group, QUICK).reason
        escape = (
            "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "assert libc.mount(None, b'/', None, ctypes.c_ulong(32), None) == 0, 'mount refused'"
        )
        assert "mount refused" in run_program(escape).reason
        assert "Permission denied" in run_program("open('/proc/1/environ')").reason


def test_without_the_kernel_the_audit_hook_still_refuses(tmp_path: Path) -> None:
    with without("namespaces", "locks", folder=tmp_path):
        assert run_program("assert 1 + 1 == 2").passed
        assert run_program("pass").kernel == frozenset()
        assert run_program("open('note', 'w').write('x')").passed
        for program in (
            "import socket\nsocket.socket()",
            "import os\nos.fork()",
            f"open({str(tmp_path / 'elsewhere')!r}, 'w')",
        ):
            assert "not allowed" in run_program(program).reason
        assert not run_program("while True: pass", QUICK).passed


def test_nothing_a_program_started_survives(tmp_path: Path) -> None:
    with without("hook", "functions", "locks", "processes", folder=tmp_path):
        if "processes" not in run_program("pass").kernel:
            pytest.skip("this system does not let this user create namespaces")
        name = f"apd-left-over-{os.getpid()}"
        program = (
            f"import os, time\nif os.fork() == 0:\n    os.setsid()\n"
            f"    os.execv('/bin/sleep', [{name!r}, '30'])\ntime.sleep(0.2)"
        )
        assert run_program(program).passed
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _alive(path)]
    assert not any(name.encode() in command for command in commands)


def _alive(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_limits_are_validated() -> None:
    with pytest.raises(ValueError, match="cpu_s is 0"):
        SandboxLimits(cpu_s=0)
