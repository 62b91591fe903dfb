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
R_MISSING = (
    "no mixture weight given: R = 0.7, the default here; the reference code would decode one token "
    "a step without the verifier, which is --alg leftright"
)


def in_own_words(arguments: argparse.Namespace) -> argparse.Namespace:
    """A copy of the arguments of `apd eval` with the reference code's names replaced.

    Raises:
        ApdError: an unknown alias, or one that contradicts --pair or --model.
    """
    from apd.decoding.registry import decoder, spelt, usual_decoder

    own = argparse.Namespace(**vars(arguments))
    mini, on_baseline = own.pair in PAIRS and PAIRS[own.pair].mini, False
    if own.model_alias is not None:
        on_baseline = _resolve_model(own, mini)
        own.task = TASK_ALIASES.get(own.task, (own.task, own.task))[mini]
    own.task = TASK_ALIASES.get(own.task, (own.task, own.task))[0]
    own.pair = own.pair or "mini"
    if own.algorithm is not None:
        own.algorithm = spelt(own.algorithm.replace("-", "_"), on_baseline=on_baseline)
    elif on_baseline:
        own.algorithm = usual_decoder(on_baseline=True).name
    if own.qwen_small_ckpt is not None:
        verified = own.algorithm is None or decoder(own.algorithm).verified
        name = "verifier_path" if verified else "baseline_path"
        setattr(own, name, getattr(own, name) or own.qwen_small_ckpt)
    return own


def _resolve_model(own: argparse.Namespace, mini: bool) -> bool:
    """Replace the model alias by a pair and a model. Returns whether it is a baseline."""
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
        return False
    name = PAIRS[pair].baselines[alias.baseline].rsplit("/", 1)[-1]
    if own.model not in (None, name):
        raise ApdError(f"--model_alias {own.model_alias} is {name}; leave --model out")
    own.model = name
    return True


def notes_on(arguments: argparse.Namespace) -> list[str]:
    """What a reader of the reference code might not expect of these arguments, one line each."""
    from apd.decoding.registry import decoder

    if arguments.model_alias is None or hasattr(arguments, "mixture_weight"):
        return []
    algorithm = in_own_words(arguments).algorithm
    weighted = algorithm is not None and "mixture_weight" in decoder(algorithm).stored
    return [R_MISSING] if weighted else []
