"""Everything about parallel decoding that can be computed exactly, on enumerable languages.

Symbols: n ``length``, V ``vocab_size``, k ``tokens_per_step``, R ``mixture_weight``,
M ``max_lookahead``; joints are tables ``(V,) * n``; information is in nats.
"""

from apd.exact.common_path import CommonPath, common_path, verifier_error, winners_differ_at
from apd.exact.examples import WordedJoint, cities, random_joint, sums, weather
from apd.exact.information import (
    Table,
    conditional_entropy,
    entropy,
    kl_divergence,
    marginal,
    mutual_information,
    total_correlation,
    total_variation,
)
from apd.exact.language import (
    EnumerableLanguage,
    autoregressive_law,
    chain_conditionals,
    semi_autoregressive_law,
)
from apd.exact.line_laws import (
    largest_right_group,
    lost_nats,
    right_beginning,
    right_probability,
)
from apd.exact.lines import RESULTS, line_joint
from apd.exact.output_law import (
    ACCEPTANCE_RULES,
    NOISES,
    OutputLaw,
    Target,
    accept_law,
    adaptive_law,
    mixture,
    mixture_target,
    tempered,
)
from apd.exact.races import joint_pick_law, race_probability, same_pick_law
from apd.exact.speculative_law import (
    SpeculativeLaw,
    autoregressive_drafts,
    marginal_drafts,
    speculative_law,
)
from apd.exact.unmasking_law import unmasking_law
from apd.exact.variants import CorrectedLaw, corrected_law, variant_target

__all__ = [
    "ACCEPTANCE_RULES",
    "NOISES",
    "RESULTS",
    "CommonPath",
    "CorrectedLaw",
    "EnumerableLanguage",
    "OutputLaw",
    "SpeculativeLaw",
    "Table",
    "Target",
    "WordedJoint",
    "accept_law",
    "adaptive_law",
    "autoregressive_drafts",
    "autoregressive_law",
    "chain_conditionals",
    "cities",
    "common_path",
    "conditional_entropy",
    "corrected_law",
    "entropy",
    "joint_pick_law",
    "kl_divergence",
    "largest_right_group",
    "line_joint",
    "lost_nats",
    "marginal",
    "marginal_drafts",
    "mixture",
    "mixture_target",
    "mutual_information",
    "race_probability",
    "random_joint",
    "right_beginning",
    "right_probability",
    "same_pick_law",
    "semi_autoregressive_law",
    "speculative_law",
    "sums",
    "tempered",
    "total_correlation",
    "total_variation",
    "unmasking_law",
    "variant_target",
    "verifier_error",
    "weather",
    "winners_differ_at",
]
