"""Posts of a file whose ids are stored with other texts: row numbers, or ids of somebody else."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import backend_of, is_among
from app.errors import Message
from app.formats.assumptions import Doubt, NotesSummary
from app.formats.doubts.questions import SeenId
from app.formats.doubts.tally import Sightings
from app.formats.reading import username_for
from app.models import Tweet
from app.services.imports.bulk import BATCH, find_by_keys
from app.services.posts.post_rooms import is_of_kept_room

KNOWN: Final = Message("Posts with an id that is here with other words")
_FEWEST: Final = 2
_SHORT: Final = 8
"""Letters from which a text within another is no coincidence."""


async def known_ids(
    session: AsyncSession, seen: Sequence[SeenId], names: Mapping[str, str | None] | None = None
) -> Doubt | None:
    """Return a doubt if over half of these posts are stored by their ids alone, with other texts.

    names: other names of people, by their usernames in the file.
    """
    keys = {name: (names or {}).get(name) or name for name, _, _ in seen}
    keys = {name: username_key(username_for(called)) for name, called in keys.items() if called}
    authors = await find_by_keys(session, {*keys.values()})
    texts = {
        (authors[key].id, source_id): text
        for name, source_id, text in seen
        if (key := keys.get(name)) in authors
    }
    if 2 * len(texts) <= len(seen):
        return None
    tally, people = Sightings(), set()
    posts = [*texts]
    for start in range(0, len(posts), BATCH):
        for user_id, source_id, stored in await _stored(session, posts[start : start + BATCH]):
            text = texts[user_id, source_id]
            if not _is_alike(text, stored):
                tally.add(text)
                people.add(user_id)
    if tally.count < _FEWEST or 2 * tally.count <= len(seen):
        return None
    imported = select(Tweet.id).where(
        is_among(session, Tweet.user_id, people), Tweet.import_id.is_not(None)
    )
    is_first = await session.scalar(imported.limit(1)) is None
    return tally.doubt("known", KNOWN, is_grave=is_first)


def with_known(notes: NotesSummary, doubt: Doubt | None) -> NotesSummary:
    """Return a preview's notes with this doubt, the grave ones first."""
    doubts = (*notes.doubts, *filter(None, [doubt]))
    return structs.replace(notes, doubts=tuple(sorted(doubts, key=lambda each: not each.grave)))


async def _stored(
    session: AsyncSession, keys: Sequence[tuple[int, str]]
) -> list[tuple[int, str, str]]:
    listed = backend_of(session).listed(keys, Tweet.user_id, Tweet.source_id)
    is_listed = and_(Tweet.user_id == listed.c.user_id, Tweet.source_id == listed.c.source_id)
    query = select(listed.c.user_id, listed.c.source_id, Tweet.text).join(Tweet, is_listed)
    return [(*row,) for row in await session.execute(query.where(is_of_kept_room()))]


def _is_alike(beginning: str, stored: str) -> bool:
    """Return whether two texts may be readings of the same text: one was cut, or had markup."""
    short, long = sorted((_plain(beginning), _plain(stored)), key=len)
    return short == long or (len(short) >= _SHORT and short in long)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
