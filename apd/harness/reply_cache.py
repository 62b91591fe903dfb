"""lm-eval's response cache (``--use_cache``), keyed by everything that an answer depends on.

lm-eval itself knows a request by its text alone. Two decoders, two seeds or two problems with one
text would share an answer, so its own look-ups are turned off and the model does them, in the same
file: by the checkpoints' contents, the decoder with all its settings, the problem's noise, the
token ids, the device, the precision and the versions of the packages.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from typing import Any

from sqlitedict import SqliteDict

PACKAGES = ("apd", "torch", "transformers", "tokenizers")


class _OwnKeysOnly(SqliteDict):
    """The file as lm-eval sees it: nothing is in it, and what it writes is not kept."""

    def __contains__(self, key: str) -> bool:
        return False

    def __setitem__(self, key: str, value: Any) -> None:
        pass

    def find(self, key: str) -> Any:
        """The value of a key of ours, or None."""
        return super().__getitem__(key) if super().__contains__(key) else None

    def keep(self, key: str, value: Any) -> None:
        """Store the value of a key of ours."""
        super().__setitem__(key, value)


class ReplyCache:
    """Answers of earlier runs; empty and forgetful without a file.

    Args:
        store: lm-eval's open file, which this object takes over; None for no cache.
        identity: what all answers of this process depend on: models, device, precision.
    """

    def __init__(self, store: Any = None, identity: Mapping[str, str] | None = None) -> None:
        self._store = store
        if store is not None:
            store.__class__ = _OwnKeysOnly
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        self._identity = repr(sorted((versions | dict(identity or {})).items()))

    def find(self, *parts: Any) -> Any:
        """The answer stored for these parts, each with a complete `repr`; None if there is none."""
        return None if self._store is None else self._store.find(self._key(parts))

    def keep(self, *parts: Any, answer: Any) -> None:
        """Store the answer for these parts, at once."""
        if self._store is not None:
            self._store.keep(self._key(parts), answer)

    def _key(self, parts: tuple[Any, ...]) -> str:
        return "apd-" + hashlib.sha256(repr((self._identity, parts)).encode()).hexdigest()
