"""Links from every page to the repository and to the page's source, where the repository is known.

Its address is `repository-code` in CITATION.cff; without one the pages have no such links.
"""

from __future__ import annotations

from pathlib import Path

import yaml

BUTTONS = ("use_edit_page_button", "use_repository_button", "use_issues_button")
BRANCH = "main"


def link_to_repository(config: Path, citation: Path) -> None:
    """Switch the buttons on in `config`, the staged `_config.yml`, if `citation` has an address."""
    url = yaml.safe_load(citation.read_text(encoding="utf-8")).get("repository-code")
    if not url:
        return
    text = config.read_text(encoding="utf-8")
    for button in BUTTONS:
        text = text.replace(f"{button}: false", f"{button}: true")
    if "\nrepository:" not in text:
        text += f"\nrepository:\n  url: {url}\n  branch: {BRANCH}\n"
    config.write_text(text, encoding="utf-8")
