"""What posts answer, and each author's own chains of replies, kept in the transaction of a change.

A reply names the post that it answers by author and source id. Whichever of the two comes first,
they are linked when the second one is stored. A thread is a chain in which each post answers one of
its own author; all its posts name the first one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.db.backend import allocate_ids, backend_of
from app.models import Event, Tweet, User
from app.services.events import NewEvent, append_events

Row = dict[str, Any]
"""The columns of a post, by name."""
PostKey = tuple[str | None, str | None]
"""The key of an author's name, and the platform's own id of a post."""


class StoredNeighbour(NamedTuple):
    """A stored post that new ones may be linked to, or the author of new ones."""

    part: str
    """`author`, `parent`, `child`, or `member` of a thread that may begin elsewhere now."""
    id: int
    user_id: int
    reply_to_id: int | None
    thread_id: int | None
    source_id: str | None
    """Of a child, that of the post which it answers."""
    username: str | None
    """The author's key; of a child, the name of the author whom it answers."""


@dataclass(slots=True)
class LinkedPost:
    """A post while it is linked."""

    id: int
    user_id: int
    reply_to_id: int | None
    thread_id: int | None
    key: PostKey | None = None
    target: PostKey | None = None
    """The key of the post that it answers."""


_TWEET: Final = cast(Table, Tweet.__table__)
_LINK: Final = update(_TWEET).where(_TWEET.c.id == bindparam("linked"))


async def link_replies(session: AsyncSession, rows: Sequence[Row]) -> list[LinkedPost]:
    """Link posts that arrive, by setting columns of their rows; return changed posts of before.

    One statement, however many posts. The rows may be of stored posts too, of which only now is
    known what they answer.
    """
    found = await _neighbours(session, rows)
    keys = {each.user_id: each.username for each in found if each.part == "author"}
    arrived = {row["id"]: _arriving(row, keys) for row in rows}
    posts: dict[int, LinkedPost] = {}
    for each in found:
        if each.part != "author" and each.id not in arrived:
            post = posts.setdefault(each.id, LinkedPost(*each[1:5]))
            _note_part(post, each, keys)
    _link([*posts.values(), *arrived.values()])
    for row in rows:
        post = arrived[row["id"]]
        row["reply_to_id"], row["thread_id"] = post.reply_to_id, post.thread_id
    return _changed(posts.values(), found)


def _changed(posts: Iterable[LinkedPost], before: Iterable[Any]) -> list[LinkedPost]:
    """Return the posts whose links differ from those of the rows."""
    links = {row.id: (row.reply_to_id, row.thread_id) for row in before}
    return [post for post in posts if (post.reply_to_id, post.thread_id) != links[post.id]]


def _arriving(row: Row, keys: dict[int, str | None]) -> LinkedPost:
    source_id, username = row["reply_to_source_id"], row["reply_to_username"]
    own = keys.get(row["user_id"])
    return LinkedPost(
        row["id"],
        row["user_id"],
        row.get("reply_to_id"),
        row.get("thread_id"),
        (own, row["source_id"]) if row["source_id"] else None,
        (username_key(username) if username else own, source_id) if source_id else None,
    )


def _note_part(post: LinkedPost, each: StoredNeighbour, keys: dict[int, str | None]) -> None:
    if each.part == "parent":
        post.key = (each.username, each.source_id)
    elif each.part == "child":
        name = each.username
        post.target = (username_key(name) if name else keys.get(each.user_id), each.source_id)


def _link(posts: Sequence[LinkedPost]) -> None:
    """Set what the posts answer, and the threads of all whose thread changes by that."""
    by_key = {post.key: post for post in posts if post.key}
    above: dict[int, int] = {}
    for post in posts:
        parent = by_key.get(post.target) if post.target else None
        if parent is not None:
            post.reply_to_id = parent.id
            if parent.user_id == post.user_id and parent is not post:
                above[post.id] = parent.id
    if above:
        _join(posts, above)


def _join(posts: Iterable[LinkedPost], above: dict[int, int]) -> None:
    """Set the threads of posts by what is above each in its thread."""
    linked = {*above, *above.values()}
    posts = [post for post in posts if post.id in linked or post.thread_id is not None]
    # Of a post that was in a thread before, its first post stands for all those between.
    known = {post.id: post.thread_id for post in posts if post.thread_id is not None}
    first = first_of_each(known | above, [post.id for post in posts])
    for post in posts:
        post.thread_id = first[post.id]


