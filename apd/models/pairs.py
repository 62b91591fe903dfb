"""Pairs loaded by name: a diffusion model, the verifier that goes with it, and its baselines.

Torch and the checkpoints are only touched when a pair is loaded, so listing pairs is instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from apd.errors import ApdError
from apd.models.locations import find_checkpoint
from apd.models.registry import PAIRS, describe_pairs, pair_spec, registered_dtype

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from apd.decoding.result import DecodeResult
    from apd.models.diffusion import MaskedDiffusionLM
    from apd.models.verifier import QwenVerifier

__all__ = ["PAIRS", "Pair", "describe_pairs", "load_ar", "load_pair", "pair_spec"]

SYSTEM_PROMPT = "You are a helpful assistant."


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A loaded pair.

    Attributes:
        verifier: None where no autoregressive model shares the dLLM's vocabulary.
        baselines: by the last part of their names, the large one first; empty unless asked for.
        tokenizer: the dLLM's.
    """

    name: str
    dllm: MaskedDiffusionLM
    verifier: QwenVerifier | None
    baselines: Mapping[str, QwenVerifier]
    tokenizer: PreTrainedTokenizerBase

    def encode_chat(
        self, user: str, system: str | None = SYSTEM_PROMPT, prefix: str | None = None
    ) -> Tensor:
        """Token ids (P,) of a conversation up to where the assistant's answer begins.

        Messages are text: control tokens that they spell out are ordinary tokens.

        Args:
            system: the system message; None leaves it to the checkpoint's chat template.
            prefix: how the answer begins, if it is to be continued.

        Raises:
            ApdError: the checkpoint has no chat template.
        """
        import torch

        from apd.models.chat import encode, render_chat

        if not self.tokenizer.chat_template:
            raise ApdError(
                f"the tokenizer of pair {self.name!r} has no chat template; use an instruction-"
                "tuned checkpoint with chat_template.jinja or tokenizer_config.json"
            )
        messages = [{"role": "user", "content": user}]
        if system is not None:
            messages.insert(0, {"role": "system", "content": system})
        if prefix is not None:
            messages.append({"role": "assistant", "content": prefix})
        text = render_chat(
            self.tokenizer,
            messages,
            add_generation_prompt=prefix is None,
            continue_final_message=prefix is not None,
        )
        return torch.tensor(encode(self.tokenizer, text), dtype=torch.long, device=self.dllm.device)

    @overload
    def decode(
        self,
        prompt: str | Tensor,
        algorithm: str = ...,
        *,
        model: str | None = ...,
        system: str | None = ...,
        **settings: Any,
    ) -> DecodeResult: ...

    @overload
    def decode(
        self,
        prompt: Sequence[str | Tensor],
        algorithm: str = ...,
        *,
        model: str | None = ...,
        system: str | None = ...,
        seeds: Sequence[int] | None = ...,
        **settings: Any,
    ) -> list[DecodeResult]: ...

    def decode(
        self,
        prompt: str | Tensor | Sequence[str | Tensor],
        algorithm: str = "apd",
        *,
        model: str | None = None,
        system: str | None = SYSTEM_PROMPT,
        seeds: Sequence[int] | None = None,
        **settings: Any,
    ) -> DecodeResult | list[DecodeResult]:
        """Decode a prompt, or several in common passes.

            pair.decode("How many legs have six cats?", mixture_weight=0.5).text
            pair.decode(prompts, "left_to_right", tokens_per_step=2, seeds=range(len(prompts)))

        Args:
            prompt: what the user says, or token ids (P,) that are decoded as they are; or several.
            algorithm: "apd", "left_to_right", "random", "confidence", "low_confidence", "margin",
                "entropy" or "autoregressive".
            model: for "autoregressive", one of `baselines` (None: the first) or "verifier".
            system: the system message, as in `encode_chat`.
            seeds: one for each of several prompts, instead of the setting `seed`.
            settings: those of the algorithm, such as `AdaptiveConfig`'s.

        Returns:
            The result; for several prompts a list, in their order.

        Raises:
            ApdError: no such algorithm, or no chat template.
            ValueError: no such setting, a value out of range, or a model that the pair lacks.
        """
        from torch import Tensor

        from apd.models.decode import decode_together

        alone = isinstance(prompt, str | Tensor)
        if alone and seeds is not None:
            raise ValueError(f"seeds={seeds!r} is for several prompts: give one prompt its seed=")
        results = decode_together(
            self,
            [prompt] if isinstance(prompt, str | Tensor) else prompt,
            algorithm,
            model=model,
            system=system,
            seeds=seeds,
            settings=settings,
        )
        return results[0] if alone else results


def load_pair(
    name: str,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    dllm_path: str | Path | None = None,
    verifier_path: str | Path | None = None,
    baselines: bool = False,
    compiled: bool = False,
) -> Pair:
    """Load a pair, checking that its models mean the same tokens by the same ids.

    Args:
        device: None for a GPU if there is one, else the CPU.
        dtype: ``float32``, ``bfloat16`` or ``float16``; None for the pair's own.
        dllm_path, verifier_path: directory or hub name to use instead of the registered one.
        baselines: load the autoregressive baselines too.
        compiled: run the models through ``torch.compile``: worth it on a GPU and for long runs.

    Raises:
        ApdError: unknown pair, checkpoints missing, corrupt or of the wrong kind, or tokenizers
            that disagree.
    """
    from apd.models.diffusion import load_diffusion
    from apd.models.placement import choose_device, choose_dtype
    from apd.models.vocabulary import check_agreement, ids_unknown_to, load_tokenizer

    spec = pair_spec(name)
    place = choose_device(device)
    precision = choose_dtype(dtype or spec.dtype, place)
    source = verifier_path or spec.verifier
    verifier = None if source is None else load_ar(source, device=place, dtype=precision)
    dllm_directory = find_checkpoint(dllm_path or spec.dllm)
    unknown: set[int] = set()
    if verifier is not None:
        tokenizer = load_tokenizer(dllm_directory)
        check_agreement(tokenizer, verifier.tokenizer, f"{dllm_directory} and {source}")
        unknown = ids_unknown_to(verifier.tokenizer, tokenizer)
    dllm = load_diffusion(dllm_directory, place, precision, unknown)
    loaded = {} if verifier is None else {str(source): verifier}
    compared = {
        path.rsplit("/", 1)[-1]: loaded.get(path) or load_ar(path, device=place, dtype=precision)
        for path in (spec.baselines if baselines else ())
    }
    dllm.lean.block()
    if compiled:
        dllm.lean.compile()
        for model in {**loaded, **compared}.values():
            model.lean.compile()
    return Pair(
        name=name, dllm=dllm, verifier=verifier, baselines=compared, tokenizer=dllm.tokenizer
    )


def load_ar(
    name_or_path: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> QwenVerifier:
    """Load a Qwen2 model: a mini model's name, a directory, or a hub name.

    Raises:
        ApdError: the checkpoint is missing, corrupt or of another kind.
    """
    from apd.models.placement import choose_device, choose_dtype
    from apd.models.verifier import load_verifier

    directory = find_checkpoint(name_or_path)
    place = choose_device(device)
    precision = choose_dtype(dtype or registered_dtype(str(name_or_path)), place)
    model = load_verifier(directory, place, precision)
    model.lean.block()
    return model
