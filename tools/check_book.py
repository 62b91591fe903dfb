"""Open every page of the built book in a browser and fail on anything that a reader would meet.

    python tools/check_book.py                  # after tools/build_book.py
    python tools/check_book.py --pages notation algorithm_end_to_end
    python tools/check_book.py --static --base-url https://example.org/book/   # without a browser

Each page is loaded at desktop and phone width, in light and dark, over http, and once from the file
system; pages that Sphinx generates from code are loaded once. No request may leave the book, no
script may throw, nothing may fail to load, and no page may be wider than the screen. Screenshots go
to `_build/screenshots`. Before that, what needs no browser: weight, links, search metadata, the
picture for sharing and, with --base-url, the sitemap (`check_html`).

Needs Playwright (`pip install playwright`) and a Chromium: Debian's, or Playwright's own.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from check_html import check_html

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
GENERATED = ("_modules", "genindex", "py-modindex", "prf-prf", "search", "book/generated")
SETTLE_MS = 400  # for mathematics and widgets, after the page has loaded


@dataclass(frozen=True)
class View:
    """One way of looking at a page."""

    size: str
    theme: str
    base: str

    @property
    def name(self) -> str:
        """Suffix of the screenshot."""
        return f"{self.size}-{self.theme}"


def main(arguments: list[str] | None = None) -> int:
    """Check the pages; return the exit status."""
    parser = argparse.ArgumentParser(description="Open every page of the book in a browser.")
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--pages", nargs="+", default=[], help="only pages with these stems")
    parser.add_argument("--static", action="store_true", help="only what needs no browser")
    parser.add_argument("--base-url", default="", help="address that the book was built for")
    options = parser.parse_args(arguments)
    pages = [
        page
        for page in html_pages(options.html)
        if not options.pages or Path(page).stem in options.pages
    ]
    if not pages:
        print(f"No pages in {options.html}: run tools/build_book.py first.", file=sys.stderr)
        return 1
    written = [page for page in pages if not page.startswith(GENERATED)]
    problems = check_html(options.html, written, options.base_url)
    if options.static:
        return report(problems, f"{len(written)} pages")
    screenshots = options.html.parent / "screenshots"
    shutil.rmtree(screenshots, ignore_errors=True)
    with serve(options.html) as address, browser() as chromium:
        problems += check(chromium, pages, address, options.html.as_uri(), screenshots)
    return report(problems, f"screenshots in {screenshots}; {len(pages)} pages")


def report(problems: list[str], checked: str) -> int:
    """Print the problems; return the exit status."""
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{checked}, {len(problems)} problems")
    return 1 if problems else 0


def html_pages(html: Path) -> list[str]:
    """Addresses of all pages below `html`, those of readers first."""
    pages = [str(path.relative_to(html)) for path in sorted(html.rglob("*.html"))]
    pages = [page for page in pages if not page.startswith(("_static", "vendor"))]
    return sorted(pages, key=lambda page: page.startswith(GENERATED))


def check(chromium: Any, pages: list[str], http: str, file: str, screenshots: Path) -> list[str]:
    """Look at every page in every view (generated ones in one); return what is wrong."""
    views = [View(size, theme, http) for size in WIDTHS for theme in ("light", "dark")]
    problems: list[str] = []
    written = [page for page in pages if not page.startswith(GENERATED)]
    for view in views:
        chosen = pages if view == views[0] else written
        problems += visit(chromium, chosen, view, screenshots)
    return problems + visit(chromium, written, View("desktop", "light", file), None)


def visit(chromium: Any, pages: list[str], view: View, screenshots: Path | None) -> list[str]:
    """Load the pages in one view; return one line a problem."""
    width, height = WIDTHS[view.size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=view.theme
    )
    problems: list[str] = []
    for address in pages:
        found: list[str] = []
        page = context.new_page()
        page.route("**/*", functools.partial(_stay_inside, view.base, found))
        page.on("console", functools.partial(_note_console, found))
        page.on("pageerror", lambda error, found=found: found.append(f"script error: {error}"))
        page.on("response", functools.partial(_note_response, found))
        page.goto(f"{view.base}/{address}", wait_until="load")
        page.wait_for_timeout(SETTLE_MS)
        excess = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        if excess > 1:
            found.append(f"{excess} px wider than the screen")
        if screenshots is not None and not address.startswith(GENERATED):
            name = address.removesuffix(".html").replace("/", "-")
            page.screenshot(path=screenshots / f"{name}-{view.name}.png", full_page=True)
        page.close()
        scheme = view.base.split(":", 1)[0]
        problems += [f"{address} ({scheme}, {view.name}): {text}" for text in dict.fromkeys(found)]
    context.close()
    return problems


def _stay_inside(base: str, found: list[str], route: Any) -> None:
    url = route.request.url
    if url.startswith((base, "data:", "blob:")):
        route.continue_()
    else:
        found.append(f"asks for {url}")
        route.abort()


def _note_console(found: list[str], message: Any) -> None:
    if message.type == "error":
        found.append(f"console: {message.text}")


def _note_response(found: list[str], response: Any) -> None:
    if response.status >= 400:
        found.append(f"{response.status} for {response.url}")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` over http on a free port of this machine; yield the address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium: the system's if there is one, else Playwright's."""
    from playwright.sync_api import sync_playwright

    system = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        # Root, as in containers, has no sandbox.
        chromium = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


if __name__ == "__main__":
    sys.exit(main())
