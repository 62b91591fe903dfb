"""The task files of this package, read without lm-eval.

The same YAML file tells lm-eval and the project's own experiments what a benchmark asks and how it
is judged, so the two cannot drift apart.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import jinja2
import yaml

TASKS_DIR = Path(__file__).with_name("definitions")

_TEMPLATES = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


class _Loader(yaml.SafeLoader):
    """YAML with lm-eval's ``!function module.name``."""


def _function(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    module, _, name = str(loader.construct_scalar(node)).rpartition(".")
    return getattr(import_module(module), name)


_Loader.add_constructor("!function", _function)


def read_definition(name: str) -> dict[str, Any]:
    """The task or group file of this name, with what it includes; functions are resolved."""
    path = TASKS_DIR / f"{name}.yaml"
    definition: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    included = definition.pop("include", None)
    base = read_definition(included.removesuffix(".yaml")) if included else {}
    return base | definition


def render(template: str, row: dict[str, Any]) -> str:
    """A message of a definition for one row: a column's name, or a Jinja template over the row."""
    return str(row[template]) if template in row else _TEMPLATES.from_string(template).render(**row)
