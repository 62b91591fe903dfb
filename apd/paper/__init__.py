"""The figures and tables of the paper, each as a declared grid, and what a page needs to draw one.

:mod:`~apd.paper.scale` says how large the paper's grids are on a pair,
:mod:`~apd.paper.grids` what each artefact runs,
:mod:`~apd.paper.figures` lists the artefacts,
:mod:`~apd.paper.published` reads the paper's values and
:mod:`~apd.paper.page` gives a notebook its results, stored or made on the spot.
"""
