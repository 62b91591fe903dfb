"""A browser without a network, and a page with every explorer.

The page is the book's own if APD_BOOK_HTML names a built book (`make browser-test` does). Otherwise
it is a bare one with made-up recordings and the same scripts, which only needs `_build/vendor`.
Without Playwright nothing of this folder is collected.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_pages import BookPages
from check_book import browser, serve
from explorer_page import ExplorerPage, bare_page, initial_states, watch

ROOT = Path(__file__).resolve().parents[2]
collect_ignore_glob = [] if importlib.util.find_spec("playwright") else ["test_*.py"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found and "APD_BOOK_HTML" not in os.environ:
        pytest.skip("no Chromium here: on Debian, apt install chromium")
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder of pages, and the page that has the explorers."""
    if book := os.environ.get("APD_BOOK_HTML"):
        folder = Path(book).resolve()
        assert (folder / "notebooks" / "explorers.html").is_file(), "the book is not built"
        return folder, "notebooks/explorers.html"
    vendor = ROOT / "_build" / "vendor"
    if not vendor.is_dir():
        pytest.skip("the book's scripts are not here: run `make browser-test`")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(vendor, folder / "vendor")
    shutil.copyfile(ROOT / "_extra" / "widgets-setup.js", folder / "widgets-setup.js")
    (folder / "explorers.html").write_text(bare_page(), encoding="utf-8")
    return folder, "explorers.html"


@pytest.fixture(scope="session")
def http_address(site: tuple[Path, str]) -> Iterator[str]:
    with serve(site[0]) as address:
        yield address


@pytest.fixture(scope="session")
def book(chromium: Any, site: tuple[Path, str], http_address: str) -> BookPages:
    if "APD_BOOK_HTML" not in os.environ:
        pytest.skip("the book is not built here: run `make browser-test`")
    return BookPages(chromium, site[0], http_address)


@pytest.fixture(params=["http", "file"])
def base(request: pytest.FixtureRequest, site: tuple[Path, str], http_address: str) -> str:
    return http_address if request.param == "http" else site[0].as_uri()


@pytest.fixture(params=[(1280, "light")], ids=["desktop"])
def look(request: pytest.FixtureRequest) -> tuple[int, str]:
    """Width of the window in pixels, and the theme; tests parametrize it."""
    look: tuple[int, str] = request.param
    return look


@pytest.fixture
def opened(
    chromium: Any, site: tuple[Path, str], base: str, look: tuple[int, str]
) -> Iterator[ExplorerPage]:
    """The page, loaded; at the end of the test nothing may have gone wrong in it."""
    width, theme = look
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    text = (site[0] / site[1]).read_text(encoding="utf-8")
    loaded = ExplorerPage(page, initial_states(text))
    watch(page, base, loaded.problems)
    page.goto(f"{base}/{site[1]}", wait_until="load")
    yield loaded
    context.close()
    assert loaded.problems == []
