"""From the arguments of `apd eval` to the experiment that they describe."""

from __future__ import annotations

import argparse
import re
from typing import Any

from apd.cli.reference_spellings import in_own_words
from apd.decoding.configuration import DLLM, Configuration, configure
from apd.decoding.decoder import Decoder
from apd.decoding.registry import decoder, stored_settings, usual_decoder
from apd.errors import ApdError
from apd.models.registry import pair_spec, register_variant, unregistered
from apd.runs.grid import Cell, Experiment
from apd.tasks import find_task

MATH, PARALLELBENCH = "hendrycks_math", "parallelbench_"


def build_experiment(arguments: argparse.Namespace) -> Experiment:
    """The experiment that the arguments describe: one configuration on one task.

    Raises:
        ApdError: a name is unknown, a setting is given that the decoder does not have, or the pair
            lacks the model.
        ValueError: a setting is out of range.
    """
    own = in_own_words(with_pair(arguments))
    spec = pair_spec(own.pair)
    configuration = build_configuration(own, [n.rsplit("/", 1)[-1] for n in spec.baselines])
    if configuration.verified and not (spec.verifier or own.verifier_path):
        raise ApdError(
            f"pair {spec.name!r} has no verifier, which algorithm {configuration.algorithm} needs; "
            "use another --algorithm, or a --pair with a verifier"
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


def with_pair(arguments: argparse.Namespace) -> argparse.Namespace:
    """The arguments with a pair's name for checkpoints given without one, or for other weights.

    What a dLLM's files do not say, or precision, tells two runs apart, so it is in the name.

    Raises:
        ApdError: --mask-token or --shifted for a registered pair, which knows both.
    """
    own = argparse.Namespace(**vars(arguments))
    said = {"mask_token": own.mask_token, "shifted": own.shifted}
    named = own.pair or own.model_alias or own.model not in (None, DLLM)
    alone = not named and own.dllm_path is not None and own.algorithm != "autoregressive"
    if not alone:
        for name, value in said.items():
            if value is not None:
                raise ApdError(
                    f"--{name.replace('_', '-')} describes a dLLM that is not registered; give "
                    "it with --dllm-path and without --pair"
                )
    if alone:
        spec = unregistered(own.dllm_path, own.verifier_path)
        own.pair = register_variant(spec, **said, quantize=own.quantize).name
    elif own.quantize is not None:
        spec = pair_spec(in_own_words(own).pair)
        own.pair = register_variant(spec, quantize=own.quantize).name
    return own


def build_configuration(arguments: argparse.Namespace, baselines: list[str]) -> Configuration:
    """The configuration that the arguments describe, for a pair with these baselines."""
    implied = usual_decoder(on_baseline=arguments.model not in (None, DLLM)).name
    row = decoder(arguments.algorithm or implied)
    return configure(
        row.name,
        _given_settings(arguments, row),
        model=_model(arguments, row, baselines),
        usual={"max_new_tokens": _usual_length(arguments, row)},
    )


def _artefact(arguments: argparse.Namespace, configuration: Configuration) -> str:
    """The name of the table: what tells runs apart that may lie in one directory."""
    tag = arguments.tag or ""
    if not re.fullmatch(r"[\w.+=-]*", tag):
        raise ApdError(f"--tag {tag!r} is not allowed: use letters, digits and . _ + = - only")
    parts = ["eval", arguments.task, configuration.id, f"seed{arguments.seed}"]
    parts += [f"batch{arguments.batch_size}"] if arguments.batch_size != 1 else []
    parts += [arguments.dtype] if arguments.dtype else []
    parts += ["nosystem"] if arguments.no_system else []
    return "-".join(parts + ([tag] if tag else []))


def _usual_length(arguments: argparse.Namespace, row: Decoder) -> int:
    """The canvas behind the prompt unless --max-new-tokens says otherwise."""
    spec = pair_spec(arguments.pair)
    if row.models == ("baseline",):
        return spec.autoregressive_tokens
    if arguments.task.startswith(PARALLELBENCH):  # whose lengths are part of the benchmark
        return find_task(arguments.task).max_new_tokens or spec.canvas
    return spec.math_canvas if arguments.task.startswith(MATH) else spec.canvas


def _model(arguments: argparse.Namespace, row: Decoder, baselines: list[str]) -> str:
    """The model asked for, or the one that the decoder implies."""
    model = arguments.model
    if model is None:
        model = next(iter(baselines), None) if row.on_baseline else DLLM
    if model is None or (model != DLLM and model not in baselines):
        named = "" if model is None else f" {model!r}"
        raise ApdError(
            f"pair {arguments.pair!r} has no autoregressive model{named}; "
            f"its baselines: {', '.join(baselines) or 'none'}"
        )
    return str(model)


def _given_settings(arguments: argparse.Namespace, row: Decoder) -> dict[str, Any]:
    """The settings given on the command line; one that the decoder lacks is an error."""
    names = stored_settings()
    given = {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
    for name in given:
        if name not in row.stored:
            raise ApdError(
                f"--{name.replace('_', '-')} does not apply to algorithm {row.name}; its "
                f"settings: {', '.join(name for name in names if name in row.stored)}"
            )
    return given
