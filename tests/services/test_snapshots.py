"""Stored counts of chats and authors: what takes words away empties them, in one transaction."""

from collections.abc import Awaitable, Callable
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.models import Event, Snapshot
from app.services.access.rights import switch_site
from app.services.archive.author_portrait import AuthorCounter
from app.services.compare.habits import Models
from app.services.deletion import delete_post, delete_room, delete_user
from app.services.joined_names import join_names
from app.services.posts.users import get_author
from app.services.rooms.changes import change_zone
from app.services.rooms.chat_portrait import ChatCounter
from app.services.rooms.chats import get_room, room_of_author
from app.services.snapshots import Snapshots
from tests.chats import import_chat, kakaotalk
from tests.services.rooms.test_who_was_there import imported, undone
from tests.views.rooms.test_recognised import OWN, in_turn, talk

ZONE = ZoneInfo("Asia/Seoul")


async def counted(session: AsyncSession, snapshots: Snapshots) -> None:
    """Count the chat, and the author with words of their own."""
    author = await get_author(session, "tre")
    room = await room_of_author(session, author)
    await snapshots.read(session, ChatCounter(await get_room(session, 1), ZONE))
    await snapshots.read(session, AuthorCounter(Models(), author, room))


async def stored(db: Database) -> bytes:
    async with db.read() as session:
        return b"".join(await session.scalars(select(Snapshot.content)))


async def take(db: Database, taken: str) -> None:
    if taken == "a name":
        await join_names(db.write, "tre", "duo")
    elif taken == "an import":
        await undone(db, 1)
    else:
        async with db.write() as session:
            await TAKES_AWAY[taken](session)


TAKES_AWAY: dict[str, Callable[[AsyncSession], Awaitable[object]]] = {
    "a post": partial(delete_post, tweet_id=3),
    "a person": partial(delete_user, username="tre"),
    "another person": partial(delete_user, username="una"),
    "the chat": partial(delete_room, room_id=1),
    "a time zone": partial(change_zone, room_id=1, zone="Europe/London"),
    "readers": partial(switch_site, setting=None, is_public=False),
}
"""Words, who wrote them, when, or who may read them."""


@pytest.mark.parametrize("taken", [*TAKES_AWAY, "a name", "an import"])
@pytest.mark.databases("sqlite", "postgresql")
async def test_no_snapshot_outlives_what_it_was_counted_of(db: Database, taken: str) -> None:
    await imported(db, kakaotalk("known", *talk(240, seed=1)), "KakaoTalk.txt")
    snapshots, late = Snapshots(), Snapshots()
    async with db.read_in_background() as session:
        await counted(session, snapshots)
        await counted(session, late)
    await in_turn(db, snapshots.renew)
    content = await stored(db)
    assert any(word.encode() in content for word in OWN.split())
    await take(db, taken)
    assert await stored(db) == b""
    # What was counted before is not stored afterwards.
    await in_turn(db, late.renew)
    assert await stored(db) == b""


async def test_posts_that_only_add_leave_a_snapshot_to_be_renewed(db: Database) -> None:
    said = talk(1_200, seed=1)
    await import_chat(db, kakaotalk("known", *said))
    snapshots = Snapshots()
    async with db.read_in_background() as session:
        await counted(session, snapshots)
    await in_turn(db, snapshots.renew)
    for more, is_shown in ((9, True), (60, False)):
        await import_chat(db, kakaotalk("known", *said, *talk(more, seed=2)))
        async with db.read() as session:
            subject = ChatCounter(await get_room(session, 1), ZONE)
            assert (await snapshots.find(session, subject) is not None) == is_shown
        assert snapshots.is_due == is_shown
        await in_turn(db, snapshots.renew)
    async with db.read() as session:
        posts = set(await session.scalars(select(Snapshot.posts)))
        kinds = [*await session.scalars(select(Event.kind).order_by(Event.id))]
    assert 1_209 in posts
    # Pages that were kept are made again; what was first counted outdates none.
    assert [kind for kind in kinds if kind == "snapshots.counted"] == ["snapshots.counted"]
