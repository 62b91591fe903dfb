"""Ways to state a step of a mathematical solution; ``{}`` stands for the equation."""

FIRST = ("First, {}.", "We start with {}.", "We have {}.")
NEXT = ("Next, {}.", "With that, {}.", "Then {}.")
LAST = ("In the end {}.", "At last, {}.", "Finally, {}.")
