"""The models behind an lm-eval model: a pair with its decoder, checked to go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apd.decoding.configuration import DLLM, Configuration
from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.harness.names import ModelName
from apd.harness.settings import model_configuration
from apd.runs.decode import NotLoaded
from apd.runs.models import VERIFIER, model_sources
from apd.runs.provenance import hash_checkpoint

if TYPE_CHECKING:
    from apd.models.pairs import Pair
    from apd.models.registry import PairSpec


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """Which models to load.

    Attributes:
        pair: name of a registered pair.
        baseline: one of its autoregressive baselines; None for the first, if one is needed.
        device, dtype, dllm_path, verifier_path: as for `apd.models.pairs.load_pair`.
    """

    pair: str
    baseline: str | None = None
    device: str | None = None
    dtype: str | None = None
    dllm_path: str | None = None
    verifier_path: str | None = None


def load_decoder(
    name: str, meaning: ModelName, checkpoints: Checkpoints, settings: Mapping[str, Any]
) -> tuple[Pair, Configuration]:
    """The models that a registered name's decoder takes, and its configuration.

    Args:
        name: the registered name, for messages.
        meaning: what it stands for.
        checkpoints: which models.
        settings: of the decoder, where they differ from the defaults.

    Raises:
        ApdError: the pair is unknown, lacks a model or is of another family, or a checkpoint cannot
            be loaded.
        ValueError: a setting is out of range.
    """
    from apd.models.pairs import load_pair, pair_spec

    spec, row = pair_spec(checkpoints.pair), decoder(meaning.algorithm)
    model, source = _baseline(checkpoints.baseline, spec) if row.on_baseline else (DLLM, "")
    configuration = model_configuration(row.name, model, spec.name, settings)
    if row.models == ("baseline",):
        return _baseline_alone(model, source, checkpoints, spec), configuration
    if configuration.verified and not (spec.verifier or checkpoints.verifier_path):
        raise ApdError(
            f"pair {spec.name!r} has no verifier, which model {name!r} needs; use another model, "
            "or a pair with a verifier"
        )
    pair = load_pair(
        spec.name,
        baselines=row.on_baseline,
        device=checkpoints.device,
        dtype=checkpoints.dtype,
        dllm=checkpoints.dllm_path,
        verifier=checkpoints.verifier_path,
    )
    found = pair.dllm.model.config.model_type
    if meaning.family not in (None, found):
        raise ApdError(
            f"model {name!r} takes a {meaning.family} model, but the dLLM of pair {spec.name!r} is "
            f"{found}; use another pair, or the model name of its family"
        )
    return pair, configuration


def checkpoint_versions(checkpoints: Checkpoints, configuration: Configuration) -> dict[str, str]:
    """A digest of the files of every model that bears on this decoder's answers.

    The verifier of a dLLM does even where it is not asked: ids unknown to it are never sampled.
    """
    from apd.models.locations import find_checkpoint

    sources = model_sources(checkpoints.pair, checkpoints.dllm_path, checkpoints.verifier_path)
    needed = {*configuration.models, *([VERIFIER] if DLLM in configuration.models else [])}
    return {
        name: hash_checkpoint(name, find_checkpoint(sources[name])).version
        for name in needed & set(sources)
    }


def _baseline(wanted: str | None, spec: PairSpec) -> tuple[str, str]:
    """Name and source of a pair's baseline; the first unless one is named."""
    sources = {path.rsplit("/", 1)[-1]: path for path in spec.baselines}
    name = next(iter(sources), None) if wanted is None else wanted.rsplit("/", 1)[-1]
    if name is None or name not in sources:
        asked = "" if wanted is None else f" {wanted!r}"
        raise ApdError(
            f"pair {spec.name!r} has no autoregressive model{asked}; its baselines: "
            f"{', '.join(sources) or 'none'}"
        )
    return name, sources[name]


def _baseline_alone(name: str, source: str, checkpoints: Checkpoints, spec: PairSpec) -> Pair:
    """A pair of which only this baseline is loaded."""
    from apd.models.pairs import Pair, load_ar

    model = load_ar(source, device=checkpoints.device, dtype=checkpoints.dtype or spec.dtype)
    absent: Any = NotLoaded(model.device)
    return Pair(
        name=spec.name,
        dllm=absent,
        verifier=None,
        baselines={name: model},
        tokenizer=model.tokenizer,
    )
