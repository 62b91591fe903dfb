"""Where a result comes from: code, packages, machine, model files. No host names, no paths."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apd

PACKAGES = ("apd", "torch", "transformers", "tokenizers", "safetensors", "numpy", "pandas")
CODE = (
    "apd",
    "benchmarks",
    "data/tasks",
)  # what makes a checkout "dirty": the code, and the problems it is run on
_BLOB = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelFiles:
    """The checkpoint behind a model: its name, and the sha256 of every file that matters."""

    name: str
    files: dict[str, str]

    @property
    def version(self) -> str:
        """12 hexadecimal digits that change with any of the files."""
        listing = "\n".join(f"{name} {digest}" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(listing.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Name, version and files, for JSON."""
        return {"name": self.name, "version": self.version, "files": self.files}


def hash_checkpoint(name: str, directory: Path) -> ModelFiles:
    """Weights, configuration, tokenizer and chat template of a checkpoint directory.

    In the hub's cache a large file is a link to a blob named by its sha256, which is taken over;
    everything else is read.
    """
    patterns = ("*.safetensors", "*.json", "*.jinja", "merges.txt")
    paths = sorted({path for pattern in patterns for path in directory.glob(pattern)})
    return ModelFiles(name, {path.name: _sha256(path) for path in paths})


def _sha256(path: Path) -> str:
    blob = path.resolve().name
    if path.is_symlink() and _BLOB.fullmatch(blob):
        return blob
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def now() -> str:
    """The present time, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def describe_session(device: str) -> dict[str, Any]:
    """Start time, code, packages and machine of this process, which runs models on `device`."""
    commit, dirty = _git_state()
    return {
        "started": now(),
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": _machine(device),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git_state() -> tuple[str | None, bool | None]:
    """Commit of the checkout this package runs from, and whether CODE differs from it.

    (None, None) without git or outside a checkout: an installed package inside some other
    repository must not report that repository's commit.
    """
    root = Path(apd.__file__).resolve().parent.parent
    top = _git(root, "rev-parse", "--show-toplevel")
    commit = _git(root, "rev-parse", "HEAD")
    if not top or not commit or Path(top).resolve() != root:
        return None, None
    return commit, bool(_git(root, "status", "--porcelain", "--", *CODE))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _machine(device: str) -> dict[str, Any]:
    import torch

    on_gpu = device.startswith("cuda") and torch.cuda.is_available()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device,
        "gpu": torch.cuda.get_device_name(torch.device(device)) if on_gpu else None,
    }


def cpu_model() -> str:
    """The processor's name, or the kind of machine."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return model.group(1).strip() if model else platform.machine()
