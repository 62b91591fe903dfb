"""Promises of the project's own files: targets, continuous integration, citation, README."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from apd.cli.main import build_parser

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def readme_demo_lines():
    """Arguments of every `apd demo` and `make demo` line in the README."""
    direct = re.findall(r"^(?:\.venv/bin/)?apd demo(.*)$", read("README.md"), flags=re.MULTILINE)
    made = re.findall(r"^make demo(?: ARGS='(.*)')?$", read("README.md"), flags=re.MULTILINE)
    return [*direct, *made]


@pytest.mark.parametrize(
    "target", ["book", "test", "browser-test", "demo", "lint", "clean", "venv"]
)
def test_the_makefile_has_the_target(target):
    assert re.search(rf"^{target}:.*## \w", read("Makefile"), flags=re.MULTILINE)


def test_make_installs_torch_first_and_with_the_tested_versions():
    plan = subprocess.run(
        ["make", "--dry-run", "test", "VENV=/nonexistent/venv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"MAKEFLAGS": "", "MFLAGS": ""},
    ).stdout
    installs = [line for line in plan.splitlines() if " pip " in line]
    assert all("-c constraints.txt" in line for line in installs)
    assert installs[0].split()[-1] == "torch"
    assert installs[1].split()[-1] == "'.[book,eval,quantize,onnxruntime,sweep,dev]'"


def test_continuous_integration_runs_the_readme_s_test_command():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "```bash\nmake test\n```" in read("README.md")
    assert re.search(r"timeout .* make test$", read(".ci/run"), flags=re.MULTILINE)
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_bounded_and_read_only_by_default(workflow):
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert content["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 30 for job in content["jobs"].values())


def test_the_workflows_test_and_publish():
    assert {path.stem for path in WORKFLOWS} == {"test", "book", "nightly"}
    steps = yaml.safe_load(read(".github/workflows/book.yml"))["jobs"]["build"]["steps"]
    commands = [step.get("run", "") for step in steps]
    assert commands.index(next(c for c in commands if c.startswith("make book"))) < commands.index(
        next(c for c in commands if "tools/check_book.py --static --base-url" in c)
    )
    published = next(step["with"]["path"] for step in steps if "pages" in step.get("uses", ""))
    assert f"{published}/index.html" in read("README.md")


def test_pre_commit_downloads_nothing():
    (local,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    assert {"ruff", "ruff-format", "fold-cells", "nbstripout", "mypy"} == {
        hook["id"] for hook in local["hooks"]
    }


def test_the_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == project()["version"]
    assert citation["license"] == project()["license"] == "MIT"
    assert citation["preferred-citation"]["url"].endswith("2506.00413")


def test_the_changelog_knows_this_version_or_what_comes_next():
    assert re.search(rf"^## \[({project()['version']}|Unreleased)\]", read("CHANGELOG.md"), re.M)


def test_the_readme_has_a_place_for_the_table_of_models():
    start, end = "<!-- models-table:start -->", "<!-- models-table:end -->"
    assert read("README.md").index(start) < read("README.md").index(end)


def test_the_readme_shows_demo_lines():
    assert len(readme_demo_lines()) >= 4


@pytest.mark.parametrize("line", readme_demo_lines())
def test_every_demo_line_of_the_readme_is_understood(line):
    words = ["demo", *shlex.split(line)]
    assert build_parser(words).parse_args(words).prompt


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:apd|book|notebooks|data)/[\w./]*)`", read("README.md"))
)
def test_every_path_of_the_readme_exists(path):
    assert (ROOT / path).exists()
