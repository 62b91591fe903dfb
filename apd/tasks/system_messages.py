"""System messages that several tasks share (Section 5 of the paper)."""

from apd.models.pairs import SYSTEM_PROMPT

HELPFUL = SYSTEM_PROMPT
REASONED = (
    f"{HELPFUL} Justify your final answer by first explaining your step-by-step derivation or "
    "reasoning. Conclude by presenting the final answer in the format: "
)
