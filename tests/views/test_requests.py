"""JSON bodies: what is not JSON is told from what is not the form, and both at once."""

import json
from typing import NoReturn

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInputError, MalformedError
from app.views.requests import decode_json

WELL_FORMED = b'{"text": "a\\u00e9\\n", "x": [1.5e3, -2, true, null], "t": "\\ud83d\\ude00"}'
PIECES = st.sampled_from(
    [*map(chr, b'{}[]:,"\\u0dDaE+-.tnN \n\t\x01'), "\\ud83d", "\\uDC00", "\\\\ud8"]
)


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    """A form that no JSON but an empty object is."""


def is_json(body: bytes) -> bool:
    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        json.loads(body.decode(), parse_constant=refuse, parse_int=str)
    except ValueError:
        return False
    return True


def expected(body: bytes) -> type[Exception]:
    return InvalidInputError if is_json(body) else MalformedError


@given(place=st.integers(0, len(WELL_FORMED)), cut=st.integers(0, 3), put=st.lists(PIECES))
def test_malformed_json_is_told_from_invalid_input(place: int, cut: int, put: list[str]) -> None:
    body = WELL_FORMED[:place] + "".join(put).encode() + WELL_FORMED[place + cut :]
    with pytest.raises(expected(body)):
        decode_json(body, Empty)
