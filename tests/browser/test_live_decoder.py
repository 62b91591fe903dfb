"""The page decodes: real models in a browser without network, and the tokens are Python's."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from check_book import serve
from explorer_page import page_of, watch

from apd import widgets
from apd.models.pairs import SYSTEM_PROMPT, load_pair
from apd.widgets.live import SETTINGS, python_settings, some_problems
from apd.widgets.poster import Poster

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120_000  # milliseconds, on a machine that is busy with other tests
ENDINGS = re.compile("^(Done|The answer|Stopped)")
PARTS = ("live", "vendor")


@pytest.fixture(scope="module")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with two live decoders and nothing else."""
    missing = [part for part in PARTS if not (ROOT / "_build" / part).is_dir()]
    if missing:
        pytest.skip("the page's models and scripts are not here: run `make browser-test`")
    folder = tmp_path_factory.mktemp("live")
    for part in PARTS:
        (folder / part).symlink_to(ROOT / "_build" / part)
    shutil.copyfile(ROOT / "_extra" / "widgets-setup.js", folder / "widgets-setup.js")
    page = page_of([widgets.decode_live(), widgets.decode_live("What is 8 * (8 - 2)?")])
    (folder / "index.html").write_text(page, encoding="utf-8")
    one = page_of([widgets.decode_live("What is 8 * (8 - 2)?", foremost=["kv_window"])])
    (folder / "one.html").write_text(one, encoding="utf-8")
    (folder / "poster.html").write_text(poster_page(), encoding="utf-8")
    return folder


def poster_page() -> str:
    """A page with a printed decode, and nothing of the widget manager."""
    live = widgets.decode_live("What is 8 * (8 - 2)?")
    result = load_pair("mini", device="cpu").decode(live.prompt, **python_settings(live))
    return f"""<!DOCTYPE html><html lang="en" data-content_root="./" data-theme="light">
<head><meta charset="utf-8"><title>Front</title><link rel="icon" href="data:,"></head>
<body><main>{Poster(result, live)._repr_html_()}</main></body></html>"""


@pytest.fixture(scope="module")
def live_address(live_site: Path) -> Iterator[str]:
    with serve(live_site) as address:
        yield address


@pytest.fixture
def live_page(chromium: Any, live_address: str) -> Iterator[Any]:
    """The page over http; at the end of the test nothing may have gone wrong in it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, problems = context.new_page(), []
    watch(page, live_address, problems)
    page.goto(f"{live_address}/index.html", wait_until="load")
    yield page
    context.close()
    assert problems == []


class LiveDecoder:
    """One of the page's live decoders."""

    def __init__(self, page: Any, index: int = 0) -> None:
        self.page = page
        self.root = page.get_by_role("region", name="Live decoder", exact=True).nth(index)
        self.root.wait_for(timeout=PATIENCE)

    def control(self, name: str) -> Any:
        return self.root.locator(f'[data-name="{name}"]')

    def status(self, pattern: str | re.Pattern[str]) -> str:
        """What is said, once it matches."""
        said = self.control("status").filter(has_text=re.compile(pattern))
        said.wait_for(timeout=PATIENCE)
        return str(said.inner_text())

    def load(self) -> None:
        self.control("load").click(timeout=PATIENCE)
        self.status("loaded")

    def decode(self) -> list[int]:
        """Decode to the end; the tokens."""
        self.control("decode").click()
        self.status(ENDINGS)
        tokens = self.control("decoded").get_attribute("data-tokens")
        return [int(token) for token in str(tokens).split()]

    def follow(self, decoder: str, prompt: str, system: str, settings: dict[str, Any]) -> None:
        """Ask for a prompt and settings by a link."""
        shown = {name: "all" if value is None else value for name, value in settings.items()}
        query = urlencode({"prompt": prompt, "system": system, "decoder": decoder} | shown)
        self.page.evaluate("fragment => { location.hash = fragment }", f"decode?{query}")
        self.page.wait_for_function(
            "([node, text]) => node.value === text",
            arg=[self.control("prompt").element_handle(), prompt],
        )


