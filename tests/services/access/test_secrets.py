"""What is sealed comes back as it was, and only from here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.access.secrets import seal, unseal

KEYS = ["the newest of the keys", "an older one of them"]


@given(st.binary(max_size=200))
def test_it_comes_back(value: bytes) -> None:
    assert unseal(seal(value, KEYS), KEYS) == value
    assert unseal(seal(value, KEYS[1:]), KEYS) == value


@given(st.binary(min_size=1), st.data())
def test_what_was_changed_is_refused(value: bytes, data: st.DataObject) -> None:
    sealed = seal(value, KEYS)
    place = data.draw(st.integers(0, len(sealed) - 5))
    other = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda c: c != sealed[place]))
    with pytest.raises(ValueError, match="not sealed here"):
        unseal(sealed[:place] + other + sealed[place + 1 :], KEYS)


def test_it_tells_nothing() -> None:
    sealed = {seal(b"tweet 12", KEYS) for _ in range(20)}
    assert len({text[:16] for text in sealed}) == len({text[-8:] for text in sealed}) == 20
    with pytest.raises(ValueError, match="not sealed here"):
        unseal(sealed.pop(), ["a key of another site"])
