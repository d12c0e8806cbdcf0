"""A database as a site would have it that holds one chat alone.

On connections of their own, temporary views with the names of tables show the rows of one chat. So
every query reads of that chat alone, and knows nothing of it.
"""

# ruff: noqa: S608 - no value of a request is in these statements.

from collections.abc import Iterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User
from app.models.content import EPOCH_S, SLOT_S, UNKNOWN_SLOT

CHAT: Final = "chat"
"""Key in a session's `info`: id of the only visible chat; missing for the whole site."""


def views(*, base: str, room: str, unix: str, is_post_here: str) -> Iterator[str]:
    """Yield the statements that make the views.

    base: the schema of the tables, with a dot. room: expression for the visible chat's id, NULL for
    none. unix: expression for the seconds from 1970 to the column `created_at`. is_post_here:
    condition of a row of Tweet in the chat.
    """
    columns = ", ".join(
        f'person.messages AS "{column.name}"'
        if column is User.__table__.c.tweet_count
        else f'author."{column.name}"'
        for column in User.__table__.columns
    )
    people = (
        f'{base}"RoomPerson" AS person JOIN {base}"Users" AS author ON author.id = person.user_id'
    )
    # Of people with all posts in the chat, what is counted of all their posts is counted of it.
    is_whole = f"person.room_id = {room} AND person.messages = author.tweet_count"
    is_partly = f"person.room_id = {room} AND person.messages <> author.tweet_count"
    shown = {
        "Room": f'SELECT * FROM {base}"Room" WHERE id = {room} OR joined_to_id = {room}',
        "RoomPerson": f'SELECT * FROM {base}"RoomPerson" WHERE room_id = {room}',
        "RoomMove": f'SELECT * FROM {base}"RoomMove" WHERE room_id = {room}',
        "Tweet": f'SELECT * FROM {base}"Tweet" WHERE {is_post_here}',
        "Users": f"SELECT {columns} FROM {people} WHERE person.room_id = {room}",
        "Profile": f'SELECT counted.* FROM {people} JOIN {base}"Profile" AS counted'
        f" ON counted.user_id = author.id WHERE {is_whole}",
        "PostCount": "SELECT counted.user_id, counted.slot, counted.lang, counted.posts"
        f' FROM {people} JOIN {base}"PostCount" AS counted ON counted.user_id = author.id'
        f" WHERE {is_whole}"
        f" UNION ALL SELECT user_id, coalesce(({unix} + {EPOCH_S}) / {SLOT_S}, {UNKNOWN_SLOT}),"
        # Where there are no other people, the chat's messages are not read.
        f" coalesce(lang, ''), count(*) FROM {base}\"Tweet\""
        f" WHERE room_id IN (SELECT person.room_id FROM {people} WHERE {is_partly})"
        f" AND user_id IN (SELECT author.id FROM {people} WHERE {is_partly}) GROUP BY 1, 2, 3",
        # The newest event of the chat, without the event's row, which may have been pruned.
        "Event": "SELECT max(newest) AS id, 'tweet.created' AS kind, 0 AS user_id,"
        " NULL AS tweet_id, 1 AS count, NULL AS created_at FROM (SELECT (SELECT event_id"
        f' FROM {base}"Tweet" AS post WHERE post.user_id = person.user_id AND post.room_id = {room}'
        f' ORDER BY event_id DESC LIMIT 1) AS newest FROM {base}"RoomPerson" AS person'
        f" WHERE person.room_id = {room}) AS of_each",
        "BackgroundSnapshot": f'SELECT * FROM {base}"BackgroundSnapshot" WHERE 1 = 0',
        # How often words are written is counted over the site only.
        "Word": "SELECT '' AS word, 0 AS tweets WHERE 1 = 0",
        "Vocabulary": f'SELECT id, recipe, 0 AS tweets, 0 AS terms FROM {base}"Vocabulary"',
        "Embedding": f'SELECT * FROM {base}"Embedding" WHERE 1 = 0',
    }
    for name, query in shown.items():
        yield f'CREATE TEMPORARY VIEW "{name}" AS {query}'


def check_chat(session: AsyncSession, chat: int | None) -> None:
    """Raise RuntimeError if a session shows another chat, or the whole site: counts of the one must
    not be kept as counts of the other.
    """
    if session.info.get(CHAT) != chat:
        raise RuntimeError(f"a session of {session.info.get(CHAT)} is used for chat {chat}")
