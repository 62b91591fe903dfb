"""Wheel and sdist work outside the repository, with the mini models fetched from a release."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import threading
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import release_mini
import yaml

from apd.errors import ApdError
from apd.models import mini_release
from apd.models.mini_release import archive_name, fetch_mini

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def run(*command: object, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, without what points to this checkout."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("APD_", "PYTHON", "XDG_"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=kept | {"OMP_NUM_THREADS": "1", "HOME": str(folder)} | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "hatchling", "build", "-d", folder, folder=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`apd` of a fresh environment that holds the wheel, and sees the packages installed here."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    places = {name: sysconfig.get_path(name) for name in ("purelib", "platlib")}
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder)
    outer = Path(own.stdout.strip()) / "outer.pth"
    outer.write_text("\n".join(dict.fromkeys(places.values())) + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
    done = run(*pip, "--no-index", *dist.glob("*.whl"), folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "apd"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("release") / archive_name("0")
    release_mini.pack(ROOT / "data", mini_release.expected_files(), target)
    return target


def serve(handler) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_directory(installed, archive, tmp_path) -> None:
    def apd(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run(installed, *words, folder=tmp_path, **variables)

    listed = apd("models")
    assert listed.returncode == 0 and "apd models fetch-mini" in listed.stdout
    sick = apd("doctor")
    assert sick.returncode == 1 and "apd models fetch-mini" in sick.stdout
    assert str(ROOT) not in sick.stdout and str(tmp_path) not in sick.stdout
    nowhere = apd("models", "fetch-mini")
    assert nowhere.returncode == 2 and "APD_MINI_URL" in nowhere.stderr
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    for address in serve(handler):
        url = f"{address}/{archive.name}"
        fetched = apd("models", "fetch-mini", APD_MINI_URL=url)
        assert fetched.returncode == 0, fetched.stderr
    healthy = apd("doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert "32 tokens, as expected" in healthy.stdout and "fetched" in healthy.stdout
    line = ["demo", "--prompt", "What is 2 + 3?", "--no-baseline", "--max-new-tokens", "8"]
    assert json.loads(apd(*line, "--json").stdout)["pair"] == "mini"
    task = ["eval", "--task", "mini_gsm", "--limit", "1", "--max-new-tokens", "4", "--json"]
    assert json.loads(apd(*task).stdout)["problems"] == 1


def test_the_sdist_builds_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again")
    done = run(*build, folder=source)
    assert done.returncode == 0, done.stderr
    (first,), (second,) = dist.glob("*.whl"), (tmp_path / "again").glob("*.whl")
    contents = [
        {info.filename: info.CRC for info in zipfile.ZipFile(path).infolist()}
        for path in (first, second)
    ]
    assert contents[0] == contents[1]
    names = set(contents[0])
    assert {"apd/models/mini_release.json", "apd/py.typed", "apd/tasks/judging/sandbox_child.py",
            "apd/tasks/judging/sandbox_locks.py"} <= names  # fmt: skip
    assert any(name.endswith("gsm8k.yaml") for name in names)
    assert not any(name.startswith(("tests", "data", "notebooks")) for name in names)


def test_the_release_lists_the_models_that_ship() -> None:
    found = release_mini.digests(ROOT / "data")
    assert mini_release.expected_files() == found, "run python tools/release_mini.py"


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    listing = {"tasks/README.md": ""}
    for name in ("one", "two"):
        release_mini.pack(ROOT / "data", listing, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


class TestFetching:
    """Archives and servers that are not what they should be, on a release of two files."""

    @pytest.fixture(autouse=True)
    def release(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.target = tmp_path / "source", tmp_path / "share" / "apd"
        for name in ("models/mini-x/model.safetensors", "tasks/mini_x.jsonl"):
            (self.data / name).parent.mkdir(parents=True)
            (self.data / name).write_bytes(name.encode() * 1000)
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps({"files": release_mini.digests(self.data), "decode": []}))
        monkeypatch.setattr(mini_release, "MANIFEST", manifest)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
        monkeypatch.delenv("LOCALAPPDATA", raising=False)
        self.archive = tmp_path / "archive.tar.gz"
        release_mini.pack(self.data, release_mini.digests(self.data), self.archive)
        self.patch = monkeypatch

    def refused(self, message: str, archive: Path | None = None) -> None:
        with pytest.raises(ApdError, match=message) as caught:
            fetch_mini(archive)
        assert "\n" not in str(caught.value)
        left = [path for path in self.target.rglob("*") if path.is_file()]
        assert left == []

    def served(self, handler, message: str | None) -> None:
        for address in serve(handler):
            self.patch.setenv("APD_MINI_URL", f"{address}/archive.tar.gz")
            if message is None:
                fetch_mini()
            else:
                self.refused(message)

    def answer(self, content: bytes, announced: int) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(announced))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler

    def test_a_file(self) -> None:
        assert fetch_mini(self.archive) == self.target
        for name in mini_release.expected_files():
            assert (self.target / name).read_bytes() == (self.data / name).read_bytes()
        (self.target / "models/mini-x/model.safetensors").write_bytes(b"damaged")
        fetch_mini(self.archive)  # puts it right
        assert release_mini.digests(self.target) == release_mini.digests(self.data)

    def test_a_server(self) -> None:
        content = self.archive.read_bytes()
        self.served(self.answer(content, len(content)), None)
        assert release_mini.digests(self.target) == release_mini.digests(self.data)

    def test_an_interrupted_download(self) -> None:
        content = self.archive.read_bytes()
        self.served(self.answer(content[:50], len(content)), "ended after 50 of|cannot download")

    def test_a_server_that_has_nothing(self) -> None:
        self.served(partial(SimpleHTTPRequestHandler, directory=str(self.data)), "404")

    def test_nobody_listens(self) -> None:
        self.patch.setenv("APD_MINI_URL", "http://127.0.0.1:9/archive")
        self.refused("cannot download http://127.0.0.1:9/archive")
        self.patch.setenv("APD_MINI_URL", "nonsense")
        self.refused("cannot download nonsense")

    def test_a_page_instead_of_an_archive(self) -> None:
        self.served(self.answer(b"<html>moved</html>", 18), "not fetched")

    def test_a_cut_archive(self, tmp_path: Path) -> None:
        content = self.archive.read_bytes()
        for length in (0, 10, len(content) // 2):
            (tmp_path / "cut").write_bytes(content[:length])
            self.refused("", tmp_path / "cut")
        (tmp_path / "cut").write_bytes(content[:-1])  # of a checksum that the files' own replace
        fetch_mini(tmp_path / "cut")
        assert release_mini.digests(self.target) == release_mini.digests(self.data)

    def test_another_release(self, tmp_path: Path) -> None:
        (self.data / "tasks/mini_x.jsonl").write_bytes(b"other")
        release_mini.pack(self.data, release_mini.digests(self.data), tmp_path / "other")
        self.refused("tasks/mini_x.jsonl of the archive is not the file", tmp_path / "other")
        del (names := release_mini.digests(self.data))["tasks/mini_x.jsonl"]
        release_mini.pack(self.data, names, tmp_path / "fewer")
        self.refused("lacks tasks/mini_x.jsonl", tmp_path / "fewer")

    def test_a_path_out_of_the_archive_is_left_alone(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "evil", "w:gz") as packed:
            packed.add(self.archive, "../../evil")
            for name in mini_release.expected_files():
                packed.add(self.data / name, name)
        fetch_mini(tmp_path / "evil")
        assert not list(tmp_path.rglob("evil*"))[1:]
        assert release_mini.digests(self.target) == release_mini.digests(self.data)

    def test_no_file(self, tmp_path: Path) -> None:
        self.refused("No such file", tmp_path / "nowhere")


def test_the_address_follows_the_repository_of_the_package(monkeypatch) -> None:
    metadata = importlib.metadata.metadata("apd")
    metadata["Project-URL"] = "Repository, https://example.org/someone/book/"
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: metadata)
    monkeypatch.delenv("APD_MINI_URL", raising=False)
    version = metadata["Version"]
    assert mini_release.archive_url() == (
        f"https://example.org/someone/book/releases/download/v{version}/apd-mini-{version}.tar.gz"
    )


def test_every_action_is_pinned_by_its_commit() -> None:
    import re

    for path in WORKFLOWS:
        uses = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
        assert uses, path
        for action, comment in uses:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), (path.name, action)
            assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment), (path.name, action)


def test_the_same_pythons_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    versions = [c.removeprefix(prefix) for c in project["classifiers"] if c.startswith(prefix)]
    assert project["requires-python"] == ">=3.11,<3.14" and versions == ["3.11", "3.12", "3.13"]
    for name, job in (("test", "test"), ("nightly", "newest")):
        workflow = ROOT / ".github" / "workflows" / f"{name}.yml"
        jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
        assert jobs[job]["strategy"]["matrix"]["python-version"] == versions
    for name in ("Makefile", ".ci/run"):
        assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in (ROOT / name).read_text()


def test_the_nightly_run_takes_the_newest_and_looks_for_advisories() -> None:
    path = ROOT / ".github" / "workflows" / "nightly.yml"
    text = path.read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["newest"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert "--upgrade" in commands and "constraints" not in commands
    assert "pip_audit" in text and "-r constraints.txt" in text
    assert "tests/fuzz --fresh-cases" in text


def test_the_issue_template_asks_for_the_doctor() -> None:
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / "problem.yml"
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    first = form["body"][0]
    assert "apd doctor" in first["attributes"]["label"] and first["validations"]["required"]
