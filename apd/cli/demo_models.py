"""What the demo decodes with: the settings and the models that its arguments name."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from torch import Tensor

from apd.cli.checkpoints import chosen_checkpoints
from apd.cli.eval_arguments import MINI_LENGTH
from apd.decoding import AdaptiveConfig
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM
from apd.errors import ApdError
from apd.models.pairs import Pair, choose_spec, load_ar, load_pair
from apd.models.registry import PairSpec, pair_spec
from apd.models.vocabulary import check_agreement

DEFAULT_PAIR = "mini"
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
    """The pair asked for; checkpoints without one are called as the dLLM is."""
    return chosen_spec(arguments).name


def chosen_spec(arguments: argparse.Namespace) -> PairSpec:
    """What is registered of the pair asked for, or known of the checkpoints given without one."""
    if arguments.pair is None and arguments.dllm_path is None:
        return pair_spec(DEFAULT_PAIR)
    return choose_spec(arguments.pair, arguments.dllm_path, arguments.verifier_path)


def adaptive_config(arguments: argparse.Namespace) -> AdaptiveConfig:
    """The settings; a ValueError says which one is out of range."""
    given = {name: getattr(arguments, name) for name in OPTIONAL}
    given = {name: value for name, value in given.items() if value is not None}
    if pair_name(arguments).startswith("mini"):
        given = {"max_new_tokens": MINI_LENGTH} | given
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
        name if arguments.dllm_path is None else arguments.pair,
        device=arguments.device,
        dtype=arguments.dtype,
        **chosen_checkpoints(arguments),
    )
    if pair.verifier is None:
        raise ApdError(
            f"{name!r} has no verifier, which adaptive parallel decoding needs; "
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
    return next(iter(chosen_spec(arguments).baselines), None)


def _load_baseline(arguments: argparse.Namespace, pair: Pair, name: str) -> AutoregressiveLM:
    """The baseline, which must read the pair's prompt tokens as the pair does."""
    dtype = arguments.dtype or chosen_spec(arguments).dtype
    baseline = load_ar(name, device=arguments.device, dtype=dtype)
    check_agreement(pair.tokenizer, baseline.tokenizer, f"pair {pair.name} and {name}")
    return baseline
