"""A part of a text file that is generated, kept between two marker lines."""

from __future__ import annotations

from pathlib import Path

from apd.errors import ApdError


def read_section(path: Path, start: str, end: str) -> str:
    """The text between the markers, stripped. Raises ApdError if file or markers are missing."""
    return _split(path, start, end)[1].strip()


def replace_section(path: Path, start: str, end: str, body: str) -> None:
    """Put `body` between the markers. Raises ApdError if the file or its markers are missing."""
    before, _, after = _split(path, start, end)
    path.write_text(f"{before}{start}\n{body}\n{end}{after}", encoding="utf-8")


def _split(path: Path, start: str, end: str) -> tuple[str, str, str]:
    """Text before the start marker, between the markers, behind the end marker."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ApdError(f"cannot read {path}: {error.strerror}; run this in a checkout") from None
    before, opening, rest = text.partition(start)
    body, closing, after = rest.partition(end)
    if not opening or not closing:
        raise ApdError(f"{path} lacks the markers {start} and {end}: put them where it belongs")
    return before, body, after
