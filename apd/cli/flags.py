"""Flags that may be spelt in several ways, and flags made from a decoder's settings."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apd.decoding.setting import Setting


def add_flag(group: Any, *names: str, aliases: tuple[str, ...] = (), **options: Any) -> None:
    """Add a flag to an argparse parser or group; its other spellings work but stay out of the help.

    Every name is understood with dashes and with underscores between its words.

    Args:
        names: as in the help, the long one first.
        aliases: other spellings.
        options: of `add_argument`.
    """
    action = group.add_argument(*names, **options)
    spelt = [f"--{name[2:].replace(*swap)}" for name in (*names, *aliases) if name.startswith("--")
             for swap in (("_", "-"), ("-", "_"))]  # fmt: skip
    hidden = [name for name in dict.fromkeys(spelt) if name not in names]
    if hidden:
        unshown = {"help": argparse.SUPPRESS, "default": argparse.SUPPRESS}
        group.add_argument(*hidden, **options | {"dest": action.dest} | unshown)


def value_options(setting: Setting) -> dict[str, Any]:
    """The options of `add_argument` that read a setting's value; "none" spells None."""
    if setting.kind is bool:
        return {"action": argparse.BooleanOptionalAction}
    kind = setting.kind

    def value_or_none(text: str) -> Any:
        return None if text.lower() == "none" else kind(text)

    # argparse names the type in its messages
    value_or_none.__name__ = f"{'integer' if kind is int else 'number'} or 'none'"
    return {"type": value_or_none if setting.optional else kind, "metavar": setting.metavar}
