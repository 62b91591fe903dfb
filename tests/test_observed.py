"""A chapter's findings bind the book's own pairs, and are only reported of others."""

import pytest

from apd.observed import observed


@pytest.mark.parametrize("pair", ["mini", "mini-llada"])
def test_a_finding_must_hold_for_the_pairs_of_the_book(pair: str, capsys) -> None:
    observed("more is more", True, pair)
    with pytest.raises(AssertionError, match=f"{pair}: more is more"):
        observed("more is more", False, pair)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("holds", "words"), [(True, "it holds as well"), (False, "does not hold")])
def test_for_another_pair_the_chapter_says_whether_it_holds(holds: bool, words: str, capsys):
    observed("more is more", holds, "diffugpt-m")
    said = capsys.readouterr().out
    assert words in said and said.startswith("On diffugpt-m") and "more is more." in said
