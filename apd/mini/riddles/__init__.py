"""The question kinds of ``mini_gpqa``: who, where, when, how many, which calculation.

Importing this package registers them all in :data:`apd.mini.multiple_choice.KINDS`.
"""

from apd.mini.riddles import counting, directions, knowledge, orders, owners

__all__ = ["counting", "directions", "knowledge", "orders", "owners"]
