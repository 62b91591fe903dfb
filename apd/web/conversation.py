"""The chat template as a page needs it: rendered once, with gaps for its messages.

A page has no template engine. Its conversations differ in the system message and the reader's words
alone, so all else is written down here: control tokens as ids, text as text.
"""

from __future__ import annotations

import re
from typing import Any

from apd.models.chat import control_tokens
from apd.models.pairs import Pair

GAPS = {"system": "\N{OBJECT REPLACEMENT CHARACTER}s", "user": "\N{OBJECT REPLACEMENT CHARACTER}u"}


def conversation_pieces(pair: Pair) -> list[dict[str, Any]]:
    """A conversation up to where the answer begins, cut at its control tokens.

    Returns:
        In order: ``{"id": ...}`` for a control token, ``{"text": ...}`` for text, and
        ``{"role": ..., "before": ..., "after": ...}`` for the text around a role's message.
    """
    messages = [{"role": role, "content": gap} for role, gap in GAPS.items()]
    text = str(
        pair.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    )
    control = control_tokens(pair.tokenizer)
    names = "|".join(map(re.escape, sorted(control, key=len, reverse=True)))
    pieces = [piece for piece in re.split(f"({names})", text) if piece]
    return [_piece(piece, control) for piece in pieces]


def _piece(piece: str, control: dict[str, int]) -> dict[str, Any]:
    if piece in control:
        return {"id": control[piece]}
    for role, gap in GAPS.items():
        if gap in piece:
            before, after = piece.split(gap)
            return {"role": role, "before": before, "after": after}
    return {"text": piece}
