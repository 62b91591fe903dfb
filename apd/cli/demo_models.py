"""What the demo decodes with: the settings and the models that its arguments name."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from torch import Tensor

from apd.decoding import AdaptiveConfig
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM
from apd.errors import ApdError
from apd.models.pairs import Pair, load_ar, load_pair, pair_spec
from apd.models.vocabulary import check_agreement

DEFAULT_PAIR = "mini"
DREAM_PAIR = "dream-7b"
# Settings that keep the configuration's own default unless they are given.
OPTIONAL = ("acceptance", "noise", "temperature", "top_p", "seed", "max_new_tokens")


@dataclass(frozen=True)
class DemoModels:
    """A dLLM and its verifier, the prompt in their tokens, and the model to compare with."""

    pair: str
    dllm: DiffusionLM
    verifier: AutoregressiveLM
    prompt_ids: Tensor
    baseline_name: str | None
    baseline: AutoregressiveLM | None


def pair_name(arguments: argparse.Namespace) -> str:
    """The pair asked for; checkpoints without a pair are a Dream and its verifier."""
    if arguments.pair is not None:
        return str(arguments.pair)
    return DEFAULT_PAIR if arguments.dllm_path is None else DREAM_PAIR


def adaptive_config(arguments: argparse.Namespace) -> AdaptiveConfig:
    """The settings; a ValueError says which one is out of range."""
    given = {name: getattr(arguments, name) for name in OPTIONAL}
    given = {name: value for name, value in given.items() if value is not None}
    given = {"max_new_tokens": pair_spec(pair_name(arguments)).canvas} | given
    return AdaptiveConfig(
        mixture_weight=arguments.mixture_weight,
        kv_window=arguments.kv_window,
        max_lookahead=arguments.max_lookahead,
        **given,
    )


def load_models(arguments: argparse.Namespace) -> DemoModels:
    """Load the pair and the baseline.

    Raises:
        ApdError: a model cannot be loaded, or the pair has no verifier.
    """
    name = pair_name(arguments)
    pair = load_pair(
        name,
        device=arguments.device,
        dtype=arguments.dtype,
        dllm_path=arguments.dllm_path,
        verifier_path=arguments.verifier_path,
    )
    if pair.verifier is None:
        raise ApdError(
            f"pair {name!r} has no verifier, which adaptive parallel decoding needs; "
            f"choose another (--pair {DEFAULT_PAIR}) or give one (--verifier-path)"
        )
    baseline_name = _baseline_name(arguments)
    return DemoModels(
        pair=name,
        dllm=pair.dllm,
        verifier=pair.verifier,
        prompt_ids=pair.encode_chat(arguments.prompt, system=arguments.system),
        baseline_name=baseline_name,
        baseline=None if baseline_name is None else _load_baseline(arguments, pair, baseline_name),
    )


def _baseline_name(arguments: argparse.Namespace) -> str | None:
    if arguments.no_baseline:
        return None
    if arguments.baseline is not None:
        return str(arguments.baseline)
    if arguments.pair is None and arguments.dllm_path is not None:
        return None
    return next(iter(pair_spec(pair_name(arguments)).baselines), None)


def _load_baseline(arguments: argparse.Namespace, pair: Pair, name: str) -> AutoregressiveLM:
    """The baseline, which must read the pair's prompt tokens as the pair does."""
    dtype = arguments.dtype or pair_spec(pair.name).dtype
    baseline = load_ar(name, device=arguments.device, dtype=dtype)
    check_agreement(pair.tokenizer, baseline.tokenizer, f"pair {pair.name} and {name}")
    return baseline
