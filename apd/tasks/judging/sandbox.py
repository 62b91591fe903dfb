"""Run a program that a model wrote, in a separate process with limits, never in this one.

What is guaranteed, and by whom:

- **Always** (POSIX): its own ``python -I -S -B`` process, working in an empty temporary directory,
  with an empty environment; hard limits on processor time, wall time, memory (not enforced by
  macOS), size of any file, open files and processes; nothing it prints is kept.
- **Where Linux lets this user create namespaces** (`SandboxResult.kernel` says what held): no
  network interface at all, no sight of other processes, nothing started there survives, and
  every file is read-only but the temporary directory. The kernel enforces this, whatever the
  program does.
- **Elsewhere** the interpreter itself refuses sockets, new processes and writes outside the
  temporary directory (an audit hook, which Python code cannot remove). That stops accidents and
  ordinary programs, not an attacker who breaks the interpreter; files can be read in every case.

The judgement assumes a program that is wrong, not one that searches the interpreter's frames to
forge a verdict.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from apd.errors import ApdError

_CHILD = Path(__file__).with_name("sandbox_child.py")
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

    `kernel` is a subset of {"network", "processes", "files"}; empty means the audit hook alone.
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
        }
        output = _start(json.dumps(request), directory, limits.wall_s)
    return _verdict(output, nonce)


def _start(request: str, directory: str, wall_s: float) -> str:
    """Start the child, give it the request, return the lines it reported."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(_CHILD)],
            input=request.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=wall_s + _STARTUP_S,
            cwd=directory,
            env={},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode("utf-8", "replace")
    except OSError as error:
        raise ApdError(f"cannot start the sandbox with {sys.executable}: {error}") from error
    return child.stdout.decode("utf-8", "replace")


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
