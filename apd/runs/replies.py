"""The sample log: every prompt and reply of a run, for reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.tasks.task import Task

KEPT = ("task", "configuration", "problem_id", "correct")


def write_replies(path: Path, rows: Sequence[Mapping[str, Any]], tasks: Mapping[str, Task]) -> None:
    """One JSON object a line: task, configuration, problem, whether it is right, prompt, reply.

    Args:
        path: the file; replaced as a whole.
        rows: judged rows, with the reply as `text`.
        tasks: the tasks by name.

    Raises:
        ApdError: the file cannot be written.
    """
    temporary = path.with_suffix(".jsonl.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            for row in rows:
                task = tasks[row["task"]]
                entry = {name: row[name] for name in KEPT}
                entry["prompt"] = task.user(task.rows[row["problem_id"]])
                entry["text"] = row["text"]
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise ApdError(f"cannot write {path}: {error.strerror}; use another output") from None
