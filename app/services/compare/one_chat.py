"""Comparisons in one chat, as on a site that holds this chat alone.

What is counted for a chat is kept in memory within a size, and made again when it is asked for.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.engine.attribution import EMPTY_BACKGROUND, BackgroundCounter
from app.compute.engine.case import Fitted
from app.compute.engine.fitting import asked_authors
from app.compute.engine.population import CountedAuthor, Population, drawn_authors
from app.config import MIB
from app.db.backend import counts_shipped
from app.db.engine import Database
from app.db.feed import Feed
from app.db.one_chat import check_chat
from app.models import User
from app.population import shipped_authors
from app.runtime.work_pool import Runner, Turns
from app.services.compare.background import (
    FIRST_SNAPSHOT_POSTS,
    BackgroundStore,
    few_authors,
    measure_temperature,
)
from app.services.compare.comparing import Comparer
from app.services.compare.habits import Models
from app.services.compare.profiles import ProfileStore, languages_written, main_languages
from app.services.event_log import newest_event
from app.services.posts.users import read_rows, select_rows
from app.services.rooms.sight import CountedRooms, counted_rooms

MOST_KEPT: Final = 48 * MIB
"""Size of all chats' counts in memory; of the last chat, all is kept."""
MOST_CHATS: Final = 50
"""Each follows the feed."""


class ChatBackground(BackgroundStore):
    """The background of a chat's people, which is made when it is outgrown, as a site's is."""

    def __init__(self, room_id: int, profiles: ProfileStore) -> None:
        super().__init__()
        self.chat = room_id
        self._profiles = profiles
        self._turn = asyncio.Lock()
        self._counted = 0, 0
        """Messages and people when it was made."""

    async def load_with_event(self, session: AsyncSession) -> tuple[Fitted, int]:
        """Return the background and the chat's newest event."""
        check_chat(session, self.chat)
        event = await newest_event(session)
        messages = await session.scalar(select(func.sum(User.tweet_count))) or 0
        counted = messages, await few_authors(session, ())
        fitted = self.newest
        if fitted is None or self._is_outgrown(*counted):
            async with self._turn:  # Questions that come together wait for one of them.
                fitted = self.newest
                if fitted is None or self._is_outgrown(*counted):
                    fitted = self.newest = await self._made(session, messages)
                    self._counted = counted
        return fitted, event

    def _is_outgrown(self, messages: int, people: int) -> bool:
        before, people_before = self._counted
        if people != people_before:
            return True
        if before < FIRST_SNAPSHOT_POSTS:
            return messages >= FIRST_SNAPSHOT_POSTS
        return messages >= 1.25 * before or messages * 1.25 <= before

    async def _made(self, session: AsyncSession, messages: int) -> Fitted:
        shipped = await asyncio.to_thread(shipped_authors, is_wanted=counts_shipped(session))
        fitted = Fitted(
            shipped.background(EMPTY_BACKGROUND),
            shipped=shipped.everybody,
            chatters=shipped.chatters,
            version=self.newest.version + 1 if self.newest else 1,
        )
        if messages < FIRST_SNAPSHOT_POSTS:
            return fitted
        people = await read_rows(session, select_rows(User.tweet_count > 0).order_by(User.id))
        loaded = await self._profiles.load(session, people)
        profiles = {user.id: profile for user, profile in zip(people, loaded, strict=True)}
        languages = await main_languages(session)
        named = {user.username_key: user for user in people}
        authors = [(key, user.tweet_count, languages.get(user.id)) for key, user in named.items()]
        posts = sum(profile.posts for profile in loaded)

        drawn = await asyncio.to_thread(drawn_authors, authors, posts)
        ids = sorted(named[key].id for key in drawn)
        written = await languages_written(session, languages, ids, shipped.populations)

        def made() -> tuple[Fitted, dict[str, int]]:
            members = [
                CountedAuthor(
                    id_, profiles[id_].posts, languages.get(id_), profiles[id_].counts, written[id_]
                )
                for id_ in ids
            ]
            counter = BackgroundCounter()
            counter.add(profile.counts for profile in loaded)
            background = shipped.background(counter.background(posts))
            asked = {key: named[key].id for key in asked_authors(drawn)}
            return replace(fitted, background=background, population=Population.of(members)), asked

        fitted, asked = await asyncio.to_thread(made)
        temperature = await measure_temperature(
            session, fitted.background, asked, seed=posts, profiles=profiles
        )
        return replace(fitted, temperature=temperature)


class OneChat:
    """What a process reads and keeps of a chat, as if nothing else were here."""

    def __init__(
        self, db: Database, feed: Feed, turns: Turns, room_id: int, run_long: Runner
    ) -> None:
        self.room_id = room_id
        self._turns = turns
        self.db = _ChatDatabase(db, room_id)
        profiles = ProfileStore(48 * MIB, chat=room_id)
        self.models = Models(profiles, ChatBackground(room_id, profiles))
        self.comparer = Comparer(self.db, feed, self.models, run_long)

    @asynccontextmanager
    async def read_long(self) -> AsyncIterator[AsyncSession]:
        """Open a session for a page that counts, in its turn."""
        async with self._turns.turn(), self.db.read() as session:
            yield session

    @property
    def counted_rooms(self) -> CountedRooms:
        """Nothing is kept of what is counted: the chat's sessions see no deletions."""
        return counted_rooms()

    @property
    def of_parts(self) -> Mapping[str, Any]:
        return {}

    def forget(self) -> None:
        """Free what is kept, since references in a circle would keep it for long."""
        self.comparer.detach()
        self.models.clear(0)

    @property
    def size_bytes(self) -> int:
        models = self.models
        kept = models.profiles.size_bytes + models.backgrounds.size_bytes
        return kept + self.comparer.size_bytes


class _ChatDatabase:
    def __init__(self, db: Database, room_id: int) -> None:
        self._db = db
        self._room_id = room_id

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read_chat(self._room_id)


class Chats:
    """The chats that a process was asked about alone, the last used ones within a size."""

    def __init__(
        self, db: Database, feed: Feed, turns: Turns, run_long: Runner, max_bytes: int = MOST_KEPT
    ) -> None:
        """turns: of pages that count. run_long: for long texts."""
        self._make = partial(OneChat, db, feed, turns, run_long=run_long)
        self._max_bytes = max_bytes
        self._chats: OrderedDict[int, OneChat] = OrderedDict()

    def get(self, room_id: int) -> OneChat:
        """Return a chat by the id under which its messages are kept."""
        chat = self._chats.get(room_id)
        if chat is None:
            chat = self._chats[room_id] = self._make(room_id)
        self._chats.move_to_end(room_id)
        # What it keeps grows when it is asked, so the sizes are counted anew.
        size = sum(chat.size_bytes for chat in self._chats.values())
        while len(self._chats) > 1 and (size > self._max_bytes or len(self._chats) > MOST_CHATS):
            _, oldest = self._chats.popitem(last=False)
            size -= oldest.size_bytes
            oldest.forget()
        return chat

    def clear(self, _newest: int) -> None:
        """Forget all counts, since the database lost posts."""
        for chat in self._chats.values():
            chat.forget()
        self._chats.clear()

    async def close(self) -> None:
        for chat in self._chats.values():
            await chat.comparer.close()
