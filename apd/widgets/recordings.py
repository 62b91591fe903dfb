"""Measurements that the explorers play, stored in `data/explorers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.paths import data_dir

NAMES = ("decodes", "staleness", "lookahead", "weights")


def recording_path(name: str) -> Path:
    """Where the recording of one explorer is kept."""
    return data_dir() / "explorers" / f"{name}.json"


def load_recording(name: str) -> dict[str, Any]:
    """One of `NAMES`, as its recorder made it, with its provenance.

    Raises:
        ApdError: it was never recorded, or is not readable.
    """
    path = recording_path(name)
    remedy = "record it with `python -m apd.widgets.record`"
    if not path.is_file():
        raise ApdError(f"no recording at {path}: {remedy}")
    try:
        recording: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ApdError(f"{path} is not valid JSON ({error}): {remedy}") from error
    return recording


def save_recording(name: str, recording: dict[str, Any]) -> Path:
    """Write a recording compactly; return its path."""
    path = recording_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(recording, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    return path
