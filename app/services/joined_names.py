"""Two names of one person: the posts of both under one author, and parted again.

A joined name stays as an author's row without posts, as a joined chat does, so that later posts
under it go to the other. Each post notes the joined name that it came under. Posts move in chunks,
so that other writers can run in between; a move that was interrupted is repeated.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import UNTRACKED, allocate_ids, backend_of, is_among
from app.db.feed import STREAM_RESET
from app.db.result_cache import DERIVED
from app.errors import ConflictError, InvalidInputError
from app.models import BackgroundSnapshot, Event, Profile, Room, RoomMove, RoomPerson, Tweet, User
from app.models.work import Game, GameAnswer, GameQuestion
from app.services.compare.profiles import subtract_posts
from app.services.deletion import mark_deleted, recount, tally
from app.services.event_log import NewEvent, append_events, tell_of_game
from app.services.posts.post_rooms import unknown_to_guests
from app.services.posts.users import CHANGE_USER, find_exact, get_exact, unknown_user
from saywho.clock import now

MOVED_AT_ONCE: Final = 1_000
"""Posts in a transaction, which are indexed anew: some 0.2 s of the write lock."""
MOST_LISTED: Final = 200

Writing = Callable[[], AbstractAsyncContextManager[AsyncSession]]


async def join_names(writing: Writing, name: str, into: str) -> None:
    """Let the posts of an author be those of another, of which it is another name.

    Repeated, it changes nothing. Raises NotFoundError, InvalidInputError, and ConflictError if the
    posts cannot be told apart again, or if guests would learn a name.
    """
    is_done = False
    while not is_done:
        async with writing() as session:
            is_done = await _join_some(session, name, into)


async def part_names(writing: Writing, name: str, *, of: str | None = None) -> None:
    """Let a joined name, of any or of the given author, be an author again, with the posts that
    came under it.

    Raises NotFoundError, and ConflictError for a name that is not joined.
    """
    is_done = False
    while not is_done:
        async with writing() as session:
            is_done = await _part_some(session, name, of)


async def _join_some(session: AsyncSession, name: str, into: str) -> bool:
    joining, author = await find_exact(session, name), await find_exact(session, into)
    if joining is None or author is None:
        raise unknown_user(into if joining else name)
    if joining.joined_to_id == author.id and joining.deleted_at is not None:
        return True
    if joining.joined_to_id != author.id:
        await _check(session, joining, author)
        joining.joined_to_id = author.id
    await _check_guests(session, joining, author)
    moved = await _move(session, Tweet.user_id == joining.id, author.id, joining.id)
    if moved == MOVED_AT_ONCE:
        return False
    joining.deleted_at = now()
    await _join_in_games(session, joining.id, author.id)
    await session.execute(delete(Profile).where(Profile.user_id == joining.id))
    await append_events(session, [NewEvent("user.deleted", joining.id, posts=0)])
    return True


async def _join_in_games(session: AsyncSession, joining_id: int, author_id: int) -> None:
    """Let games name the one author, with the points so far; one of nobody else ends."""
    casts = {
        game: msgspec.json.decode(game.user_ids, type=list[int])
        for game in await session.scalars(select(Game))
    }
    changed = [game for game, cast in casts.items() if joining_id in cast]
    for game in changed:
        cast = {author_id if id_ == joining_id else id_: None for id_ in casts[game]}
        game.user_ids, game.version = msgspec.json.encode([*cast]).decode(), game.version + 1
        if len(cast) == 1 and game.state != "ended":
            game.state, game.ended_at = "ended", now()
    ids = [game.id for game in changed]
    for model, column in (
        (GameQuestion, GameQuestion.user_id),
        (GameQuestion, GameQuestion.model_user_id),
        (GameAnswer, GameAnswer.user_id),
    ):
        is_theirs = model.game_id.in_(ids), column == joining_id
        await session.execute(update(model).where(*is_theirs).values({column: author_id}))
    if changed:
        await tell_of_game(session)


async def _check(session: AsyncSession, joining: User, author: User) -> None:
    if joining.id == author.id:
        raise InvalidInputError("Choose two different authors", loc="name")
    await get_exact(session, author.username)
    await get_exact(session, joining.username)
    names: dict[str, Any] = {"username": joining.username, "into": author.username}
    if await session.scalar(select(User.id).where(User.joined_to_id == joining.id).limit(1)):
        raise ConflictError(
            "Other names are joined to '{username}'; part them first, or join '{into}' to"
            " '{username}'",
            **names,
        )
    if not (joining.is_of_chat and author.is_of_chat):
        raise ConflictError("'{username}' and '{into}' must both be people of chats", **names)
    post, other = aliased(Tweet), aliased(Tweet)
    is_twice = and_(other.user_id == author.id, other.source_id == post.source_id)
    twice = select(func.count()).select_from(post).join(other, is_twice)
    if count := await session.scalar(twice.where(post.user_id == joining.id)):
        raise ConflictError(
            "{count} messages of '{username}' and '{into}' have the same id, so two people wrote"
            " them",
            count=count,
            **names,
        )


async def _check_guests(session: AsyncSession, joining: User, author: User) -> None:
    rooms = select(RoomPerson.room_id).where(
        RoomPerson.user_id == joining.id, RoomPerson.messages > 0
    )
    members = [(room_id, author.id) for room_id in await session.scalars(rooms)]
    for room_id, _ in sorted(await unknown_to_guests(session, members))[:1]:
        raise ConflictError(
            "Guests of chat {number} would learn the name '{into}', which is not in that chat; join"
            " '{into}' to '{username}' instead, or end the guests' access",
            number=room_id,
            username=joining.username,
            into=author.username,
        )


async def _part_some(session: AsyncSession, name: str, of: str | None) -> bool:
    parting = await find_exact(session, name)
    author = None if of is None else await find_exact(session, of)
    if parting is None or (of is not None and author is None):
        raise unknown_user(name if parting is None else of or "")
    if parting.joined_to_id is None or (author and author.id != parting.joined_to_id):
        raise ConflictError("'{username}' is not joined to this author", username=parting.username)
    author_id = parting.joined_to_id
    if parting.deleted_at is not None:
        parting.deleted_at = None
        await append_events(session, [NewEvent("user.created", parting.id)])
    is_theirs = and_(Tweet.user_id == author_id, Tweet.name_id == parting.id)
    if await _move(session, is_theirs, parting.id, None) == MOVED_AT_ONCE:
        return False
    parting.joined_to_id = None
    await session.flush()
    # Else readers of a chat would see somebody who never wrote there.
    own = select(RoomPerson.room_id).where(RoomPerson.user_id == parting.id)
    empty = RoomPerson.user_id == author_id, RoomPerson.messages <= 0, RoomPerson.room_id.in_(own)
    await session.execute(delete(RoomPerson).where(*empty), execution_options=UNTRACKED)
    # People of chats exist by their messages, which an undo may have removed meanwhile.
    is_empty = User.id.in_((author_id, parting.id)), User.tweet_count == 0
    if await session.scalar(select(User.id).where(*is_empty).limit(1)):
        await mark_deleted(session, *is_empty)
    return True


async def _move(
    session: AsyncSession, is_meant: ColumnElement[bool], user_id: int, name_id: int | None
) -> int:
    """Give posts of an author to another, as if they were deleted and arrived; return their number.

    So profiles, counts and everything that follows the log are those of the new author.
    """
    columns = (Tweet.id, Tweet.user_id, Tweet.event_id, Tweet.counted, Tweet.room_id)
    posts = (await session.execute(select(*columns).where(is_meant).limit(MOVED_AT_ONCE))).all()
    ids = [post.id for post in posts]
    is_moved = is_among(session, Tweet.id, ids)
    await subtract_posts(session, posts)
    going = await tally(session, is_moved)
    (event_id,) = await allocate_ids(session, Event, 1)
    values = {"user_id": user_id, "name_id": name_id, "event_id": event_id}
    await session.execute(update(Tweet).where(is_moved).values(values), execution_options=UNTRACKED)
    await recount(session, await tally(session, is_moved), going)
    await session.execute(CHANGE_USER, [{"changed": user_id}])
    await backend_of(session).words.renew(session, ids)
    # People of these chats are judged anew, and the site's population is drawn anew.
    rooms = {post.room_id for post in posts if post.room_id}
    judged = update(Room).where(is_among(session, Room.id, rooms))
    await session.execute(judged.values(judged_messages=0, fit=None), execution_options=UNTRACKED)
    of_rooms = update(RoomPerson).where(is_among(session, RoomPerson.room_id, rooms))
    await session.execute(of_rooms.values(asked=0, recognised=0), execution_options=UNTRACKED)
    await session.execute(update(BackgroundSnapshot).values(authors=-1))
    moved = NewEvent("tweets.imported", user_id, posts=len(posts))
    await append_events(session, [moved], [event_id])
    reset = NewEvent(STREAM_RESET, DERIVED, posts=0)
    people = {user_id, *(post.user_id for post in posts)}
    await append_events(session, [reset], concerned=people)
    return len(posts)


class JoinedName(msgspec.Struct, frozen=True):
    username: str
    display_name: str | None
    into: str
    """The author whose name it is, too."""
    posts: int
    """Number of stored posts that came under it."""


class ChangedName(msgspec.Struct, frozen=True):
    """A line of a chat's file by which two names may be joined."""

    username: str
    into: str
    """The new name."""
    room: int
    at: datetime


