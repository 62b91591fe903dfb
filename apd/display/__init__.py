"""Decoded text coloured by the iteration that accepted each token, as in the paper's Figure 1.

`coloured_text` draws it in a terminal, `coloured_html` in a notebook or on a page; `visible` makes
text from elsewhere safe to show.
"""

from apd.display.html import coloured_html
from apd.display.palette import NEUTRAL, ON_DARK, ON_LIGHT, Palette
from apd.display.segments import Segment, StreamingDetokenizer, segments
from apd.display.terminal import coloured_text
from apd.display.untrusted import visible

__all__ = [
    "NEUTRAL",
    "ON_DARK",
    "ON_LIGHT",
    "Palette",
    "Segment",
    "StreamingDetokenizer",
    "coloured_html",
    "coloured_text",
    "segments",
    "visible",
]
