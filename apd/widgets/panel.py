"""The live panel: your own prompt and settings on a loaded pair, decoded before your eyes.

It needs a running kernel. The decode runs in a thread of its own, so that the stop button, and
everything else in the notebook, stays alive meanwhile.
"""

from __future__ import annotations

import threading
import time
from html import escape
from typing import get_args

import ipywidgets

from apd.analysis.replay import verifier_of
from apd.decoding import AdaptiveConfig, DecodeResult, Stream
from apd.decoding.acceptance import Acceptance
from apd.decoding.config import Noise
from apd.display import coloured_html, visible
from apd.errors import ApdError
from apd.models.decode import stream
from apd.models.pairs import Pair

FRAME_S = 1 / 15  # no more than fifteen pictures a second
NEEDS_KERNEL = """\
<style>
.apd-needs-kernel { display: none; }
html[data-theme] .apd-needs-kernel { display: block; }
html[data-theme] .apd-live-controls { opacity: 0.55; pointer-events: none; }
</style>
<p class="apd-needs-kernel"><strong>These controls need a running kernel.</strong> On this page they
show the last run; open the notebook in Jupyter to decode prompts of your own.</p>"""


class LivePanel(ipywidgets.VBox):
    """Controls, a decode and stop button, and the text as it grows.

    Attributes:
        controls: by name (prompt, mixture_weight, kv_window, max_lookahead, temperature, top_p,
            seed, acceptance, noise, max_new_tokens), the ipywidgets that hold the settings.
        decode_button, stop_button: ipywidgets buttons; `.click()` presses them from code.
        result: the last `DecodeResult`, or None.
    """

    def __init__(self, pair: Pair, prompt: str = "") -> None:
        verifier_of(pair)  # or else it is refused
        self._pair = pair
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.result: DecodeResult | None = None
        self.controls = _controls(prompt)
        self.decode_button = ipywidgets.Button(description="Decode", button_style="primary")
        self.stop_button = ipywidgets.Button(description="Stop", disabled=True)
        self.decode_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self._stop.set())
        self._status = ipywidgets.HTML(status_html("Ready"))
        self._output = ipywidgets.HTML()
        buttons = ipywidgets.HBox([self.decode_button, self.stop_button])
        panel = ipywidgets.VBox([*self.controls.values(), buttons])
        panel.add_class("apd-live-controls")
        note = ipywidgets.HTML(NEEDS_KERNEL)
        super().__init__([note, panel, self._status, self._output])

    @property
    def status(self) -> str:
        """The status line as HTML."""
        return str(self._status.value)

    @property
    def decoded(self) -> str:
        """The decoded text so far as HTML."""
        return str(self._output.value)

    def config(self) -> AdaptiveConfig:
        """The settings of the controls; ValueError if one is out of range. 0 means no W or M."""
        values = {name: control.value for name, control in self.controls.items()}
        del values["prompt"]
        for name in ("kv_window", "max_lookahead"):
            values[name] = values[name] or None
        return AdaptiveConfig(**values)

    def start(self) -> None:
        """Begin to decode in the background; what cannot be decoded is said in the status line."""
        if self._thread is not None and self._thread.is_alive():
            return
        prompt = self.controls["prompt"].value.strip()
        try:
            config = self.config()
            if not prompt:
                raise ValueError("the prompt is empty; write one")
            decode = stream(self._pair, prompt, **vars(config))
        except (ValueError, ApdError) as error:
            self._status.value = status_html(str(error), failed=True)
            return
        self._stop.clear()
        self._set_running(True)
        self._thread = threading.Thread(target=self._run, args=(decode,), daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> DecodeResult | None:
        """Wait for the decode under way; return its result (None if there is none in time)."""
        if self._thread is None:
            return None
        self._thread.join(timeout_s)
        return None if self._thread.is_alive() else self.result

    def _run(self, decode: Stream) -> None:
        drawn_at = -FRAME_S
        try:
            for _ in decode:
                if self._stop.is_set():
                    break
                if time.monotonic() - drawn_at >= FRAME_S:
                    self._draw("Decoding", decode.result)
                    drawn_at = time.monotonic()
            result = self.result = decode.result
            ended = "Stopped" if self._stop.is_set() and not result.finished else "Finished"
            self._draw(ended, result)
        except Exception as error:  # in a thread nobody else would see it
            self.result = None
            self._status.value = status_html(f"{type(error).__name__}: {error}", failed=True)
        finally:
            self._set_running(False)

    def _draw(self, state: str, result: DecodeResult) -> None:
        """Show what has been decoded, in colours, and one line about its speed."""
        self._output.value = coloured_html(result, self._pair.dllm.detokenize, "Live decode")
        self._status.value = status_html(
            f"{state}: {len(result.iterations)} iterations, {result.generated_tokens} tokens, "
            f"{result.tokens_per_iteration:.2f} tokens per iteration, "
            f"{result.throughput:.0f} tokens/s, {result.wall_s:.2f} s"
        )

    def _set_running(self, running: bool) -> None:
        self.decode_button.disabled = running
        self.stop_button.disabled = not running


def live_panel(pair: Pair, prompt: str = "") -> LivePanel:
    """A panel for decoding with a loaded pair; display it in a notebook.

    Raises:
        ValueError: the pair has no verifier.
    """
    return LivePanel(pair, prompt)


def _controls(prompt: str) -> dict[str, ipywidgets.Widget]:
    """The settings, with the paper's defaults."""
    default = AdaptiveConfig()
    style = {"description_width": "9.5em"}
    wide = {"style": style, "layout": ipywidgets.Layout(width="100%", max_width="34em")}

    def real(label: str, value: float, low: float, high: float, step: float) -> ipywidgets.Widget:
        return ipywidgets.FloatSlider(
            value, min=low, max=high, step=step, description=label, readout_format=".2f", **wide
        )

    def whole(label: str, value: int, low: int, high: int) -> ipywidgets.Widget:
        return ipywidgets.BoundedIntText(value, min=low, max=high, description=label, **wide)

    def choice(label: str, value: str, options: tuple[str, ...]) -> ipywidgets.Widget:
        return ipywidgets.Dropdown(value=value, options=options, description=label, **wide)

    return {
        "prompt": ipywidgets.Textarea(prompt, description="Prompt", rows=4, **wide),
        "mixture_weight": real("R, mixture", default.mixture_weight, 0, 1, 0.05),
        "kv_window": whole("W (0: all)", 0, 0, 4096),
        "max_lookahead": whole("M (0: all)", 0, 0, 4096),
        "temperature": real("T, temperature", default.temperature, 0, 2, 0.05),
        "top_p": real("top-p", default.top_p, 0.05, 1, 0.05),
        "seed": whole("Seed", default.seed, 0, 2**31 - 1),
        "acceptance": choice("Acceptance", default.acceptance, get_args(Acceptance)),
        "noise": choice("Noise", default.noise, get_args(Noise)),
        "max_new_tokens": whole("Longest answer", 128, 1, 1024),
    }


def status_html(text: str, *, failed: bool = False) -> str:
    """A status line that screen readers speak; errors are named as such, not only coloured."""
    colour = "color: #d1332a; " if failed else ""
    prefix = "Error: " if failed else ""
    return (
        f'<p class="apd-status" role="status" style="{colour}font-weight: 600; margin: 0.3em 0">'
        f"{prefix}{escape(visible(text))}</p>"
    )
