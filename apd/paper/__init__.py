"""The figures and tables of the paper, each as a declared grid, and what a page needs to draw one.

:mod:`~apd.paper.scale` says how large the paper's grids are on a pair,
:mod:`~apd.paper.grids` what each artefact runs,
:mod:`~apd.paper.figures` lists the artefacts,
:mod:`~apd.paper.published` reads the paper's values and
:mod:`~apd.paper.page` gives a notebook its results: ``paper.figure("fig3", "mini")``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apd.paper.page import Figure, figure, is_stored, not_measured, stored_figure

__all__ = ["Figure", "figure", "is_stored", "not_measured", "stored_figure"]


def __getattr__(name: str) -> object:
    """Import what pages use when it is first used: it needs pandas, which is an extra."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("apd.paper.page"), name)
