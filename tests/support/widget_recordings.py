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
    factors = {"key_step": 0.25, "value_step": 0.5, "key_drift": 1.0, "value_drift": 2.0}

    def measures(scale: float) -> dict[str, Any]:
        return {
            name: [[scale * factor * value for value in row] + [None] for row in table]
            for name, factor in factors.items()
        }

    origins = {"answer": measures(1.0), "prompt": measures(0.5)}
    return {"distances": list(range(1, 13)), "layers": 3, "answers": 2, "origins": origins}


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
        "question": "Why <i>?",
        "kind": "short essays",
    }


def weights() -> dict[str, Any]:
    """Two prompts at three R, which take 4, 3 and 2 iterations, and one more for the second."""
    decodes = [
        [
            {
                "right": weight < 2,
                "iterations": [
                    {"text": f" <i>{i}", "tokens": 1 + weight} for i in range(4 + prompt - weight)
                ],
            }
            for weight in range(3)
        ]
        for prompt in range(2)
    ]
    names = [{"name": "one", "text": "First & prompt"}, {"name": "two", "text": "Second"}]
    return {"weights": [0.1, 0.5, 0.9], "prompts": names, "decodes": decodes}


def averages() -> dict[str, Any]:
    """Means over a test set at the R of `weights`."""
    return {
        "accuracy": [[0.9, 0.02], [0.75, 0.03], [0.25, 0.03]],
        "tokens_per_iteration": [[2.5, 0.1], [4.0, 0.1], [7.25, 0.2]],
        "problems": 200,
        "one_by_one": 0.95,
    }
