"""How long a text a model can read: checked before decoding, not found out in its answers."""

from __future__ import annotations

import warnings
from typing import Any

from apd.errors import ApdError, ApdWarning


class PositionLimit:
    """The positions a model has been trained on.

    Rotary embeddings go on beyond them, into what the model has never seen: that is said once. A
    table of positions ends, so a longer text is refused.

    Args:
        name: of the model, for messages.
        config: its transformers configuration.
    """

    def __init__(self, name: str, config: Any) -> None:
        self._name = name
        self._limit: int | None = getattr(config, "max_position_embeddings", None)
        self._is_table = not getattr(config, "rope_parameters", None)
        self._said = False

    def check(self, positions: int) -> None:
        """Prompt and canvas together take this many positions.

        Raises:
            ApdError: more than the model has.
        """
        if self._limit is None or positions <= self._limit:
            return
        problem = (
            f"{positions} positions (prompt and canvas) are more than the {self._limit} that "
            f"{self._name} reads (max_position_embeddings)"
        )
        remedy = "shorten the prompt or max_new_tokens"
        if self._is_table:
            raise ApdError(f"{problem}; {remedy}")
        if not self._said:
            self._said = True
            warnings.warn(f"{problem}: answers may be poor; {remedy}", ApdWarning, stacklevel=2)
