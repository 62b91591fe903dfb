"""What a chapter says of trained models, held against the models that it runs on.

A chapter's statements of fact, such as that the draft marginals sum to one, are assertions. What
it found on the models of the book is a measurement: there it must hold, or the chapter is wrong;
of other models it says whether it does.
"""

from __future__ import annotations

BOOK = "mini"  # what the names of the book's own pairs begin with


def observed(statement: str, holds: bool, pair: str) -> None:
    """Assert a statement about one of the book's pairs; print whether it holds for another.

    Args:
        statement: without a full stop.
        holds: what the chapter has just measured.
        pair: name of the models that it measured.

    Raises:
        AssertionError: it does not hold for a pair of the book.
    """
    if pair.startswith(BOOK):
        if not holds:
            raise AssertionError(f"{pair}: {statement}")
        return
    print(f"On {pair} {'it holds as well' if holds else 'it does not hold'}: {statement}.")
