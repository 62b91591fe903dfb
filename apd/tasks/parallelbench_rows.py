"""The rows of ParallelBench: from a checkout of its repository, or as its data set on the hub.

A checkout (github.com/furiosa-ai/ParallelBench) keeps a task as ``test/<category>/<name>.jsonl``
in ``dataset/parallel_bench/data/output``, with its prompt and metric in ``task_config.yaml``
beside it. Later versions keep only what makes the rows: their ``pb data --output_dir DIR`` writes
the same files into DIR. Categories and names have changed, so each task knows its older name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.tasks.row_files import read_json_lines
from apd.tasks.rows import DATASETS_DIR_VARIABLE, HubRows, Row, given_directory

HUB = "furiosa-ai/ParallelBench"
OUTPUTS = (  # where versions of the repository keep rows, and a folder of `pb data`
    "dataset/parallel_bench/data/output",
    "parallelbench/dataset/data/output",
    "parallelbench/datasets/data/output",
    "",
)
MAKERS = ("parallelbench/datasets/data/task_configs", "parallelbench/dataset/data/task_configs")
COLUMNS = ("input", "answer", "prompt", "metric")


@dataclass(frozen=True)
class ParallelBenchRows:
    """The test rows of one task, with the conversation that each becomes.

    Attributes:
        task: as the benchmark calls it, "waiting_line/copy".
        metric: what the benchmark judges it by.
        older: what earlier versions called it, if they did otherwise.
    """

    task: str
    metric: str
    older: str | None = None
    public = True

    def read(self, data_dir: str | Path | None = None) -> list[Row]:
        """Rows in file order: `answer`, and the messages `user` and `examples`.

        Args:
            data_dir: a checkout, a folder that `pb data` wrote, or a directory with one of them
                under the name ParallelBench; None for the one ``APD_DATASETS_DIR`` names, else the
                hub.

        Raises:
            ApdError: the rows are missing or damaged, or judged by another metric than is known.
        """
        directory = given_directory(data_dir)
        stored = None if directory is None else self._stored(directory)
        if stored is not None:
            return self._prepared(read_json_lines(stored), self._settings(stored), str(stored))
        if directory is not None and not self._of_hub(directory):
            raise ApdError(self._missing(directory))
        rows = HubRows(HUB, self.task.replace("/", "-"), "test", COLUMNS).read(data_dir)
        settings = {name: rows[0][name] for name in ("prompt", "metric")}
        return self._prepared([_decoded(row) for row in rows], settings, HUB)

    def _stored(self, directory: Path) -> Path | None:
        """The file with the rows below a directory."""
        for root in _roots(directory):
            for output in OUTPUTS:
                for name in filter(None, (self.task, self.older)):
                    path = root / output / "test" / f"{name}.jsonl"
                    if path.is_file():
                        return path
        return None

    def _of_hub(self, directory: Path) -> bool:
        """Whether the directory holds the data set as the hub has it."""
        folder = self.task.replace("/", "-")
        return any((directory / hub / folder).is_dir() for hub in (HUB, HUB.partition("/")[2]))

    def _missing(self, directory: Path) -> str:
        """What is said of a directory without the rows."""
        if any((root / maker).is_dir() for root in _roots(directory) for maker in MAKERS):
            return (
                f"the checkout of ParallelBench in {directory} holds no rows of {self.task}; run "
                "its `pb data --output_dir DIR` once, and give --data-dir DIR"
            )
        return (
            f"{directory} holds no rows of ParallelBench's {self.task}; give --data-dir (or "
            f"{DATASETS_DIR_VARIABLE}) a checkout of github.com/{HUB}, with "
            f"{OUTPUTS[0]}/test/{self.older or self.task}.jsonl, or the folder that its `pb data` "
            "wrote"
        )

    def _settings(self, stored: Path) -> Mapping[str, Any]:
        """The prompt and the metric that stand beside the rows."""
        import yaml

        path = stored.with_name("task_config.yaml")
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ApdError(
                f"{path} is missing, which holds the prompt of {self.task}; copy it from the "
                "checkout"
            ) from None
        except (OSError, ValueError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise ApdError(f"{path} is damaged ({reason}); restore it from the checkout") from None
        found = content if isinstance(content, dict) else {}
        settings = next((found[n] for n in (self.task, self.older) if n in found), None)
        if not isinstance(settings, dict):
            raise ApdError(f"{path} has no entry {self.task}; restore it from the checkout")
        return settings

    def _prepared(self, rows: Sequence[Row], settings: Mapping[str, Any], place: str) -> list[Row]:
        """What the task's prompt and judge read of each row."""
        prompt, metric = settings.get("prompt"), settings.get("metric")
        if not isinstance(prompt, str) or metric != self.metric:
            raise ApdError(
                f"{self.task} in {place} has prompt {prompt!r} and metric {metric!r}; known is a "
                f"text and {self.metric!r}; use a version of ParallelBench that has them"
            )
        try:
            return [_conversation(row, prompt) for row in rows]
        except (KeyError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ApdError(
                f"a row of {self.task} in {place} is not in ParallelBench's form ({reason}); "
                "restore the file from the checkout"
            ) from None


def _roots(directory: Path) -> Iterator[Path]:
    """The directory itself, and the checkout in it."""
    yield from (directory, directory / "ParallelBench", directory / HUB)


def _decoded(row: Row) -> Row:
    """A row of the hub, where mappings are JSON texts, as the files have it."""
    return {**row, "input": _from_json(row["input"]), "answer": _from_json(row["answer"])}


def _from_json(text: str) -> Any:
    """The mapping that a text is; the text itself if it is none: a list of names is a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _conversation(row: Row, prompt: str) -> Row:
    """The row's answer, its message, and the turns before it: (message, reply) each."""
    given = row["input"]
    examples = [
        [_filled(prompt, example["input"]), _shown(example["answer"])]
        for example in given.get("icl_examples") or []
    ]
    return {"user": _filled(prompt, given), "examples": examples, "answer": _full(row["answer"])}


def _filled(prompt: str, values: Mapping[str, Any]) -> str:
    r"""The prompt with its ``{fields}``; ``\n`` spelled out is a line feed."""
    return re.sub(r"\{(\w+)\}", lambda field: str(values[field[1]]), prompt).replace("\\n", "\n")


def _shown(answer: Any) -> str:
    """How an example's answer is shown: where several are right, one of them."""
    return answer if isinstance(answer, str) else str(answer["example"])


def _full(answer: Any) -> Any:
    """An answer, which is not nothing."""
    if answer is None:
        raise TypeError("no answer")
    return answer