def runs() -> list[tuple[str, dict[str, Any]]]:
    """Forty decoders and settings, in the page's spelling."""
    rules, noises = ("gumbel", "greedy", "independent", "maximal"), ("fresh", "position")
    kinds = list(itertools.product(rules, noises))
    adaptive = [
        {
            "acceptance": kinds[i % 8][0],
            "noise": kinds[i % 8][1],
            "mixtureWeight": (0, 0.3, 0.5, 0.7, 0.9, 1)[i % 6],
            "kvWindow": (1, 16, None)[i % 3],
            "maxLookahead": (4, 8, 16, None)[(i // 2) % 4],
            "temperature": (0.2, 0, 0.7, 1)[(i // 3) % 4],
            "topP": (0.95, 0.8, 1)[(i // 5) % 3],
        }
        for i in range(24)
    ]
    fixed = [{"tokensPerStep": k, "kvWindow": w} for k in (1, 2, 8) for w in (4, None)]
    thresholds = [{"threshold": p, "temperature": t} for p in (0.5, 0.9) for t in (0, 1)]
    baselines = [{"temperature": t, "noise": n} for t in (0, 0.2, 1) for n in noises]
    named = [
        *(("apd", own) for own in adaptive),
        *(("left_to_right", own) for own in fixed),
        *(("threshold", own) for own in thresholds),
        *(("autoregressive", own) for own in baselines),
    ]
    return [
        (name, {"maxNewTokens": 32, "seed": 1000 * i, **own}) for i, (name, own) in enumerate(named)
    ]


OWN = {
    "apd": ("acceptance", "mixtureWeight", "kvWindow", "maxLookahead"),
    "left_to_right": ("tokensPerStep", "kvWindow", "maxLookahead"),
    "threshold": ("threshold",),
    "autoregressive": (),
}


def in_python(decoder: str, settings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Python's name of a decoder, and its settings in Python's spelling."""
    names = (*OWN[decoder], "noise", "temperature", "topP", "seed", "maxNewTokens")
    full = {**SETTINGS, **settings}
    spelt = {re.sub("[A-Z]", lambda m: "_" + m[0].lower(), name): full[name] for name in names}
    return "confidence" if decoder == "threshold" else decoder, spelt


def test_forty_decodes_are_python_s(live_page: Any) -> None:
    pair = load_pair("mini", device="cpu", baselines=True)
    live, asked = LiveDecoder(live_page), runs()
    assert len(asked) == 40
    live.load()
    for problem, (decoder, own) in zip(some_problems(len(asked)), asked, strict=True):
        live.follow(decoder, problem["text"], problem["system"], SETTINGS | own)
        if live.control("load").is_visible():
            live.load()
        algorithm, settings = in_python(decoder, own)
        expected = pair.decode(problem["text"], algorithm, system=problem["system"], **settings)
        assert live.decode() == list(expected.tokens), (decoder, own)


@pytest.mark.parametrize(
    "text",
    [
        "🙂 How many legs have 六 cats? ½",
        "<|im_end|><|im_start|>system <|mask|>",
        "",
        "How many? " * 200,
    ],
    ids=["scripts", "control", "empty", "long"],
)
def test_whatever_is_typed_is_decoded_as_in_python(live_page: Any, text: str) -> None:
    pair = load_pair("mini", device="cpu")
    live = LiveDecoder(live_page)
    live.load()
    live.control("prompt").fill(text)
    expected = pair.decode(text, **in_python("apd", {})[1])
    assert live.decode() == list(expected.tokens)


def test_what_is_too_long_is_refused_in_words(live_page: Any) -> None:
    live = LiveDecoder(live_page)
    live.load()
    live.control("prompt").fill("🙂" * 1000)
    live.control("decode").click()
    assert "Shorten it" in live.status("tokens")


def test_two_decode_at_once_and_one_is_stopped(live_page: Any) -> None:
    prompt = "What is 8 * (8 - 2)?"
    expected = load_pair("mini", device="cpu").decode(prompt, **in_python("apd", {})[1])
    long, short = LiveDecoder(live_page, 0), LiveDecoder(live_page, 1)
    short.follow("apd", prompt, SYSTEM_PROMPT, dict(SETTINGS))
    for live in (long, short):
        live.load()
    long.control("decoder").select_option(label="left to right, K a step")
    long.control("prompt").fill("Persuade the reader to read a book.")
    for name, key in (("temperature", "End"), ("maxLookahead", "Home")):
        long.control(name).focus()
        live_page.keyboard.press(key)
    long.control("decode").click()
    long.root.locator(".apd-decode span").first.wait_for(timeout=PATIENCE)
    short.control("decode").click()
    long.control("stop").click()
    long.status("^Stopped")
    short.status(ENDINGS)
    tokens = short.control("decoded").get_attribute("data-tokens")
    assert tokens == " ".join(map(str, expected.tokens))
    assert long.control("decode").is_enabled()


def test_a_race_shows_three_decoders(live_page: Any) -> None:
    live = LiveDecoder(live_page)
    live.control("race-start").click(timeout=PATIENCE)
    said = live.status("^APD: .*passes")
    assert [said.count(name) for name in ("APD", "K = 1", "autoregressive")] == [1, 1, 1]


def test_nothing_heavy_is_asked_for_before_the_reader_does(
    chromium: Any, live_address: str
) -> None:
    page = chromium.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_address}/index.html")
    live = LiveDecoder(page)
    live.control("load").filter(has_text="MB").wait_for(timeout=PATIENCE)
    assert [url for url in asked if "/live/" in url and not url.endswith("manifest.js")] == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_printed_decode_becomes_the_live_one(
    chromium: Any, live_site: Path, live_address: str, scheme: str
) -> None:
    page, problems, asked = chromium.new_context().new_page(), [], []
    base = live_address if scheme == "http" else live_site.as_uri()
    watch(page, base, problems)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{base}/poster.html")
    button = page.get_by_role("button", name=re.compile(r"Decode it here, live, \d+ MB"))
    button.wait_for(timeout=PATIENCE)
    printed = "".join(page.locator("pre.apd-decode").inner_text().split())
    heavy = [url for url in asked if "/live/" in url or "/vendor/" in url]
    assert [url.rsplit("/", 1)[-1] for url in heavy] == ["manifest.js"]
    button.click()
    live = LiveDecoder(page)
    live.status(ENDINGS)
    assert "".join(live.control("decoded").inner_text().split()) == printed != ""
    page.context.close()
    assert problems == []


def test_what_a_change_did_is_said(chromium: Any, live_address: str) -> None:
    page = chromium.new_context().new_page()
    page.goto(f"{live_address}/one.html")
    live = LiveDecoder(page)
    live.load()
    assert live.control("kvWindow").is_visible() and not live.control("mixtureWeight").is_visible()
    first = live.decode()
    live.control("kvWindow").focus()
    page.keyboard.press("End")
    second = live.decode()
    said = live.control("compared").inner_text()
    assert said.startswith("Beside the decode before it (W 16 → all):")
    assert ("the text is the same" in said) == (first == second)
    page.context.close()


def test_from_disk_it_decodes_too(chromium: Any, live_site: Path) -> None:
    page = chromium.new_context().new_page()
    page.goto(f"{live_site.as_uri()}/index.html")
    live = LiveDecoder(page)
    live.load()
    assert live.decode()
    page.context.close()


BROKEN_WORKER = """
const Real = Worker;
globalThis.Worker = function () {
  return new Real(URL.createObjectURL(new Blob(["throw new Error('no memory')"])));
};
"""


def test_a_worker_that_fails_says_so(chromium: Any, live_address: str) -> None:
    page = chromium.new_context().new_page()
    page.add_init_script(BROKEN_WORKER)
    page.goto(f"{live_address}/index.html")
    live = LiveDecoder(page)
    live.control("load").click(timeout=PATIENCE)
    assert "no memory" in live.status("worker failed")
    assert live.control("load").is_enabled()
    page.context.close()


def test_a_part_that_is_missing_is_named(chromium: Any, live_address: str) -> None:
    page = chromium.new_context().new_page()
    page.route("**/runtime.wasm.1.js", lambda route: route.abort())
    page.goto(f"{live_address}/index.html")
    live = LiveDecoder(page)
    live.control("load").click(timeout=PATIENCE)
    assert "runtime.wasm.1.js" in live.status("could not be loaded")
    page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_screen_and_every_control_has_a_name(
    chromium: Any, live_address: str, width: int
) -> None:
    page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{live_address}/index.html")
    live = LiveDecoder(page)
    box = live.root.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    nameless = live.root.locator("input, select, button, textarea").evaluate_all(
        "nodes => nodes.filter(n => n.tabIndex < 0 ||"
        " !(n.ariaLabel || n.labels?.length || n.textContent.trim())).map(n => n.outerHTML)"
    )
    assert nameless == []
    page.context.close()
