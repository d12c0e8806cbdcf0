"""Number of an author's newest posts that the model recognises, held out.

Maintenance stores it for grown chats, since pages may not wait.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import probabilities_of, scores_of_each
from app.compute.case import Fitted
from app.compute.fitting import hold_out
from app.compute.portrait import MOST_PORTRAYED
from app.compute.profiles import AuthorProfile
from app.compute.self_replies import chained, units_of
from app.compute.significance import FEWEST_COMPARED
from app.db.backend import Sessions
from app.db.result_cache import DERIVED, depends_on
from app.models import Room, RoomPerson, User
from app.services.compare.cases import Models
from app.services.compare.habits import OwnPost, newest_own
from app.services.event_log import NewEvent, append_events
from app.services.posts.replies import own_chains
from app.services.posts.users import UserRow, select_rows

FEWEST_ASKED: Final = 20


class RecognisedPosts(msgspec.Struct, frozen=True):
    """The number of an author's held-out posts that the model attributed to the author."""

    asked: Annotated[int, Meta(description="Number of held-out posts with enough words.")]
    right: Annotated[int, Meta(description="Number of these posts attributed to their author.")]
    authors: Annotated[int, Meta(description="Number of authors compared.")]
    surest: Annotated[
        int | None,
        Meta(description="ID of the post most certainly attributed to its author; null if none."),
    ]


_Judged = list[tuple[Sequence[str], float, bool]]
"""Texts, the author's probability and whether it is highest, by held-out unit."""


async def recognised_posts(
    session: AsyncSession, models: Models, author: UserRow, others: Sequence[UserRow]
) -> RecognisedPosts | None:
    """Return how well an author is told apart; None with too few posts."""
    depends_on(DERIVED)
    if author.tweet_count // 4 < FEWEST_ASKED or not others:
        return None
    newest = await newest_own(session, author.id, min(60, author.tweet_count // 4))
    units = units_of(chained(newest, await own_chains(session, author.id)))
    profiles = await models.profiles.load(session, [author, *others], may_evict=False)
    fitted = await models.backgrounds.load(session)
    judged = await asyncio.to_thread(_judge, profiles, units, fitted)
    if len(judged) < FEWEST_ASKED:
        return None
    right = sum(is_right for _, _, is_right in judged)
    return RecognisedPosts(len(judged), right, len(profiles), _surest(judged, newest))


def _judge(
    profiles: Sequence[AuthorProfile], units: Sequence[Sequence[str]], fitted: Fitted
) -> _Judged:
    held = hold_out(profiles[0], units)
    rivals = [profile for profile in profiles[1:] if profile.counts.keys.size]
    if not (held.queries and rivals and held.profile.counts.keys.size):
        return []
    scores = scores_of_each(held.queries, [held.profile, *rivals], fitted.background)
    shares = probabilities_of(scores, fitted.temperature)
    is_right = (shares.argmax(axis=1) == 0).tolist()
    return [*zip(held.asked, shares[:, 0].tolist(), is_right, strict=True)]


def _surest(judged: _Judged, newest: Sequence[OwnPost]) -> int | None:
    ids = {text: post_id for post_id, text in newest}
    sure = {
        ids[texts[0]]: share
        for texts, share, is_right in judged
        if is_right and len(texts) == 1 and len(texts[0]) <= 200
    }
    return max(sure, key=sure.__getitem__, default=None)


FEWEST_MESSAGES: Final = 2 * 4 * FEWEST_ASKED
"""Messages of a chat, enough for two people."""


async def has_unjudged(session: AsyncSession) -> bool:
    """Return whether a chat changed by a quarter since it was judged."""
    return (await session.execute(_grown())).first() is not None


async def judge_room(db: Sessions, models: Models) -> None:
    async with db.read() as session:
        row = (await session.execute(_grown())).first()
        if row is None:
            return
        judged = await _judged(session, models, row.id)
    async with db.write() as session:
        of_room = RoomPerson.room_id == row.id
        await session.execute(update(RoomPerson).where(of_room).values(asked=0, recognised=0))
        for user_id, posts in judged.items():
            counts = {"asked": posts.asked, "recognised": posts.right}
            person = of_room, RoomPerson.user_id == user_id
            await session.execute(update(RoomPerson).where(*person).values(counts))
        at_messages = {"judged_messages": row.messages}
        await session.execute(update(Room).where(Room.id == row.id).values(at_messages))
        await append_events(session, [NewEvent("room.judged", DERIVED, posts=0)])


def _grown() -> Select[int, int]:
    total = func.sum(RoomPerson.messages)
    is_other: ColumnElement[bool] = total != Room.judged_messages
    has_grown = func.abs(total - Room.judged_messages) * 4 >= Room.judged_messages
    return (
        select(Room.id, total.label("messages"))
        .join(RoomPerson, RoomPerson.room_id == Room.id)
        .group_by(Room.id)
        .having(is_other, has_grown, total >= FEWEST_MESSAGES)
        .order_by(Room.id)
        .limit(1)
    )


async def _judged(
    session: AsyncSession, models: Models, room_id: int
) -> dict[int, RecognisedPosts]:
    people = (
        select_rows(RoomPerson.room_id == room_id, RoomPerson.messages >= FEWEST_COMPARED)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .order_by(RoomPerson.messages.desc(), User.username_key)
        .limit(MOST_PORTRAYED)
    )
    rows = [UserRow(*row) for row in await session.execute(people)]
    judged: dict[int, RecognisedPosts] = {}
    for row in rows:
        rivals = [rival for rival in rows if rival is not row]
        if posts := await recognised_posts(session, models, row, rivals):
            judged[row.id] = posts
    return judged
