"""Judging replies: find the answer, compare it, run the code.

:mod:`~apd.tasks.judging.extraction` finds an answer in a reply,
:mod:`~apd.tasks.judging.equivalence` compares it with the reference,
:mod:`~apd.tasks.judging.code` and :mod:`~apd.tasks.judging.sandbox` run model-written programs out
of this process.
"""

from apd.tasks.judging.code import extract_code, judge_code
from apd.tasks.judging.equivalence import same_answer
from apd.tasks.judging.extraction import extract_boxed, extract_choice, extract_gsm_answer
from apd.tasks.judging.sandbox import SandboxLimits, SandboxResult, run_program

__all__ = [
    "SandboxLimits",
    "SandboxResult",
    "extract_boxed",
    "extract_choice",
    "extract_code",
    "extract_gsm_answer",
    "judge_code",
    "run_program",
    "same_answer",
]
