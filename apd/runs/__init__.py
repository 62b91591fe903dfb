"""Experiments: configurations run over tasks, kept as tidy tables with their provenance.

:mod:`~apd.decoding.configuration` says what is run, :mod:`~apd.runs.run` runs it and
survives being killed, :mod:`~apd.runs.table` stores, checks and reads the tables,
:mod:`~apd.statistics.summary` turns them into means and standard errors.
"""
