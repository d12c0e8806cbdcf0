"""Choices of an importer about a file, as in options and forms."""

import codecs
from collections.abc import Iterable
from typing import Any, Final, Literal

from app.errors import Message

Order = Literal["year-first", "day-first", "month-first"]
DATE_ORDERS: Final[tuple[Order, ...]] = ("day-first", "month-first", "year-first")
ROLES: Final = {
    "author": "username",
    "text": "text",
    "time": "created_at",
    "name": "display_name",
    "id": "source_id",
    "lang": "lang",
    "url": "url",
}
REPAIR: Final = "repair"
"""Choice instead of an encoding: correct letters that another program misread."""
UNREPAIRED: Final = "unrepaired"
"""Choice instead of an encoding: keep misread letters."""


def parse_encoding(name: str) -> str:
    """Return Python's name of a text encoding, or a repair. Raises ValueError."""
    if name in {REPAIR, UNREPAIRED}:
        return name
    fault = ValueError(Message("unknown text encoding; use a name such as cp949 or utf-8"))
    try:
        codec: Any = codecs.lookup(name.strip()[:40])
        # Bytes that the encoding does not have are read as half surrogates: few odd ones cannot.
        decoder = codecs.getincrementaldecoder(codec.name)("surrogateescape")
        sample = "plain text 1"
        is_of_text = decoder.decode(codec.encode(sample)[0], final=True) == sample
    except (LookupError, ValueError, AttributeError, TypeError):
        raise fault from None
    if not (is_of_text and codec._is_text_encoding):  # noqa: SLF001 # is nowhere else
        raise fault
    # The mark that may stand at the beginning is no letter.
    return "utf-8-sig" if codec.name == "utf-8" else str(codec.name)


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """Return the fields by column name from pairs `ROLE=NAME`. Raises ValueError."""
    fields = {}
    for pair in pairs:
        role, _, name = pair.partition("=")
        field = ROLES.get(role.strip())
        if field is None or not name.strip():
            roles = ", ".join(ROLES)
            raise ValueError(
                Message("write a column as ROLE=NAME; the roles are {roles}", roles=roles)
            )
        fields[name.strip()] = field
    return fields


def order_of(name: str) -> Order | None:
    return next((order for order in DATE_ORDERS if order == name), None)
