"""The promise about errors that a user can mend: one line, which names a remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apd.errors import ApdError


def error_of(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> str:
    """The message of the ApdError that a call raises: one line that names a remedy."""
    with pytest.raises(ApdError) as raised:
        call(*arguments, **keywords)
    message = str(raised.value)
    assert "\n" not in message
    assert ";" in message, "a remedy follows the problem"
    return message
