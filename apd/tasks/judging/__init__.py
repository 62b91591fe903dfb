"""Judging replies: find the answer, compare it, run the code.

A :class:`~apd.tasks.judging.judge.Judge` finds what is judged and accepts it or not; there is one
for each kind of answer, :mod:`~apd.tasks.judging.numbers`, :mod:`~apd.tasks.judging.choices`,
:mod:`~apd.tasks.judging.boxed` and :mod:`~apd.tasks.judging.programs`, which
:mod:`~apd.tasks.judging.sandbox` runs out of this process. Beside the answer,
:mod:`~apd.tasks.judging.faithfulness` asks whether the reply keeps to what the question names.
"""

from apd.tasks.judging.judge import Judge
from apd.tasks.judging.sandbox import SandboxLimits, SandboxResult, run_program

__all__ = ["Judge", "SandboxLimits", "SandboxResult", "run_program"]
