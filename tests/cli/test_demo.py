"""`apd demo` on random models of a few kilobytes: settings, output, files, errors."""

import io
import json
import shlex
import statistics
import time
import unicodedata
from xml.etree import ElementTree

import pytest
import torch
from rich.console import Console
from rich.live import Live
from tiny_checkpoints import write_mini_models

from apd.cli import main
from apd.cli.demo_arguments import adaptive_config
from apd.cli.demo_output import draw_live, show
from apd.cli.main import build_parser
from apd.decoding import AdaptiveConfig, DecodeResult, Iteration
from apd.paths import DATA_DIR_VARIABLE
from apd.tasks.figure_1 import QUESTION

SHORT = ["--max-new-tokens", "12"]


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    write_mini_models(directory / "models")
    return directory


@pytest.fixture(autouse=True)
def tiny_models(tiny_data, monkeypatch):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tiny_data))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def parsed(line):
    words = ["demo", *shlex.split(line)]
    return build_parser(words).parse_args(words)


def config_of(line):
    return adaptive_config(parsed(line))


def demo(capsys, *words):
    status = main(["demo", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_default_prompt_is_figure_1_and_the_settings_are_the_papers():
    arguments = parsed("")
    assert arguments.prompt == QUESTION
    config = adaptive_config(arguments)
    assert config == AdaptiveConfig(
        mixture_weight=0.7, kv_window=8, max_lookahead=50, max_new_tokens=128
    )  # the paper's 16 and 100 on half its canvas, as in the results of Figure 1
    public = config_of("--pair dream-7b")
    assert (public.kv_window, public.max_lookahead) == (16, 100)


def test_the_help_states_the_configuration_s_defaults(capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    config = AdaptiveConfig()
    for name in ("acceptance", "noise", "temperature", "top_p", "seed"):
        assert f"(default: {getattr(config, name)})" in text
    assert f"else {config.max_new_tokens})" in text


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('--prompt "Write a short story"', '--prompt "Write a short story"'),
        (
            "-R 0.5 -W 8 -M 200",
            "--apd_mixture_weight 0.5 --kv_window 8 --max_lookahead 200",
        ),
        (
            "--temperature 0.5 --top-p 0.9 --max-new-tokens 64 --device cpu",
            "--temperature 0.5 --top_p 0.9 --max_new_tokens 64 --device cpu",
        ),
        (
            "--dllm-path a --verifier-path b --baseline c",
            "--dream_ckpt a --verifier_ckpt b --qwen_ckpt c",
        ),
    ],
)
def test_the_paper_s_spellings_are_aliases(ours, theirs):
    assert vars(parsed(ours)) == vars(parsed(theirs))


def test_none_is_spelt_out():
    config = config_of("--kv-window none --max-lookahead None")
    assert config.kv_window is None and config.max_lookahead is None


def test_a_public_pair_gets_the_paper_s_length():
    assert config_of("--pair dream-7b").max_new_tokens == 256
    assert config_of("--dream_ckpt somewhere").max_new_tokens == 256


def test_piped_output_is_plain_text(capsys):
    status, out, err = demo(capsys, *SHORT)
    assert status == 0
    assert out.startswith(QUESTION)
    assert "\x1b" not in out and "\r" not in out
    for words in ("APD, mini", "Autoregressive, mini-qwen-large", "Latency", "Throughput"):
        assert words in out
    for words in ("Tokens per iteration", "Forward passes: dLLM", "after a warm-up", "R = 0.7"):
        assert words in out
    assert "Warming up" in err


def test_json_is_one_object_and_nothing_else(capsys):
    status, out, _ = demo(capsys, *SHORT, "--json", "--seed", "3", "-M", "4")
    content = json.loads(out)
    assert status == 0
    assert content["prompt"] == QUESTION
    assert content["config"]["seed"] == 3 and content["config"]["max_lookahead"] == 4
    apd, baseline = content["apd"], content["baseline"]
    assert len(apd["tokens"]) == apd["generated_tokens"] <= 12
    assert sum(len(step["accepted"]) for step in apd["iterations"]) >= apd["generated_tokens"]
    assert baseline["name"] == "mini-qwen-large"
    ratios = content["speedups"]
    assert len(ratios) > 1 and ratios == sorted(ratios)
    assert content["speedup"] == pytest.approx(statistics.median(ratios))


def test_the_seed_fixes_the_tokens(capsys):
    first, again, other = (
        json.loads(demo(capsys, *SHORT, "--json", "--no-baseline", "--seed", seed, "-T", "1")[1])
        for seed in ("1", "1", "2")
    )
    assert first["apd"]["tokens"] == again["apd"]["tokens"] != other["apd"]["tokens"]
    assert first["baseline"] is None and first["speedup"] is None


def test_checkpoints_can_be_directories(capsys, tiny_data):
    models = tiny_data / "models"
    words = ["--dream_ckpt", str(models / "mini-dream"), "--verifier_ckpt"]
    words += [str(models / "mini-qwen-small"), "--dtype", "float32", "--json", *SHORT]
    status, out, _ = demo(capsys, *words)
    assert status == 0
    assert json.loads(out)["pair"] == "mini-dream" and json.loads(out)["baseline"] is None


def test_a_baseline_can_be_named(capsys):
    _, out, _ = demo(capsys, *SHORT, "--json", "--baseline", "mini-qwen-small")
    assert json.loads(out)["baseline"]["name"] == "mini-qwen-small"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mixture-weight", "1.5"], "mixture_weight=1.5"),
        (["--kv-window", "0"], "kv_window=0"),
        (["--temperature", "-1"], "temperature=-1.0"),
        (["--top-p", "0"], "top_p=0.0"),
        (["--max-new-tokens", "0"], "max_new_tokens=0"),
        (["--delay", "-1"], "--delay -1.0"),
        (["--delay", "nan"], "--delay nan"),
        (["--pair", "huge"], "unknown pair 'huge'"),
        (["--pair", "mini-llada"], "has no verifier"),
        (["--pair", "mini", "--dllm-path", "/nowhere"], "/nowhere"),
        (["--device", "teapot"], "teapot"),
        (["--save", "figure.png"], "must end in .svg, .html, .txt"),
        (["--save", "absent/figure.svg"], "no directory absent"),
    ],
)
def test_what_cannot_work_is_one_line_and_status_two(words, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, err = demo(capsys, *words)
    last = err.splitlines()[-1]
    assert status == 2 and out == ""
    assert last.startswith("apd: error: ") and message in last
    assert "Traceback" not in err


def test_a_directory_in_the_way_of_a_file_is_an_error(capsys, tmp_path):
    (tmp_path / "figure.svg").mkdir()
    status, _, err = demo(capsys, "--save", str(tmp_path / "figure.svg"))
    assert status == 2 and "cannot be written" in err


def test_an_svg_is_saved_that_loads_nothing(capsys, tmp_path):
    target = tmp_path / "figure.svg"
    status, _, err = demo(capsys, *SHORT, "--save", str(target))
    text = target.read_text(encoding="utf-8")
    assert status == 0 and str(target) in " ".join(err.split()).replace(" ", "")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "url(" not in text.replace("url(#", "") and "@font-face" not in text
    assert "Throughput" in text


@pytest.mark.parametrize("extension", ["html", "txt"])
def test_other_formats_are_saved(extension, capsys, tmp_path):
    target = tmp_path / f"figure.{extension}"
    assert demo(capsys, *SHORT, "--no-baseline", "--json", "--save", str(target))[0] == 0
    text = target.read_text(encoding="utf-8")
    assert "Latency" in text and "\x1b" not in text
    assert ("<span" in text) == (extension == "html")


UNSAFE = "a\x1b[2Jb\x07\x00c\x9bd\x7f [bold]e[/bold] <b>&"


@pytest.mark.parametrize("extension", ["svg", "html", "txt"])
def test_control_characters_of_a_prompt_do_nothing_anywhere(extension, capsys, tmp_path):
    target = tmp_path / f"figure.{extension}"
    status, out, err = demo(capsys, *SHORT, "--prompt", UNSAFE, "--save", str(target))
    saved = target.read_text(encoding="utf-8")
    assert status == 0
    for text in (out, err, saved):
        assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in text)
    assert "a␛[2Jb␇␀c�d␡ [bold]e[/bold] <b>&" in out
    if extension == "svg":
        ElementTree.fromstring(saved)
    assert "<b>" not in saved or extension == "txt"


