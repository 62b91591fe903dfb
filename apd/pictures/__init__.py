"""Pictures of ideas, drawn from what the decoders did and in the style of the book's figures.

    race_of_clocks     shared Gumbel noise as a race: one clock a token, two laws, two winners
    canvas_picture     a canvas with its frontier, and what W and M make of it
    pass_timeline      the passes of several decodes on one time axis

Matplotlib, which only the `book` extra installs, is imported when a picture is drawn.
"""

from apd.pictures.canvas import canvas_picture
from apd.pictures.clocks import race_of_clocks
from apd.pictures.timeline import pass_timeline

__all__ = ["canvas_picture", "pass_timeline", "race_of_clocks"]
