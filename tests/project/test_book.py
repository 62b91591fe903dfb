"""The book's sources: the table of contents, the pages, the notebooks, the lock file."""

import ast
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from execute_notebooks import Execution, execute_notebooks, toc_files, toc_notebooks  # noqa: E402

NOTEBOOKS = toc_notebooks(ROOT)
ALL_NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read_notebook(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def parameter_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", [])]


def page_text() -> str:
    """All prose of the book: pages, and the text cells of the chapters."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "book").glob("*.md"))]
    for path in ALL_NOTEBOOKS:
        cells = read_notebook(path)["cells"]
        texts += ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return "\n".join(texts)


def test_every_entry_of_the_table_of_contents_exists_once() -> None:
    names = toc_files(ROOT)
    assert len(names) == len(set(names))
    for name in names:
        found = [s for s in (".md", ".ipynb") if (ROOT / f"{name}{s}").is_file()]
        assert len(found) == 1, name


def test_every_notebook_and_page_is_in_the_table_of_contents() -> None:
    names = set(toc_files(ROOT))
    sources = [*ALL_NOTEBOOKS, *(ROOT / "book").glob("*.md")]
    assert {str(path.relative_to(ROOT).with_suffix("")) for path in sources} == names


@pytest.mark.parametrize("path", ALL_NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_has_exactly_one_parameters_cell_of_literals(self, path: Path) -> None:
        cells = parameter_cells(read_notebook(path))
        assert len(cells) == 1
        for statement in ast.parse("".join(cells[0]["source"])).body:
            assert isinstance(statement, ast.Assign | ast.AnnAssign), ast.unparse(statement)
            assert statement.value is not None
            ast.literal_eval(statement.value)

    def test_carries_no_outputs(self, path: Path) -> None:
        for cell in read_notebook(path)["cells"]:
            assert cell.get("outputs", []) == []
            assert cell.get("execution_count") is None

    def test_cells_have_unique_ids(self, path: Path) -> None:
        notebook = read_notebook(path)
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(ids) == len(set(ids))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)

    def test_names_no_path_of_a_machine(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        here = [re.escape(str(place)) for place in (ROOT, Path.home()) if place != Path("/")]
        assert not re.search("|".join((*here, "/home/", "/Users/", r"[A-Z]:\\\\Users")), text)

    def test_begins_with_the_only_title(self, path: Path) -> None:
        prose = [c for c in read_notebook(path)["cells"] if c["cell_type"] == "markdown"]
        titles = [line for cell in prose for line in "".join(cell["source"]).splitlines()]
        titles = [line for line in titles if line.startswith("# ")]
        assert len(titles) == 1 and "".join(prose[0]["source"]).startswith("# ")


def test_a_default_build_runs_on_the_models_in_the_repository() -> None:
    for name in NOTEBOOKS:
        (cell,) = parameter_cells(read_notebook(ROOT / f"{name}.ipynb"))
        values: dict[str, str] = {}
        exec("".join(cell["source"]), values)
        assert values.get("pair", "mini").startswith("mini")


def test_every_citation_is_in_the_bibliography_and_keys_are_unique() -> None:
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", bibliography, re.MULTILINE)
    assert len(keys) == len(set(keys))
    cited = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", page_text())
    assert {key.strip() for group in cited for key in group.split(",")} <= set(keys)


def test_every_term_is_in_the_glossary() -> None:
    page = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    glossary = page.split(":::{glossary}")[1].split(":::")[0]
    terms = [line for line in glossary.splitlines() if line and not line.startswith(" ")]
    assert terms == sorted(terms, key=str.casefold)
    used = re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", page_text())
    assert set(used) <= set(terms)


def test_every_module_of_the_interface_page_exists() -> None:
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    modules = re.findall(r"^   (apd[\w.]*)$", page, re.MULTILINE)
    assert modules
    for module in modules:
        importlib.import_module(module)


def test_every_command_is_described() -> None:
    from apd.cli.main import COMMANDS

    page = (ROOT / "book" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\{command-help\} apd ([\w-]+)$", page, re.MULTILINE)) == set(COMMANDS)


def test_the_configuration_asks_no_other_host_for_scripts() -> None:
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert "://" not in config
    sphinx = yaml.safe_load(config)["sphinx"]["config"]
    assert sphinx["mathjax_path"].startswith("../vendor/")
    assert all(path.startswith("../") for path in sphinx["nb_ipywidgets_js"])


def test_the_lock_file_pins_every_script_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name
    for name, version in wanted.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    npmrc = (ROOT / ".npmrc").read_text(encoding="utf-8")
    assert "omit-lockfile-registry-resolved=true" in npmrc.splitlines()


class TestExecution:
    """Executing notebooks, on a book of one trivial chapter."""

    @pytest.fixture
    def book(self, tmp_path: Path) -> Path:
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "_toc.yml").write_text(
            "format: jb-book\nroot: intro\nchapters:\n- file: notebooks/one\n", encoding="utf-8"
        )
        self.write(tmp_path, "1 + 1")
        return tmp_path

    @staticmethod
    def write(book: Path, code: str) -> None:
        import nbformat

        cells = [nbformat.v4.new_code_cell('pair = "mini"', metadata={"tags": ["parameters"]})]
        notebook = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_code_cell(code)])
        for number, cell in enumerate(notebook.cells):
            cell.id = str(number)
        nbformat.write(notebook, book / "notebooks" / "one.ipynb")

    @staticmethod
    def execution(book: Path, fingerprint: str) -> Execution:
        return Execution("notebooks/one", "mini", 1.0, "2026-01-01T00:00:00", "here", fingerprint)

    def test_runs_again_only_if_something_has_changed(
        self, book: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import execute_notebooks as module

        runs = []

        def run(root: Path, target: Path, name: str, pair: str, fingerprint: str) -> Execution:
            runs.append(name)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / f"{name}.ipynb").write_text("{}", encoding="utf-8")
            return self.execution(book, fingerprint)

        monkeypatch.setattr(module, "_execute", run)
        for _ in range(2):
            execute_notebooks(book, book / "_build")
        assert len(runs) == 1
        self.write(book, "1 + 2")
        execute_notebooks(book, book / "_build", only=[])
        assert len(runs) == 2
        (book / "apd").mkdir()
        (book / "apd" / "module.py").write_text("x = 1\n", encoding="utf-8")
        execute_notebooks(book, book / "_build")
        assert len(runs) == 3
        execute_notebooks(book, book / "_build", force=True)
        assert len(runs) == 4
        execute_notebooks(book, book / "_build", pair="mini-llada")
        assert len(runs) == 5

    def test_a_name_that_is_no_chapter_is_an_error(self, book: Path) -> None:
        with pytest.raises(ValueError, match="two"):
            execute_notebooks(book, book / "_build", only=["two"])

    def test_a_failed_chapter_is_named_and_leaves_no_copy(
        self, book: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import execute_notebooks as module

        def fail(*arguments: object) -> Execution:
            raise RuntimeError("a cell raised")

        monkeypatch.setattr(module, "_execute", fail)
        with pytest.raises(module.NotebookFailed, match="notebooks/one"):
            execute_notebooks(book, book / "_build")
        assert not (book / "_build" / "executed" / "mini" / "notebooks" / "one.ipynb").exists()
