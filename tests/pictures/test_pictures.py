"""The pictures say what they are given: winners of a race, positions of a canvas, passes."""

from __future__ import annotations

import math

import pytest
import torch
from toy_models import consistent_pair

from apd.decoding import AdaptiveConfig, LeftToRightConfig, adaptive, left_to_right
from apd.models.kv_window import first_recomputed
from apd.pictures import canvas_picture, pass_timeline, race_of_clocks

pytest.importorskip("matplotlib").use("agg")

TOKENS = ["a", "b", "c"]


def texts(figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_winners_of_a_race_are_the_argmaxes() -> None:
    draft, target = [0.6, 0.3, 0.1], [0.1, 0.3, 0.6]
    noises = [[0.0, -2.0, -2.0], [0.0, 0.0, 0.0], [-3.0, 2.0, -3.0]]
    figure = race_of_clocks(TOKENS, draft, target, noises)
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    for title, noise in zip(titles, noises, strict=True):
        scores = [
            [math.log(p) + g for p, g in zip(law, noise, strict=True)] for law in (draft, target)
        ]
        x, y = (TOKENS[row.index(max(row))] for row in scores)
        assert title == (f"both: {x}" if x == y else f"draft: {x}, target: {y}")
    assert len({*titles}) == 3


@pytest.mark.parametrize(("kv_window", "accepted", "lookahead"), [(4, 3, 10), (99, 1, 99)])
def test_a_canvas_has_a_cell_for_every_position(
    kv_window: int, accepted: int, lookahead: int
) -> None:
    figure = canvas_picture(
        12, 9, 20, kv_window=kv_window, accepted=accepted, max_lookahead=lookahead
    )
    (ax,) = figure.axes
    assert len(ax.patches) == 41
    shown = min(lookahead, 20)
    assert texts(figure).count("?") == shown
    assert f"shown:\nM = {shown}" in texts(figure)
    computed = 21 - first_recomputed(21, accepted, kv_window)
    assert f"computed again:\nW + a − 1 = {computed}" in texts(figure)
    assert ("not shown" in texts(figure)) == (shown < 20)


def test_a_timeline_is_as_long_as_the_decodes_took() -> None:
    dllm, verifier = consistent_pair(5, error=0.6)
    prompt, size = torch.tensor([1, 2, 3]), {"temperature": 1.0, "max_new_tokens": 12}
    decodes = {
        "one by one": left_to_right(dllm, prompt, LeftToRightConfig(**size)),
        "APD": adaptive(dllm, verifier, prompt, AdaptiveConfig(**size)),
    }
    figure = pass_timeline(decodes)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(decodes)
    for row, result in enumerate(decodes.values()):
        boxes = [box for box in ax.patches if abs(box.get_y() + 0.25 - row) < 1e-6]
        drawn = sum(box.get_width() for box in boxes)
        assert drawn == pytest.approx(1000 * (result.dllm_s + result.verifier_s))
        passes = result.dllm_forwards + result.verifier_forwards
        said = f"{result.generated_tokens} tokens, {passes} passes"
        assert texts(figure)[row].split(":")[0] == said
    one_by_one, summed = texts(figure)
    assert ":" not in one_by_one
    kept = [int(number) for number in summed.split(":")[1].split("+")]
    assert sum(kept) == result.generated_tokens and len(kept) == len(result.iterations)
