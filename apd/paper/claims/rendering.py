"""The ledger as markdown: a page of claims, and a few lines under a figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apd.errors import ApdError
from apd.paper.claims.claim import FAILS, HOLDS, UNTESTABLE
from apd.paper.claims.ledger import CLAIMS, judge_all
from apd.paper.scale import family
from apd.paths import data_dir

SIGNS = {HOLDS: "✓", FAILS: "✗", UNTESTABLE: "○"}  # a verdict is never told by colour alone
MOST_SHOWN = 8  # published numbers of one claim


def results_root(results: str | Path) -> Path:
    """The directory that a page's parameter `results` names: empty is the repository's own."""
    return Path(results) if results else data_dir() / "results"


def verdicts(pair: str, where: str, results: str | Path = "") -> str:
    """What became of the claims that are made in one place, as a list.

    Args:
        pair: name of the pair.
        where: words that the claim's place must contain, such as "Figure 3".
        results: directory with a folder of tables for each pair; empty is the repository's own.
    """
    chosen = [claim for claim in CLAIMS if where in claim.where]
    ledger = judge_all(pair, results_root(results), chosen)
    return "\n".join(f"- {_line(entry)}" for entry in ledger["claims"])


def check_stored(pair: str, ledger: Mapping[str, Any], results: str | Path = "") -> str:
    """Hold a ledger against the stored one; says in a line what was found.

    Raises:
        ApdError: the stored ledger is not what the stored tables give.
    """
    path = results_root(results) / family(pair)[0] / "claims.json"
    if not path.is_file():
        return "There is no stored ledger to compare with."
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored == ledger:
        return f"Equal to the stored `{path.name}`: {len(ledger['claims'])} claims."
    before = {entry["id"]: entry for entry in stored["claims"]}
    changed = [e["id"] for e in ledger["claims"] if before.get(e["id"]) != e] or ["its head"]
    raise ApdError(
        f"{path} is not what the tables beside it give (first: {changed[0]}): run "
        f"`apd reproduce claims --pair {pair}`"
    )


def counts(ledger: Mapping[str, Any]) -> str:
    """How many claims got which verdict, in a line."""
    parts = [f"{SIGNS[v]} **{number}** {v}" for v, number in ledger["verdicts"].items()]
    return f"Of {len(ledger['claims'])} claims: {', '.join(parts)}."


def ledger_page(ledger: Mapping[str, Any]) -> str:
    """Every claim with its numbers, its test and its verdict."""
    return "\n\n".join(_entry(number, e) for number, e in enumerate(ledger["claims"], start=1))


def _line(entry: Mapping[str, Any]) -> str:
    found = _findings(entry["findings"])
    why = f" {entry['why']}" if entry["why"] else ""
    return (
        f"{SIGNS[entry['verdict']]} {entry['claim']}: **{entry['verdict']}**."
        f"{f' {found}.' if found else ''}{why}"
    )


def _entry(number: int, entry: Mapping[str, Any]) -> str:
    verdict = f"{SIGNS[entry['verdict']]} {entry['verdict']}"
    lines = [
        f"**{number}. {entry['claim']}** — {verdict}",
        f"- *stated in* {entry['where']}",
        f"- *paper:* {_published(entry['published'])}",
    ]
    for finding in entry["findings"]:
        p = "" if finding["p_value"] is None else f", p = {finding['p_value']:.2g}"
        lines.append(
            f"- *here:* {_finding(finding)}; claimed {finding['claimed']} "
            f"({finding['test']}{p}, {finding['problems']} problems)"
        )
    if entry["why"]:
        lines.append(f"- *why:* {entry['why']}")
    return f"{lines[0]}\n\n" + "\n".join(lines[1:])


def _published(numbers: Sequence[Mapping[str, Any]]) -> str:
    shown = [f"{n['what']}: {_plus_minus(n['mean'], n['stderr'])}" for n in numbers[:MOST_SHOWN]]
    more = len(numbers) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _plus_minus(mean: float, stderr: float | None) -> str:
    return f"{mean:.4g}" if stderr is None else f"{mean:.4g} ± {stderr:.2g}"


def _findings(findings: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(_finding(finding) for finding in findings)


def _finding(finding: Mapping[str, Any]) -> str:
    if finding["estimate"] is None:
        return f"{finding['what']}: unknown"
    if finding["low"] is None:
        return f"{finding['what']}: {finding['estimate']:.3g}"
    low, high = finding["low"], finding["high"]
    return f"{finding['what']}: {finding['estimate']:.3g} [{low:.3g}, {high:.3g}]"
