"""Stored counts of chats and authors: what takes words away empties them, in one transaction."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import msgpack
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.models import Event, Snapshot, User
from app.services import maintenance
from app.services.access.rights import switch_site
from app.services.compare.habits import Models
from app.services.compare.held_out import judge_room
from app.services.deletion import delete_post, delete_room, delete_user, purge_deleted
from app.services.joined_names import join_names
from app.services.maintenance import counted, snapshots_job
from app.services.rooms.changes import change_zone
from app.services.snapshots import Key, Snapshots
from saywho.clock import now
from tests.chats import import_chat, kakaotalk
from tests.posting import new_tweet, store
from tests.services.rooms.test_who_was_there import imported, undone
from tests.views.rooms.test_recognised import OWN, in_turn, talk

ZONE = ZoneInfo("Asia/Seoul")
OTHERS = {"una": "uno", "duo": "dos", "tre": "tres"}
OPEN = partial(counted, Models())


async def keys(db: Database) -> dict[Key, str]:
    """Return both chats, and everybody with enough posts, with their names."""
    async with db.read() as session:
        users = await session.execute(select(User.id, User.username).where(User.tweet_count > 20))
        found = {Key("author 2", user_id): name for user_id, name in users}
    return {Key("chat 3", 1, ZONE.key): "known", Key("chat 3", 2, ZONE.key): "other", **found}


async def read(db: Database, snapshots: Snapshots, key: Key) -> Any:
    async with db.read_in_background() as session:
        return await snapshots.read(session, await OPEN(session, key))


async def stored(db: Database) -> dict[Key, bytes]:
    async with db.read() as session:
        rows = await session.scalars(select(Snapshot).where(Snapshot.content != b""))
        return {Key(row.kind, row.subject_id, row.zone): row.content for row in rows}


def figures(content: bytes) -> Any:
    """Return what was counted, without the event when a comparison was made."""
    found = msgpack.decode(content)
    if most_like := (found.get("beside") or {}).get("most_like"):
        most_like["model"]["as_of_event"] = 0
    return found


async def take(db: Database, taken: str) -> None:
    if taken == "a name":
        await join_names(db.write, "tre", "duo")
    elif taken == "an import":
        await undone(db, 1)
    elif taken == "a judgement":
        await in_turn(db, judge_room)
    elif taken == "an audience":
        post = new_tweet(
            "tea 3 at the harbour", arrived_at=now(), source_id="3", visibility="restricted"
        )
        await store(db, "ann", post)
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
OF_CHAT = {"known", "una", "duo", "tre"}
OF_SITE = {"ann", "bo"}
EMPTIED = dict.fromkeys((*TAKES_AWAY, "a name", "an import", "a judgement"), OF_CHAT) | {
    "a time zone": OF_CHAT | OF_SITE | {"other", *OTHERS.values()},
    "readers": OF_CHAT | OF_SITE | {"other", *OTHERS.values()},
    "an audience": OF_SITE,
}


@pytest.mark.parametrize("taken", EMPTIED)
@pytest.mark.databases("sqlite", "postgresql")
async def test_no_snapshot_outlives_what_it_was_counted_of(db: Database, taken: str) -> None:
    said = talk(240, seed=1)
    await imported(db, kakaotalk("known", *said), "KakaoTalk.txt")
    others = [(time, OTHERS[name], text) for time, name, text in said]
    await imported(db, kakaotalk("other", *others), "KakaoTalk2.txt")
    for name, word in (("ann", "tea"), ("bo", "rain")):
        texts = (f"{word} {n} at the harbour" for n in range(25))
        posts = [
            new_tweet(text, arrived_at=now(), source_id=str(n)) for n, text in enumerate(texts)
        ]
        await store(db, name, *posts)
    names, snapshots, late = await keys(db), Snapshots(OPEN), Snapshots(OPEN)
    for key in names:
        await read(db, snapshots, key)
        await read(db, late, key)
    await in_turn(db, snapshots.renew)
    before = await stored(db)
    assert {names[key] for key in before} == OF_CHAT | OF_SITE | {"other", *OTHERS.values()}
    is_here = any(word.encode() in b"".join(before.values()) for word in OWN.split())
    assert is_here
    await take(db, taken)
    kept = await stored(db)
    assert {names[key] for key in before.keys() - kept} == EMPTIED[taken]
    # What was counted before is not stored afterwards, and what is stored is what is here.
    await in_turn(db, late.renew)
    assert (await stored(db)).keys() <= kept.keys()
    await in_turn(db, purge_deleted)
    for key, content in (await stored(db)).items():
        fresh = msgpack.encode(await read(db, Snapshots(), key))
        assert figures(fresh) == figures(content), names[key]


async def test_posts_that_only_add_leave_a_snapshot_to_be_renewed(db: Database) -> None:
    said = talk(1_200, seed=1)
    await import_chat(db, kakaotalk("known", *said))
    snapshots, key = Snapshots(OPEN), Key("chat 3", 1, ZONE.key)
    await read(db, snapshots, key)
    await in_turn(db, snapshots.renew)
    for more, is_shown in ((9, True), (60, False)):
        await import_chat(db, kakaotalk("known", *said, *talk(more, seed=2)))
        shown = await read(db, snapshots, key)
        assert (shown.scanned == 1_200) == is_shown
        assert snapshots.is_due
        await in_turn(db, snapshots.renew)
    async with db.read() as session:
        posts = set(await session.scalars(select(Snapshot.posts)))
        kinds = [*await session.scalars(select(Event.kind).order_by(Event.id))]
    assert posts == {1_260}
    # Pages that were kept are made again; what was first counted outdates none.
    assert [kind for kind in kinds if kind == "snapshots.counted"] == ["snapshots.counted"]


async def test_what_is_large_is_counted_without_a_reader(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "LARGE", 300)
    await import_chat(db, kakaotalk("known", *talk(1_200, seed=1)))
    job = snapshots_job(Snapshots(OPEN))
    for taken in ("nothing", "a post"):
        if taken == "a post":
            await take(db, taken)
        for _ in range(2):
            await in_turn(db, job.do)
        assert len(await stored(db)) == 4, taken
        async with db.read() as session:
            assert not await job.is_due(session)
