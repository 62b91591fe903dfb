"""What the generated cases have in common: how many, of which text, and what must hold."""

import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apd.cli import main
from apd.errors import ApdError

CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
counts: Counter[str] = Counter()
_fresh = 0


def use(fresh: int) -> None:
    """Set how many new cases each test draws; 0 for the fixed ones."""
    global _fresh
    _fresh = fresh


def cases(kind: str, number: int, *strategies: Any, **named: Any) -> Callable[..., Any]:
    """Run a test on `number` generated cases, counted under `kind`."""

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        import functools

        @functools.wraps(test)
        def counted(*args: Any, **kwargs: Any) -> None:
            counts[kind] += 1
            test(*args, **kwargs)

        return settings(
            max_examples=_fresh or number,
            derandomize=not _fresh,
            database=None,
            deadline=None,
            suppress_health_check=CHECKS,
            phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if _fresh else [])],
        )(given(*strategies, **named)(counted))

    return decorate


# Text as people have it: any script, controls, joiners, surrogates' neighbours, template tokens.
SPECIAL = ("<|im_end|>", "<|mask|>", "<|endoftext|>", "{{ x }}", "\u2028", "\x1b[31m", "\u2060",
           "\u202e", "\x00", "🧑‍🔬", "é", "e\u0301", "\r\n", "</s>", "ﷺ", "\ufffd")  # fmt: skip
SCRIPTS = st.sampled_from(
    [
        "LATIN",
        "Кириллица",
        "Ελληνικά",
        "العربية",
        "עברית",
        "हिन्दी",
        "ไทย",
        "中文字符",
        "ひらがな",
        "한국어",
        "አማርኛ",
        "தமிழ்",
        "🏳️‍🌈👩‍👩‍👧",
        "𝒳𝔜𝕫",
        "ᚠᛇᚻ",
        "ⰀⰁⰂ",
    ]
)
TEXT = st.lists(st.one_of(SCRIPTS, st.sampled_from(SPECIAL), st.text(max_size=12)), max_size=6).map(
    "".join
)

# Values as hand-edited files have them.
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.integers(-3, 300),
    st.floats(allow_nan=True), st.text(max_size=8),
    st.sampled_from(["", "0", "-1", "1e4", "none", "nan", "float32", [], {}, [1], {"a": 1}]),
)  # fmt: skip


def same_or_refused(act: Callable[[], Any]) -> Any:
    """What `act` returns; None where it refuses in one line. Anything else is a failure."""
    try:
        return act()
    except (ApdError, ValueError) as error:
        assert str(error).strip() and "\n" not in str(error), repr(error)
        assert "Traceback" not in str(error)
        return None


def run_command(words: list[str]) -> tuple[int, str, str]:
    """Exit status, output and errors of `apd`, which ends as a program should."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as stop:
            status = int(stop.code or 0)
    errors = [line for line in err.getvalue().splitlines() if ": error: " in line]
    assert status in (0, 1, 2), (words, status)
    assert "Traceback" not in err.getvalue(), words
    if status == 2:
        assert len(errors) == 1, (words, err.getvalue())
    return status, out.getvalue(), err.getvalue()


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every field of a JSON document, itself left out."""
    if isinstance(tree, list):
        tree = dict(enumerate(tree))
    for key, value in tree.items() if isinstance(tree, dict) else ():
        yield (*path, key)
        yield from leaves(value, (*path, key))


def changed(document: Any, edits: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    """The document with fields dropped, retyped or doubled at the ends of these paths."""
    copy = json.loads(json.dumps(document))
    for path, how, value in edits:
        place = copy
        try:
            for key in path[:-1]:
                place = place[key]
            if how == "drop":
                del place[path[-1]]
            else:
                place[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier edit has taken it away
    return copy


def edits_of(document: Any, most: int = 2) -> st.SearchStrategy[Any]:
    """One to `most` edits of a document."""
    paths = st.sampled_from(sorted(leaves(document), key=repr))
    edit = st.tuples(paths, st.sampled_from(["drop", "set", "set"]), SCALARS)
    return st.lists(edit, min_size=1, max_size=most)
