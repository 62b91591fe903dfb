"""Settings of every decoder: refused in one line that names the setting, or decoded with."""

from dataclasses import fields
from typing import Any

from fuzz_cases import SCALARS, cases, same_or_refused
from hypothesis import strategies as st

from apd.decoding.registry import decoders

PLAIN = st.one_of(
    st.integers(-2, 9), st.floats(-0.5, 1.5), st.none(), st.sampled_from(["greedy", "position"])
)


@st.composite
def settings_of(draw: st.DrawFn) -> tuple[Any, dict[str, Any]]:
    row = draw(st.sampled_from(decoders()))
    names = [field.name for field in fields(row.settings)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    return row, {name: draw(st.one_of(PLAIN, PLAIN, SCALARS)) for name in chosen}


@cases("settings", 200, settings_of())
def test_a_setting_is_accepted_or_refused_by_name(chosen: tuple[Any, dict[str, Any]]) -> None:
    row, given = chosen
    try:
        config = row.settings(**given)
    except (ValueError, TypeError) as error:
        assert type(error) is ValueError, (given, error)
        assert "\n" not in str(error)
        assert any(name in str(error) for name in given), (given, str(error))
        return
    for field in fields(config):
        value = getattr(config, field.name)
        assert not isinstance(value, float) or value == value, (field.name, given)  # no NaN


@cases("settings, by name", 60, st.sampled_from(decoders()), SCALARS)
def test_an_unknown_setting_is_refused(row: Any, value: Any) -> None:
    from apd.harness.settings import model_configuration

    model = "mini-qwen-large" if row.on_baseline else "dllm"
    refused = same_or_refused(
        lambda: model_configuration(row.name, model, "mini", {"temprature": value})
    )
    assert refused is None
