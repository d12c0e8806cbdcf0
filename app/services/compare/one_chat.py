"""Comparisons in one chat, as on a site that holds this chat alone.

Counts of a chat are kept in memory within a size, and made again on request.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import LONG
from app.db.engine import Database
from app.db.feed import Feed
from app.runtime.work_pool import Runner, Turns
from app.services.compare.background import ChatBackground
from app.services.compare.comparing import Comparer
from app.services.compare.habits import Models
from app.services.compare.profiles import ProfileStore
from app.services.snapshots import Snapshots
from saywho.sizes import MIB

MOST_KEPT: Final = 48 * MIB
"""Size of all chats' counts in memory; of the last chat, all is kept."""
MOST_CHATS: Final = 50
"""Each follows the feed."""


class ChatResources:
    """A process's data of a chat, as if nothing else were here."""

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
            session.info[LONG] = True
            yield session

    @property
    def snapshots(self) -> Snapshots:
        """Nothing is kept of what is counted: the chat's sessions see no deletions."""
        return Snapshots()

    def forget(self) -> None:
        """Free what is kept, since references in a circle would keep it for long."""
        self.comparer.detach()
        self.models.clear(0)

    @property
    def size_bytes(self) -> int:
        models = self.models
        kept = models.profiles.size_bytes + models.backgrounds.size_bytes
        return kept + self.comparer.size_bytes


class _ChatDatabase(NamedTuple):
    db: Database
    room_id: int

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.db.read_chat(self.room_id)


class ChatCache:
    """The chats that a process was asked about alone, the last used ones within a size."""

    def __init__(
        self, db: Database, feed: Feed, turns: Turns, run_long: Runner, max_bytes: int = MOST_KEPT
    ) -> None:
        """turns: of pages that count. run_long: for long texts."""
        self._make = partial(ChatResources, db, feed, turns, run_long=run_long)
        self._max_bytes = max_bytes
        self._chats: OrderedDict[int, ChatResources] = OrderedDict()

    def get(self, room_id: int) -> ChatResources:
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
