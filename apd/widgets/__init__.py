"""Explorers: interactive figures that work in Jupyter and, without a kernel, in the published page.

    coupling_explorer     two editable laws, one noise: how often draft and target agree
    marginals_explorer    strings that a language lacks, sampled in groups of k
    apd_stepper           recorded decodes, iteration by iteration
    staleness_explorer    how keys and values age, by layer and distance
    lookahead_explorer    end tokens and answer lengths, by the number of masks shown
    weights_explorer      one slider of R: a text, its steps, and accuracy over a test set
    decode_live           your own prompt, decoded by the mini pair in the browser itself
    live_panel            your own prompt on a loaded pair (needs a kernel)

Each call returns a widget whose state is named in the docstring of its class. The first seven
compute in the browser, or play what ``python -m apd.widgets.record`` has stored. All but
`live_panel`, which needs ipywidgets only, are anywidgets; both come with the ``book`` extra.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from apd.errors import ApdError

if TYPE_CHECKING:
    from apd.widgets.coupling import coupling_explorer
    from apd.widgets.live import decode_live
    from apd.widgets.lookahead import lookahead_explorer
    from apd.widgets.marginals import marginals_explorer
    from apd.widgets.panel import LivePanel, live_panel
    from apd.widgets.staleness import staleness_explorer
    from apd.widgets.stepper import apd_stepper
    from apd.widgets.weights import weights_explorer

_HOME_OF = {
    "LivePanel": "panel",
    "apd_stepper": "stepper",
    "coupling_explorer": "coupling",
    "decode_live": "live",
    "live_panel": "panel",
    "lookahead_explorer": "lookahead",
    "marginals_explorer": "marginals",
    "staleness_explorer": "staleness",
    "weights_explorer": "weights",
}

__all__ = [
    "LivePanel",
    "apd_stepper",
    "coupling_explorer",
    "decode_live",
    "live_panel",
    "lookahead_explorer",
    "marginals_explorer",
    "staleness_explorer",
    "weights_explorer",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'apd.widgets' has no attribute {name!r}")
    try:
        return getattr(import_module(f"apd.widgets.{_HOME_OF[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        raise ApdError(
            f"{error.name} is missing: install the package with `pip install -e '.[book]'`"
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
