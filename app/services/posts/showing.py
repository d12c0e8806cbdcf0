"""Which posts show a measure of how somebody writes, as `app/compute/fingerprint.py` counts it."""

from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.chat_timing import SILENCE_S
from app.compute.tally import AFTER_WORDS
from app.db.backend import backend_of
from app.models import Tweet

Shown = Literal[
    "long",
    "short",
    "questions",
    "exclamations",
    "small",
    "silence",
    "dot",
    "dots",
    "tilde",
    "tears",
    "yo",
]
"""Of the endings: ".", "…", "~", "ㅠㅠ" and "요"."""
LONG: Final = 7
"""Words from which on a post is long."""
SHORT: Final = 3
"""Words of a short post, at most."""
HOUR_S: Final = 3_600
_BLANK: Final = " \t\r\n"
_TILDES: Final = "~～∼"
_TEARS: Final = "ㅠㅜ"


def showing(session: AsyncSession, manner: Shown) -> ColumnElement[bool]:
    """Return the condition on posts that show it."""
    if manner == "silence":
        return _comes_after_silence(session)
    return _CONDITIONS[manner]


def _comes_after_silence(session: AsyncSession) -> ColumnElement[bool]:
    earlier = aliased(Tweet)
    since = backend_of(session).hours_after(Tweet.created_at, -SILENCE_S // HOUR_S)
    place, place_of_earlier = ((of.created_at, of.id) for of in (Tweet, earlier))
    is_before = tuple_(*place_of_earlier) < tuple_(*place)
    is_soon = exists().where(earlier.room_id == Tweet.room_id, earlier.created_at >= since)
    return and_(Tweet.room_id.is_not(None), not_(is_soon.where(is_before)))


def _ends_with(ends: str) -> ColumnElement[bool]:
    text = func.rtrim(Tweet.text, _BLANK)
    return or_(*(text.endswith(end, autoescape=True) for end in ends))


def _has(signs: str) -> ColumnElement[bool]:
    return or_(*(Tweet.text.contains(sign, autoescape=True) for sign in signs))


_text: Final = func.trim(Tweet.text, _BLANK)
_first: Final = func.substr(_text, 1, 1)
_words: Final = func.length(_text) - func.length(func.replace(_text, " ", "")) + 1
_two_dots: Final = func.rtrim(Tweet.text, _BLANK).endswith("..")
_CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    "long": _words >= LONG,
    "short": and_(_words <= SHORT, _text != ""),
    # That of an address is no question.
    "questions": and_(_has("?？"), not_(Tweet.text.like("%://%?%"))),
    "exclamations": _has("!！"),
    "small": and_(_first != func.upper(_first), not_(_text.startswith("http"))),
    "dot": and_(_ends_with("."), not_(_two_dots)),
    "dots": or_(_ends_with("…"), _two_dots),
    "tilde": _ends_with(_TILDES),
    "tears": _ends_with(_TEARS),
    "yo": and_(
        func.rtrim(Tweet.text, AFTER_WORDS).endswith("요"), not_(_ends_with(f".…{_TILDES}{_TEARS}"))
    ),
}
