"""The live decoder: a pair that decodes in the reader's browser, in a book page or in Jupyter."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets

from apd.models.pairs import SYSTEM_PROMPT
from apd.paths import data_dir
from apd.tasks.registry import load_task
from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, synced

TASKS = {
    "mini_gsm": "word problems",
    "mini_math": "mathematics",
    "mini_gpqa": "questions with choices",
    "mini_lines": "waiting lines",
    "mini_humaneval": "small Python functions",
    "mini_essay": "short essays",
}
PROBLEMS = 12
SETTINGS: Mapping[str, Any] = {
    "mixtureWeight": 0.7,
    "kvWindow": 16,
    "maxLookahead": 16,
    "temperature": 0.2,
    "topP": 0.95,
    "seed": 0,
    "maxNewTokens": 128,
    "acceptance": "gumbel",
    "noise": "fresh",
    "tokensPerStep": 1,
    "threshold": 0.9,
}


class DecodeLive(Explorer):
    """Decodes a prompt where it is shown, with no kernel: models run in a Web Worker of the page.

    Attributes:
        system, prompt: the system message, and what the models are asked.
        decoder: "apd", "left_to_right", "threshold" or "autoregressive".
        settings: of all decoders, in the page's spelling (`kvWindow` is the setting `kv_window`).
        text, tokens: of the last decode, written by the page.
        problems: {"name", "text", "system"} of each problem to pick from.
        knows: what the models were trained on, in words.
        foremost: settings in sight, in the page's spelling; the others wait in a fold.
    """

    _esm = bundle("decode-live.js")

    system = synced(traitlets.Unicode(SYSTEM_PROMPT))
    prompt = synced(traitlets.Unicode())
    decoder = synced(
        traitlets.Enum(["apd", "left_to_right", "threshold", "autoregressive"], default_value="apd")
    )
    settings = synced(traitlets.Dict())
    text = synced(traitlets.Unicode())
    tokens = synced(traitlets.List())
    problems = synced(traitlets.List())
    knows = synced(traitlets.Unicode())
    worker = synced(traitlets.Unicode())
    foremost = synced(traitlets.List())

    def __init__(self, folder: Path, **state: Any) -> None:
        """A decoder that gets its models from the page, or in Jupyter from `folder`."""
        super().__init__(worker=bundle("live/worker.js"), **state)
        self._folder = folder
        self.on_msg(self._hand_over)

    def _hand_over(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Answer the front end, which asks for one of the page's downloads."""
        part = Path(str(message.get("part"))).name
        file = self._folder / part
        if file.is_file():
            self.send({"part": part, "script": file.read_text(encoding="utf-8")})
        else:
            remedy = "build the book once (`make book`), or name the folder with models="
            self.send({"part": part, "error": f"{file} is missing: {remedy}"})


def decode_live(
    prompt: str | None = None,
    *,
    models: str | Path | None = None,
    foremost: Sequence[str] = (),
    **settings: Any,
) -> DecodeLive:
    """Decode a prompt of one's own with the mini pair, in the page.

    Args:
        prompt: to begin with; by default the first problem.
        models: folder of what `apd export-web --runtime` wrote, for Jupyter; a page of the book has
            its own.
        foremost: settings that the reader is to change, such as ``["kv_window"]``; the others wait
            in a fold. By default the usual ones are in sight.
        settings: to begin with, such as ``mixture_weight=0.5``; or ``decoder="autoregressive"``.

    Raises:
        ValueError: no such setting.
    """
    problems = some_problems()
    decoder = settings.pop("decoder", "apd")
    chosen = {_camel(name): value for name, value in settings.items()}
    in_sight = [_camel(name) for name in foremost]
    if unknown := {*chosen, *in_sight} - SETTINGS.keys():
        raise ValueError(
            f"{', '.join(sorted(unknown))}: no such setting; there are {', '.join(SETTINGS)}"
        )
    return DecodeLive(
        Path(models) if models else data_dir().parent / "_build" / "live",
        prompt=problems[0]["text"] if prompt is None else prompt,
        system=problems[0]["system"] if prompt is None else SYSTEM_PROMPT,
        decoder=decoder,
        settings={**SETTINGS, **chosen},
        problems=problems,
        foremost=in_sight,
        knows=f"The models are small and know {', '.join(TASKS.values())}, as in these problems. "
        "Other words they read in pieces, and answer as best they can.",
    )


def python_settings(live: DecodeLive) -> dict[str, Any]:
    """What `Pair.decode` is given for the same tokens, for a decoder with a verifier."""
    own = ("mixtureWeight", "kvWindow", "maxLookahead", "acceptance", "noise")
    shared = ("temperature", "topP", "seed", "maxNewTokens")
    return {_snake(name): live.settings[name] for name in (*own, *shared)}


def some_problems(count: int = PROBLEMS) -> list[dict[str, str]]:
    """The first problems of every task in turn, with the beginning of each as its name."""
    tasks = [load_task(name) for name in TASKS]
    turns = ((index, task) for index in itertools.count() for task in tasks)
    chosen = [(task, task.user(task.rows[index])) for index, task in itertools.islice(turns, count)]
    return [
        {
            "name": f"{TASKS[task.name]}: {_beginning(text)}",
            "text": text,
            "system": task.system or SYSTEM_PROMPT,
        }
        for task, text in chosen
    ]


def _beginning(text: str, length: int = 42) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rsplit(" ", 1)[0] + " …"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
