"""Making model cards in the background: each once for all workers, few at a time."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.features import RECIPE
from app.db.backend import backend_of
from app.db.chunks import chunks
from app.db.engine import Database
from app.errors import AppError, UnavailableError
from app.models import ModelCard, User
from app.services.clock import now
from app.services.compare.card import Answer, Card, Made, largest, measure, read_posts
from app.services.compare.card_stored import find_card, find_card_and_answers
from app.services.compare.compare import Models, compared_users, load_authors
from app.services.compare.judging import MODEL_NAME
from app.services.posts.users import Contender

MOST_WAITING: Final = 16
"""Cards that may wait in a process; who asks for another one is told to come again."""
MOST_KEPT: Final = 200
GIVEN_UP_AFTER: Final = timedelta(seconds=60)
"""A card that was begun so long ago is begun again: its maker has died."""
RETRY_AFTER_S: Final = 1
REST: Final = timedelta(seconds=15)
"""So long a card holds though posts come: else, while they stream in, none is ever finished."""
FORMAT: Final = 2
"""Of what is stored; cards of another one are made anew."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose card, and of which state of their posts."""

    authors: str
    """Digest of who they are and of how cards are made."""
    posts: str
    """Digest of the state of their posts."""
    usernames: tuple[str, ...]
    """As named; none for all with posts."""


