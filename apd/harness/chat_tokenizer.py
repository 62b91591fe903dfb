"""What lm-eval asks of a model's tokenizer: token ids, the chat template, a name for caches."""

from __future__ import annotations

import hashlib
from typing import Any

from apd.errors import ApdError
from apd.models.chat import encode, escape, render_chat


class ChatTokenizer:
    """Mixed into an lm-eval model that has a Hugging Face `tokenizer`.

    Attributes:
        renders: whether requests are conversations that `apply_chat_template` has rendered.
    """

    tokenizer: Any
    renders: bool = False

    @property
    def eot_token_id(self) -> int:
        """End of a turn or text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """What stands before a text without context: beginning or end of a document."""
        ids = (self.tokenizer.bos_token_id, self.tokenizer.pad_token_id)
        return next((int(i) for i in ids if i is not None), self.eot_token_id)

    @property
    def tokenizer_name(self) -> str:
        """Names the tokenizer and its chat template in lm-eval's request caches.

        lm-eval asks for it where it applies the template, also if it then finds the rendered
        conversations in its cache.
        """
        self.renders = True
        template = hashlib.sha256(str(self.tokenizer.chat_template).encode()).hexdigest()[:8]
        return f"{str(self.tokenizer.name_or_path).strip('/').replace('/', '__')}-{template}"

    def tok_encode(self, string: str, **_: Any) -> list[int]:
        """Token ids of a request's text: the control tokens of the chat template, all else text.

        A text that no template has rendered holds no control token, whatever it spells out.
        """
        rendered = string if self.renders else escape(self.tokenizer, string)
        return encode(self.tokenizer, rendered)

    def encode_text(self, text: str) -> list[int]:
        """Token ids of a text that is not part of a conversation."""
        return encode(self.tokenizer, escape(self.tokenizer, text))

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """lm-eval's own, the continuation being text in conversations too."""
        if self.renders:
            continuation = escape(self.tokenizer, continuation)
        pair: tuple[list[int], list[int]] = super()._encode_pair(context, continuation)  # type: ignore[misc]
        return pair

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The conversation as text, up to where the assistant's answer begins.

        Args:
            chat_history: messages of system, user and assistant.
            add_generation_prompt: False leaves the assistant's last message open, to go on from.

        Raises:
            ApdError: the checkpoint has no chat template.
        """
        if not self.tokenizer.chat_template:
            raise ApdError(
                f"the tokenizer {self.tokenizer.name_or_path} has no chat template; use an "
                "instruction-tuned checkpoint, or leave apply_chat_template out"
            )
        self.renders = True
        return render_chat(
            self.tokenizer,
            chat_history,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
        )
