"""Text coloured by iteration: complete, readable on any background, and safe."""

import unicodedata
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apd.decoding import DecodeResult, Iteration
from apd.display import (
    NEUTRAL,
    ON_DARK,
    ON_LIGHT,
    Segment,
    StreamingDetokenizer,
    coloured_html,
    coloured_text,
    segments,
    visible,
)

PROMPT_LENGTH = 7


def as_text(token_ids):
    return bytes(token_ids).decode(errors="replace")


def result_of(data, groups):
    """A decode of these bytes; `groups` are the offsets that each iteration accepted."""
    iterations = tuple(
        Iteration(
            index=index,
            start=PROMPT_LENGTH,
            draft=(),
            target=None,
            accepted=tuple(data[offset] for offset in offsets if offset < len(data)),
            positions=tuple(PROMPT_LENGTH + offset for offset in offsets),
            dllm_s=0.0,
            verifier_s=0.0,
            rest_s=0.0,
        )
        for index, offsets in enumerate(groups)
    )
    size = len(data)
    return DecodeResult(
        tuple(data), as_text(data), PROMPT_LENGTH, iterations, False, size, size, 1, 1, 0.1
    )


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(colour, background):
    light, dark = sorted((luminance(colour), luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@given(st.text(), st.data())
def test_segments_join_to_the_text(text, data):
    tokens = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(tokens) - 1)))))
    edges = [0, *(cut for cut in cuts if cut < len(tokens)), len(tokens)]
    groups = [range(a, b) for a, b in pairwise(edges)]
    parts = segments(result_of(tokens, groups), as_text)
    assert "".join(part.text for part in parts) == text
    assert sum(part.tokens for part in parts) == len(tokens)


@given(st.binary(max_size=40))
def test_streaming_loses_no_byte_that_never_becomes_a_character(data):
    stream = StreamingDetokenizer(as_text)
    assert "".join(map(stream.push, data)) + stream.flush() == as_text(data)


def test_segments_follow_reading_order_whatever_the_decoding_order():
    parts = segments(result_of(b"abcd", [(1, 3), (0,), (2,)]), as_text)
    assert parts == [Segment(1, 1, "a"), Segment(0, 1, "b"), Segment(2, 1, "c"), Segment(0, 1, "d")]


def test_tokens_accepted_behind_the_end_are_not_shown():
    parts = segments(result_of(b"ab", [(0, 1, 2, 3)]), as_text)
    assert parts == [Segment(0, 2, "ab")]


def test_an_empty_output_has_no_segments():
    assert segments(result_of(b"", []), as_text) == []
    assert coloured_text([]).plain == ""


@pytest.mark.parametrize("background", ["#ffffff", "#000000"])
def test_terminal_colours_read_on_white_and_on_black(background):
    assert all(contrast(colour, background) >= 4.5 for colour in NEUTRAL.colours)


def test_theme_colours_read_on_their_backgrounds():
    assert all(contrast(colour, "#ffffff") >= 6.9 for colour in ON_LIGHT.colours)
    assert all(contrast(colour, "#292929") >= 6 for colour in ON_DARK.colours)


def test_neighbouring_iterations_differ_and_colours_repeat():
    colours = [NEUTRAL.colour(index) for index in range(20)]
    assert all(a != b for a, b in pairwise(colours))
    assert colours[0] == colours[len(NEUTRAL.colours)]


def test_marks_tell_iterations_apart_without_colour():
    parts = [Segment(0, 1, ""), Segment(1, 2, "ab"), Segment(2, 1, ""), Segment(3, 1, "c")]
    assert coloured_text(parts, marks=True).plain == "ab|c"
    assert coloured_text(parts).plain == "abc"


def test_control_characters_are_shown_and_do_nothing():
    data = b"a\x1b[2Jb\r\x07\n\tc\x7f"
    result = result_of(data, [range(len(data))])
    assert coloured_text(segments(result, as_text)).plain == "a␛[2Jb␍␇\n\tc␡"
    assert "␛" in coloured_html(result, as_text) and "\x1b" not in coloured_html(result, as_text)


def test_an_ordinary_text_is_shown_as_it_is():
    text = "é “ä” 漢字 😀 \n\t\u200d\u202f"
    assert visible(text) == text


@given(st.text(st.characters(blacklist_categories=())))
def test_whatever_a_text_holds_it_can_be_shown_anywhere(text):
    shown = visible(text)
    assert len(shown) == len(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert ElementTree.fromstring(f"<p>{escape(shown)}</p>").text in (shown, None)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown if c not in "\n\t")
    assert visible(shown) == shown


@pytest.mark.parametrize(
    "code", [0, 7, 8, 0x0C, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0xD800, 0xDFFF, 0xFFFF]
)
def test_every_kind_of_unsafe_character_is_replaced(code):
    assert visible(f"a{chr(code)}b") not in (f"a{chr(code)}b", "ab")


class Spans(HTMLParser):
    """Collects the block's attributes, its spans' attributes, and its text."""

    def __init__(self):
        super().__init__()
        self.block, self.spans, self.text, self._inside = {}, [], "", False

    def handle_starttag(self, tag, attributes):
        if tag == "pre":
            self.block, self._inside = dict(attributes), True
        elif tag == "span":
            self.spans.append(dict(attributes))
        else:
            assert tag == "style", f"the output's text became a tag: {tag}"

    def handle_data(self, data):
        if self._inside:
            self.text += data


def test_html_says_without_colour_what_it_says_with_it():
    data = b"1 < 2 & <script>x</script>"
    page = Spans()
    page.feed(coloured_html(result_of(data, [range(5), range(5, 6), range(6, 26)]), as_text))
    assert page.text == data.decode()
    assert [span["title"] for span in page.spans] == [
        "iteration 1, 5 tokens",
        "iteration 2, 1 token",
        "iteration 3, 20 tokens",
    ]
    assert page.block["aria-label"] == "Decoded text: 26 tokens in 3 iterations"


def test_html_colours_follow_the_theme_and_fall_back_to_neutral():
    html = coloured_html(result_of(b"ab", [(0,), (1,)]), as_text)
    assert f"var(--apd-colour-1, {NEUTRAL.colours[1]})" in html
    for theme, palette in (("light", ON_LIGHT), ("dark", ON_DARK)):
        rule = html.split(f'html[data-theme="{theme}"]')[1].split("}")[0]
        assert all(colour in rule for colour in palette.colours)
