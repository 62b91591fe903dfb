"""The checks of the built pages find what they are for, on a book of two pages."""

import struct
import subprocess
import sys
from pathlib import Path

import check_html
import nbformat
import pytest
import yaml
from build_book import write_addresses
from check_html import HEAVIEST_PAGE
from check_html import check_html as check
from launch_branch import prepare

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/book/"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 1200, 630)


def page(body: str, picture: str = f"{ADDRESS}_static/social.png") -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width"><meta name="description" content="About it.">
<meta property="og:title" content="A page"><meta property="og:description" content="About it.">
<meta property="og:image" content="{picture}"><link rel="stylesheet" href="_static/a.css?v=1">
</head><body id="top">{body}</body></html>"""


@pytest.fixture
def html(tmp_path: Path) -> Path:
    check_html.parse.cache_clear()
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text("")
    (tmp_path / "_static" / "social.png").write_bytes(PNG)
    (tmp_path / "one.html").write_text(page('<h2 id="part">x</h2><a href="two.html#there">y</a>'))
    (tmp_path / "two.html").write_text(page('<p id="there"><a href="#there">z</a></p>'))
    urls = "".join(f"<url><loc>{ADDRESS}{name}.html</loc></url>" for name in ("one", "two"))
    namespace = check_html.SITEMAP.strip("{}")
    (tmp_path / "sitemap.xml").write_text(f'<urlset xmlns="{namespace}">{urls}</urlset>')
    return tmp_path


def problems(html: Path) -> list[str]:
    return check(html, ["one.html", "two.html"], ADDRESS)


def test_a_good_book_has_no_problems(html: Path) -> None:
    assert problems(html) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="three.html">x</a>', "three.html leads nowhere"),
        ('<a href="two.html#nowhere">x</a>', "two.html#nowhere leads to no place"),
        ('<a href="#nowhere">x</a>', "#nowhere leads to no place"),
        ('<a href="http://example.org">x</a>', "is not https"),
        ('<script src="_static/b.js"></script>', "_static/b.js leads nowhere"),
        ('<img src="_images/c.png">', "_images/c.png leads nowhere"),
    ],
)
def test_links_and_assets(html: Path, body: str, problem: str) -> None:
    (html / "one.html").write_text(page(body))
    (found,) = problems(html)
    assert found.startswith("one.html: ") and problem in found


@pytest.mark.parametrize(
    ("old", "problem"),
    [
        ("<title>A page</title>", "no title"),
        (' lang="en"', "no language"),
        ('<meta name="description" content="About it.">', "no description"),
        ('<meta property="og:title" content="A page">', "no og:title"),
        (f'<meta property="og:image" content="{ADDRESS}_static/social.png">', "no picture"),
    ],
)
def test_what_search_engines_and_shared_links_need(html: Path, old: str, problem: str) -> None:
    text = (html / "one.html").read_text()
    assert old in text
    (html / "one.html").write_text(text.replace(old, ""))
    (found,) = problems(html)
    assert problem in found


@pytest.mark.parametrize(
    ("picture", "problem"),
    [("_static/social.png", "is not below"), (f"{ADDRESS}_static/other.png", "is not there")],
)
def test_the_picture(html: Path, picture: str, problem: str) -> None:
    (html / "one.html").write_text(page("", picture))
    (found,) = problems(html)
    assert problem in found
    (html / "_static" / "social.png").write_bytes(PNG.replace(struct.pack(">I", 630), bytes(4)))
    assert any("pixels" in text for text in problems(html))


def test_the_heaviest_page_is_named(html: Path, capsys) -> None:
    (html / "_static" / "b.js").write_bytes(bytes(HEAVIEST_PAGE))
    (html / "two.html").write_text(page('<p id="there"></p><script src="_static/b.js"></script>'))
    (found,) = problems(html)
    assert found.startswith(f"two.html: weighs {HEAVIEST_PAGE / 1e6:.1f} MB")
    assert "heaviest page: two.html" in capsys.readouterr().out


def test_a_page_that_only_forwards_needs_nothing(html: Path) -> None:
    (html / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=one.html">')
    assert check(html, ["index.html", "one.html", "two.html"], ADDRESS) == []


def test_the_sitemap(html: Path) -> None:
    path = html / "sitemap.xml"
    text = path.read_text()
    path.write_text(text.replace("two.html", "one.html"))
    found = problems(html)
    assert any("one.html is listed twice" in line for line in found)
    assert any(f"lacks {ADDRESS}two.html" in line for line in found)
    path.write_text(text.replace(ADDRESS, "https://other.org/"))
    assert any("is not below" in line for line in problems(html))
    path.unlink()
    assert problems(html) == ["sitemap.xml is missing"]


def test_addresses_go_into_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "_config.yml"
    config.write_text((ROOT / "_config.yml").read_text())
    write_addresses(config, "", "")
    assert config.read_text() == (ROOT / "_config.yml").read_text()
    write_addresses(config, ADDRESS.rstrip("/"), "https://github.com/someone/book")
    found = yaml.safe_load(config.read_text())
    assert found["html"]["baseurl"] == ADDRESS
    assert found["sphinx"]["config"]["ogp_site_url"] == ADDRESS
    assert found["repository"] == {"url": "https://github.com/someone/book", "branch": "launch"}
    buttons = found["launch_buttons"]
    assert buttons["binderhub_url"] and buttons["colab_url"] and buttons["thebe"] is False


def test_notebooks_for_colab_install_there_alone(tmp_path: Path) -> None:
    source = ROOT / "notebooks" / "coupling.ipynb"
    target = tmp_path / "coupling.ipynb"
    target.write_bytes(source.read_bytes())
    prepare(target, "https://github.com/someone/book")
    prepare(target, "https://github.com/someone/book")  # once is enough
    before, after = (nbformat.read(path, as_version=4) for path in (source, target))
    nbformat.validate(after)
    assert len(after.cells) == len(before.cells) + 1
    first = next(cell for cell in after.cells if cell.cell_type == "code")
    assert '"https://github.com/someone/book"' in first.source
    done = subprocess.run(
        [sys.executable, "-c", first.source + "\nassert 'subprocess' not in globals()"], timeout=60
    )
    assert done.returncode == 0  # nothing happens here
    assert "parameters" in [c for c in after.cells if c.cell_type == "code"][1].metadata["tags"]


def test_binder_installs_the_book_in_the_tested_versions() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert "-c ../constraints.txt" in lines and "-e .[book]" in lines
    assert (ROOT / "binder" / "runtime.txt").read_text().startswith("python-3.11")
