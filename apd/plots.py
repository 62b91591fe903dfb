"""The one figure style of the book: a colour, a marker and a line for each method.

Figures have a transparent background and mid-tone ink, so that they read on a light and on a dark
page. No two methods share a marker, so that they read in grey as well. Matplotlib, which only the
`book` extra installs, is imported when a function is called.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure

    from apd.decoding.decoder import Look

# Text and axes: contrast above 4.5 on white, and on a dark page, where the book's style sheet
# brightens figures by DARK_BRIGHTNESS.
INK = "#707070"
DARK_BRIGHTNESS = 1.3
FAINT = "#75757544"  # grid
FUNCTIONS = {"adaptive": "apd"}  # decoders that are also drawn under their function's name
PANEL_INCHES = {1: (4.6, 3.3), 2: (4.0, 3.0), 3: (2.75, 2.6)}  # of a panel, by panels in a row
PANEL_POINTS = {1: 11, 2: 10.5, 3: 10.5}  # size of text in it


def methods() -> dict[str, Look]:
    """Every look by name: the registered decoders', then those of rules and of further models."""
    from apd.decoding.decoder import Look
    from apd.decoding.registry import decoders

    looks = {row.name: row.look for row in decoders()}
    return looks | {
        "left_to_right_llada": Look("left to right, LLaDA", "#A05AA0", "D", "--"),
        "autoregressive_small": Look("autoregressive, small", "#937418", "v", ":"),
        "gumbel": Look("shared Gumbel noise", "#2A78C0", "<"),
        "greedy": Look("greedy target", "#C44E52", ">", "--"),
        "independent": Look("independent noise", "#8A6FC2", "*", "-."),
        "maximal": Look("maximal coupling", "#00869A", "d", ":"),
    }


AXES = {
    "accuracy": "accuracy",
    "agreement": "probability of agreement",
    "divergence_nats": "KL divergence (nats)",
    "entropy_nats": "entropy (nats)",
    "generated_tokens": "generated tokens",
    "iterations": "expected iterations",
    "kv_window": "recompute window W (tokens)",
    "latency_s": "latency (s)",
    "max_lookahead": "maximum lookahead M (tokens)",
    "mixture_weight": "mixture weight R",
    "probability": "probability",
    "relative_speed": "speed relative to K = 1",
    "throughput_tok_s": "throughput (tokens/s)",
    "tokens_per_iteration": "tokens per iteration",
    "tokens_per_step": "tokens per step K",
    "total_variation": "total variation",
}


def style() -> None:
    """Make the style the default of every figure that follows; SVG output inside a notebook."""
    import matplotlib

    matplotlib.rcParams.update(
        {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.bbox": "tight",
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.hspace": 0.1,  # between rows of panels
            "font.size": 11,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlesize": 11,
            "axes.edgecolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": FAINT,
            "grid.linewidth": 0.6,
            "xtick.color": INK,
            "ytick.color": INK,
            "legend.frameon": False,
            "legend.fontsize": 10,
            "lines.linewidth": 1.8,
            "lines.markersize": 6,
            "errorbar.capsize": 2.5,
            "svg.hashsalt": "apd",
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None})
    except (ImportError, AttributeError):
        return  # not in a notebook: there is no inline backend to set


def panels(columns: int = 1, rows: int = 1) -> tuple[Figure, Any]:
    """Return a figure and its axes (one, or an array of them), as wide as a page at most."""
    import matplotlib
    import matplotlib.pyplot as plt

    fitting = min(columns, max(PANEL_INCHES))
    width, height = PANEL_INCHES[fitting]
    points = PANEL_POINTS[fitting]
    # Not in a context: texts read these when they are made, by the cell that goes on drawing.
    matplotlib.rc("font", size=points)
    matplotlib.rc("axes", titlesize=points)
    matplotlib.rc("legend", fontsize=points - 1)
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows))


@dataclass(frozen=True)
class PanelRow:
    """Panels beside each other where the page is wide enough, below each other elsewhere.

    Attributes:
        legends, panels: width in CSS pixels and SVG document of each.
        alt: what they show, in words.
    """

    legends: tuple[tuple[float, bytes], ...]
    panels: tuple[tuple[float, bytes], ...]
    alt: str

    def _repr_html_(self) -> str:
        # Shares in proportion to their widths, so that text has one size in all panels.
        images = [
            _image(svg, f"flex: {width:.0f} 1 {0.8 * width:.0f}px") for width, svg in self.panels
        ]
        legends = [f"<div>{_image(svg)}</div>" for _, svg in self.legends]
        return (
            f'<div class="apd-panels" role="img" aria-label="{escape(self.alt)}">'
            f"{''.join([*legends, *images])}</div>"
        )


def _image(svg: bytes, style: str = "") -> str:
    """An SVG document as an image of its own, whose ids cannot clash with another's."""
    return f'<img alt="" style="{style}" src="data:image/svg+xml;base64,{b64encode(svg).decode()}">'


def panel_row(fig: Figure, alt: str) -> PanelRow:
    """Take rows of panels apart, so that a narrow page can stack them; closes the figure."""
    import matplotlib.pyplot as plt
    from matplotlib.transforms import Bbox

    fig.canvas.draw()
    fig.set_layout_engine("none")  # stays as it was drawn, whatever is hidden below
    boxes: list[Any] = [ax.get_tightbbox() for ax in fig.axes]
    heights = [_height_of_row(box, boxes) for box in boxes]
    strips = [
        Bbox([[box.x0, low], [box.x1, high]])
        for box, (low, high) in zip(boxes, heights, strict=True)
    ]
    everything = [*fig.legends, *fig.axes]

    def cut(shown: Any, box: Bbox) -> tuple[float, bytes]:
        for part in everything:
            part.set_visible(part is shown)
        inches = box.transformed(fig.dpi_scale_trans.inverted()).padded(0.04)
        file = BytesIO()
        fig.savefig(file, format="svg", bbox_inches=inches, metadata={"Date": None})
        return 96 * inches.width, file.getvalue()

    extents = [legend.get_window_extent() for legend in fig.legends]
    legends = tuple(map(cut, fig.legends, extents))
    panels = tuple(map(cut, fig.axes, strips))
    plt.close(fig)
    return PanelRow(legends, panels, alt)


