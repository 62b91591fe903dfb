"""Measure the page that decodes, in a browser: bytes, seconds and memory, into `data/live.json`.

    python tools/measure_page.py                  # after tools/build_book.py, on a quiet machine
    python tools/measure_page.py --html _build/html --repeats 9

The page loads its models and decodes the problem that it opens with, several times; Python decodes
it as often on the same machine with one thread. Memory is what the browser's process for the page
holds, the worker and the models in it (Linux: its proportional share of all pages in memory).
*Decode here* shows what is stored. Needs Playwright and a Chromium, as tools/check_book.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from check_book import ROOT, browser, serve

from apd.paths import data_dir

PAGE = "notebooks/decode_live.html"
PATIENCE = 300_000  # milliseconds
FIRST_TOKEN = """() => new Promise((resolve) => {
  const root = document.querySelector(".apd-explorer");
  const started = performance.now();
  const shown = root.querySelector('[data-name="decoded"]');
  new MutationObserver((_, observer) => {
    const text = root.querySelector('[data-name="decoded"]');
    if (text && text !== shown && text.textContent) {
      observer.disconnect();
      resolve((performance.now() - started) / 1000);
    }
  }).observe(root, { childList: true, subtree: true });
  root.querySelector('[data-name="decode"]').click();
})"""


def main(arguments: list[str] | None = None) -> int:
    """Measure and store."""
    parser = argparse.ArgumentParser(description="Measure the page that decodes.")
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--repeats", type=int, default=5, help="decodes of each")
    options = parser.parse_args(arguments)
    if not (options.html / PAGE).is_file():
        print(f"No {PAGE} in {options.html}: run tools/build_book.py first.", file=sys.stderr)
        return 1
    from apd.runs.provenance import describe_session

    with serve(options.html) as address, browser() as chromium:
        measured = measure(chromium, address, options.repeats)
        measured["browser"] = f"Chromium {chromium.version}"
    measured["load_average"] = round(os.getloadavg()[0], 1)  # 1: nothing else ran
    measured["python_tokens_per_s"] = in_python(options.repeats)
    measured["provenance"] = describe_session("cpu")
    text = json.dumps(measured, indent=1, sort_keys=True)
    (data_dir() / "live.json").write_text(f"{text}\n", encoding="utf-8")
    print(text)
    return 0


def measure(chromium: Any, address: str, repeats: int) -> dict[str, Any]:
    """Bytes before and after the reader asks for the models, seconds, and megabytes of memory."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    received: list[float] = []
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(f"{address}/{PAGE}", wait_until="load")
    page.evaluate("window.apdLoadExplorers()")
    control = page.locator('.apd-explorer [data-name="load"]')
    control.filter(has_text="MB").wait_for(timeout=PATIENCE)
    before, memory = sum(received), [memory_mb(chromium)]
    started = time.perf_counter()
    control.click()
    _said(page, "loaded")
    load_s = time.perf_counter() - started
    after = sum(received)
    memory.append(memory_mb(chromium))
    first, speeds = [], []
    for _ in range(repeats):
        first.append(page.evaluate(FIRST_TOKEN))
        _said(page, "Done|The answer")
        speed = page.locator('.apd-explorer dd[data-name="speed"]')
        speeds.append(float(speed.get_attribute("data-value")))
    memory.append(memory_mb(chromium))
    page.context.close()
    names = ("page", "loaded", "decoded")
    return {
        "page_bytes": round(before),
        "download_bytes": round(after - before),
        "load_s": round(load_s, 3),
        "first_token_s": round(statistics.median(first), 4),
        "tokens_per_s": round(statistics.median(speeds), 1),
        "memory_mb": dict(zip(names, memory, strict=True)),
        "repeats": repeats,
    }


def _said(page: Any, pattern: str) -> None:
    page.wait_for_function(
        "(words) => new RegExp(words).test("
        "document.querySelector('.apd-explorer [data-name=\"status\"]')?.textContent ?? '')",
        arg=pattern,
        timeout=PATIENCE,
    )


def memory_mb(chromium: Any) -> int:
    """Megabytes that the browser's processes for pages hold together."""
    session = chromium.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    renderers = [process["id"] for process in processes if process["type"] == "renderer"]
    kilobytes = 0
    for process in renderers:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return round(kilobytes / 1000)


def in_python(repeats: int) -> float:
    """Tokens per second of the package's decode of the same prompt: the median, one thread."""
    import torch

    from apd.models.pairs import load_pair
    from apd.tasks.figure_1 import QUESTION
    from apd.widgets.live import decode_live, python_settings

    torch.set_num_threads(1)
    pair = load_pair("mini", device="cpu")
    settings = python_settings(decode_live(QUESTION))
    decodes = [pair.decode(QUESTION, **settings) for _ in range(repeats + 1)][1:]
    return round(statistics.median(decode.throughput for decode in decodes), 1)


if __name__ == "__main__":
    sys.exit(main())
