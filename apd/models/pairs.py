"""Pairs loaded by name: a diffusion model, the verifier that goes with it, and its baselines.

Torch and the checkpoints are only touched when a pair is loaded, so listing pairs is instant.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from apd.errors import ApdError, ApdWarning
from apd.models.locations import find_checkpoint
from apd.models.registry import (
    PAIRS,
    PairSpec,
    describe_pairs,
    last_part,
    pair_spec,
    registered_dtype,
    unregistered,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from apd.decoding.result import DecodeResult
    from apd.models.diffusion import MaskedDiffusionLM
    from apd.models.onnx_pass import Engine
    from apd.models.quantization import Precision
    from apd.models.verifier import CausalVerifier

__all__ = ["PAIRS", "Pair", "describe_pairs", "load_ar", "load_pair", "pair_spec"]

SYSTEM_PROMPT = "You are a helpful assistant."


@cache
def say_once(message: str) -> None:
    """Warn, once for each message."""
    warnings.warn(message, ApdWarning, stacklevel=3)


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
    verifier: CausalVerifier | None
    baselines: Mapping[str, CausalVerifier]
    tokenizer: PreTrainedTokenizerBase

    def encode_chat(
        self,
        user: str,
        system: str | None = SYSTEM_PROMPT,
        prefix: str | None = None,
        examples: Sequence[Sequence[str]] = (),
    ) -> Tensor:
        """Token ids (P,) of a conversation up to where the assistant's answer begins.

        Messages are text: control tokens that they spell out are ordinary tokens. A base model,
        which has no chat template, gets the user's text as it is; that is said once.

        Args:
            system: the system message; None leaves it to the checkpoint's chat template.
            prefix: how the answer begins, if it is to be continued.
            examples: earlier turns, (user message, assistant message) each.
        """
        import torch

        from apd.models.chat import encode, escape, render_chat

        if not self.tokenizer.chat_template:
            say_once(
                f"the tokenizer of {self.name!r} has no chat template: the prompt goes in as it "
                "is, without a system message, to be continued"
            )
            turns = "".join(f"{asked}\n{answered}\n\n" for asked, answered in examples)
            ids = encode(self.tokenizer, escape(self.tokenizer, turns + user + (prefix or "")))
            return torch.tensor(ids, dtype=torch.long, device=self.dllm.device)
        messages = [
            {"role": role, "content": content}
            for turn in (*examples, (user,))
            for role, content in zip(("user", "assistant"), turn, strict=False)
        ]
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
            ApdError: no such algorithm.
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
    name: str | None = None,
    *,
    dllm: str | Path | None = None,
    verifier: str | Path | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    baselines: bool = False,
    mask_token: str | int | None = None,
    shifted: bool | None = None,
    quantize: Precision | None = None,
    compiled: bool = False,
    engine: Engine = "torch",
) -> Pair:
    """Load a pair, checking that its models mean the same tokens by the same ids.

    Args:
        name: of a registered pair; None for the models given.
        dllm, verifier: directory or hub name to use instead of the registered one.
        device: None for a GPU if there is one, else the CPU.
        dtype: ``float32``, ``bfloat16`` or ``float16``; None for the pair's own.
        baselines: load the autoregressive baselines too.
        mask_token: the dLLM's, a token or its id; None for the one that its files name.
        shifted: whether the dLLM's output i predicts position i + 1; None leaves it to its family.
        quantize: make the dLLM's linear weights "int8" or "int4"; None leaves them.
        compiled: run the models through ``torch.compile``: worth it on a GPU and for long runs.
        engine: what computes passes: "torch", or "onnxruntime", which is faster for small models
            in float32 on a CPU, and is optional (``pip install 'apd[onnxruntime]'``).

    Raises:
        ApdError: unknown pair, checkpoints missing, corrupt, too large or of the wrong kind, or
            tokenizers that disagree; or the engine is not installed or cannot run the models.
    """
    from apd.models.capacity import check_room
    from apd.models.diffusion import load_diffusion
    from apd.models.onnx_pass import check_engine, run_by
    from apd.models.placement import choose_device, choose_dtype
    from apd.models.quantization import check_precision
    from apd.models.vocabulary import check_agreement, ids_unknown_to, load_tokenizer

    spec = choose_spec(name, dllm, verifier)
    quantize = quantize or spec.quantize
    check_precision(quantize)
    check_engine(engine)
    place = choose_device(device)
    precision = choose_dtype(dtype or spec.dtype, place)
    source = verifier or spec.verifier
    directory = find_checkpoint(dllm or spec.dllm)
    sources = dict.fromkeys(map(str, [source] if source else []))
    sources |= dict.fromkeys(spec.baselines if baselines else ())
    directories = [directory, *(find_checkpoint(path) for path in sources)]
    check_room(directories, place, precision, quantize)
    loaded = {path: load_ar(path, device=place, dtype=precision) for path in sources}
    reader = None if source is None else loaded[str(source)]
    unknown: set[int] = set()
    if reader is not None:
        tokenizer = load_tokenizer(directory)
        check_agreement(tokenizer, reader.tokenizer, f"{directory} and {source}")
        unknown = ids_unknown_to(reader.tokenizer, tokenizer)
    drafter = load_diffusion(
        directory,
        place,
        precision,
        unknown,
        mask_token=spec.mask_token if mask_token is None else mask_token,
        shifted=spec.shifted if shifted is None else shifted,
        quantize=quantize,
    )
    drafter.inference.block()
    models: list[MaskedDiffusionLM | CausalVerifier] = [drafter, *loaded.values()]
    for model in models:
        if compiled:
            model.inference.compile()
        model.inference = run_by(engine, model.name, model.inference)
    compared = {last_part(path): loaded[path] for path in (spec.baselines if baselines else ())}
    return Pair(
        name=spec.name,
        dllm=drafter,
        verifier=reader,
        baselines=compared,
        tokenizer=drafter.tokenizer,
    )


def choose_spec(
    name: str | None, dllm: str | Path | None = None, verifier: str | Path | None = None
) -> PairSpec:
    """The registered pair of this name, or what is known of models given without one.

    Raises:
        ApdError: no such pair, or neither name nor dLLM.
    """
    if name is not None:
        return pair_spec(name)
    if dllm is None:
        raise ApdError("no models given; name a pair (`apd models` lists them) or a dLLM")
    return unregistered(str(dllm), None if verifier is None else str(verifier))


def load_ar(
    name_or_path: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    engine: Engine = "torch",
) -> CausalVerifier:
    """Load a causal language model: a mini model's name, a directory, or a hub name.

    Args:
        device, dtype, engine: as for `load_pair`.

    Raises:
        ApdError: the checkpoint is missing, corrupt, too large or of another kind; or the engine
            is not installed or cannot run it.
    """
    from apd.models.capacity import check_room
    from apd.models.causal import read_causal_config
    from apd.models.onnx_pass import run_by
    from apd.models.placement import choose_device, choose_dtype
    from apd.models.verifier import load_verifier

    directory = find_checkpoint(name_or_path)
    read_causal_config(directory)
    place = choose_device(device)
    precision = choose_dtype(dtype or registered_dtype(str(name_or_path)), place)
    check_room([directory], place, precision)
    model = load_verifier(directory, place, precision)
    model.inference.block()
    model.inference = run_by(engine, model.name, model.inference)
    return model
