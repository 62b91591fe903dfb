"""What a setting of a decoder is to the command line, to ids and to stored tables.

A setting is a field of a decoder's settings class. Its type and default are the field's own; what
else the world needs to know of it stands in the field's metadata, written with `setting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_DEFAULT: Any = object()  # stands for the field's own default


def setting(
    default: Any,
    help: str,
    *,
    metavar: str = "VALUE",
    symbol: str | None = None,
    always_named: bool = False,
    stored: bool = True,
    earlier: Any = _DEFAULT,
) -> Any:
    """A field of a settings class; a subclass that changes the default alone keeps the rest.

    Args:
        default: the value unless another is given.
        help: what it does, a few words without its choices and its default.
        metavar: stands for a value in the help.
        symbol: what precedes the value in a configuration's id; the field's name if None.
        always_named: whether an id names it even at its usual value.
        stored: whether tables have a column for it. Only what can change neither a token nor what
            is measured goes without.
        earlier: of a setting that a decoder got later: the value that its results had before. It
            is read where a stored table has no such column, and runs of before count as made with
            it. Left out, such a table reads as the default, and is run again.
    """
    about = {
        "help": help,
        "metavar": metavar,
        "symbol": symbol,
        "always_named": always_named,
        "stored": stored,
        "earlier": earlier,
    }
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Setting:
    """A setting, read off its field.

    Attributes:
        name: of the field, of the table's column and, with dashes, of the flag.
        kind: bool, int, float or str.
        optional: whether None is a value.
        choices: the strings that it may be; empty for any value of its kind.
        default, help, metavar, symbol, always_named, stored: see `setting`.
        came_later: whether an earlier value is given.
        earlier: that value, or the default.
    """

    name: str
    kind: type
    optional: bool
    choices: tuple[str, ...]
    default: Any
    help: str
    metavar: str
    symbol: str
    always_named: bool
    stored: bool
    came_later: bool
    earlier: Any


def settings_of(config: type) -> Mapping[str, Setting]:
    """The settings of a settings class by name, in the order of its fields.

    Raises:
        TypeError: a field has no default, or a type that has no column and no flag.
    """
    hints = get_type_hints(config)
    return {each.name: _setting(config, each.name, hints[each.name]) for each in fields(config)}


def _setting(config: type, name: str, hint: Any) -> Setting:
    default = getattr(config, name, _DEFAULT)
    if default is _DEFAULT:
        raise TypeError(f"setting {name!r} of {config.__name__} has no default: give it one")
    inner, optional = _without_none(hint)
    choices = get_args(inner) if get_origin(inner) is Literal else ()
    kind = str if choices else inner
    if kind not in (bool, int, float, str) or not all(isinstance(c, str) for c in choices):
        raise TypeError(
            f"setting {name!r} of {config.__name__} is of type {hint}: use bool, int, float, str "
            "or a Literal of strings, or one of these with None"
        )
    about = _metadata(config, name)
    earlier = about.get("earlier", _DEFAULT)
    return Setting(
        name,
        kind,
        optional,
        choices,
        default,
        help=about.get("help", ""),
        metavar=about.get("metavar", "VALUE"),
        symbol=name if about.get("symbol") is None else about["symbol"],
        always_named=about.get("always_named", False),
        stored=about.get("stored", True),
        came_later=earlier is not _DEFAULT,
        earlier=default if earlier is _DEFAULT else earlier,
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether None was among its values."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    others = [part for part in parts if part is not NoneType]
    return (others[0] if len(others) == 1 else hint), NoneType in parts


def _metadata(config: type, name: str) -> Mapping[str, Any]:
    """The field's metadata, or that of the field which it overrides."""
    for base in config.__mro__:
        own = getattr(base, "__dataclass_fields__", {}).get(name)
        if own is not None and own.metadata:
            found: Mapping[str, Any] = own.metadata
            return found
    return {}
