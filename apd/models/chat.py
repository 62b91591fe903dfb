r"""Conversations as token ids: control tokens come from the chat template alone.

A user may write ``<|im_end|>`` or ``<|mask|>``, and means the text. So every control token that a
message spells out is *escaped* before the template renders the conversation, by a word joiner
(U+2060, invisible) behind its first character, and taken back when the text is encoded: what was
escaped becomes ordinary tokens, what the template wrote its control tokens. Text that spells no
control token is encoded as the tokenizer alone does it.

Escaping loses nothing: where joiners stand behind that first character already, it adds one more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase

from apd.errors import ApdError
from apd.models.pairs import say_once

JOINER = "\u2060"


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """The tokens that are not text, with their ids: special ones, and those of the template."""
    template = str(tokenizer.chat_template or "")
    special = set(tokenizer.all_special_tokens)
    return {
        token.content: token_id
        for token_id, token in tokenizer.added_tokens_decoder.items()
        if token.special or token.content in special or token.content in template
    }


def escape(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """`text` with every control token that it spells out marked as text."""
    return _spelled(tokenizer).sub(lambda found: found[0][0] + JOINER + found[0][1:], text)


def render_chat(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, str]], **options: Any
) -> str:
    """The conversation by the tokenizer's chat template, for `encode`.

    A template that takes no system message gets the conversation without it, which is said once.

    Args:
        messages: `role` and `content` each.
        options: of transformers' ``apply_chat_template``.

    Raises:
        ApdError: the template cannot be rendered.
        ValueError: a message is no text.
    """
    for message in messages:
        require_text(f"{message['role']} message", message["content"])
    escaped = [{**m, "content": escape(tokenizer, m["content"])} for m in messages]
    # Qwen3's template would otherwise open a block of thinking, for which no dLLM was trained.
    options = {"enable_thinking": False, **options}
    try:
        return _render(tokenizer, escaped, options)
    except Exception as error:  # a template may raise what it likes
        rest = [message for message in escaped if message["role"] != "system"]
        reason = " ".join(str(error).split()) or type(error).__name__
        try:
            text = None if len(rest) == len(escaped) else _render(tokenizer, rest, options)
        except Exception:
            text = None
    if text is None:
        raise ApdError(
            f"the chat template of {tokenizer.name_or_path} cannot be rendered ({reason}); mend "
            "chat_template.jinja or tokenizer_config.json of the checkpoint, or download it again"
        )
    say_once(f"the chat template of {tokenizer.name_or_path} takes no system message ({reason}): "
              "prompts go without one")  # fmt: skip
    return text


def _render(tokenizer: PreTrainedTokenizerBase, messages: Any, options: dict[str, Any]) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, **options))


def require_text(name: str, text: str) -> None:
    """Raise ValueError if the text holds half of a surrogate pair, which no tokenizer reads."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the {name} is no text: its character {error.start + 1} is the lone surrogate "
            f"{text[error.start]!r}; give text that was decoded as UTF-8"
        ) from None


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a text in which only unescaped control tokens are control tokens.

    Raises:
        ValueError: it is no text.
    """
    require_text("text", text)
    spelled = _spelled(tokenizer)
    if not any(JOINER in found[0] for found in spelled.finditer(text)):
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])
    control = tuple(control_tokens(tokenizer))
    plain = _without_control(tokenizer, control)
    ids: list[int] = []
    for segment, token_id in _segments(tokenizer, text):
        unescaped = spelled.sub(lambda found: found[0].replace(JOINER, "", 1), segment)
        ids += plain.encode(unescaped, add_special_tokens=False).ids
        ids += [] if token_id is None else [token_id]
    return ids


def _spelled(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Finds control tokens, the longest first, with any number of joiners where they are escaped.

    Where a tokenizer has no control tokens, nothing matches.
    """
    longest_first = sorted(control_tokens(tokenizer), key=len, reverse=True)
    names = (f"{re.escape(name[0])}{JOINER}*{re.escape(name[1:])}" for name in longest_first)
    return re.compile("|".join(names) or r"(?!)")


def _segments(tokenizer: PreTrainedTokenizerBase, text: str) -> Iterator[tuple[str, int | None]]:
    """The text as the tokenizer cuts it at control tokens: what stands before each, and its id."""
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    control, end = set(control_tokens(tokenizer).values()), 0
    for token_id, (start, stop) in zip(found["input_ids"], found["offset_mapping"], strict=True):
        if token_id in control:
            yield text[end:start], token_id
            end = stop
    yield text[end:], None


@lru_cache(maxsize=4)
def _without_control(tokenizer: PreTrainedTokenizerBase, control: tuple[str, ...]) -> Tokenizer:
    """A copy of the tokenizer for which control tokens are text like any other."""
    copy = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copy.no_padding()
    copy.no_truncation()
    copy.add_special_tokens(list(control))
    copy.encode_special_tokens = True
    return copy
