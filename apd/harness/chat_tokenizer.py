"""What lm-eval asks of a model's tokenizer: token ids, the chat template, a name for caches."""

from __future__ import annotations

import hashlib
from typing import Any

from apd.errors import ApdError


class ChatTokenizer:
    """Mixed into an lm-eval model that has a Hugging Face `tokenizer`."""

    tokenizer: Any

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
        """Names the tokenizer and its chat template in lm-eval's request caches."""
        template = hashlib.sha256(str(self.tokenizer.chat_template).encode()).hexdigest()[:8]
        return f"{str(self.tokenizer.name_or_path).strip('/').replace('/', '__')}-{template}"

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **_: Any
    ) -> list[int]:
        """Token ids of a text; its special tokens are those that it spells out."""
        return list(
            self.tokenizer(string, add_special_tokens=bool(add_special_tokens))["input_ids"]
        )

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
        return str(
            self.tokenizer.apply_chat_template(
                chat_history,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )
        )
