"""What posts answer, and each author's own chains of replies, kept in the transaction of a change.

A reply names the post that it answers by author and source id. Whichever of the two comes first,
they are linked when the second one is stored. A thread is a chain in which each post answers one of
its own author. All its posts name one of them, and that one names the first. So a thread that grows
at its beginning changes in one row, and where two threads meet, only the smaller one is renamed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import Table, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.db.backend import allocate_ids, chunks
from app.models import Event, Tweet
from app.services.events import NewEvent, append_events
from app.services.posts.neighbours import StoredNeighbour, first_of_thread, stored_neighbours

Row = dict[str, Any]
"""The columns of a post, by name."""
PostKey = tuple[str | None, str | None]
"""The key of an author's name, and the platform's own id of a post."""


@dataclass(slots=True)
class LinkedPost:
    """A post while it is linked."""

    id: int
    user_id: int
    reply_to_id: int | None
    thread_id: int | None
    """The post that its thread is named by."""
    first_id: int | None
    """The first post of its thread."""
    key: PostKey | None = None
    target: PostKey | None = None
    """The key of the post that it answers."""


@dataclass(slots=True)
class LinkChanges:
    """What changes in stored posts and threads as posts arrive and go."""

    posts: list[LinkedPost] = field(default_factory=list)
    """Posts with another link, or in a thread for the first time or no longer."""
    firsts: dict[int, int | None] = field(default_factory=dict)
    """The first posts of threads that begin elsewhere now, by the names of the threads."""
    renamed: dict[int, int] = field(default_factory=dict)
    """The names of threads that are part of others now, by their old names."""


_TWEET: Final = cast(Table, Tweet.__table__)
_LINK: Final = update(_TWEET).where(_TWEET.c.id == bindparam("linked"))
_RENAME: Final = update(_TWEET).where(_TWEET.c.thread_id == bindparam("old"))


async def link_replies(session: AsyncSession, rows: Sequence[Row]) -> LinkChanges:
    """Link posts that arrive, by setting columns of their rows; return what else changes.

    One statement, however many posts; two more where threads meet or close to a circle. The rows
    may be of stored posts too, of which only now is known what they answer. A post that was the
    first of a thread until now is among the changed posts, so whoever hears of it knows where
    those after it belong.
    """
    found = await stored_neighbours(session, rows)
    keys = {each.user_id: each.username for each in found if each.part == "author"}
    arrived = {row["id"]: _arriving(row, keys) for row in rows}
    posts: dict[int, LinkedPost] = {}
    for each in found:
        if each.part != "author" and each.id not in arrived:
            post = posts.setdefault(each.id, LinkedPost(*each[1:6]))
            _note_part(post, each, keys)
    linked = [*posts.values(), *arrived.values()]
    above = _link(linked)
    changes = await _join(session, linked, above) if above else LinkChanges()
    for row in rows:
        post = arrived[row["id"]]
        row["reply_to_id"], row["thread_id"] = post.reply_to_id, post.thread_id
    before = {each.id: (each.reply_to_id, each.thread_id is None) for each in found}
    changes.posts = [
        post
        for post in posts.values()
        if (post.reply_to_id, post.thread_id is None) != before[post.id]
    ]
    return changes


def _arriving(row: Row, keys: dict[int, str | None]) -> LinkedPost:
    source_id, username = row["reply_to_source_id"], row["reply_to_username"]
    own = keys.get(row["user_id"])
    return LinkedPost(
        row["id"],
        row["user_id"],
        row.get("reply_to_id"),
        row.get("thread_id"),
        row.get("first_id"),
        (own, row["source_id"]) if row["source_id"] else None,
        (username_key(username) if username else own, source_id) if source_id else None,
    )


def _note_part(post: LinkedPost, each: StoredNeighbour, keys: dict[int, str | None]) -> None:
    if each.part == "parent":
        post.key = (each.username, each.source_id)
    elif each.part == "child":
        name = each.username
        post.target = (username_key(name) if name else keys.get(each.user_id), each.source_id)


def _link(posts: Sequence[LinkedPost]) -> dict[int, int]:
    """Set what the posts answer; return the post above each one in its thread."""
    by_key = {post.key: post for post in posts if post.key}
    above: dict[int, int] = {}
    for post in posts:
        parent = by_key.get(post.target) if post.target else None
        if parent is not None:
            post.reply_to_id = parent.id
            if parent.user_id == post.user_id and parent is not post:
                above[post.id] = parent.id
    return above


async def _join(
    session: AsyncSession, posts: Iterable[LinkedPost], above: dict[int, int]
) -> LinkChanges:
    """Set the threads of posts by what is above each; return what changes in stored threads."""
    linked = {*above, *above.values()}
    posts = [post for post in posts if post.id in linked or post.thread_id is not None]
    # Of a post that was in a thread before, its first post stands for all those between.
    links = {post.id: post.first_id for post in posts if post.first_id is not None} | above
    first = first_of_each(links, [post.id for post in posts])
    if circles := {post.thread_id for post in posts if links.get(at := first[post.id], at) != at}:
        # Those between may be a circle's first.
        links |= await _links_within(session, circles) | above
        first = first_of_each(links, [post.id for post in posts])
    names: dict[int, set[int]] = defaultdict(set)
    for post in posts:
        if post.thread_id is not None:
            names[first[post.id]].add(post.thread_id)
    meeting = [name for some in names.values() if len(some) > 1 for name in some]
    sizes = await _sizes(session, meeting)
    first_before = {post.thread_id: post.first_id for post in posts}
    changes, kept = LinkChanges(), {}
    for begin, some in names.items():
        kept[begin] = name = max(some, key=lambda each: (sizes.get(each, 0), each))
        changes.renamed |= dict.fromkeys(some - {name}, name)
        if first_before[name] != begin:
            changes.firsts[name] = begin
    for post in posts:
        post.first_id = first[post.id]
        post.thread_id = kept.get(post.first_id, post.first_id)
    return changes


async def _links_within(session: AsyncSession, names: Iterable[int | None]) -> dict[int, int]:
    """Return what is above each stored post within these threads."""
    stored = [name for name in names if name is not None]
    query = select(Tweet.id, Tweet.reply_to_id).where(Tweet.thread_id.in_(stored))
    above = {row.id: row.reply_to_id for row in await session.execute(query)} if stored else {}
    return {post: up for post, up in above.items() if up in above and up != post}


async def _sizes(session: AsyncSession, names: Sequence[int]) -> dict[int, int]:
    """Return the number of posts of threads."""
    sizes: dict[int, int] = {}
    for some in chunks(names):
        query = select(Tweet.thread_id, func.count()).where(Tweet.thread_id.in_(some))
        query = query.group_by(Tweet.thread_id)
        sizes |= {name: size for name, size in await session.execute(query) if name}
    return sizes


def replace_ids(rows: Sequence[Row], changes: LinkChanges, ids: Mapping[int, int]) -> None:
    """Replace the ids that posts had while they were linked, wherever they stand."""
    for row in rows:
        for name in ("id", "reply_to_id", "thread_id"):
            row[name] = ids.get(row[name], row[name])
    for post in changes.posts:
        post.reply_to_id = ids.get(post.reply_to_id or 0, post.reply_to_id)
        post.thread_id = ids.get(post.thread_id or 0, post.thread_id)
    changes.firsts = {name: ids.get(each or 0, each) for name, each in changes.firsts.items()}


async def write_links(session: AsyncSession, changes: LinkChanges) -> None:
    """Store the links of posts of before."""
    if changes.renamed:
        renamed = [{"old": old, "thread_id": name} for old, name in changes.renamed.items()]
        await session.execute(_RENAME, renamed)
    if changes.posts:
        links = [
            {"linked": post.id, "reply_to_id": post.reply_to_id, "thread_id": post.thread_id}
            for post in changes.posts
        ]
        await session.execute(_LINK, links)
    if changes.firsts:
        firsts = [
            {"linked": name, "thread_first_id": first} for name, first in changes.firsts.items()
        ]
        await session.execute(_LINK, firsts)


def link_events(posts: Sequence[LinkedPost]) -> list[NewEvent]:
    """Return the events of posts with new links."""
    return [NewEvent("tweet.updated", post.user_id, post.id) for post in posts]


async def unlink_replies(session: AsyncSession, tweet: Tweet) -> None:
    """Take a post that is about to be deleted out of its thread and of what answers it."""
    before = {row.id: row for row in await _near(session, tweet)}
    posts = {post_id: LinkedPost(*row) for post_id, row in before.items()}
    above: dict[int, int] = {}
    for post in posts.values():
        if post.reply_to_id == tweet.id:
            post.reply_to_id = None
        if post.thread_id == tweet.thread_id:
            post.thread_id = post.first_id = None
        parent = posts.get(post.reply_to_id or 0)
        if parent is not None and parent.user_id == post.user_id and parent is not post:
            above[post.id] = parent.id
    changes = await _join(session, posts.values(), above)
    changes.posts = [
        post
        for post in posts.values()
        if (post.reply_to_id, post.thread_id) != before[post.id][2:4]
    ]
    if tweet.thread_id is not None:
        changes.firsts[tweet.thread_id] = None  # What is left is named by its first post.
    await write_links(session, changes)
    moved = [
        post
        for post in posts.values()
        if (post.reply_to_id, post.first_id) != before[post.id][2::2]
    ]
    if moved:
        ids = await allocate_ids(session, Event, len(moved))
        await append_events(session, ids, link_events(moved))


async def _near(session: AsyncSession, tweet: Tweet) -> Sequence[Any]:
    """Return the links of the posts in the tweet's thread, and of those that answer it."""
    is_near = []
    if tweet.source_id is not None:
        of_id = Tweet.reply_to_id == tweet.id
        is_near.append(and_(Tweet.reply_to_source_id == tweet.source_id, of_id))
    if tweet.thread_id is not None:
        is_near.append(Tweet.thread_id == tweet.thread_id)
    if not is_near:
        return []
    query = select(
        Tweet.id, Tweet.user_id, Tweet.reply_to_id, Tweet.thread_id, first_of_thread()
    ).where(or_(*is_near), Tweet.id != tweet.id)
    return (await session.execute(query)).all()


async def find_thread_faults(session: AsyncSession) -> list[str]:
    """Look for posts in another thread than the post of their own author that they answer."""
    parent, name = aliased(Tweet), aliased(Tweet)
    is_parent = and_(parent.id == Tweet.reply_to_id, parent.user_id == Tweet.user_id)
    is_torn = or_(Tweet.thread_id.is_(None), parent.thread_id != Tweet.thread_id)
    query = select(func.count()).select_from(Tweet)
    is_other = parent.id != Tweet.id
    torn = await session.scalar(query.join(parent, is_parent).where(is_torn, is_other))
    # A post that goes on with none is the first of its thread.
    begins = query.outerjoin(parent, and_(is_parent, is_other)).where(parent.id.is_(None))
    begins = begins.outerjoin(name, name.id == Tweet.thread_id)
    is_first = func.coalesce(name.thread_first_id, name.id, 0) == Tweet.id
    lost = await session.scalar(begins.where(Tweet.thread_id.is_not(None), ~is_first))
    faults = []
    if torn:
        faults.append(f"{torn} posts are not in the thread that they go on with")
    if lost:
        faults.append(f"{lost} posts begin a thread that names another first post")
    return faults
