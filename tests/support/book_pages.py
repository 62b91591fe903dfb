"""The pages of the built book, opened one after another with every explorer drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from check_book import GENERATED, html_pages
from explorer_page import watch

REDIRECT = "index.html"  # to the front page, at once
READY = """async () => {
  await window.MathJax?.startup?.promise;
  const views = document.querySelectorAll('script[type$="jupyter.widget-view+json"]');
  if (!views.length) return;
  window.apdLoadExplorers();
  const drawn = () => document.querySelectorAll(".apd-explorer").length;
  for (let waited = 0; drawn() < views.length; waited += 1) {
    if (waited > 400) throw new Error("explorers are missing");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}"""


@dataclass(frozen=True)
class BookPages:
    """A built book, and a browser that reads it without a network.

    Attributes:
        chromium: Playwright's browser.
        folder: the book's pages.
        address: where they are served.
    """

    chromium: Any
    folder: Path
    address: str

    def each(self, width: int, theme: str) -> Iterator[tuple[str, Any]]:
        """Every written page, loaded, with its address; a script error is an error here."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        for name in html_pages(self.folder):
            if name.startswith(GENERATED) or name == REDIRECT:
                continue
            problems: list[str] = []
            page = context.new_page()
            watch(page, self.address, problems)
            page.goto(f"{self.address}/{name}", wait_until="load")
            page.evaluate(READY)
            page.wait_for_timeout(100)
            yield name, page
            page.close()
            assert problems == [], name
        context.close()
