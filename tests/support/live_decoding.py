"""The page's decoders under Node, beside Python's: same models, prompts and settings."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from apd.decoding.config import SamplingConfig
from apd.models.pairs import SYSTEM_PROMPT
from apd.widgets.bundle import bundle

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "_build" / "runtime"
EXPORTED = ROOT / "_build" / "live-models"

RUNNER = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const [, , modules, exported] = process.argv;
const require = createRequire(modules + "/");
const ort = require(modules + "/onnxruntime-web/dist/ort.wasm.min.js");
const { Tokenizer } = require(modules + "/@huggingface/tokenizers/dist/tokenizers.min.cjs");
const wasm = modules + "/onnxruntime-web/dist/ort-wasm-simd-threaded";
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { mjs: "file://" + wasm + ".mjs" };
ort.env.wasm.wasmBinary = readFileSync(wasm + ".wasm").buffer;
const manifest = JSON.parse(readFileSync(exported + "/manifest.json"));
const read = (name) => new Uint8Array(readFileSync(exported + "/" + name));
const engine = await openEngine({ ort, Tokenizer, manifest, read });
const answers = [];
for (const { decoder, system, prompt, config } of JSON.parse(readFileSync(0))) {
  const { ids } = engine.chat.encode({ system, user: prompt });
  const started = performance.now();
  const iterations = [];
  const models = decoder === null ? {} : await engine.modelsFor(decoder, config.model);
  if (decoder !== null) {
    for await (const done of decodePrompt(models, decoder, ids, config)) {
      iterations.push({ ...done, laws: null });
    }
  }
  const ends = decoder === null ? [] : Object.values(models)[0].endTokenIds;
  const { tokens } = generatedTokens(iterations, ids.length, ends);
  answers.push({
    ids, tokens, text: engine.chat.decode(tokens), iterations,
    seconds: iterations.at(-1)?.seconds, passes: iterations.at(-1)?.passes,
  });
}
process.stdout.write(JSON.stringify(answers));
"""


def missing() -> str:
    """What this machine lacks to run the page's decoders; empty if nothing."""
    if shutil.which("node") is None:
        return "no Node.js here"
    if not (MODULES / "onnxruntime-web").is_dir():
        return "the page's scripts are not here: build the book once"
    return ""


def settings_of(config: SamplingConfig) -> dict[str, Any]:
    """The settings of a decode in the page's spelling: `kv_window` is `kvWindow`."""
    return {camel(name): value for name, value in asdict(config).items()}


def camel(name: str) -> str:
    """`kv_window` -> `kvWindow`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def decode_in_node(cases: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Token ids of the prompt, tokens, text and iterations for each case.

    Args:
        cases: `decoder` (None to encode only), `prompt` (the user's words) and `config` each;
            `system` unless it is the usual one.
        folder: for the script.
    """
    script = folder / "decode.mjs"
    script.write_text(bundle("live/engine.js") + RUNNER, encoding="utf-8")
    given = [{"system": SYSTEM_PROMPT} | case for case in cases]
    command = ["node", str(script), str(MODULES), str(EXPORTED)]
    done = subprocess.run(command, input=json.dumps(given), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
