"""The figure style: legible on light and dark pages, one look for each method."""

import pytest

from apd import plots

WHITE, DARK_PAGE = "#ffffff", "#14181e"


def luminance(colour):
    """Relative luminance of #rrggbb, as the Web Content Accessibility Guidelines define it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [WHITE, DARK_PAGE])
def test_every_colour_reads_on_both_pages(page):
    for colour in [plots.INK, *(look.colour for look in plots.methods().values())]:
        assert contrast(colour, page) >= 3, colour


def test_no_two_methods_share_a_colour_or_a_marker():
    looks = plots.methods().values()
    assert len({look.colour for look in looks}) == len(looks)
    assert len({look.marker for look in looks}) == len(looks)


def test_curves_labels_and_files(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    plt = pytest.importorskip("matplotlib.pyplot")
    matplotlib.use("agg")
    with matplotlib.rc_context():
        plots.style()
        fig, (left, right) = plots.panels(columns=2)
        plots.curve(left, [1, 2], [0.8, 0.4], [0.05, 0.06], "left_to_right")
        plots.paper_points(left, [1, 2], [0.83, 0.73], [0.02, 0.02], "left_to_right", label="paper")
        plots.label_axes(left, "tokens_per_step", "accuracy")
        plots.curve(right, [1, 2], [0.0, 0.3], None, "adaptive", label="exact")
        assert left.get_legend_handles_labels()[1] == ["left to right, K tokens", "paper"]
        first = plots.save(fig, tmp_path / "deep" / "a.svg").read_bytes()
        assert first == plots.save(fig, tmp_path / "b.svg").read_bytes()
        assert left.get_xlabel() == "tokens per step K"
        plt.close(fig)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="method='nobody'"):
        plots.method_style("nobody")
    with pytest.raises(ValueError, match="no axis label for 'nothing'"):
        plots.label_axes(None, "accuracy", "nothing")
