"""A transformers causal model made bidirectional: what all masked diffusion models here are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import CausalLMOutputWithPast

from apd.errors import ApdError
from apd.models.transformer import KeyValueStore, run_layers

CAUSAL_ONLY = ("attention_mask", "past_key_values", "inputs_embeds", "labels")


class BidirectionalLM:
    """Mixed into a transformers causal model: every position attends to every other.

    Attributes:
        prediction_offset: output i is the prediction for position i + ``prediction_offset``.
    """

    prediction_offset: int
    model: Any
    lm_head: nn.Linear
    config: Any

    def __init__(self, config: Any) -> None:
        super().__init__(config)  # type: ignore[call-arg]
        module: Any = self
        for part in module.modules():
            if hasattr(part, "is_causal"):
                part.is_causal = False
        # The padding token also ends answers, so its embedding has to receive gradients.
        module.get_input_embeddings().padding_idx = None

    @property
    def causal_forward(self) -> Callable[..., Any]:
        """transformers' own forward of the class this is mixed into."""
        return super().forward  # type: ignore[misc]

    def hidden_states(
        self,
        input_ids: Tensor,
        padding_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: KeyValueStore | None = None,
    ) -> Tensor:
        """Final hidden states, every position attending to every real one.

        Args:
            input_ids: (B, T) long.
            padding_mask: (B, T), True = real token; None if nothing is padded. Each row needs at
                least one real token.
            position_ids: (B, T) or (1, T) long; 0..T-1 if None.
            cache: keys and values of earlier positions, see ``apd.models.kv_window``.

        Returns:
            (B, T, D). ``lm_head`` of row i gives the logits of position i + ``prediction_offset``.
        """
        seen = None if padding_mask is None else padding_mask.bool()[:, None, None, :]
        return run_layers(self.model, input_ids, seen, position_ids, cache)

    def generate(self, *_: Any, **__: Any) -> Any:
        """Raises ApdError: what transformers' causal models have here would ignore the masks."""
        raise ApdError(
            "transformers' generate would ignore the masks of a masked diffusion model: decode "
            "with pair.decode(prompt), where pair = apd.load_pair(...), or with apd.adaptive, "
            "apd.left_to_right or apd.any_order"
        )

    def forward(
        self,
        input_ids: Tensor,
        padding_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        **others: Any,
    ) -> CausalLMOutputWithPast:
        """Logits (B, T, V) as the checkpoint has them: row i predicts i + ``prediction_offset``.

        Raises:
            ApdError: an argument of a causal model that would be ignored here.
        """
        ignored = [name for name in CAUSAL_ONLY if others.get(name) is not None]
        if ignored:
            raise ApdError(
                f"a masked diffusion model has no {', '.join(ignored)}: every position attends to "
                "every other; give input_ids, with padding_mask where texts are padded"
            )
        hidden = self.hidden_states(input_ids, padding_mask, position_ids)
        return CausalLMOutputWithPast(logits=self.lm_head(hidden), hidden_states=(hidden,))


def nothing_masked(queries: int, keys: int, like: Tensor) -> Tensor:
    """(1, 1, queries, keys) of zeros, which any kind of attention adds to its scores."""
    return torch.zeros(1, 1, queries, keys, dtype=like.dtype, device=like.device)
