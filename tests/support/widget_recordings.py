"""Small made-up recordings for tests of the explorers: no models, every number known."""

from typing import Any


def decodes() -> dict[str, Any]:
    """Two prompts, two R, one W, two M; six iterations at most, over a vocabulary of five."""
    found = []
    for prompt in range(2):
        for weight in range(2):
            for lookahead in range(2):
                count = 4 + prompt + lookahead - weight
                iterations = [iteration(number, weight) for number in range(count)]
                place = {"prompt": prompt, "weight": weight, "window": 0, "lookahead": lookahead}
                found.append({**place, "iterations": iterations})
    return {
        "grid": {"weight": [0.3, 0.7], "window": [None], "lookahead": [None, 8]},
        "settings": {"temperature": 0.2},
        "prompts": [{"name": "one", "text": "First prompt"}, {"name": "two", "text": "Second"}],
        "vocabulary": {"0": "<end>", "1": " a", "2": "b", "3": "\n", "4": " <b>d</b>"},
        "decodes": found,
    }


def iteration(number: int, weight: int) -> dict[str, Any]:
    """An iteration that accepts one to three tokens and shows two more."""
    accepted = 1 + (number + weight) % 3
    draft = [1 + (number + place) % 4 for place in range(accepted + 2)]
    target = [token if place < accepted else 1 + token % 4 for place, token in enumerate(draft)]
    law = [[1, 0.625], [2, 0.25], [3, 0.125]]
    return {
        "start": 2 * number,
        "drafted": 8 + number,
        "accepted": accepted,
        "tokens": accepted,
        "text": " ab" * accepted,
        "draft": draft,
        "target": target,
        "times_s": [0.002 + 0.001 * number, 0.001, 0.0005],
        "laws": [[law, law[::-1], [[place % 4 + 1, 1.0]]] for place in range(len(draft))],
    }


def staleness() -> dict[str, Any]:
    """Three layers, twelve distances; the last distance was never reached."""
    table = [[round(0.4 / distance / layer, 4) for distance in range(1, 12)] for layer in (1, 2, 3)]
    measures = {
        name: [[factor * value for value in row] + [None] for row in table]
        for name, factor in [
            ("key_step", 0.25),
            ("value_step", 0.5),
            ("key_drift", 1.0),
            ("value_drift", 2.0),
        ]
    }
    return {"distances": list(range(1, 13)), "layers": 3, "answers": 2, **measures}


def lookahead() -> dict[str, Any]:
    """Three M, two fractions, six masked positions at most."""
    sizes = [2, 4, 6]
    profiles = [
        [
            [round((d + 1) / (size + 2 - f), 4) if d < size - f else None for d in range(6)]
            for f in range(2)
        ]
        for size in sizes
    ]
    return {
        "lookaheads": [2, 4, None],
        "fractions": [0.0, 0.5],
        "profiles": profiles,
        "lengths": [[5, 9, 8], [20, 31, 27], [40, 44, 39]],
        "answers": ["Short <b>&", "Longer answer", "The longest answer"],
    }