class NamePairs(msgspec.Struct, frozen=True):
    joined: list[JoinedName]
    suggested: list[ChangedName]


async def read_names(
    session: AsyncSession, *, room_id: int | None = None, user_id: int | None = None
) -> NamePairs:
    """Return joined names, and those that files say are of one person, at most 200 each: all, or
    those of a chat or of an author.
    """
    author = aliased(User)
    came = select(func.count()).where(Tweet.user_id == author.id, Tweet.name_id == User.id)
    joined = (
        select(User.username, User.display_name, author.username, came.scalar_subquery())
        .join(author, author.id == User.joined_to_id)
        .where(author.deleted_at.is_(None))
        .order_by(User.username_key)
        .limit(MOST_LISTED)
    )
    if room_id is not None:
        people = select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
        joined = joined.where(User.id.in_(people))
    if user_id is not None:
        joined = joined.where(author.id == user_id)
    rows = await session.execute(joined)
    changed = await _changed_names(session, room_id, user_id)
    return NamePairs([JoinedName(*row) for row in rows], changed)


async def _changed_names(
    session: AsyncSession, room_id: int | None, user_id: int | None
) -> list[ChangedName]:
    """Return who changed name by the lines of files, with the last name of each."""
    new, author = aliased(User), aliased(User)
    lines = (
        select(User.id, User.username, author.id, author.username, RoomMove.room_id, RoomMove.at)
        .select_from(RoomMove)
        .join(User, User.id == RoomMove.user_id)
        .join(new, new.id == RoomMove.became_id)
        .join(author, author.id == func.coalesce(new.joined_to_id, new.id))
        .where(User.deleted_at.is_(None), author.deleted_at.is_(None), User.id != author.id)
        .order_by(RoomMove.at, RoomMove.id)
        .limit(MOST_LISTED)
    )
    if room_id is not None:
        lines = lines.where(RoomMove.room_id == room_id)
    if user_id is not None:
        lines = lines.where(or_(User.id == user_id, author.id == user_id))
    rows = (await session.execute(lines)).all()
    became = {row[0]: row for row in rows}
    changed = dict[frozenset[str], ChangedName]()
    for row in became.values():
        last, seen = row, {row[0]}
        while last[2] in became and last[2] not in seen:
            seen.add(last[2])
            last = became[last[2]]
        if last[2] != row[0]:
            names = row[1], last[3]
            changed.setdefault(frozenset(names), ChangedName(*names, row[4], row[5]))
    return [*changed.values()]
