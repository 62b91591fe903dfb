"""The marginals explorer: strings that a small language lacks, when k tokens are drawn at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from apd import exact
from apd.widgets.bundle import bundle
from apd.widgets.explorer import Explorer, check_index, synced

MAX_SAMPLES = 1000
NOUNS, ADVERBS = ("dog", "cat"), ("loudly", "softly")


class MarginalsExplorer(Explorer):
    """Sampling from p_SAR(k), computed in the browser.

    Attributes:
        languages: what `describe_language` returns, one a language.
        language: index of the one on show.
        group_size: k >= 1, tokens drawn together; more than the language has is all of them.
        seed: of the noise; string m takes draw m of `apd.gumbel_noise` at its positions.
        samples: how many strings have been drawn, at most 1000.
    """

    _esm = bundle("marginals.js")

    languages = synced(traitlets.List(traitlets.Dict()))
    language = synced(traitlets.Int(0))
    group_size = synced(traitlets.Int(2, min=1))
    seed = synced(traitlets.Int(0, min=0, max=2**31 - 1))
    samples = synced(traitlets.Int(0, min=0, max=MAX_SAMPLES))

    @traitlets.validate("language")
    def _is_on_offer(self, proposal: Any) -> int:
        return check_index(proposal.value, self.languages, "language")


def marginals_explorer(
    languages: Mapping[str, exact.WordedJoint] | None = None,
    *,
    language: int = 0,
    group_size: int = 2,
    seed: int = 0,
    samples: int = 50,
) -> MarginalsExplorer:
    """Explore what is lost by drawing tokens from their marginals.

    Args:
        languages: by name; by default cities, sentences and sums.
        language, group_size, seed, samples: see `MarginalsExplorer`.
    """
    if languages is None:
        languages = {
            "cities (2 words)": exact.cities(),
            "sums a, b, a + b (3 digits)": exact.sums(),
            "who does what (4 words)": sentences(),
        }
    return MarginalsExplorer(
        languages=[describe_language(name, worded) for name, worded in languages.items()],
        language=language,
        group_size=group_size,
        seed=seed,
        samples=samples,
    )


def sentences() -> exact.WordedJoint:
    """Four words: number, noun and verb must fit together, the adverb is free."""
    words = ["One", "Two"]
    words += [noun + ending for noun in NOUNS for ending in ("", "s")]
    words += [verb + ending for verb in ("bark", "purr") for ending in ("s", "")]
    words += ADVERBS
    joint = np.zeros((len(words),) * 4)
    for count, kind, adverb in np.ndindex(2, 2, 2):
        noun, verb = 2 + 2 * kind + count, 6 + 2 * kind + count
        joint[count, noun, verb, 10 + adverb] = 1 / 8
    return exact.WordedJoint(tuple(words), joint)


def describe_language(name: str, worded: exact.WordedJoint) -> dict[str, Any]:
    """A language as the front end needs it.

    Returns:
        name, words, length n; sentences, a list of {tokens, probability} with positive probability;
        incoherent and loss, lists over k = 1..n: the probability that a string drawn in groups of
        k is not in the language, and KL(p_AR || p_SAR(k)) in nats.
    """
    joint = worded.joint
    language = exact.EnumerableLanguage(joint)
    groups = range(1, language.length + 1)
    laws = [exact.semi_autoregressive_law(language, k) for k in groups]
    support = [tuple(map(int, tokens)) for tokens in np.argwhere(joint > 0)]
    return {
        "name": name,
        "words": list(worded.words),
        "length": language.length,
        "sentences": [{"tokens": list(t), "probability": float(joint[t])} for t in support],
        "incoherent": [float(abs(law[joint == 0].sum())) for law in laws],
        "loss": [abs(exact.kl_divergence(joint, law)) for law in laws],
    }
