"""Numbers as answers, read and compared as lm-eval does for GSM8K."""

from __future__ import annotations

import re

from apd.errors import ApdError
from apd.tasks.judging.judge import Judge, Row

_MARKED_NUMBER = re.compile(r"#### (-?[0-9.,]+)")
_NUMBER = re.compile(r"-?[$0-9.,]{2,}|-?[0-9]+")


def marked_number(reply: str) -> str | None:
    """The first number behind ``####`` (lm-eval's "strict-match")."""
    return next(iter(_MARKED_NUMBER.findall(reply)), None)


def last_number(reply: str) -> str | None:
    """The last number (lm-eval's "flexible-extract", which the paper reports)."""
    return next(reversed(_NUMBER.findall(reply)), None)


def same_number(answer: str | None, reference: str) -> bool:
    """Whether both are written alike, but for dollar signs, thousands separators, a full stop."""
    return answer is not None and _plain(answer) == _plain(reference)


def reference_number(worked: str) -> str:
    """The number behind the last ``####`` of a worked answer.

    Raises:
        ApdError: there is none, so nobody could solve the row.
    """
    _, mark, number = worked.rpartition("#### ")
    if not mark:
        raise ApdError(f"a worked answer has no ####, its data set is damaged: {worked!r}")
    return number


def _plain(number: str) -> str:
    return re.sub(r"\.$", "", re.sub(r"[,$]", "", number)).lower()


def _accept(row: Row, answer: str | None) -> bool:
    return same_number(answer, reference_number(row["answer"]))


LAST_NUMBER = Judge(lambda row, reply: last_number(reply), _accept)
MARKED_NUMBER = Judge(lambda row, reply: marked_number(reply), _accept)
