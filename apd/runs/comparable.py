"""Which result tables may be joined: those of one pair, of the same models and problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apd.errors import ApdError


def require_comparable(provenances: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ApdError if something that two tables have in common differs between them.

    That is the pair, the files of a model, the problems of a task, or how a configuration was run:
    its settings, its seed, how many problems at once, and in which precision.

    Args:
        provenances: what stands beside each table, by a name for the message.
    """
    known: dict[str, tuple[str, Any]] = {}
    for name, provenance in provenances.items():
        try:
            origins = list(_origins(provenance))
        except (KeyError, TypeError, AttributeError) as error:
            raise ApdError(
                f"the provenance of {name} is damaged ({type(error).__name__}: {error}): run the "
                "experiment again"
            ) from None
        for what, value in origins:
            first, before = known.setdefault(what, (name, value))
            if before != value:
                raise ApdError(
                    f"{first} and {name} cannot be joined: {what} is {before} in one and {value} "
                    "in the other; leave one of the tables out"
                )


def _origins(provenance: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a table shares with others that have it too, with a value to compare."""
    yield "the pair", provenance["pair"]
    for name, model in provenance["models"].items():
        yield f"the version of {name}", model["version"]
    for name, task in provenance["tasks"].items():
        yield f"the test set {name}", task["sha256"][:12]
    for configuration in provenance["configurations"]:
        key = f"{configuration['task']}/{configuration['id']}"
        for what in ("seed", "batch_size", "dtype"):
            yield f"the {what.replace('_', ' ')} of {key}", provenance[what]
        for name, value in configuration.items():
            if value is not None:  # a table that was stored before a setting existed lacks it
                yield f"{name} of {key}", value
