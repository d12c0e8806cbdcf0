"""The published posts: all that an anonymous reader of a public site would see, but no messages."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.errors import NotFoundError
from app.models import Tweet
from app.runtime.clock import first_instant
from app.services.posts.post_content import decoded_media
from app.services.posts.selection import (
    IS_NOT_PUBLIC,
    IS_PUBLIC,
    AnySelect,
    Conditions,
    Selection,
    field_conditions,
)
from app.services.posts.tweets import AnyRow, Post, as_post, select_posts
from app.services.posts.users import Author, get_author
from saywho.people.times import DAY_H
from saywho.text import username_key

PAGE: Final = 500
"""Posts that are read at a time."""
_NAME: Final = re.compile(r"(?<![\w@/.])@(\w[\w.-]*(?:@[\w.-]+)?)(?<![.-])")


@dataclass(frozen=True)
class PostChoice:
    """The options that choose posts; `since` is inclusive, `until` exclusive."""

    zone: ZoneInfo
    since: date | None = None
    until: date | None = None
    with_replies: bool = True
    with_media: bool = True
    with_old: bool = False
    """Whether posts count as public if an earlier version did not store their audience."""

    @property
    def selection(self) -> Selection:
        return Selection(
            since=first_instant(self.since, self.zone) if self.since else None,
            until=first_instant(self.until, self.zone) if self.until else None,
        )


class LeftOutPosts(NamedTuple):
    """Numbers of posts that are not published, though they meet the choice."""

    limited: int
    """For a limited audience at their source."""
    unknown: int
    """Number of posts of unknown audience."""

    def __bool__(self) -> bool:
        return any(self)


@dataclass(frozen=True)
class OwnPosts:
    """An author's published posts, oldest first, and the names in them."""

    author: Author
    """The author, with the number and times of these posts alone."""
    conditions: Conditions
    ids: Sequence[int]
    days: Sequence[date | None]
    """The day of each post, never before the day of the post before; None comes last."""
    by_hour: Mapping[int, int]
    """Numbers of posts by local hour from the year 1."""
    replies: int
    continued: Mapping[int, int]
    """The first own answer to each post with an own answer, by id."""
    files: frozenset[str]
    """Kept files of their media."""
    names: Sequence[str]
    """Names in the posts, and answered people, the most frequent first, each as first written."""
    korean: int
    """How many of them are in Korean."""
    left_out: "LeftOutPosts"


async def find_posts(session: AsyncSession, username: str, choice: PostChoice) -> OwnPosts:
    """Raises NotFoundError for an unknown author, and without such posts."""
    author = await get_author(session, username)
    chosen = _conditions(author, choice)
    left_out = await _left_out(session, chosen, choice)
    conditions = [*chosen, _is_public(choice)]
    query = select(
        *(Tweet.id, Tweet.created_at, Tweet.kind, Tweet.lang, Tweet.text),
        *(Tweet.reply_to_id, Tweet.reply_to_username, Tweet.media),
    )
    ids, days = list[int](), list[date | None]()
    first: datetime | None = None
    newest: datetime | None = None
    by_hour, names, files = Counter[int](), Counter[str](), set[str]()
    spelled = dict[str, str]()
    continued = dict[int, int]()
    replies, korean, day = 0, 0, date.min
    async for row in _rows(session, query, conditions):
        ids.append(row.id)
        if row.created_at is None:
            days.append(None)
        else:
            first, newest = first or row.created_at, row.created_at
            local = row.created_at.astimezone(choice.zone)
            day = max(day, local.date())  # A clock that is set back may return to the day before.
            days.append(day)
            by_hour[(local.toordinal() - 1) * DAY_H + local.hour] += 1
        if row.reply_to_id is not None:
            continued.setdefault(row.reply_to_id, row.id)
        replies += row.kind == "reply"
        korean += row.lang == "ko"
        named = {*_NAME.findall(row.text)} if "@" in row.text else set[str]()
        if row.reply_to_username:
            named.add(row.reply_to_username)
        names.update({spelled.setdefault(username_key(name), name) for name in named})
        if choice.with_media and row.media:
            files.update(medium.file for medium in decoded_media(row.media) if medium.file)
    if not ids:
        raise _nothing(left_out)
    names.pop(spelled.get(username_key(author.username), ""), None)
    return OwnPosts(
        author=structs.replace(
            author, tweets=len(ids), first_tweet_at=first, newest_tweet_at=newest
        ),
        conditions=conditions,
        ids=ids,
        days=days,
        by_hour=by_hour,
        replies=replies,
        continued=continued,
        files=frozenset(files),
        names=sorted(names, key=lambda name: (-names[name], name)),
        korean=korean,
        left_out=left_out,
    )


def _nothing(left_out: LeftOutPosts) -> NotFoundError:
    if left_out:
        return NotFoundError(
            "There is nothing to publish; not known to be public: {count} posts, "
            "{limited} of them for a limited audience",
            count=f"{sum(left_out):,}",
            limited=f"{left_out.limited:,}",
        )
    return NotFoundError("There is nothing to publish; messages of chats are never published")


async def _left_out(session: AsyncSession, chosen: Conditions, choice: PostChoice) -> LeftOutPosts:
    query = select(Tweet.visibility, func.count()).where(*chosen, IS_NOT_PUBLIC)
    rows = await session.execute(query.group_by(Tweet.visibility))
    counts = {visibility: count or 0 for visibility, count in rows}
    return LeftOutPosts(counts.get("restricted", 0), 0 if choice.with_old else counts.get(None, 0))


def _is_public(choice: PostChoice) -> ColumnElement[bool]:
    return or_(IS_PUBLIC, Tweet.visibility.is_(None)) if choice.with_old else IS_PUBLIC


async def read_posts(session: AsyncSession, own: OwnPosts) -> AsyncIterator[Post]:
    """Yield the posts, oldest first, posts without a time last."""
    async for row in _rows(session, select_posts(), own.conditions):
        yield as_post(row)


async def _rows(
    session: AsyncSession, query: AnySelect, conditions: Conditions
) -> AsyncIterator[AnyRow]:
    """Yield rows with id and time in the order of their posts, in pages that memory can hold."""
    chosen = query.where(*conditions)
    dated = chosen.where(Tweet.created_at.is_not(None)).order_by(Tweet.created_at, Tweet.id)
    undated = chosen.where(Tweet.created_at.is_(None)).order_by(Tweet.id)
    place = tuple_(Tweet.created_at, Tweet.id)
    for ordered in (dated, undated):
        last: AnyRow | None = None
        while True:
            page = ordered.limit(PAGE)
            if last is not None and ordered is dated:
                page = page.where(place > tuple_(last.created_at, last.id))
            elif last is not None:
                page = page.where(Tweet.id > last.id)
            rows = (await session.execute(page)).all()
            for row in rows:
                yield row
            if len(rows) < PAGE:
                break
            last = rows[-1]


def _conditions(author: Author, choice: PostChoice) -> Conditions:
    conditions = [
        Tweet.user_id == author.id,
        Tweet.room_id.is_(None),
        *field_conditions(choice.selection),
    ]
    if not choice.with_replies:
        answered = aliased(Tweet)
        is_own = exists().where(answered.id == Tweet.reply_to_id, answered.user_id == Tweet.user_id)
        has_target = or_(
            Tweet.reply_to_source_id.is_not(None), Tweet.reply_to_username.is_not(None)
        )
        # An answer to oneself goes on with a post.
        conditions.append(or_(and_(Tweet.kind != "reply", not_(has_target)), is_own))
    return conditions
