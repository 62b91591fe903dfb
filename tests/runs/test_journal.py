"""The journal: what it promises when a run is killed, resumed, or the file is tampered with."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apd.errors import ApdError
from apd.runs.journal import Journal, read_journal

FINGERPRINT = {"seed": 0, "configuration": {"odd/apd": {"mixture_weight": 0.5}}}


def written(path: Path, rows: int = 3) -> bytes:
    """The bytes of a journal with a header, one session and some rows."""
    with Journal(path, FINGERPRINT) as journal:
        journal.start_session({"started": "now"})
        for index in range(rows):
            journal.append({"problem_id": index, "wall_s": 0.1 + index})
    return path.read_bytes()


def test_a_resumed_journal_holds_what_was_written(tmp_path: Path) -> None:
    written(tmp_path / "j")
    with Journal(tmp_path / "j", FINGERPRINT) as journal:
        assert [row["problem_id"] for row in journal.contents.rows] == [0, 1, 2]
        assert journal.contents.rows[2]["wall_s"] == 2.1
        assert journal.contents.sessions == [{"started": "now"}]
        journal.append({"problem_id": 3})
    with Journal(tmp_path / "j", FINGERPRINT) as journal:
        assert len(journal.contents.rows) == 4


@given(cut=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_cut_off_anywhere_it_loses_the_last_line_only(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    whole = written(path)
    kept = whole[: cut % (len(whole) + 1)]
    path.write_bytes(kept)
    complete_lines = kept.count(b"\n")
    assert len(read_journal(path).rows) == max(0, complete_lines - 2)
    assert path.read_bytes() == kept  # reading leaves a run in flight alone
    with Journal(path, FINGERPRINT) as journal:
        assert len(journal.contents.rows) == max(0, complete_lines - 2)
        journal.append({"problem_id": 99})
    with Journal(path, FINGERPRINT) as journal:
        assert journal.contents.rows[-1] == {"problem_id": 99}


def test_a_last_line_of_zero_bytes_is_dropped(tmp_path: Path) -> None:
    """What some file systems leave of a write that a power cut interrupted."""
    (tmp_path / "j").write_bytes(written(tmp_path / "j") + bytes(40))
    with Journal(tmp_path / "j", FINGERPRINT) as journal:
        assert len(journal.contents.rows) == 3


@pytest.mark.parametrize("line", [0, 1, 2, 3])
def test_an_altered_line_is_an_error_that_names_it(tmp_path: Path, line: int) -> None:
    lines = written(tmp_path / "j").splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"', b"'", 1)
    (tmp_path / "j").write_bytes(b"".join(lines))
    with pytest.raises(ApdError, match=rf"damaged at line {line + 1}: delete the file"):
        Journal(tmp_path / "j", FINGERPRINT)


def test_an_altered_value_a_removed_and_a_repeated_line_are_errors(tmp_path: Path) -> None:
    lines = written(tmp_path / "j").splitlines(keepends=True)
    changed = [*lines[:2], lines[2].replace(b"0.1", b"0.2"), *lines[3:]]
    for broken in (changed, [*lines[:2], *lines[3:], b"\n"], [*lines[:3], *lines[2:]]):
        (tmp_path / "j").write_bytes(b"".join(broken))
        with pytest.raises(ApdError, match="damaged at line"):
            Journal(tmp_path / "j", FINGERPRINT)


def test_another_run_is_refused(tmp_path: Path) -> None:
    before = written(tmp_path / "j")
    other = json.loads(json.dumps(FINGERPRINT))
    other["configuration"]["odd/apd"]["mixture_weight"] = 0.7
    with pytest.raises(ApdError, match=r"belongs to another run: delete the file"):
        Journal(tmp_path / "j", other)
    assert (tmp_path / "j").read_bytes() == before
    with Journal(tmp_path / "j", other, restart=True) as journal:
        assert journal.contents.rows == [] and journal.contents.header == other


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "\u2028 \x85 \x0b \x1c \r"
    with Journal(tmp_path / "j", FINGERPRINT) as journal:
        journal.append({"text": text})
    assert read_journal(tmp_path / "j").rows == [{"text": text}]


def test_two_runs_cannot_write_one_journal(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "j", FINGERPRINT),
        pytest.raises(ApdError, match="being written by another run"),
    ):
        Journal(tmp_path / "j", FINGERPRINT)


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ApdError, match=r"cannot write .*use another output"):
        Journal(tmp_path / "file" / "j", FINGERPRINT)


def test_rows_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", FINGERPRINT) as journal, pytest.raises(ValueError):
        journal.append({"wall_s": float("nan")})
