"""Every notebook takes its parameters in whatever type papermill hands them on."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

from apd.errors import ApdError
from apd.parameters import as_declared, converted

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("1e4", int, 10_000),
        (1e4, int, 10_000),
        ("16", int, 16),
        ("16.0", int, 16),
        (16.0, int, 16),
        ("-3", int, -3),
        ("12345678901234567891", int, 12345678901234567891),
        ("0.2", float, 0.2),
        (1, float, 1.0),
        ("1e-3", float, 0.001),
        ("true", bool, True),
        ("False", bool, False),
        (1, bool, True),
        (0.0, bool, False),
        ("none", int | None, None),
        (None, int | None, None),
        ("8", int | None, 8),
        ("[1, 2.0, 4]", list[int], [1, 2, 4]),
        (["1", 2.0], list[int], [1, 2]),
        (4, list[int], [4]),
        ((0.3, "0.6"), list[float], [0.3, 0.6]),
        (7, str, "7"),
    ],
)
def test_values_become_what_is_declared(value: Any, kind: Any, expected: Any) -> None:
    found = converted("name", value, kind)
    assert found == expected and type(found) is type(expected)
    items = found if isinstance(found, list) else []
    assert [type(item) for item in items] == [type(item) for item in (expected if items else [])]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("many", int),
        (16.5, int),
        ("16.5", int),
        (True, int),
        (float("nan"), int),
        (float("inf"), int),
        (None, int),
        ("warm", float),
        (False, float),
        ("maybe", bool),
        (2, bool),
        ("[1, x]", list[int]),
        ([1.5], list[int]),
    ],
)
def test_what_is_not_meant_is_one_line(value: Any, kind: Any) -> None:
    with pytest.raises(ApdError, match=r"parameter num_x=.* is not allowed") as caught:
        as_declared({"__annotations__": {"num_x": kind}, "num_x": value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_declares_and_converts(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    at = next(i for i, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", []))
    assert "as_declared(globals())" in code[at + 1].source
    declared: dict[str, Any] = {}
    exec(code[at].source, declared)
    names = {
        target.id
        for node in ast.parse(code[at].source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert all(isinstance(declared[name], str | list | None) for name in names), "declare its type"
    defaults = {name: declared[name] for name in declared.get("__annotations__", {})}
    for spell in (str, lambda value: float(value) if type(value) is int else value):
        given = dict(declared)
        given.update({name: spell(value) for name, value in defaults.items()})
        as_declared(given)
        assert {name: given[name] for name in defaults} == defaults
        assert all(type(given[name]) is type(defaults[name]) for name in defaults)
