"""From the arguments of `apd eval` to the experiment that they describe."""

from __future__ import annotations

import argparse
import re
from typing import Any

from apd.cli.eval_arguments import SETTINGS
from apd.cli.reference_spellings import in_own_words
from apd.decoding.configuration import (
    ALGORITHMS,
    DLLM,
    Configuration,
    configuration_id,
    decoder_class,
    setting_names,
)
from apd.errors import ApdError
from apd.models.registry import pair_spec
from apd.runs.grid import Cell, Experiment

MATH = "hendrycks_math"


def build_experiment(arguments: argparse.Namespace) -> Experiment:
    """The experiment that the arguments describe: one configuration on one task.

    Raises:
        ApdError: a name is unknown, a setting is given that the decoder does not have, or the pair
            lacks the model.
        ValueError: a setting is out of range.
    """
    own = in_own_words(arguments)
    spec = pair_spec(own.pair)
    configuration = build_configuration(own, [n.rsplit("/", 1)[-1] for n in spec.baselines])
    if configuration.verified and not (spec.verifier or own.verifier_path):
        raise ApdError(
            f"pair {spec.name!r} has no verifier, which algorithm apd needs; use another "
            "--algorithm, or a --pair with a verifier"
        )
    return Experiment(
        artefact=_artefact(own, configuration),
        pair=own.pair,
        cells=(Cell(own.task, configuration),),
        seed=own.seed,
        limit=own.limit,
        batch_size=own.batch_size,
        dtype=own.dtype,
    )


def build_configuration(arguments: argparse.Namespace, baselines: list[str]) -> Configuration:
    """The configuration that the arguments describe, for a pair with these baselines."""
    algorithm = _algorithm(arguments)
    model = _model(arguments, algorithm, baselines)
    usual = {"max_new_tokens": _usual_length(arguments, algorithm)}
    kind: Any = decoder_class(algorithm)
    order = {"order": algorithm} if hasattr(kind, "order") else {}
    decoder = kind(**usual | _given_settings(arguments, algorithm) | order)
    name = configuration_id(algorithm, model, decoder, usual)
    return Configuration(name, algorithm, model, decoder)


def _artefact(arguments: argparse.Namespace, configuration: Configuration) -> str:
    """The name of the table: what tells runs apart that may lie in one directory."""
    tag = arguments.tag or ""
    if not re.fullmatch(r"[\w.+=-]*", tag):
        raise ApdError(f"--tag {tag!r} is not allowed: use letters, digits and . _ + = - only")
    parts = ["eval", arguments.task, configuration.id, f"seed{arguments.seed}"]
    parts += [f"batch{arguments.batch_size}"] if arguments.batch_size != 1 else []
    parts += [arguments.dtype] if arguments.dtype else []
    return "-".join(parts + ([tag] if tag else []))


def _usual_length(arguments: argparse.Namespace, algorithm: str) -> int:
    """The canvas behind the prompt unless --max-new-tokens says otherwise."""
    spec = pair_spec(arguments.pair)
    if algorithm == "autoregressive":
        return spec.autoregressive_tokens
    return spec.math_canvas if arguments.task.startswith(MATH) else spec.canvas


def _algorithm(arguments: argparse.Namespace) -> Any:
    """The algorithm asked for, or the one that the model implies."""
    implied = "apd" if arguments.model in (None, DLLM) else "autoregressive"
    algorithm = arguments.algorithm or implied
    if algorithm not in ALGORITHMS:
        raise ApdError(f"unknown algorithm {algorithm!r}; choose one of {', '.join(ALGORITHMS)}")
    return algorithm


def _model(arguments: argparse.Namespace, algorithm: str, baselines: list[str]) -> str:
    """The model asked for, or the one that the algorithm implies."""
    model = arguments.model
    if model is None:
        model = next(iter(baselines), None) if algorithm == "autoregressive" else DLLM
    if model is None or (model != DLLM and model not in baselines):
        named = "" if model is None else f" {model!r}"
        raise ApdError(
            f"pair {arguments.pair!r} has no autoregressive model{named}; "
            f"its baselines: {', '.join(baselines) or 'none'}"
        )
    return str(model)


def _given_settings(arguments: argparse.Namespace, algorithm: str) -> dict[str, Any]:
    """The settings given on the command line; one that the decoder lacks is an error."""
    given = {name: getattr(arguments, name) for name in SETTINGS if hasattr(arguments, name)}
    known = setting_names(algorithm)
    for name in given:
        if name not in known:
            raise ApdError(
                f"--{name.replace('_', '-')} does not apply to algorithm {algorithm}; its "
                f"settings: {', '.join(name for name in SETTINGS if name in known)}"
            )
    return given
