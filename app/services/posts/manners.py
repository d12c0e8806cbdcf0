"""Manners of posts that a page can list, each with its SQL: most belong to a habit."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of
from app.language.i18n import gettext_noop as _
from app.models import Tweet
from saywho.people.fingerprint import Measure
from saywho.people.signs import AFTER_WORDS, ASKING, EXCLAIMING
from saywho.people.times import SILENCE_S

_BLANK: Final = " \t\r\n"


def _comes_after_silence(session: AsyncSession) -> ColumnElement[bool]:
    earlier = aliased(Tweet)
    since = backend_of(session).hours_after(Tweet.created_at, -SILENCE_S // 3_600)
    place, place_of_earlier = ((of.created_at, of.place, of.id) for of in (Tweet, earlier))
    is_before = tuple_(*place_of_earlier) < tuple_(*place)
    is_soon = exists().where(earlier.room_id == Tweet.room_id, earlier.created_at >= since)
    # Before the first message of a chat is no silence that anybody broke.
    has_earlier = exists().where(earlier.room_id == Tweet.room_id, is_before)
    return and_(Tweet.room_id.is_not(None), has_earlier, not_(is_soon.where(is_before)))


def _ends_with(ends: str) -> ColumnElement[bool]:
    text = func.rtrim(Tweet.text, _BLANK)
    return or_(*(text.endswith(end, autoescape=True) for end in ends))


def _ends_in_word(end: str) -> ColumnElement[bool]:
    return func.rtrim(Tweet.text, AFTER_WORDS).endswith(end)


def _has(signs: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(Tweet.text.contains(sign, autoescape=True) for sign in signs))


_text: Final = func.trim(Tweet.text, _BLANK)
_first: Final = func.substr(_text, 1, 1)
_words: Final = func.length(_text) - func.length(func.replace(_text, " ", "")) + 1
_two_dots: Final = func.rtrim(Tweet.text, _BLANK).endswith("..")
_asks_greek: Final = and_(_has(f"{chr(i)};" for i in range(0x386, 0x3CF)), ~_has((";)", ";-)")))
# The question mark of an address is not a question.
_asks: Final = or_(and_(_has(ASKING), not_(Tweet.text.like("%://%?%"))), _asks_greek)
_is_small: Final = and_(_first != func.upper(_first), not_(_text.startswith("http")))
_ENDING: Final = _("Ends with {sign}")


class Manner(NamedTuple):
    name: str
    """Value of a URL's `shows`."""
    sign: str
    """Sign of the habit that counts these posts, or the name of a habit without signs."""
    label: str
    """Text to translate, with the sign."""
    condition: ColumnElement[bool] | Callable[[AsyncSession], ColumnElement[bool]]


MANNERS: Final = (
    Manner("long", "length", _("Seven words or more"), _words >= 7),
    Manner("short", "", _("Three words or fewer"), and_(_words <= 3, _text != "")),
    Manner("questions", "questions", _("Question marks"), _asks),
    Manner("exclamations", "exclamations", _("Exclamation marks"), _has(EXCLAIMING)),
    Manner("small", "small", _("Lowercase start"), _is_small),
    Manner("silence", "silence", _("After a silence"), _comes_after_silence),
    Manner(
        "capitals",
        "capitals",
        _("All in capitals"),
        lambda session: backend_of(session).is_loud(Tweet.text),
    ),
    Manner("dot", ".", _ENDING, and_(_ends_with("."), not_(_two_dots))),
    Manner("dots", "…", _ENDING, or_(_ends_with("…"), _two_dots)),
    Manner("tilde", "~", _ENDING, _ends_with("~～∼")),
    Manner("tears", "ㅠㅠ", _ENDING, _ends_with("ㅠㅜ")),
    Manner("yo", "요", _ENDING, _ends_in_word("요")),
    Manner("yom", "욤", _ENDING, _ends_in_word("욤")),
)
if TYPE_CHECKING:
    Shown = str
else:
    Shown = Literal[tuple(manner.name for manner in MANNERS)]
MANNER_OF: Final = {manner.name: manner for manner in MANNERS}
_BY_SIGN: Final = {manner.sign: manner.name for manner in MANNERS}


def shows(session: AsyncSession, manner: Shown) -> ColumnElement[bool]:
    condition = MANNER_OF[manner].condition
    return condition(session) if callable(condition) else condition


def manner_of(measure: Measure) -> Shown | None:
    """Return the manner of the posts that a measure counts; None without one."""
    if measure.habit.is_mean and measure.own < measure.beside:
        return "short"
    return _BY_SIGN.get(measure.sign or measure.name)
