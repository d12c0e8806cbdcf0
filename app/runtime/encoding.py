"""JSON as it leaves the program: numbers have the digits that they mean."""

import re
from typing import Final

import msgspec

DIGITS: Final = 6
"""Significant digits. Processors add up in other orders, so that later ones differ."""
_UP_TO_A_NUMBER: Final = re.compile(
    rb'((?:"(?:[^"\\]++|\\.)*+"|[^"0-9]++|[0-9]++(?![0-9.]))*+)([0-9]++\.[0-9]++(?:e[-+]?[0-9]++)?)'
)
"""All before the next float, strings too, and the float without its sign."""
_MAYBE_A_FLOAT: Final = re.compile(
    rb"\.[0-9](?:%b)"
    % b"|".join(rb"(?<=[:,\[][-0-9][0-9]{%d}\.[0-9])" % digits for digits in range(18))
)
"""In each float of an object or list, and rarely in a string. It begins with one sign, which is
looked for forty times as fast as a float of any beginning.
"""
_encoder: Final = msgspec.json.Encoder(enc_hook=str)
"""Also encodes the sentences of errors, which are a subclass of str."""


def meant(number: float) -> float:
    """Return the number with `DIGITS` significant digits."""
    return float(b"%.*g" % (DIGITS, number))


def encoded(value: object) -> bytes:
    """Return a value as JSON, its floats with `DIGITS` significant digits."""
    text = _encoder.encode(value)
    if not (isinstance(value, float) or _MAYBE_A_FLOAT.search(text)):
        return text
    parts, end = list[bytes](), 0
    while found := _UP_TO_A_NUMBER.match(text, end):
        before, number = found.groups()
        parts += before, _encoder.encode(meant(float(number)))
        end = found.end()
    return b"".join((*parts, text[end:]))
