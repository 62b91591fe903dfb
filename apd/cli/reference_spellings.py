"""The reference code's names for models, tasks and decoders, and what they are called here.

``--model_alias`` chooses the pair and the model; ``--task`` and ``--alg`` take short names. With a
mini pair they mean the mini models and tasks that mirror the large ones.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

from apd.errors import ApdError
from apd.models.registry import PAIRS


class Model(NamedTuple):
    """What a model alias stands for.

    Attributes:
        large, mini: the pair of that size.
        baseline: whether it is an autoregressive baseline, and which of the pair's.
    """

    large: str
    mini: str
    baseline: int | None = None


MODEL_ALIASES = {
    "dream": Model("dream-7b", "mini"),
    "llada": Model("llada-8b", "mini-llada"),
    "qwen7b": Model("dream-7b", "mini", baseline=0),
    "qwen0.5b": Model("dream-7b", "mini", baseline=1),
}
# short name: (task, its mini twin)
TASK_ALIASES = {
    "gsm8k": ("gsm8k", "mini_gsm"),
    "math": ("hendrycks_math", "mini_math"),
    "gpqa": ("gpqa_main_generative_n_shot", "mini_gpqa"),
    "humaneval": ("humaneval_instruct", "mini_humaneval"),
}
ALGORITHM_ALIASES = {
    "leftright": "left_to_right",
    "origin": "random",
    "maskgit_plus": "confidence",
    "topk_margin": "margin",
}
R_MISSING = (
    "no mixture weight given: R = 0.7, the default here; the reference code would decode one token "
    "a step without the verifier, which is --alg leftright"
)


def in_own_words(arguments: argparse.Namespace) -> argparse.Namespace:
    """A copy of the arguments of `apd eval` with the reference code's names replaced.

    Raises:
        ApdError: an unknown alias, or one that contradicts --pair or --model.
    """
    own = argparse.Namespace(**vars(arguments))
    if own.algorithm is not None:
        name = own.algorithm.replace("-", "_")
        own.algorithm = ALGORITHM_ALIASES.get(name, name)
    mini = own.pair in PAIRS and PAIRS[own.pair].mini
    if own.model_alias is not None:
        _resolve_model(own, mini)
        own.task = TASK_ALIASES.get(own.task, (own.task, own.task))[mini]
    own.task = TASK_ALIASES.get(own.task, (own.task, own.task))[0]
    own.pair = own.pair or "mini"
    if own.qwen_small_ckpt is not None:
        name = "verifier_path" if own.algorithm in (None, "apd") else "baseline_path"
        setattr(own, name, getattr(own, name) or own.qwen_small_ckpt)
    return own


def _resolve_model(own: argparse.Namespace, mini: bool) -> None:
    """Replace the model alias by a pair, a model and, for a baseline, its algorithm."""
    if own.model_alias not in MODEL_ALIASES:
        raise ApdError(
            f"unknown model alias {own.model_alias!r}; choose one of {', '.join(MODEL_ALIASES)}"
        )
    alias = MODEL_ALIASES[own.model_alias]
    pair = alias.mini if mini else alias.large
    if own.pair not in (None, "mini", pair):
        raise ApdError(
            f"--model_alias {own.model_alias} is not of pair {own.pair!r}; leave --pair out, or "
            "give --pair mini for the small models"
        )
    own.pair = pair
    if alias.baseline is None:
        return
    name = PAIRS[pair].baselines[alias.baseline].rsplit("/", 1)[-1]
    if own.model not in (None, name):
        raise ApdError(f"--model_alias {own.model_alias} is {name}; leave --model out")
    own.model = name
    if own.algorithm in (None, "left_to_right"):
        own.algorithm = "autoregressive"


def notes_on(arguments: argparse.Namespace) -> list[str]:
    """What a reader of the reference code might not expect of these arguments, one line each."""
    if arguments.model_alias is None or hasattr(arguments, "mixture_weight"):
        return []
    return [R_MISSING] if in_own_words(arguments).algorithm == "apd" else []
