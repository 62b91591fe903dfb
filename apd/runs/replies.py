"""The sample log: every prompt and reply of a run, for reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.tasks import Task

KEPT = ("task", "configuration", "problem_id", "correct", "faithful")


def write_replies(path: Path, rows: Sequence[Mapping[str, Any]], tasks: Mapping[str, Task]) -> None:
    """One JSON object a line: task, configuration, problem, verdicts, prompt, reply.

    Examples that were shown before the prompt stand beside it.

    Args:
        path: the file; replaced as a whole.
        rows: judged rows, with the reply as `text`.
        tasks: the tasks by name.

    Raises:
        ApdError: the file cannot be written.
    """
    temporary = path.with_name(f"{path.name}.part")
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for row in rows:
                task = tasks[row["task"]]
                problem = task.rows[row["problem_id"]]
                entry = {name: row[name] for name in KEPT}
                if task.examples is not None:
                    entry["examples"] = task.examples(problem)
                entry["prompt"] = task.user(problem)
                entry["text"] = row["text"]
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise ApdError(f"cannot write {path}: {reason}; use another output") from None


def reply_count(path: Path) -> int:
    """How many replies a file holds; 0 if there is none."""
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return 0