def test_json_is_ascii_and_says_what_was_given(capsys):
    status, out, _ = demo(capsys, *SHORT, "--json", "--no-baseline", "--prompt", UNSAFE + "é漢")
    assert status == 0 and out.isascii() and "\x1b" not in out
    assert json.loads(out)["prompt"] == UNSAFE + "é漢"


def test_names_in_brackets_are_no_markup(capsys, tiny_data, tmp_path):
    odd = tmp_path / "[red]model\x1b[1m"
    odd.symlink_to(tiny_data / "models" / "mini-qwen-small")
    status, out, _ = demo(
        capsys, *SHORT, "--baseline", str(odd), "--save", str(tmp_path / "[b].txt")
    )
    unwrapped = out.replace("\n", "")  # the name ends a long path, which a terminal may break
    assert status == 0 and "[red]model␛[1m" in unwrapped and "\x1b" not in out
    assert "[red]model␛" in (tmp_path / "[b].txt").read_text(encoding="utf-8").replace("\n", "")


@pytest.mark.parametrize(
    ("length", "fits"), [(250, True), (255, True), (256, False), (5000, False)]
)
def test_a_name_is_as_long_as_the_file_system_allows(length, fits, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "x" * (length - 4) + ".svg"
    status, out, err = demo(capsys, *SHORT, "--no-baseline", "--json", "--save", name)
    assert status == (0 if fits else 2)
    assert [path.name for path in tmp_path.iterdir()] == [name] * fits
    if not fits:
        assert out == "" and "File name too long" in err and "Traceback" not in err
        assert "Loading" not in err, "said before anything is decoded"


class ByteModel:
    """Tokens are bytes; 0 ends the text."""

    end_token_ids = frozenset({0})

    def detokenize(self, token_ids):
        return bytes(token for token in token_ids if token).decode(errors="replace")


def iteration(index, data, start=0):
    positions = tuple(range(start, start + len(data)))
    return Iteration(index, 0, tuple(data), None, tuple(data), positions, 0.1, 0.0, 0.0)


def terminal(height=20, **options):
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=80,
        height=height,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
        **options,
    )


