"""One script out of several ES modules.

A widget carries its front end as text, which the page runs from a blob address; a relative import
means nothing there. So the modules of `static/` that an explorer imports are written before it,
into one module. They are plain enough for that: every import is a list of names from a
neighbouring file, and no two modules use the same name at the top.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w/-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|class|function|async function)", re.MULTILINE)


@cache
def bundle(name: str) -> str:
    """The module `static/<name>` with everything that it imports, as one module."""
    return "\n".join(_without_imports(module) for module in modules(name))


def modules(name: str) -> list[str]:
    """Paths of a module and of all that it imports, each after those that it needs."""
    needed: list[str] = []
    for address in _IMPORT.findall(source(name)):
        imported = normpath(join(dirname(name), address))
        needed += [module for module in modules(imported) if module not in needed]
    return [*needed, name]


def source(name: str) -> str:
    """The text of `static/<name>`."""
    return (STATIC / name).read_text(encoding="utf-8")


def _without_imports(name: str) -> str:
    text = _IMPORT.sub("", source(name))
    if re.search(r"^import\b", text, re.MULTILINE):
        raise ValueError(f"{name} has an import that is no list of names from a neighbouring file")
    return _EXPORT.sub("", text)
