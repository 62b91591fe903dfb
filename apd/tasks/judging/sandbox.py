"""Run a program that a model wrote, in a separate process with limits, never in this one.

What is guaranteed, and by whom:

- **Always** (POSIX): its own ``python -I -S -B`` process, working in an empty temporary directory,
  with an empty environment; hard limits on processor time, wall time, memory (not enforced by
  macOS), size of any file, open files and processes; nothing it prints is kept.
- **Where Linux offers it** (`SandboxResult.kernel` says what held), the kernel enforces the rest,
  whatever the program does. New namespaces, where this user may make them: no network interface,
  no sight of other processes, nothing started there survives, every file read-only but the
  temporary directory. And locks that every user may put on (`sandbox_locks`): no socket, no other
  process started, signalled or slowed, no file read but the interpreter's own and the temporary
  directory's, none written elsewhere.
- **Elsewhere** the interpreter itself refuses sockets, new processes and writes outside the
  temporary directory (an audit hook, which Python code cannot remove). That stops accidents and
  ordinary programs, not an attacker who breaks the interpreter; files can be read.

The judgement assumes a program that is wrong, not one that searches the interpreter's frames to
forge a verdict.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from apd.errors import ApdError

_CHILD = Path(__file__).with_name("sandbox_child.py")
_LOCKS = Path(__file__).with_name("sandbox_locks.py")
_MOST_OUTPUT = 2**14  # bytes of the reports; a program that finds the channel may flood it
_STARTUP_S = 10.0  # allowance for starting the interpreter on a busy machine


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """Limits of one program: seconds of processor and wall time, bytes of memory and of a file."""

    cpu_s: float = 3.0
    wall_s: float = 6.0
    memory_bytes: int = 512 * 2**20
    file_bytes: int = 2**20

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise ValueError(f"{name} is {value}; allowed: above 0; remedy: leave it out")


@dataclass(frozen=True)
class SandboxResult:
    """Whether the program ran to its end, why not, and what the kernel enforced meanwhile.

    `kernel` is a subset of {"network", "processes", "files" (writing them), "reading"}; empty means
    the audit hook alone.
    """

    passed: bool
    reason: str
    kernel: frozenset[str]


def run_program(program: str, limits: SandboxLimits | None = None) -> SandboxResult:
    """Run the text of a Python program; it passes if it reaches its end without an exception.

    Raises ApdError where the sandbox itself cannot run (not POSIX, no interpreter).
    """
    if os.name != "posix":
        raise ApdError("running model-written code needs Linux or macOS; use WSL on Windows")
    limits = limits or SandboxLimits()
    nonce = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="apd-sandbox-") as directory:
        request = {
            "program": program,
            "nonce": nonce,
            "limits": asdict(limits),
            "writable": directory,
            "locks": str(_LOCKS),
        }
        output = _start(json.dumps(request), directory, limits.wall_s)
    return _verdict(output, nonce)


def _start(request: str, directory: str, wall_s: float) -> str:
    """Start the child, give it the request, return the lines it reported."""
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env={},
            start_new_session=True,
        )
    except OSError as error:
        raise ApdError(f"cannot start the sandbox with {sys.executable}: {error}") from error
    with child:
        try:
            output = _talk(child, request, time.monotonic() + wall_s + _STARTUP_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    return output.decode("utf-8", "replace")


def _talk(child: subprocess.Popen[bytes], request: str, deadline: float) -> bytes:
    """Send the request; read until the child ends, has said enough, or the deadline."""
    assert child.stdin is not None and child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request.encode())
        child.stdin.close()
    output = b""
    while len(output) < _MOST_OUTPUT:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
            break
        part = os.read(child.stdout.fileno(), _MOST_OUTPUT)
        output += part
        if not part:
            break
    return output


def _verdict(output: str, nonce: str) -> SandboxResult:
    """Read the reported lines: only those with the nonce count, and no verdict is a failure."""
    lines = [line.removeprefix(nonce).strip() for line in output.split("\n") if nonce in line]
    if not lines or not lines[0].startswith("kernel"):
        raise ApdError("the code sandbox did not start; check that python -I -S works here")
    kernel = frozenset(lines[0].split()[1:])
    if lines[1:] == ["passed"]:
        return SandboxResult(True, "passed", kernel)
    failures = [line.removeprefix("failed ") for line in lines[1:] if line.startswith("failed")]
    return SandboxResult(False, failures[-1] if failures else "ended without a verdict", kernel)
