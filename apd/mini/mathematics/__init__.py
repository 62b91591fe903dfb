"""The problem kinds of ``mini_math``, where the difficulty is what to calculate.

Importing this package registers them all in :data:`apd.mini.math_problems.KINDS`.
"""

from apd.mini.mathematics import algebra, arithmetic, proportions, sequences, shapes

__all__ = ["algebra", "arithmetic", "proportions", "sequences", "shapes"]
