"""A page with every explorer, as the browser tests see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import widget_recordings

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass
class ExplorerPage:
    """A loaded page.

    Attributes:
        page: Playwright's.
        states: initial state of each explorer, by the name of its class.
        problems: what went wrong so far: script errors, requests to elsewhere, missing files.
    """

    page: Any
    states: dict[str, dict[str, Any]]
    problems: list[str] = field(default_factory=list)

    def explorer(self, label: str) -> Any:
        """The explorer of this accessible name."""
        self.page.evaluate("window.apdLoadExplorers()")
        found = self.page.get_by_role("region", name=label, exact=True)
        found.wait_for(timeout=20_000)
        found.scroll_into_view_if_needed()
        return found


def watch(page: Any, base: str, problems: list[str]) -> None:
    """Block the network, and note everything that should not happen."""

    def stay_inside(route: Any) -> None:
        if route.request.url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            problems.append(f"asks for {route.request.url}")
            route.abort()

    page.route("**/*", stay_inside)
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("response", lambda r: problems.append(r.url) if r.status >= 400 else None)


def initial_states(html: str) -> dict[str, dict[str, Any]]:
    """State of the first explorer of every class that the page embeds."""
    start = html.index(">", html.index(STATE)) + 1
    models = json.loads(html[start : html.index("</script>", start)])["state"]
    states: dict[str, dict[str, Any]] = {}
    for model in models.values():
        if name := model["state"].get("_anywidget_id"):
            states.setdefault(name.rsplit(".", 1)[-1], model["state"])
    return states


def bare_page() -> str:
    """A page with every explorer that needs no models."""
    from apd import widgets

    return page_of(
        [
            widgets.coupling_explorer(),
            widgets.marginals_explorer(),
            widgets.apd_stepper(widget_recordings.decodes()),
            widgets.staleness_explorer(widget_recordings.staleness(), kv_window=4),
            widgets.lookahead_explorer(widget_recordings.lookahead(), max_lookahead=4),
            widgets.weights_explorer(
                widget_recordings.weights(), widget_recordings.averages(), mixture_weight=0.5
            ),
        ]
    )


def page_of(explorers: list[Any]) -> str:
    """A page with the scripts of the book and nothing but these explorers."""
    from ipywidgets.embed import embed_data

    data = embed_data(views=explorers, drop_defaults=False)
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    views = "".join(f'<script type="{VIEW}">{json.dumps(v)}</script>' for v in data["view_specs"])
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<script>if (matchMedia("(prefers-color-scheme: dark)").matches)
  document.documentElement.dataset.theme = "dark";</script>
<script src="vendor/require.js"></script>
<script src="widgets-setup.js"></script>
<script type="{STATE}">{state}</script></head>
<body><main>{views}</main></body></html>"""