def _height_of_row(box: Any, boxes: Sequence[Any]) -> tuple[float, float]:
    """Lower and upper edge of the row that a panel is in: of all those beside it."""
    beside = [other for other in boxes if other.y0 < box.y1 and box.y0 < other.y1]
    return min(other.y0 for other in beside), max(other.y1 for other in beside)


def curve(
    ax: Axes,
    x: Sequence[float],
    mean: Sequence[float],
    stderr: Sequence[float] | None,
    method: str,
    *,
    label: str | None = None,
    **changes: Any,
) -> ErrorbarContainer:
    """Draw a method's measured means with standard errors (None: the values are exact).

    Args:
        ax: to draw on.
        x, mean, stderr: equally long, in the units of the axes.
        method: a name of `methods`, which gives colour, marker and line.
        label: of the legend, if not the method's own.
        changes: matplotlib keywords that override the style.

    Raises:
        ValueError: no such method.
    """
    look = method_style(method)
    options = {"color": look.colour, "marker": look.marker, "linestyle": look.line, **changes}
    return ax.errorbar(x, mean, yerr=stderr, label=label or look.label, **options)


def paper_points(
    ax: Axes,
    x: Sequence[float],
    mean: Sequence[float],
    stderr: Sequence[float] | None,
    method: str,
    *,
    label: str,
    **changes: Any,
) -> ErrorbarContainer:
    """Draw values published in the paper: the method's marker, hollow, on a thin dotted line."""
    hollow = {"markerfacecolor": "none", "linestyle": ":", "linewidth": 1.0, "alpha": 0.9}
    return curve(ax, x, mean, stderr, method, label=label, **(hollow | changes))


def legend_above(
    fig: Figure,
    axes: Axes | Iterable[Axes],
    hollow: Mapping[str, str] | None = None,
    *,
    ncols: int = 2,
) -> None:
    """A legend of markers above all panels, where it covers no point.

    Args:
        fig: receives the legend.
        axes: the panel, or panels, whose labelled curves it names, each label once.
        hollow: further entries, label -> marker, drawn hollow in grey.
        ncols: its columns.
    """
    from matplotlib.lines import Line2D

    entries: dict[str, Any] = {}
    for ax in axes if isinstance(axes, Iterable) else (axes,):
        for curve, label in zip(*ax.get_legend_handles_labels(), strict=True):
            # without their error bars
            entries.setdefault(label, curve[0] if isinstance(curve, tuple) else curve)
    for label, marker in (hollow or {}).items():
        entries[label] = Line2D([], [], marker=marker, mfc="none", ls="none", color=INK)
    fig.legend(entries.values(), entries, loc="outside upper center", ncols=ncols)


def shades(count: int) -> list[str]:
    """Colours for the steps of a quantity that grows, which read on a light and on a dark page."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["plasma"](0.3 + 0.33 * n / max(count - 1, 1))) for n in range(count)]


def law_bars(
    ax: Axes, tokens: Sequence[str], laws: Mapping[str, Sequence[float]], methods: Sequence[str]
) -> None:
    """Draw several distributions over the same few tokens as groups of bars, hatched for grey.

    Args:
        ax: to draw on; it also gets its labels and a legend.
        tokens: (V,) texts of the tokens.
        laws: name in the legend -> (V,) probabilities, at most five laws.
        methods: whose colours they take, names of `methods`, as many as there are laws.
    """
    hatches = ("", "//", "..", "xx", "--")
    width = 0.84 / len(laws)
    for number, ((name, law), method) in enumerate(zip(laws.items(), methods, strict=True)):
        left = [v + width * (number - (len(laws) - 1) / 2) for v in range(len(tokens))]
        look: dict[str, Any] = {"color": method_style(method).colour, "hatch": hatches[number]}
        ax.bar(left, law, 0.92 * width, label=name, edgecolor="white", linewidth=0, **look)
    ax.set_xticks(range(len(tokens)), [token.replace("$", r"\$") for token in tokens])
    ax.set_xlabel("token")
    ax.set_ylabel(AXES["probability"])
    ax.legend()


def label_axes(ax: Axes, x: str, y: str) -> None:
    """Label both axes from `AXES`, so that a quantity has one name and one unit in the book."""
    for key in (x, y):
        if key not in AXES:
            raise ValueError(f"no axis label for {key!r}: choose one of {', '.join(sorted(AXES))}.")
    ax.set_xlabel(AXES[x])
    ax.set_ylabel(AXES[y])


def method_style(method: str) -> Look:
    """Return a method's style; ValueError names the known ones."""
    looks, name = methods(), FUNCTIONS.get(method, method)
    if name not in looks:
        raise ValueError(f"method={method!r} has no style: choose one of {', '.join(looks)}.")
    return looks[name]


def save(fig: Figure, path: Path | str) -> Path:
    """Write the figure (format by suffix: .svg, .pdf, .png) without a date; return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    dated = {".svg": "Date", ".pdf": "CreationDate"}
    metadata = {dated[path.suffix]: None} if path.suffix in dated else {}
    fig.savefig(path, metadata=metadata, dpi=200)
    return path
