"""The models that an experiment needs: loaded, and identified by their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM
from apd.errors import ApdError
from apd.runs.grid import Experiment
from apd.runs.provenance import ModelFiles, hash_checkpoint

if TYPE_CHECKING:
    from apd.models.pairs import Pair

VERIFIER = "verifier"


def load_models(
    experiment: Experiment,
    *,
    device: str | None = None,
    dtype: str | None = None,
    dllm_path: str | None = None,
    verifier_path: str | None = None,
    baseline_path: str | None = None,
) -> tuple[Pair, dict[str, ModelFiles]]:
    """The loaded pair, and the files behind every model that the experiment needs.

    An experiment without the dLLM loads the baselines that it names, and the verifier if one of
    them decodes with it.

    Args:
        device, dtype: as for :func:`apd.models.pairs.load_pair`.
        dllm_path, verifier_path, baseline_path: directory or hub name instead of the pair's own;
            the last only for an experiment on a single baseline.

    Raises:
        ApdError: the pair is unknown or lacks a model, or a checkpoint cannot be loaded.
    """
    from apd.models.pairs import load_pair

    paths = {"dllm_path": dllm_path, "verifier_path": verifier_path}
    files = model_files(experiment, baseline_path=baseline_path, **paths)
    place: dict[str, Any] = {"device": device, "dtype": dtype or experiment.dtype}
    try:
        if DLLM not in experiment.models:
            sources = _sources(experiment, baseline_path=baseline_path, **paths)
            return _load_baselines(experiment, sources, **place), files
        baselines = any(name not in (DLLM, VERIFIER) for name in experiment.models)
        own: dict[str, Any] = {**place, **paths}
        pair = load_pair(experiment.pair, baselines=baselines, **own)
    except ValueError as error:
        raise ApdError(str(error)) from None
    return pair, files


def model_files(experiment: Experiment, **paths: str | None) -> dict[str, ModelFiles]:
    """The files of every model that an experiment needs, without loading one.

    Args:
        paths: as for `load_models`.

    Raises:
        ApdError: the pair lacks a model, or a checkpoint is not there.
    """
    from apd.models.locations import find_checkpoint

    sources = _sources(experiment, **paths)
    return {
        name: hash_checkpoint(
            sources[name].rstrip("/").rsplit("/", 1)[-1], find_checkpoint(sources[name])
        )
        for name in experiment.models
    }


def model_sources(
    pair: str, dllm_path: str | None = None, verifier_path: str | None = None
) -> dict[str, str]:
    """Directory or hub name of every model of a pair: "dllm", "verifier", baselines by name."""
    from apd.models.registry import pair_spec

    spec = pair_spec(pair)
    sources = {DLLM: dllm_path or spec.dllm}
    if verifier_path or spec.verifier:
        sources[VERIFIER] = verifier_path or str(spec.verifier)
    return sources | {path.rsplit("/", 1)[-1]: path for path in spec.baselines}


def _sources(
    experiment: Experiment,
    *,
    dllm_path: str | None = None,
    verifier_path: str | None = None,
    baseline_path: str | None = None,
) -> dict[str, str]:
    """Where the experiment's models come from; ApdError if the pair lacks one."""
    sources = model_sources(experiment.pair, dllm_path, verifier_path)
    lacking = [name for name in experiment.models if name not in sources]
    if lacking:
        raise ApdError(
            f"pair {experiment.pair!r} has no model {lacking[0]!r}; it has {', '.join(sources)}"
        )
    if baseline_path is None:
        return sources
    named = [name for name in experiment.models if name not in (DLLM, VERIFIER)]
    if len(named) != 1:
        raise ApdError(
            f"baseline path {baseline_path!r}: the experiment runs {len(named)} autoregressive "
            "baselines; choose exactly one, or leave the path out"
        )
    return sources | {named[0]: baseline_path}


def _load_baselines(
    experiment: Experiment, sources: Mapping[str, str], *, device: str | None, dtype: str | None
) -> Pair:
    """The baselines that the experiment names, and the verifier if it does, without a dLLM."""
    from apd.models.pairs import Pair, load_ar, pair_spec
    from apd.models.vocabulary import check_agreement
    from apd.runs.decode import NotLoaded

    precision = dtype or pair_spec(experiment.pair).dtype
    baselines = {
        name: load_ar(sources[name], device=device, dtype=precision) for name in experiment.models
    }
    verifier = baselines.pop(VERIFIER, None)
    if verifier is not None:
        for name, model in baselines.items():
            both = f"{sources[name]} and {sources[VERIFIER]}"
            check_agreement(model.tokenizer, verifier.tokenizer, both)
    first = next(iter(baselines.values()))
    absent: Any = NotLoaded(first.device)
    return Pair(
        name=experiment.pair,
        dllm=absent,
        verifier=verifier,
        baselines=baselines,
        tokenizer=first.tokenizer,
    )
