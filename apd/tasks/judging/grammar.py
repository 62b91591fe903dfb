"""Sentences as answers, judged by LanguageTool as ParallelBench judges its text writing.

The package language_tool_python runs LanguageTool, which it downloads once and which needs Java.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from apd.errors import ApdError
from apd.tasks.judging.judge import Judge, Row


@cache
def language_tool() -> Any:
    """A running LanguageTool for American English.

    Raises:
        ApdError: package, Java or LanguageTool itself are missing.
    """
    try:
        import language_tool_python
    except ImportError:
        raise ApdError(
            "grammar is judged by LanguageTool, which is not here; run "
            "`pip install language_tool_python`, and install Java 17 or newer"
        ) from None
    try:
        return language_tool_python.LanguageTool("en-US", config={"maxCheckThreads": 1})
    except Exception as error:  # of the package, the download or the Java process
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ApdError(
            f"LanguageTool does not start ({reason}); install Java 17 or newer, and connect to the "
            "network once, for its download"
        ) from None


def is_grammatical(row: Row, text: str) -> bool:
    """Whether LanguageTool has nothing to say about a text that is not empty."""
    return bool(text) and not language_tool().check(text)


GRAMMAR = Judge(lambda row, reply: reply.strip(), is_grammatical)
ALL_WORDS = Judge(
    lambda row, reply: reply, lambda row, reply: all(w in reply for w in row["answer"]["words"])
)
