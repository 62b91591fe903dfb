"""What is mended in the finished pages, and the links to the repository."""

import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "_ext"), str(ROOT / "tools")]

from page_semantics import mend  # noqa: E402
from repository_links import link_to_repository  # noqa: E402

WORDS = "apd-words"


def frame(*headings: str, words: bool = False) -> str:
    """A table of pandas with a column of words and one of numbers."""
    head = "".join(f"<tr>{row}</tr>" for row in headings)
    first = f'<td class="{WORDS}">' if words else "<td>"
    body = "".join(
        f"<tr><th>{n}</th>{first}{said}</td><td>{value}</td></tr>"
        for n, (said, value) in enumerate((("nothing", "-0.1"), ("'2'", "–"), ("3 of 4", "no")))
    )
    table = '<table border="1" class="dataframe">'
    return f"{table}<thead>{head}</thead><tbody>{body}</tbody></table>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<tr><th></th><th>mean</th>", "<tr><td></td><th>mean</th>"),
        ('<th class="head"><p></p></th>', '<td class="head"></td>'),
        ("<th>&nbsp;</th>", "<td></td>"),
        ('<th style="x">\n</th>', '<td style="x"></td>'),
        ('<summary aria-label="Toggle hidden content">\n<p>Show', "<summary>\n<p>Show"),
        (
            '<button class="btn search-button-field a" title="Search" aria-label="Search" data-x>',
            '<button class="btn search-button-field a" title="Search" data-x>',
        ),
        (
            '<summary><span class="toctree-toggle">',
            '<summary aria-label="Pages of this chapter"><span class="toctree-toggle">',
        ),
        (
            '<i></i>\n  <script defer src="../_static/scripts/fontawesome.js?d=1"></script>',
            "<i></i>",
        ),
        (
            '<div class="citation" id="id1" role="doc-biblioentry">',
            '<div class="citation" id="id1" role="listitem">',
        ),
        ("<p>no explorer here</p>", "<p>no explorer here</p>"),
        (
            frame("<th></th><th>does</th><th>off</th>", "<th>R</th><th></th><th></th>"),
            frame(
                f'<th class="{WORDS}">R</th><th class="{WORDS}">does</th><th>off</th>', words=True
            ),
        ),
        (
            frame("<th>K</th><th>1</th><th>2</th>", "<th>R</th><th></th><th></th>"),
            frame(
                "<th>K</th><th>1</th><th>2</th>",
                f'<th class="{WORDS}">R</th><td class="{WORDS}"></td><td></td>',
                words=True,
            ),
        ),
    ],
)
def test_faults_of_the_theme_are_mended(before: str, after: str) -> None:
    assert mend(before) == after


def test_a_page_with_explorers_has_a_link_with_an_access_key_to_the_first() -> None:
    view = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    skip = '<div id="pst-skip-link" class="skip-link d-print-none">'
    page = mend(f"{skip}</div>{view}{view}")
    assert page.count('id="first-explorer"') == 1
    assert page.index('accesskey="e"') < page.index('id="first-explorer"') < page.index(view)


def test_the_pages_link_to_the_repository_that_the_citation_names(tmp_path: Path) -> None:
    config, citation = tmp_path / "_config.yml", tmp_path / "CITATION.cff"
    config.write_text((ROOT / "_config.yml").read_text(encoding="utf-8"), encoding="utf-8")
    citation.write_text("title: a book\n", encoding="utf-8")
    before = config.read_text(encoding="utf-8")
    link_to_repository(config, citation)
    assert config.read_text(encoding="utf-8") == before
    citation.write_text("repository-code: https://example.org/book\n", encoding="utf-8")
    link_to_repository(config, citation)
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    assert settings["html"]["use_edit_page_button"] and settings["html"]["use_repository_button"]
    assert settings["repository"]["url"] == "https://example.org/book"
