"""Grids as answers, judged as ParallelBench judges its puzzles: Latin squares and 4 x 4 sudoku.

A line of five cells is no row of a square of four, even where ParallelBench overlooks the fifth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from apd.tasks.judging.judge import Judge, Row

SIZE = 4  # of a sudoku
Grid = list[list[str]]


def latin_rows(row: Row, reply: str) -> Grid:
    """The first lines that hold each of the symbols once, separated by commas."""
    symbols = sorted(row["answer"]["symbols"])
    lines = [[cell.strip() for cell in line.split(",")] for line in reply.split("\n")]
    return [cells for cells in lines if sorted(cells) == symbols][: len(symbols)]


def is_latin_square(row: Row, rows: Grid) -> bool:
    """As many rows as symbols, and every column holds each of them once."""
    symbols = sorted(row["answer"]["symbols"])
    columns = zip(*rows, strict=True)
    return len(rows) == len(symbols) and all(sorted(column) == symbols for column in columns)


def loose_sudoku(reply: str) -> Grid | None:
    """The lines with four digits, whatever stands between the digits; None if they are not four."""
    lines = [re.findall(r"\d", line) for line in reply.split("\n")]
    rows = [digits for digits in lines if len(digits) == SIZE]
    return rows if len(rows) == SIZE else None


def strict_sudoku(reply: str) -> Grid | None:
    """The grid, if the reply is four lines of four digits and nothing else; else None."""
    lines = [line.strip() for line in reply.split("\n") if line.strip()]
    whole = len(lines) == SIZE and all(re.fullmatch(r"[0-9]{4}", line) for line in lines)
    return [list(line) for line in lines] if whole else None


def is_solution(row: Row, grid: Grid | None) -> bool:
    """The grid is the one that the puzzle was made from."""
    return grid is not None and grid == solution(row["answer"])


def solution(answer: str | Sequence[Sequence[Any]]) -> Grid | None:
    """The grid of an answer: four lines of four digits, or lists of numbers."""
    if isinstance(answer, str):
        return strict_sudoku(answer)
    return [[str(cell) for cell in line] for line in answer]


LATIN_SQUARE = Judge(latin_rows, is_latin_square)
SUDOKU = Judge(lambda row, reply: loose_sudoku(reply), is_solution)
STRICT_SUDOKU = Judge(lambda row, reply: strict_sudoku(reply), is_solution)