async def _neighbours(session: AsyncSession, rows: Sequence[Row]) -> list[StoredNeighbour]:
    """Return the authors of the posts, and the stored posts that these may be linked to."""
    own: set[tuple[int, str]] = set()
    named: set[tuple[str, str]] = set()
    for row in rows:
        if source_id := row["reply_to_source_id"]:
            if username := row["reply_to_username"]:
                named.add((username_key(username), source_id))
            else:
                own.add((row["user_id"], source_id))
    sources = {(row["source_id"],) for row in rows if row["source_id"]}
    if not (own or named or sources):
        return []
    listed = backend_of(session).listed
    authors = listed(list({(row["user_id"],) for row in rows}), User.id)
    to_own = listed(list(own), Tweet.user_id, Tweet.source_id)
    to_named = listed(list(named), User.username_key, Tweet.source_id)
    answered = listed(list(sources), Tweet.source_id)
    starts = {(row["id"],) for row in rows if row.get("thread_id") == row["id"]}
    child = aliased(Tweet)
    is_child = child.reply_to_source_id == answered.c.source_id
    moved = union_all(
        select(child.id).join(answered, is_child), select(listed(list(starts), Tweet.id))
    ).subquery()
    parents = _select("parent", Tweet, Tweet.source_id, User.username_key).select_from(Tweet)
    is_own = and_(Tweet.user_id == to_own.c.user_id, Tweet.source_id == to_own.c.source_id)
    is_named = and_(Tweet.user_id == User.id, Tweet.source_id == to_named.c.source_id)
    children = _select("child", child, child.reply_to_source_id, child.reply_to_username)
    query = union_all(
        select(*_author_columns()).join(authors, authors.c.id == User.id),
        parents.join(to_own, is_own).join(User, User.id == Tweet.user_id),
        parents.join(User, User.id == Tweet.user_id)
        .join(to_named, User.username_key == to_named.c.username_key)
        .where(is_named),
        children.join(answered, is_child),
        _select("member", Tweet, null(), null()).join(moved, Tweet.thread_id == moved.c.id),
    )
    return [StoredNeighbour(*row) for row in await session.execute(query)]


def _select(part: str, post: type[Tweet], *columns: Any) -> Select[*tuple[Any, ...]]:
    links = (post.id, post.user_id, post.reply_to_id, post.thread_id)
    return select(literal(part), *links, *columns)


def _author_columns() -> tuple[Any, ...]:
    return literal("author"), User.id, User.id, null(), null(), null(), User.username_key


def replace_ids(rows: Sequence[Row], posts: Sequence[LinkedPost], ids: Mapping[int, int]) -> None:
    """Replace the ids that posts had while they were linked, wherever they stand."""
    for row in rows:
        for name in ("id", "reply_to_id", "thread_id"):
            row[name] = ids.get(row[name], row[name])
    for post in posts:
        post.reply_to_id = ids.get(post.reply_to_id or 0, post.reply_to_id)
        post.thread_id = ids.get(post.thread_id or 0, post.thread_id)


async def write_links(session: AsyncSession, posts: Sequence[LinkedPost]) -> None:
    """Store the links of posts of before."""
    values = [
        {"linked": post.id, "reply_to_id": post.reply_to_id, "thread_id": post.thread_id}
        for post in posts
    ]
    if values:
        await session.execute(_LINK, values)


def link_events(posts: Sequence[LinkedPost]) -> list[NewEvent]:
    """Return the events of posts with new links."""
    return [NewEvent("tweet.updated", post.user_id, post.id) for post in posts]


async def unlink_replies(session: AsyncSession, tweet: Tweet) -> None:
    """Take a post that is about to be deleted out of its thread and of what answers it."""
    is_near = []
    if tweet.source_id is not None:
        of_id = Tweet.reply_to_id == tweet.id
        is_near.append(and_(Tweet.reply_to_source_id == tweet.source_id, of_id))
    if tweet.thread_id is not None:
        is_near.append(Tweet.thread_id == tweet.thread_id)
    if not is_near:
        return
    query = select(Tweet.id, Tweet.user_id, Tweet.reply_to_id, Tweet.thread_id)
    rows = (await session.execute(query.where(or_(*is_near), Tweet.id != tweet.id))).all()
    posts = {row.id: LinkedPost(*row) for row in rows}
    above: dict[int, int] = {}
    for post in posts.values():
        if post.reply_to_id == tweet.id:
            post.reply_to_id = None
        if post.thread_id == tweet.thread_id:
            post.thread_id = None
        parent = posts.get(post.reply_to_id or 0)
        if parent is not None and parent.user_id == post.user_id and parent is not post:
            above[post.id] = parent.id
    _join(posts.values(), above)
    changed = _changed(posts.values(), rows)
    if changed:
        await write_links(session, changed)
        ids = await allocate_ids(session, Event, len(changed))
        await append_events(session, ids, link_events(changed))


async def find_thread_faults(session: AsyncSession) -> list[str]:
    """Look for posts in another thread than the post of their own author that they answer."""
    parent = aliased(Tweet)
    is_parent = and_(parent.id == Tweet.reply_to_id, parent.user_id == Tweet.user_id)
    is_torn = or_(Tweet.thread_id.is_(None), parent.thread_id != Tweet.thread_id)
    query = select(func.count()).select_from(Tweet).join(parent, is_parent)
    wrong = await session.scalar(query.where(is_torn, parent.id != Tweet.id))
    return [f"{wrong} posts are not in the thread that they go on with"] if wrong else []
