"""A selection of posts, and its only translation into SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.fingerprint import AFTER_WORDS
from app.compute.times import SILENCE_S
from app.db.backend import backend_of
from app.db.result_cache import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.posts.users import rows_by_name

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
"""The endings are ".", "…", "~", "ㅠㅠ" and "요"."""
_BLANK: Final = " \t\r\n"
_TILDES: Final = "~～∼"
_TEARS: Final = "ㅠㅜ"


def showing(session: AsyncSession, manner: Shown) -> ColumnElement[bool]:
    if manner == "silence":
        return _comes_after_silence(session)
    return _CONDITIONS[manner]


def _comes_after_silence(session: AsyncSession) -> ColumnElement[bool]:
    earlier = aliased(Tweet)
    since = backend_of(session).hours_after(Tweet.created_at, -SILENCE_S // 3_600)
    place, place_of_earlier = ((of.created_at, of.place, of.id) for of in (Tweet, earlier))
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
    "long": _words >= 7,
    "short": and_(_words <= 3, _text != ""),
    # The question mark of an address is not a question.
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


Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An address's filters; `since` is inclusive, `until` exclusive; counts round both up to
    quarter hours.
    """

    usernames: tuple[str, ...] = ()
    platform: str | None = None
    lang: str | None = None
    kind: str | None = None
    is_: str | None = None
    """`reply` selects answers to other posts."""
    has: str | None = None
    """`media` selects posts with pictures, videos or links."""
    shows: Shown | None = None
    """Style of the posts, applied by `post_conditions` alone."""
    room_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        fields = (self.lang, self.kind, self.is_, self.has, self.shows, self.room_id)
        return any((*fields, self.since, self.until))


async def author_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return conditions for a query that joins `User`, and record dependencies. Raises
    NotFoundError for an unknown author.
    """
    conditions: Conditions = [User.deleted_at.is_(None)]
    if selection.usernames:
        users = await rows_by_name(session, selection.usernames)
        for user in users:
            depends_on(user.id)
        conditions.append(User.id.in_([user.id for user in users]))
    else:
        depends_on(EVERYTHING)
    if selection.platform is not None:
        conditions.append(User.platform == selection.platform)
    return conditions


async def post_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return conditions for a query of `User` and `Tweet`. Raises NotFoundError."""
    conditions = [*await author_conditions(session, selection), *field_conditions(selection)]
    if selection.shows is not None:
        conditions.append(showing(session, selection.shows))
    return conditions


def field_conditions(selection: Selection) -> Conditions:
    conditions: Conditions = []
    if selection.lang is not None:
        conditions.append(Tweet.lang == selection.lang)
    if selection.kind is not None:
        conditions.append(Tweet.kind == selection.kind)
    if selection.is_ == "reply":
        has_target = or_(
            Tweet.reply_to_source_id.is_not(None), Tweet.reply_to_username.is_not(None)
        )
        conditions.append(or_(Tweet.kind == "reply", has_target))
    if selection.has == "media":
        conditions.append(Tweet.media.is_not(None))
    if selection.room_id is not None:
        conditions.append(Tweet.room_id == selection.room_id)
    if selection.since is not None:
        conditions.append(Tweet.created_at >= selection.since)
    if selection.until is not None:
        conditions.append(Tweet.created_at < selection.until)
    return conditions
