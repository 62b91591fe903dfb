"""The figure style: legible on light and dark pages, one look for each method."""

import base64
import re
from pathlib import Path

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


def brightened(colour):
    """#rrggbb as the book's style sheet shows it on a dark page."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{min(255, round(plots.DARK_BRIGHTNESS * c)):02x}" for c in channels)


def test_text_reads_on_both_pages():
    assert contrast(plots.INK, WHITE) >= 4.5
    assert contrast(brightened(plots.INK), DARK_PAGE) >= 4.5
    sheet = (Path(__file__).resolve().parents[1] / "book" / "_static" / "apd.css").read_text()
    assert f"filter: brightness({plots.DARK_BRIGHTNESS});" in sheet


@pytest.mark.parametrize("page", [WHITE, DARK_PAGE])
def test_every_colour_reads_on_both_pages(page):
    for colour in [plots.INK, *(look.colour for look in plots.methods().values())]:
        assert contrast(colour, page) >= 3, colour


def test_shades_read_on_both_pages():
    pytest.importorskip("matplotlib")
    for colour in plots.shades(7):
        assert contrast(colour, WHITE) >= 3 and contrast(brightened(colour), DARK_PAGE) >= 3
    assert len(set(plots.shades(7))) == 7 and len(plots.shades(1)) == 1


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


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_row_of_panels_comes_apart_into_images(columns):
    matplotlib = pytest.importorskip("matplotlib")
    plt = pytest.importorskip("matplotlib.pyplot")
    matplotlib.use("agg")
    with matplotlib.rc_context():
        plots.style()
        fig, axes = plots.panels(columns)
        every = [axes] if columns == 1 else list(axes)
        for number, ax in enumerate(every):
            plots.curve(ax, [1, 2], [0.8, 0.4], None, "adaptive", label="APD")
            ax.axhline(0.5, label="a line")
            ax.set_ylabel(f"panel {number}")
        plots.legend_above(fig, every, {"hollow": "o"}, ncols=3)
        named = [text.get_text() for text in fig.legends[0].get_texts()]
        assert named == ["a line", "APD", "hollow"]  # each once, whatever the panels
        row = plots.panel_row(fig, 'what "they" show')
        assert not plt.fignum_exists(fig.number)  # a notebook would show it a second time
    assert (len(row.legends), len(row.panels)) == (1, columns)
    html = row._repr_html_()
    assert 'role="img" aria-label="what &quot;they&quot; show"' in html
    images = [base64.b64decode(data) for data in re.findall(r"base64,([^\"]+)", html)]
    assert len(images) == columns + 1 and all(b"<svg" in image for image in images)
    drawn = [image.count(b'id="axes_') for image in images]
    assert drawn == [0, *[1] * columns]  # each image has its panel and nothing else
    assert sum(width for width, _ in row.panels) < 820  # a page's column


def test_panels_of_several_rows_are_as_tall_as_their_row():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    heights = []
    for rows in (1, 2):
        with pyplot.rc_context():
            plots.style()
            fig, axes = plots.panels(2, rows=rows)
            for ax in axes.flat:
                ax.set(xlabel="x", ylabel="y")
            row = plots.panel_row(fig, "curves")
        assert len(row.panels) == 2 * rows
        tall = [re.search(rb'height="([0-9.]+)pt"', svg).group(1) for _, svg in row.panels]
        heights.append([float(number) for number in tall])
    assert max(heights[1]) < 1.2 * max(heights[0])


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="method='nobody'"):
        plots.method_style("nobody")
    with pytest.raises(ValueError, match="no axis label for 'nothing'"):
        plots.label_axes(None, "accuracy", "nothing")
