"""Text that came from elsewhere (prompts, decoded tokens, names), made safe to show.

Escape sequences could move a terminal's cursor or hide text; control characters, lone surrogates
and U+FFFE, U+FFFF may not stand in XML, or not in UTF-8. Whatever shows such text passes it through
here, and then escapes it for the format at hand, as it would any other text.
"""

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_WITHOUT_PICTURE = (*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
_SHOWN = _PICTURES | {0x7F: "\N{SYMBOL FOR DELETE}"} | dict.fromkeys(_WITHOUT_PICTURE, UNPRINTABLE)


def visible(text: str) -> str:
    """The text with pictures (␛) for control characters other than line breaks and tabs.

    Control characters without a picture, lone surrogates, U+FFFE and U+FFFF become U+FFFD.
    """
    return text.translate(_SHOWN)
