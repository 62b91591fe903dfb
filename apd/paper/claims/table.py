"""The ledger as a table of one screen, with filters that need no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from apd.display.markup import Html
from apd.paper.claims.interval import bar
from apd.paper.claims.ledger import PARTS, VERDICTS
from apd.paper.claims.words import SIGNS, Entry, link, numbers, size_of_effect


def claims_table(ledger: Mapping[str, Any]) -> Html:
    """Every claim in a row, with filters by verdict and by part of the paper."""
    entries = ledger["claims"]
    present = [v for v in VERDICTS if ledger["verdicts"][v]]
    filters = _filter("verdict", present, entries) + _filter("part", list(PARTS), entries)
    heading = "".join(f'<th scope="col">{h}</th>' for h in ("claim", "paper", "here", "verdict"))
    rows = "\n".join(map(_row, entries))
    return Html(
        f'<div class="apd-claims">{filters}\n<table><thead><tr>{heading}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def decisive(entry: Entry) -> Mapping[str, Any] | None:
    """The finding that decided the verdict: the first that does not agree, or the first."""
    findings = entry["findings"]
    order = ("contradicts", "open", "absent", "agrees")
    return min(findings, key=lambda f: order.index(f["outcome"])) if findings else None


def _filter(name: str, values: Sequence[str], entries: Sequence[Entry]) -> str:
    """Radio buttons that hide the other rows by style alone."""
    sizes = Counter(entry[name] for entry in entries)
    rules, buttons = [], []
    for number, value in enumerate(["all", *values]):
        key = f"apd-{name}-{number}"
        size = sizes[value] if number else len(entries)
        buttons.append(
            f'<label><input type="radio" name="apd-{name}" id="{key}"'
            f"{'' if number else ' checked'}> {escape(value)} ({size})</label>"
        )
        if number:
            others = f'tr[data-{name}]:not([data-{name}="{escape(value)}"])'
            rules.append(f".apd-claims:has(#{key}:checked) {others} {{ display: none; }}")
    style = "\n".join(rules)
    return f"<fieldset><legend>{name}</legend>{''.join(buttons)}</fieldset><style>{style}</style>"


def _row(entry: Entry) -> str:
    finding = decisive(entry)
    here = f"{bar(finding)} {numbers(finding)}" if finding else ""
    greedy = entry["greedy_verdict"]
    also = f"<br><small>greedy rule: {SIGNS[greedy]}</small>" if greedy else ""
    verdict = f"{entry['verdict']}{size_of_effect(entry)}"
    return (
        f'<tr data-verdict="{entry["verdict"]}" data-part="{escape(entry["part"])}">'
        # the sign comes first: on a phone the last column is out of sight
        f'<th scope="row">{SIGNS[entry["verdict"]]} {link(entry, entry["short"])}</th>'
        f"<td>{_published(entry['published'][:2])}</td><td>{here}</td>"
        f"<td>{verdict}{also}</td></tr>"
    )


def _published(numbers: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{number['mean']:.3g}" for number in numbers)