def wanted_card(users: Sequence[Contender], usernames: Sequence[str]) -> Wanted:
    """Return which card belongs to the authors as they are now."""
    states = sorted((user.id, user.tweet_count, user.deletion_count) for user in users)
    return Wanted(
        _digest([FORMAT, MODEL_NAME, RECIPE, [user_id for user_id, _, _ in states]]),
        _digest(states),
        tuple(usernames),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


class CardMaker:
    """Makes one card after the other, those that no other worker is making."""

    def __init__(self, db: Database, models: Models, *, rest: timedelta = REST) -> None:
        self._db = db
        self._models = models
        self._rest = rest
        self._queue: asyncio.Queue[Wanted] = asyncio.Queue(MOST_WAITING)
        self._waiting: set[str] = set()
        """Of which authors, until it is there: it is made of the posts as they are by then."""

    async def find(self, usernames: Sequence[str]) -> Card | None:
        """Return the card of the authors named, or of all, if there is one."""
        return (await self._find(usernames))[0]

    async def find_or_ask(self, usernames: Sequence[str]) -> Card | None:
        """Return the card of the authors named, or of all; None while it is being made.

        Raises NotFoundError and InvalidInputError as a comparison does, and UnavailableError.
        """
        card, wanted = await self._find(usernames)
        if card is None:
            self.ask(wanted)
        return card

    async def _find(self, usernames: Sequence[str]) -> tuple[Card | None, Wanted]:
        async with self._db.read() as session:
            users = await compared_users(session, usernames)
            wanted = wanted_card(users, usernames)
            blob = await find_card(
                session, authors=wanted.authors, posts=wanted.posts, after=now() - self._rest
            )
        return msgspec.json.decode(blob, type=Card) if blob else None, wanted

    async def find_answers_or_ask(self, usernames: Sequence[str]) -> Made | None:
        """Return the card with the answers that it sums up, as `find_or_ask` does."""
        async with self._db.read() as session:
            users = await compared_users(session, usernames)
            wanted = wanted_card(users, usernames)
            blobs = await find_card_and_answers(
                session, authors=wanted.authors, posts=wanted.posts, after=now() - self._rest
            )
        if blobs is None:
            self.ask(wanted)
            return None
        card, answers = blobs
        return Made(
            msgspec.json.decode(card, type=Card), msgspec.json.decode(answers, type=list[Answer])
        )

    def ask(self, wanted: Wanted) -> None:
        """Have the card made, unless it waits already. Raises UnavailableError if many wait."""
        if wanted.authors in self._waiting:
            return
        try:
            self._queue.put_nowait(wanted)
        except asyncio.QueueFull:
            raise UnavailableError(
                "The server has more to do than it can; try again soon",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            ) from None
        self._waiting.add(wanted.authors)

    async def run(self) -> None:
        """Make what is asked for until cancelled."""
        while True:
            wanted = await self._queue.get()
            try:
                await self._make(wanted)
            except AppError as error:
                # An author was deleted meanwhile; who asks again is told so.
                logger.info("a model card could not be made: %s", error.detail)
            except Exception:
                logger.exception("a model card could not be made")
            finally:
                self._waiting.discard(wanted.authors)

    async def _make(self, wanted: Wanted) -> None:
        async with self._db.read() as session:
            users = await compared_users(session, wanted.usernames)
        if not await self._claim(wanted_card(users, wanted.usernames), users):
            return
        try:
            async with self._db.read() as session:
                # What was read before the claim may be older than what is read now.
                users = await compared_users(session, wanted.usernames)
                material = await load_authors(
                    session, self._models, largest(users), is_named=bool(wanted.usernames)
                )
                posts = await read_posts(session, material)
            left_out = len(users) - len(material.users)
            made = await measure(material, posts, left_out=left_out)
        except BaseException:
            await asyncio.shield(self._give_up(wanted_card(users, wanted.usernames)))
            raise
        await self._store(wanted_card(users, wanted.usernames), users, made)

    async def _claim(self, wanted: Wanted, users: Sequence[Contender]) -> bool:
        """Say whether the card is to be made here; nobody else makes it from then on."""
        async with self._db.write() as session:
            query = select(ModelCard.posts, ModelCard.asked_at, ModelCard.card.is_(None)).where(
                ModelCard.authors == wanted.authors
            )
            row = (await session.execute(query)).first()
            if row is not None and _stands(wanted, *row, rest=self._rest):
                return False
            await _put(session, wanted, users, None)
            return True

    async def _store(self, wanted: Wanted, users: Sequence[Contender], made: Made) -> None:
        async with self._db.write() as session:
            if not await _are_whole(session, users):
                return  # It would keep words of what was deleted meanwhile.
            await _put(session, wanted, users, made)
            newest = select(ModelCard.authors).order_by(
                ModelCard.asked_at.desc(), ModelCard.authors
            )
            kept = set(await session.scalars(newest.limit(MOST_KEPT)))
            await session.execute(delete(ModelCard).where(ModelCard.authors.not_in(kept)))

    async def _give_up(self, wanted: Wanted) -> None:
        """Let another one begin the card at once."""
        async with self._db.write() as session:
            await session.execute(
                delete(ModelCard).where(
                    ModelCard.authors == wanted.authors, ModelCard.card.is_(None)
                )
            )


def _stands(
    wanted: Wanted, posts: str, asked_at: datetime, is_unfinished: bool, *, rest: timedelta
) -> bool:
    """Return whether a card is there that holds, or one that is being made."""
    if is_unfinished:
        return asked_at > now() - GIVEN_UP_AFTER
    return posts == wanted.posts or asked_at > now() - rest


async def _are_whole(session: AsyncSession, users: Sequence[Contender]) -> bool:
    """Return whether nothing of the authors was deleted since they were read."""
    before = {user.id: user.deletion_count for user in users}
    for some in chunks(list(before)):
        query = select(User.id, User.deletion_count).where(
            User.id.in_(some), User.deleted_at.is_(None)
        )
        rows = (await session.execute(query)).all()
        if {row.id: row.deletion_count for row in rows} != {i: before[i] for i in some}:
            return False
    return True


async def _put(
    session: AsyncSession, wanted: Wanted, users: Sequence[Contender], made: Made | None
) -> None:
    user_ids = ",".join(str(user.id) for user in users)
    values = {
        "posts": wanted.posts,
        "user_ids": f",{user_ids},",
        "asked_at": now(),
        "card": msgspec.json.encode(made.card) if made else None,
        "answers": msgspec.json.encode(made.answers) if made else None,
    }
    await session.execute(
        backend_of(session)
        .insert(ModelCard)
        .values(authors=wanted.authors, **values)
        .on_conflict_do_update(index_elements=[ModelCard.authors], set_=values)
    )
