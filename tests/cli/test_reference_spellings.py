"""The reference code's evaluation lines, after `python eval.py` has become `apd eval`."""

import re
from pathlib import Path
from typing import Any

import pytest

from apd.cli.eval_request import build_experiment
from apd.cli.main import build_parser
from apd.cli.reference_spellings import MODEL_ALIASES, TASK_ALIASES, notes_on
from apd.decoding.registry import decoders
from apd.errors import ApdError

# Every line of its README's section on evaluation.
README = {
    "--model_alias dream --task gsm8k --alg apd --apd_mixture_weight 0.7": (
        "dream-7b", "gsm8k", "apd", "dllm", {"mixture_weight": 0.7, "max_new_tokens": 256},
    ),
    "--model_alias dream --task gpqa --alg apd --kv_window 16 --max_lookahead 100": (
        "dream-7b", "gpqa_main_generative_n_shot", "apd", "dllm",
        {"mixture_weight": 0.7, "kv_window": 16, "max_lookahead": 100, "max_new_tokens": 256},
    ),
    "--model_alias llada --task math --alg random": (
        "llada-8b", "hendrycks_math", "random", "dllm", {"num_steps": None, "max_new_tokens": 512},
    ),
}  # fmt: skip
# The kinds of line in its scripts.
SCRIPTS = {
    "--model_alias dream --task gsm8k --alg leftright --tokens_per_step 3 --limit 500": (
        "dream-7b", "gsm8k", "left_to_right", "dllm", {"tokens_per_step": 3},
    ),
    "--model_alias llada --task gsm8k --alg leftright --tokens_per_step 8 --limit 500": (
        "llada-8b", "gsm8k", "left_to_right", "dllm", {"tokens_per_step": 8},
    ),
    "--model_alias dream --task gsm8k --alg origin --num_steps 256": (
        "dream-7b", "gsm8k", "random", "dllm", {"num_steps": 256},
    ),
    "--model_alias dream --task gsm8k --alg entropy --num_steps 128": (
        "dream-7b", "gsm8k", "entropy", "dllm", {"num_steps": 128},
    ),
    "--model_alias dream --task gsm8k --alg maskgit_plus --num_steps 128": (
        "dream-7b", "gsm8k", "confidence", "dllm", {"num_steps": 128},
    ),
    "--model_alias dream --task gsm8k --alg topk_margin --num_steps 128": (
        "dream-7b", "gsm8k", "margin", "dllm", {"num_steps": 128},
    ),
    "--model_alias llada --task gsm8k --alg low_confidence --num_steps 128": (
        "llada-8b", "gsm8k", "low_confidence", "dllm", {"num_steps": 128},
    ),
    "--model_alias qwen7b --task math --alg leftright --limit 100": (
        "dream-7b", "hendrycks_math", "autoregressive", "Qwen2.5-7B-Instruct", {},
    ),
    "--model_alias qwen0.5b --task humaneval": (
        "dream-7b", "humaneval_instruct", "autoregressive", "Qwen2.5-0.5B", {},
    ),
}  # fmt: skip
MINI = {
    "--pair mini --model_alias dream --task gsm8k --alg apd --apd_mixture_weight 0.5": (
        "mini", "mini_gsm", "apd", "dllm", {"mixture_weight": 0.5, "max_new_tokens": 128},
    ),
    "--pair mini --model_alias llada --task math --alg random": (
        "mini-llada", "mini_math", "random", "dllm", {"max_new_tokens": 128},
    ),
    "--pair mini --model_alias qwen7b --task gpqa --alg leftright": (
        "mini", "mini_gpqa", "autoregressive", "mini-qwen-large", {},
    ),
    "--pair mini --model_alias qwen0.5b --task humaneval": (
        "mini", "mini_humaneval", "autoregressive", "mini-qwen-small", {},
    ),
}  # fmt: skip
LINES = README | SCRIPTS | MINI
PAGE = Path(__file__).resolve().parents[2] / "book" / "evaluation_flags.md"


