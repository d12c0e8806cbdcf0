import json
import math

from hypothesis import given, strategies as st

from app.runtime.encoding import DIGITS, encoded

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def rounded(value: object) -> object:
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, float):
        return None
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_floats_are_rounded_and_all_else_is_kept(value: object) -> None:
    assert json.loads(encoded(value)) == rounded(value)


def test_numbers_in_strings_are_kept() -> None:
    value = ["0.1234567", ',0.1234567,"', '\\",1.2345678\\', {":-1.2345678,": [-1.2345678e-9, 7]}]
    kept = ["0.1234567", ',0.1234567,"', '\\",1.2345678\\', {":-1.2345678,": [-1.23457e-9, 7]}]
    assert json.loads(encoded(value)) == kept


@given(st.floats(1e-9, 1e9))
def test_noise_of_a_processor_changes_no_byte(value: float) -> None:
    meant = float(f"{value:.{DIGITS}g}")
    assert encoded(meant * (1 + 1e-15)) == encoded(meant) == encoded(meant * (1 - 1e-15))
