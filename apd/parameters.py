"""Parameters of a notebook in the types that its `parameters` cell declares.

Papermill hands numbers on as its user or a YAML file wrote them: ``1e4`` arrives as a string, 16
as 16.0. The cell declares types (``num_problems: int = 16``), and one line behind it converts.
"""

from __future__ import annotations

import json
import types
from collections.abc import MutableMapping
from typing import Any, Union, get_args, get_origin

from apd.errors import ApdError

WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def as_declared(namespace: MutableMapping[str, Any]) -> None:
    """Convert the annotated variables of a notebook's `globals()` in place.

    Raises:
        ApdError: a value does not mean what is declared.
    """
    for name, kind in dict(namespace.get("__annotations__", {})).items():
        if name in namespace:
            namespace[name] = converted(name, namespace[name], kind)


def converted(name: str, value: Any, kind: Any) -> Any:
    """The value as an int, float, bool, str, or list of these, or None where that is allowed.

    Raises:
        ApdError: it is none.
    """
    try:
        return _convert(value, kind)
    except (ValueError, TypeError, OverflowError):
        shown = getattr(kind, "__name__", None) if get_origin(kind) is None else None
        raise ApdError(
            f"parameter {name}={value!r} is not allowed: it must be {shown or kind}; give one"
        ) from None


def _convert(value: Any, kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.strip().lower() in ("none", "null")):
            return None
        (kind,) = (choice for choice in get_args(kind) if choice is not type(None))
    if get_origin(kind) is list:
        items = json.loads(value) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            items = [items]
        return [_convert(item, get_args(kind)[0]) for item in items]
    if kind is bool:
        return value if isinstance(value, bool) else WORDS[_word(value)]
    if kind is int:
        return _whole(value)
    if kind is float:
        return float(_number(value))
    return str(value) if kind is str else value


def _word(value: Any) -> str:
    word = f"{value:g}" if isinstance(value, int | float) else str(value).strip().lower()
    if word not in WORDS:
        raise ValueError(word)
    return word


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    return float(value) if isinstance(value, str) else value


def _whole(value: Any) -> int:
    if isinstance(value, str):
        try:
            return int(value)  # of any size
        except ValueError:
            pass
    number = _number(value)
    if int(number) != number:
        raise ValueError(value)
    return int(number)