def parse(line: str) -> Any:
    return build_parser(["eval"]).parse_args(["eval", *line.split()])


@pytest.mark.parametrize("line", LINES)
def test_a_line_means_what_it_says(line: str) -> None:
    pair, task, algorithm, model, settings = LINES[line]
    experiment = build_experiment(parse(line))
    (cell,) = experiment.cells
    assert (experiment.pair, cell.task) == (pair, task)
    assert (cell.configuration.algorithm, cell.configuration.model) == (algorithm, model)
    for name, value in settings.items():
        assert getattr(cell.configuration.decoder, name) == value
    limit = re.search(r"--limit (\d+)", line)
    assert experiment.limit == (int(limit[1]) if limit else None)


def test_dashes_serve_as_well() -> None:
    for line in LINES:
        dashed = re.sub(r"--\w+", lambda flag: flag[0].replace("_", "-"), line)
        assert build_experiment(parse(dashed)) == build_experiment(parse(line))


def test_tag_and_output_directory() -> None:
    line = "--model_alias dream --task gsm8k --alg apd --tag first --output_dir elsewhere"
    assert str(parse(line).output) == "elsewhere"
    assert build_experiment(parse(line)).artefact.endswith("-first")


def test_checkpoints_go_where_they_are_used() -> None:
    from apd.cli.reference_spellings import in_own_words

    line = "--model_alias dream --alg apd --dream_ckpt a --qwen_small_ckpt b"
    own = in_own_words(parse(line))
    assert (own.dllm_path, own.verifier_path, own.baseline_path) == ("a", "b", None)
    own = in_own_words(parse("--model_alias qwen0.5b --qwen_small_ckpt b"))
    assert (own.dllm_path, own.verifier_path, own.baseline_path) == (None, None, "b")
    assert in_own_words(parse("--model_alias qwen7b --qwen_7b_ckpt c")).baseline_path == "c"


def test_k_with_apd_is_refused_and_a_missing_r_is_said() -> None:
    line = "--model_alias dream --task gsm8k --alg apd"
    with pytest.raises(ApdError, match="--tokens-per-step does not apply to algorithm apd"):
        build_experiment(parse(f"{line} --tokens_per_step 2"))
    assert len(notes_on(parse(line))) == 1
    assert notes_on(parse(f"{line} --apd_mixture_weight 0.7")) == []
    assert notes_on(parse("--model_alias dream --alg leftright")) == notes_on(parse("")) == []


def test_task_names_are_the_public_ones_unless_a_mini_model_alias_is_given() -> None:
    assert build_experiment(parse("--pair mini --task gsm8k")).tasks == ("gsm8k",)
    assert build_experiment(parse("--pair mini --task math")).tasks == ("hendrycks_math",)
    assert build_experiment(parse("--task mini_gpqa --model_alias dream")).tasks == ("mini_gpqa",)


def page_lines() -> list[tuple[str, str]]:
    """The rows of the page's first table: a line of the reference code, and the same of ours."""
    rows = re.findall(r"^\| `python eval\.py (.+?)` \| `apd eval (.+?)` \|", PAGE.read_text(), re.M)
    assert len(rows) >= 10
    return rows


def test_the_page_maps_lines_to_lines_that_do_the_same() -> None:
    for theirs, ours in page_lines():
        assert "_alias" not in ours
        assert build_experiment(parse(theirs)) == build_experiment(parse(ours)), theirs


def test_the_page_has_every_line_of_the_readme_and_every_name() -> None:
    assert set(README) <= {theirs for theirs, _ in page_lines()}
    text = PAGE.read_text()
    algorithms = [name for row in decoders() for name in row.spellings]
    for name in (*MODEL_ALIASES, *TASK_ALIASES, *algorithms):
        assert f"`{name}`" in text
