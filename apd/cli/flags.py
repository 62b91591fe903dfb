"""Flags that may be spelt in several ways."""

from __future__ import annotations

import argparse
from typing import Any


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