class Steps:
    """A stream of iterations that were made up."""

    def __init__(self, *steps):
        self._steps, self._seen = iter(steps), []

    def __iter__(self):
        for step in self._steps:
            self._seen.append(step)
            yield step

    @property
    def result(self):
        tokens = [token for step in self._seen for token in step.accepted]
        tokens = tokens[: tokens.index(0) + 1] if 0 in tokens else tokens
        seconds = sum(step.dllm_s for step in self._seen)
        counts = (False, len(tokens), len(tokens), 1, 1, seconds)
        steps, models = tuple(self._seen), (ByteModel(),)
        return DecodeResult(tuple(tokens), "", 0, steps, *counts, models=models)

    def finish(self):
        list(self)
        return self.result


def live_text(console, *steps, delay_s=0.001):
    with Live(console=console, auto_refresh=False, transient=True) as live:
        draw_live(live, Steps(*steps), marks=False, delay_s=delay_s)
    return console.file.getvalue()


def test_live_text_grows_and_stops_at_the_end_token():
    first, second = "one é".encode()[:5], "é two".encode()[1:] + b"\0 three"
    text = live_text(terminal(), iteration(0, first), iteration(1, second, start=5))
    assert "one" in text and "é two" in text
    assert "three" not in text
    assert "iteration 2, 11 tokens, 5.5 per iteration, 55 tok/s" in text


def test_live_text_keeps_the_newest_lines_in_view():
    lines = "\n".join(f"line {i}" for i in range(30)).encode()
    text = live_text(terminal(height=10), iteration(0, lines))
    assert "line 29" in text and "line 10" not in text


def test_a_pause_is_made_after_every_iteration():
    start = time.monotonic()
    live_text(terminal(), *(iteration(index, b"x", index) for index in range(3)), delay_s=0.02)
    assert time.monotonic() - start >= 0.06


@pytest.mark.parametrize(("options", "coloured"), [({}, True), ({"no_color": True}, False)])
def test_a_terminal_gets_colours_unless_told_not_to(options, coloured):
    console = terminal(**options)
    show("APD \x1b[2J", Steps(iteration(0, b"ab")), console, marks=False, delay_s=0)
    assert ("\x1b[38;2;" in console.file.getvalue()) == coloured
    assert "APD ␛[2J" in console.file.getvalue()
