"""The claims of the paper, one by one, each with a test on our results and a computed verdict.

:mod:`~apd.statistics.estimates` has the statistics, :mod:`~apd.paper.claims.claim`
the rule from intervals to verdicts, :mod:`~apd.paper.claims.evidence` reads result tables,
the other modules state the claims, and :mod:`~apd.paper.claims.ledger` judges them all.
"""
