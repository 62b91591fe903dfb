"""The ledger in HTML: its conclusion, a fold for each claim, and a few lines under a figure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from apd.display.markup import Html
from apd.errors import ApdError
from apd.paper.claims.claim import FAILS, HOLDS, NO_EFFECT, UNTESTABLE, Verdict
from apd.paper.claims.ledger import CLAIMS, judge_all
from apd.paper.claims.words import (
    SIGNS,
    Entry,
    code,
    estimated,
    link,
    named,
    size_of_effect,
    tested,
)
from apd.paper.scale import family
from apd.paths import data_dir

# Of one claim, of several.
VERBS: Mapping[Verdict, tuple[str, str]] = {
    HOLDS: ("holds", "hold"),
    FAILS: ("does not hold", "do not hold"),
    NO_EFFECT: ("shows no effect", "show no effect"),
    UNTESTABLE: ("is open", "are open"),
}
PAGE = "claims.html"  # beside the pages of the figures


def results_root(results: str | Path) -> Path:
    """The directory that a page's parameter `results` names: empty is the repository's own."""
    return Path(results) if results else data_dir() / "results"


def verdicts(pair: str, where: str, results: str | Path = "") -> Html:
    """What became of the claims that are made in one place, as a list with links to the ledger.

    Args:
        pair: name of the pair.
        where: words that the claim's place must contain, such as "Figure 3".
        results: directory with a folder of tables for each pair; empty is the repository's own.
    """
    chosen = [claim for claim in CLAIMS if where in claim.where]
    ledger = judge_all(pair, results_root(results), chosen)
    lines = "\n".join(f"<li>{_line(entry)}</li>" for entry in ledger["claims"])
    return Html(f'<ul class="apd-verdicts">\n{lines}\n</ul>')


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


def conclusion(ledger: Mapping[str, Any]) -> Html:
    """Three sentences: how many claims got which verdict, in which part, and which do not hold."""
    entries = ledger["claims"]
    total = ", ".join(
        f"{SIGNS[verdict]} <strong>{number}</strong> {VERBS[verdict][number != 1]}"
        for verdict, number in ledger["verdicts"].items()
        if number
    )
    held = Counter(entry["part"] for entry in entries if entry["verdict"] == HOLDS)
    sizes = Counter(entry["part"] for entry in entries)
    parts = ", ".join(f"{part} {held[part]} of {size}" for part, size in sizes.items())
    failed = "; ".join(link(e, e["short"]) for e in entries if e["verdict"] == FAILS)
    return Html(
        f"<p>Of {len(entries)} claims {total}. By part of the paper, those that hold are: "
        f"{escape(parts)}. {f'What does not hold here: {failed}.' if failed else ''}</p>"
    )


def claim_folds(ledger: Mapping[str, Any]) -> Html:
    """Every claim with its numbers, tests and reasons, folded, at an anchor that stays."""
    return Html("\n".join(map(_fold, ledger["claims"])))


def _fold(entry: Entry) -> str:
    items = [
        f"<em>stated in</em> {escape(entry['where'])}",
        f"<em>paper:</em> {'; '.join(map(named, entry['published']))}",
        *(f"<em>here:</em> {tested(finding)}" for finding in entry["findings"]),
    ]
    if entry["greedy_verdict"]:
        found = "; ".join(estimated(finding) for finding in entry["greedy_findings"])
        items.append(f"<em>with the greedy rule:</em> {entry['greedy_verdict']} ({found})")
    if entry["why"]:
        items.append(f"<em>why:</em> {code(entry['why'])}")
    body = "".join(f"<li>{item}</li>" for item in items)
    verdict = f"{SIGNS[entry['verdict']]} {entry['verdict']}"
    return (
        f'<details class="apd-claim"><summary>{escape(entry["claim"])}: <strong>{verdict}</strong>'
        f'{size_of_effect(entry)}</summary><ul id="claim-{entry["id"]}">{body}</ul></details>'
    )


def _line(entry: Entry) -> str:
    found = "; ".join(estimated(finding) for finding in entry["findings"])
    claim = f'<a href="{PAGE}#claim-{entry["id"]}">{escape(entry["claim"])}</a>'
    greedy = entry["greedy_verdict"]
    also = f" (with the greedy rule: {greedy})" if greedy else ""
    verdict = f"<strong>{entry['verdict']}</strong>{size_of_effect(entry)}"
    return (
        f"{SIGNS[entry['verdict']]} {claim}: {verdict}{also}."
        f"{f' {found[0].upper()}{found[1:]}.' if found else ''} {code(entry['why'])}"
    )
