"""pyproject.toml, constraints.txt and environment.yml describe one set of packages."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CORE = {
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "rich",
    "accelerate",
    "psutil",
}


def names(requirements):
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def requirements():
    groups = {"core": PROJECT["dependencies"], **EXTRAS}
    return [
        pytest.param(Requirement(line), id=f"{group}:{Requirement(line).name}")
        for group, lines in groups.items()
        for line in lines
    ]


def constraints():
    """Canonical name -> pinned version."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines if line[:1] not in "#"]
    assert all(pins), "every line of constraints.txt pins one version, without a local part"
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in pins if pin}


def conda():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [Requirement(entry) for entry in content["dependencies"] if isinstance(entry, str)]
    (from_pip,) = (entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))
    return {requirement.name: requirement.specifier for requirement in plain}, from_pip


def test_the_core_is_small():
    assert names(PROJECT["dependencies"]) == CORE


def test_the_extras_are_those_the_readme_names():
    assert set(EXTRAS) == {"book", "eval", "quantize", "onnxruntime", "sweep", "dev"}


@pytest.mark.parametrize("requirement", requirements())
def test_every_requirement_is_pinned_within_its_range(requirement):
    version = constraints()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


def test_no_package_is_asked_for_in_two_ranges():
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    ranges = {}
    for requirement in map(Requirement, lines):
        ranges.setdefault(canonicalize_name(requirement.name), set()).add(requirement.specifier)
    assert {name: found for name, found in ranges.items() if len(found) > 1} == {}


def test_no_package_is_pinned_twice():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [canonicalize_name(line.split("==")[0]) for line in lines if "==" in line]
    assert sorted(pinned) == sorted(set(pinned))


def test_conda_installs_the_project_with_everything_in_the_tested_versions():
    _, from_pip = conda()
    assert from_pip == ["-c constraints.txt", f"-e .[{','.join(EXTRAS)}]"]


def test_conda_has_the_same_python_and_provides_no_package_in_another_version():
    provided, _ = conda()
    assert provided["python"] == SpecifierSet(PROJECT["requires-python"])
    assert set(provided) == {"python", "pip", "nodejs", "make"}
    assert set(map(canonicalize_name, provided)).isdisjoint(constraints())


def test_the_oldest_supported_python_is_the_one_checked():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["mypy"]["python_version"] == "3.11"
    assert tools["ruff"]["target-version"] == "py311"
    assert SpecifierSet(PROJECT["requires-python"]).contains("3.11")
