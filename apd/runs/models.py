"""The models that a run needs: loaded, and identified by their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM
from apd.errors import ApdError
from apd.runs.provenance import ModelFiles, hash_checkpoint

if TYPE_CHECKING:
    from apd.models.pairs import Pair

VERIFIER = "verifier"


def load_models(
    pair: str,
    names: Sequence[str],
    *,
    device: str | None = None,
    dtype: str | None = None,
    paths: Mapping[str, str | None] | None = None,
) -> Pair:
    """The pair with the models of these names loaded.

    Without the dLLM, the baselines that are named are loaded, and the verifier if it is.

    Args:
        pair: its name.
        names: "dllm", "verifier", or names of baselines.
        device, dtype: as for :func:`apd.models.pairs.load_pair`.
        paths: dllm_path, verifier_path, baseline_path: directory or hub name instead of the pair's
            own; the last only if a single baseline is named.

    Raises:
        ApdError: the pair is unknown or lacks a model, or a checkpoint cannot be loaded.
    """
    from apd.models.pairs import load_pair

    paths = paths or {}
    sources = _sources(pair, names, **paths)
    try:
        if DLLM not in names:
            return _load_baselines(pair, {name: sources[name] for name in names}, device, dtype)
        return load_pair(
            pair,
            dllm=paths.get("dllm_path"),
            verifier=paths.get("verifier_path"),
            baselines=any(name not in (DLLM, VERIFIER) for name in names),
            device=device,
            dtype=dtype,
        )
    except ValueError as error:
        raise ApdError(str(error)) from None


def model_files(
    pair: str, names: Sequence[str], paths: Mapping[str, str | None] | None = None
) -> dict[str, ModelFiles]:
    """The files of models of a pair, without loading one. Arguments as for `load_models`.

    Raises:
        ApdError: the pair lacks a model, or a checkpoint is not there.
    """
    from apd.models.locations import find_checkpoint

    sources = _sources(pair, names, **paths or {})
    return {
        name: hash_checkpoint(
            sources[name].rstrip("/").rsplit("/", 1)[-1], find_checkpoint(sources[name])
        )
        for name in names
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
    pair: str,
    names: Sequence[str],
    *,
    dllm_path: str | None = None,
    verifier_path: str | None = None,
    baseline_path: str | None = None,
) -> dict[str, str]:
    """Where the pair's models come from; ApdError if it lacks one of these names."""
    sources = model_sources(pair, dllm_path, verifier_path)
    lacking = [name for name in names if name not in sources]
    if lacking:
        raise ApdError(f"pair {pair!r} has no model {lacking[0]!r}; it has {', '.join(sources)}")
    if baseline_path is None:
        return sources
    named = [name for name in names if name not in (DLLM, VERIFIER)]
    if len(named) != 1:
        raise ApdError(
            f"baseline path {baseline_path!r}: the experiment runs {len(named)} autoregressive "
            "baselines; choose exactly one, or leave the path out"
        )
    return sources | {named[0]: baseline_path}


def _load_baselines(
    pair: str, sources: dict[str, str], device: str | None, dtype: str | None
) -> Pair:
    """Baselines, by name and checkpoint, as a pair without a dLLM; the verifier if it is named."""
    from apd.models.pairs import Pair, load_ar, pair_spec
    from apd.models.vocabulary import check_agreement
    from apd.runs.decode import NotLoaded

    precision = dtype or pair_spec(pair).dtype
    baselines = {
        name: load_ar(source, device=device, dtype=precision) for name, source in sources.items()
    }
    verifier = baselines.pop(VERIFIER, None)
    if verifier is not None:
        for name, model in baselines.items():
            both = f"{sources[name]} and {sources[VERIFIER]}"
            check_agreement(model.tokenizer, verifier.tokenizer, both)
    first = next(iter(baselines.values()), verifier)
    assert first is not None  # an experiment names at least one model
    absent: Any = NotLoaded(first.device)
    return Pair(
        name=pair,
        dllm=absent,
        verifier=verifier,
        baselines=baselines,
        tokenizer=first.tokenizer,
    )
