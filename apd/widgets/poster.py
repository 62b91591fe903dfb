"""A finished decode with a button that makes it the live one, for a page without widgets."""

from __future__ import annotations

import json
from dataclasses import dataclass

from apd.decoding.result import DecodeResult
from apd.widgets.bundle import bundle
from apd.widgets.explorer import STYLE
from apd.widgets.live import DecodeLive

STATE = (
    "system",
    "prompt",
    "decoder",
    "settings",
    "problems",
    "knows",
    "worker",
    "foremost",
)


@dataclass(frozen=True)
class Poster:
    """A decode as HTML, which its page turns into the live decoder when a reader asks for it.

    The widget manager is not needed: the explorer's script waits in the page. Where there are no
    scripts, or the page has no models beside it, the printed decode stays and no button shows.

    Attributes:
        result: the decode to print.
        live: the explorer that takes its place, with the settings that `result` was decoded with.
    """

    result: DecodeResult
    live: DecodeLive

    def _repr_html_(self) -> str:
        state = {name: getattr(self.live, name) for name in STATE}
        content = {"esm": bundle("decode-live.js"), "css": STYLE, "state": state}
        text = json.dumps(content, ensure_ascii=False).replace("</", "<\\/")
        return (
            f'<div class="apd-poster">{self.result._repr_html_()}'
            '<p><button type="button" hidden>Decode it here, live</button></p>'
            f'<script type="application/json" class="apd-poster-state">{text}</script></div>'
            f'<script type="module">{bundle("poster.js")}</script>'
        )

    def __repr__(self) -> str:
        return repr(self.result)
