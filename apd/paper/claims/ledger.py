"""The ledger: every claim judged on the stored results, as JSON and as a page.

``python -m apd.paper.claims.ledger --pair mini`` writes ``data/results/mini/claims.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.paper.claims import mixture, orders, pareto, windows
from apd.paper.claims.claim import (
    FAILS,
    HOLDS,
    MINIMUM_PROBLEMS,
    NO_EFFECT,
    UNTESTABLE,
    Claim,
    Finding,
    reason_absent,
    reason_open,
    verdict_of,
)
from apd.paper.claims.evidence import Evidence, MissingEvidence
from apd.paper.scale import family

PARTS = {
    "orders and K": orders.CLAIMS,
    "mixture weight R": mixture.CLAIMS,
    "M and W": windows.CLAIMS,
    "against autoregressive models": pareto.CLAIMS,
}
CLAIMS: tuple[Claim, ...] = tuple(claim for claims in PARTS.values() for claim in claims)
_PART_OF = {claim.id: part for part, claims in PARTS.items() for claim in claims}
VERDICTS = (HOLDS, FAILS, NO_EFFECT, UNTESTABLE)


def judge(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    """One entry of the ledger: the claim, the numbers, the verdict and, unless it holds, why."""
    findings: Sequence[Finding] = ()
    greedy: Sequence[Finding] = ()
    try:
        findings = claim.findings(evidence)
        greedy = claim.greedy(evidence) if claim.greedy else ()
    except MissingEvidence as missing:
        verdict, why = UNTESTABLE, str(missing)
    else:
        verdict = verdict_of(findings)
        why = _reason(claim, findings, verdict, evidence)
    return {
        "id": claim.id,
        "short": claim.short,
        "part": _PART_OF[claim.id],
        "claim": claim.statement,
        "where": claim.where,
        "published": [
            {"what": p.label, "mean": p.mean, "stderr": _number(p.stderr)}
            for p in claim.published()
        ],
        "findings": [_finding(f) for f in findings],
        "verdict": verdict,
        "why": why,
        "greedy_findings": [_finding(f) for f in greedy],
        "greedy_verdict": verdict_of(greedy) if greedy else None,
    }


def _reason(claim: Claim, findings: Sequence[Finding], verdict: str, evidence: Evidence) -> str:
    """Nothing for a claim that holds; otherwise what is known about why it does not, or may not."""
    if verdict == HOLDS:
        return ""
    if verdict == FAILS:
        return claim.explain(evidence)
    if verdict == NO_EFFECT:
        return f"{reason_absent(findings)} {claim.explain(evidence)}"
    enough = all(finding.estimate.n >= MINIMUM_PROBLEMS for finding in findings)
    return reason_open(findings) + (f" {claim.explain(evidence)}" if enough else "")


def judge_all(pair: str, root: Path, claims: Sequence[Claim] = CLAIMS) -> dict[str, Any]:
    """The ledger of a pair and its LLaDA half, from the tables below ``root/<pair>/``.

    Raises:
        ApdError: a table has a wrong row, or tables were made with different models.
    """
    evidence = Evidence(pair, root)
    entries = [judge(claim, evidence) for claim in claims]
    counts = Counter(entry["verdict"] for entry in entries)
    return {
        "pair": family(pair)[0],
        "interval": 0.95,
        "verdicts": {verdict: counts[verdict] for verdict in VERDICTS},
        "models": dict(sorted(evidence.models.items())),
        "claims": entries,
    }


def write_ledger(pair: str, directory: Path) -> Path:
    """Judge the claims on the tables in `directory` (of one pair) and store the ledger.

    It goes to ``claims.json`` beside the tables of the Dream half.

    Raises:
        ApdError: see `judge_all`, or the file cannot be written.
    """
    root = directory.parent
    path = root / family(pair)[0] / "claims.json"
    text = json.dumps(judge_all(pair, root), indent=1, allow_nan=False, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ApdError(f"cannot write {path}: {error.strerror}; use another output") from None
    return path


def _finding(finding: Finding) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "what": finding.label,
        "estimate": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "problems": estimate.n,
        "claimed": finding.claimed,
        "above": _number(finding.above),
        "below": _number(finding.below),
        "smallest": _number(finding.smallest),
        "test": estimate.test,
        "p_value": _number(finding.p_value),
        "outcome": finding.outcome,
    }


def _number(value: float) -> float | None:
    """Six significant digits, which do not depend on the order of a sum; None for no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def main(argv: Sequence[str] | None = None) -> int:
    """Write the ledger of a pair from its stored results."""
    from apd.runs.table import results_directory

    parser = argparse.ArgumentParser(prog="python -m apd.paper.claims.ledger")
    parser.add_argument("--pair", default="mini", metavar="NAME", help="see `apd models` (mini)")
    arguments = parser.parse_args(argv)
    try:
        print(write_ledger(arguments.pair, results_directory(arguments.pair)))
    except ApdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
