"""What can be seen in the pages of the built book without a browser.

For each page: its weight, that every link leads to a page and a place that are there, and what a
search engine and a shared link need. With an address, also the sitemap.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

HEAVIEST_PAGE = 9_000_000  # bytes of a page with all that it loads, before compression
SOCIAL_SIZE = (1200, 630)  # pixels
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


@dataclass
class Page(HTMLParser):
    """What a page names.

    Attributes:
        links: targets of its links.
        assets: what is loaded with it.
        anchors: places in it that a link can lead to.
        meta: name or property -> content.
        forwards: whether it only leads to another page.
    """

    links: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    meta: dict[str, str] = field(default_factory=dict)
    title: str = ""
    language: str = ""
    forwards: bool = False
    _in_title: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel", "").startswith(("stylesheet", "preload", "icon")):
            self.assets.append(given["href"])
        elif tag in LOADED and given.get(LOADED[tag]):
            self.assets.append(given[LOADED[tag]])
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.forwards = True
        elif tag == "meta":
            self.meta[given.get("name") or given.get("property") or ""] = given.get("content", "")
        elif tag == "html":
            self.language = given.get("lang", "")
        self._in_title = tag == "title" and not self.title

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._in_title = False


@cache
def parse(path: Path) -> Page:
    """A page, read once."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def check_html(html: Path, written: Iterable[str], address: str = "") -> list[str]:
    """One line a problem.

    Args:
        html: the built book.
        written: addresses of the pages that readers and search engines are meant to find.
        address: where the book will be published; "" skips what depends on it.
    """
    names = [name for name in written if not parse(html / name).forwards]
    problems = []
    for name in names:
        page = parse(html / name)
        found = [*_links(html, name, page), *_metadata(page), *_social(html, page, address)]
        size = weight(html, name)
        if size > HEAVIEST_PAGE:
            found.append(f"weighs {size / 1e6:.1f} MB, more than {HEAVIEST_PAGE / 1e6:.1f}")
        problems += [f"{name}: {text}" for text in found]
    if names:
        heaviest = max(names, key=lambda name: weight(html, name))
        print(f"heaviest page: {heaviest}, {weight(html, heaviest) / 1e6:.2f} MB")
    return problems + (_sitemap(html, names, address) if address else [])


def weight(html: Path, name: str) -> int:
    """Bytes of a page and of the files that it names to be loaded."""
    files = {html / name}
    for target in parse(html / name).assets:
        path = _local(html, name, target)
        if path is not None and path.is_file():
            files.add(path)
    return sum(path.stat().st_size for path in files)


def _local(html: Path, name: str, target: str) -> Path | None:
    """The file that a link or asset of a page means; None for other hosts and inline data."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(urlsplit(urljoin(f"http://book/{name}", target)).path).lstrip("/")
    return html / (f"{path}index.html" if path.endswith("/") or not path else path)


def _links(html: Path, name: str, page: Page) -> list[str]:
    problems = []
    for target in dict.fromkeys([*page.links, *page.assets]):
        parts = urlsplit(target)
        path = html / name if not parts.path else _local(html, name, target)
        if parts.scheme == "http":
            problems.append(f"{target} is not https")
        if parts.scheme or path is None:
            continue
        if not path.is_file():
            problems.append(f"{target} leads nowhere")
        elif parts.fragment and path.suffix == ".html" and not _has(path, parts.fragment):
            problems.append(f"{target} leads to no place on that page")
    return problems


def _has(path: Path, fragment: str) -> bool:
    return unquote(fragment) in parse(path).anchors | {"top"}


def _metadata(page: Page) -> list[str]:
    wanted = {
        "title": page.title.strip(),
        "language": page.language,
        "description": page.meta.get("description", "").strip(),
        "viewport": page.meta.get("viewport", ""),
        "og:title": page.meta.get("og:title", "").strip(),
        "og:description": page.meta.get("og:description", "").strip(),
    }
    return [f"no {name} for search engines" for name, value in wanted.items() if not value]


def _social(html: Path, page: Page, address: str) -> list[str]:
    picture = page.meta.get("og:image", "")
    if not picture:
        return ["no picture for where it is shared"]
    if address and not picture.startswith(address):
        return [f"its picture {picture} is not below {address}"]
    path = html / (picture.removeprefix(address) if address else urlsplit(picture).path).lstrip("/")
    if not path.is_file():
        return [f"its picture {picture} is not there"]
    size = struct.unpack(">II", path.read_bytes()[16:24])  # of a PNG
    return [] if size == SOCIAL_SIZE else [f"its picture has {size} pixels, not {SOCIAL_SIZE}"]


def _sitemap(html: Path, names: list[str], address: str) -> list[str]:
    path = html / "sitemap.xml"
    if not path.is_file():
        return ["sitemap.xml is missing"]
    listed = [entry.text or "" for entry in ElementTree.parse(path).iter(f"{SITEMAP}loc")]
    wanted = {urljoin(address, name) for name in names}
    problems = [f"sitemap.xml: {url} is listed twice" for url in listed if listed.count(url) > 1]
    problems += [f"sitemap.xml lacks {url}" for url in sorted(wanted - set(listed))]
    outside = [url for url in listed if not url.startswith(address)]
    return problems + [f"sitemap.xml: {url} is not below {address}" for url in outside]
