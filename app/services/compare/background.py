"""The background, its temperature and population: one snapshot for all workers.

They may lag behind the posts; authors' own counts never do. Reading adds the shipped authors, not
the sample authors.
"""

import asyncio
import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import structs
from sqlalchemy import Select, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of, counts_shipped
from app.db.engine import Database, GrantLostError
from app.db.one_chat import check_chat
from app.db.result_cache import DERIVED
from app.models import BackgroundSnapshot, Event, Profile, Room, User
from app.services.compare.profiles import (
    ProfileStore,
    author_batches,
    fold_tails,
    languages_written,
    main_languages,
    newest_chained,
    stored_profiles,
)
from app.services.event_log import NewEvent, append_events, newest_event
from app.services.posts.users import read_rows, sample_ids, select_rows
from saywho.clock import now
from saywho.engine import fitting
from saywho.engine.attribution import (
    EMPTY_BACKGROUND,
    Background,
    BackgroundCounter,
    build_background,
)
from saywho.engine.case import Fitted
from saywho.engine.features import RECIPE, Counts
from saywho.engine.judgement import FEWEST_JUDGED
from saywho.engine.population import CountedAuthor, Population, Shipped, drawn_authors
from saywho.engine.profiles import AuthorProfile
from saywho.population import shipped_authors, shipped_digest

BACKGROUND: Final = "background"
"""Name of the renewal's job and lock."""
SMALL_POPULATION: Final = 100
"""Authors; in a smaller population each new one renews the snapshot."""


_STATE: Final = select(
    select(func.max(BackgroundSnapshot.version))
    .where(BackgroundSnapshot.recipe == bindparam("recipe"))
    .scalar_subquery(),
    select(func.max(Event.id)).scalar_subquery(),
    select(func.max(Event.id))
    .where(
        Event.id > bindparam("seen"),
        # After single new posts, maintenance checks.
        or_(
            Event.kind == "tweets.imported",
            Event.kind == "tweet.deleted",
            Event.kind == "user.deleted",
        ),
    )
    .scalar_subquery(),
)
"""Newest version, newest event, and newest unseen event of many posts."""

Drawn = tuple[int, int, str | None]
"""ID, posts and language."""


class LeftOutShare(msgspec.Struct, frozen=True):
    """How often texts by authors here, each left out in turn, are attributed to others here."""

    share: float
    """Share of the decisions that were `likely`."""
    decisions: int
    """Number of texts judged."""


class Members(msgspec.Struct, frozen=True):
    drawn: list[Drawn]
    """The sample authors come last."""
    written: list[list[str] | None]
    """The languages that each of them writes; null if unknown."""
    samples: list[int]
    left_out: LeftOutShare | None = None
    """Measured after the snapshot is made."""


class BackgroundStore:
    """The newest snapshot in memory, with the shipped authors.

    Imports and deletions update `is_outgrown`, maintenance after single posts.
    """

    chat: int | None = None
    """The only chat of its sessions; None for the whole site."""

    def __init__(self) -> None:
        self.newest: Fitted | None = None
        """None before the first comparison."""
        self._seen = 0
        """Last event in `is_outgrown`."""

    @property
    def size_bytes(self) -> int:
        """Size of what only this process keeps of the snapshot."""
        if self.newest is None:
            return 0
        population = self.newest.population
        return self.newest.background.table.nbytes + population.size_bytes

    def clear(self) -> None:
        self.newest = None

    async def look(self, session: AsyncSession) -> bool:
        """Return whether posts have outgrown the newest snapshot, and mark it."""
        event, is_due = await newest_event(session), await is_outgrown(session)
        self._seen = max(self._seen, event)
        if self.newest is not None and self.newest.is_outgrown != is_due:
            self.newest = replace(self.newest, is_outgrown=is_due)
        return is_due

    async def load(self, session: AsyncSession) -> Fitted:
        """Return the newest snapshot; before the first, only shipped authors."""
        fitted, _ = await self.load_with_event(session)
        return fitted

    async def load_with_event(self, session: AsyncSession) -> tuple[Fitted, int]:
        """Return the newest snapshot and event, 0 before the first."""
        check_chat(session, self.chat)
        values = {"recipe": _recipe(session), "seen": self._seen}
        version, event, change = (await session.execute(_STATE, values)).one()
        version, event, newest = version or 0, event or 0, self.newest
        if newest is None or version != newest.version:
            return await self._read(session, version), event
        if change:
            await self.look(session)
        self._seen = max(self._seen, event)
        return self.newest or newest, event

    async def _read(self, session: AsyncSession, version: int) -> Fitted:
        of_version = select(BackgroundSnapshot).where(BackgroundSnapshot.version == version)
        snapshot = (await session.scalars(of_version)).one_or_none()
        fitted = await asyncio.to_thread(_unpacked, snapshot, is_wanted=counts_shipped(session))
        fitted = replace(fitted, is_outgrown=await is_outgrown(session))
        # A session that began earlier may see an older snapshot.
        if self.newest is None or version >= self.newest.version:
            self.newest = fitted
        return fitted


def _unpacked(snapshot: BackgroundSnapshot | None, *, is_wanted: bool) -> Fitted:
    """Return a snapshot, perhaps with shipped authors; in a thread (30 MiB for a moment)."""
    shipped = shipped_authors(is_wanted=is_wanted)
    populations = shipped.everybody
    if snapshot is None:
        return Fitted(
            shipped.background(EMPTY_BACKGROUND), shipped=populations, chatters=shipped.chatters
        )
    members = msgspec.json.decode(snapshot.members, type=Members)
    blobs = msgspec.msgpack.decode(snapshot.population, type=list[bytes])
    drawn = [
        CountedAuthor(*member, Counts.from_bytes(blob), written)
        for member, blob, written in zip(members.drawn, blobs, members.written, strict=True)
    ]
    return Fitted(
        shipped.background(Background.from_bytes(snapshot.counts)),
        snapshot.temperature,
        Population.of(drawn),
        snapshot.version,
        populations,
        frozenset(members.samples),
        chatters=shipped.chatters,
    )


def _recipe(session: AsyncSession) -> int:
    shipped = shipped_digest() if counts_shipped(session) else ""
    form = 4  # Version of what a snapshot holds.
    return zlib.crc32(f"{form} {RECIPE} {shipped}".encode()) >> 1


async def newest_members(session: AsyncSession) -> tuple[int, Members] | None:
    """Return the newest snapshot's version and members; None before the first."""
    row = (await session.execute(_newest(session))).first()
    return None if row is None else (row.version, msgspec.json.decode(row.members, type=Members))


def _newest(session: AsyncSession) -> Select[int, int, int, bytes]:
    version, is_ours = BackgroundSnapshot.version, BackgroundSnapshot.recipe == _recipe(session)
    columns = BackgroundSnapshot.posts, BackgroundSnapshot.authors, BackgroundSnapshot.members
    return select(version, *columns).where(is_ours).order_by(version.desc()).limit(1)


async def is_outgrown(session: AsyncSession) -> bool:
    """Return whether posts or authors differ too much from the background."""
    samples = await sample_ids(session)
    total = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(total.where(User.id.not_in(samples))) or 0
    newest = (await session.execute(_newest(session))).first()
    if newest is None:
        return posts >= fitting.FEWEST_FITTED or bool(samples)
    members = msgspec.json.decode(newest.members, type=Members)
    if samples != members.samples:
        return True
    if not newest.posts:
        return posts >= fitting.FEWEST_FITTED
    if posts >= 1.25 * newest.posts or posts * 1.25 <= newest.posts:
        return True
    ids = [member for member, _, _ in members.drawn]
    here = select(func.count()).where(
        User.id.in_(ids), User.deleted_at.is_(None), User.tweet_count > 0
    )
    if (await session.scalar(here) or 0) < len(ids):
        return True
    return await few_authors(session, samples) != int(newest.authors)


async def few_authors(session: AsyncSession, samples: Collection[int]) -> int:
    few = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_JUDGED)
    few = few.where(User.id.not_in(samples))
    counted = select(func.count()).select_from(few.limit(SMALL_POPULATION).subquery())
    return await session.scalar(counted) or 0


async def renew_if_outgrown(db: Database) -> None:
    """Renew an outgrown snapshot, after other processes' renewals."""
    async with db.read() as session:
        if not await is_outgrown(session):
            return
    with suppress(GrantLostError):  # Another process is renewing it by now.
        async with db.exclusive_in_turn(BACKGROUND) as grant:
            async with grant.read() as session:
                is_due = await is_outgrown(session)
            if is_due:  # Other processes may have begun before the last posts arrived.
                await renew_background(grant)


async def renew_background(db: Sessions) -> None:
    """Fold all tails, and snapshot all profiles."""
    async with db.read() as session:
        before = await session.scalar(select(func.max(BackgroundSnapshot.version))) or 0
    await fold_tails(db)
    async with db.read() as session:
        is_wanted, recipe = counts_shipped(session), _recipe(session)
        shipped = await asyncio.to_thread(shipped_authors, is_wanted=is_wanted)
        samples = await sample_ids(session)
        total = select(func.sum(Profile.posts)).where(Profile.user_id.not_in(samples))
        posts = await session.scalar(total) or 0
        authors = await few_authors(session, samples)
        # The seed makes authors and temperature depend on the posts alone, whatever samples there
        # are and wherever the posts are kept (`fit_corpus`).
        members, blobs, asked = await _draw(session, samples, shipped.populations, seed=posts)
        fresh = await _build(session, posts, samples)
        joined = await asyncio.to_thread(shipped.background, fresh)
        temperature = await measure_temperature(session, joined, asked, seed=posts)
    blob = await asyncio.to_thread(fresh.to_bytes)
    async with db.write() as session:
        # A faster worker may have made this version from the same posts.
        await session.execute(
            backend_of(session)
            .insert(BackgroundSnapshot)
            .values(
                version=before + 1,
                recipe=recipe,
                posts=posts,
                authors=authors,
                counts=blob,
                temperature=temperature,
                members=msgspec.json.encode(members),
                population=msgspec.msgpack.encode(blobs),
                created_at=now(),
            )
            .on_conflict_do_nothing()
        )
        await session.execute(delete(BackgroundSnapshot).where(BackgroundSnapshot.version < before))
        await append_events(session, [NewEvent("background.made", DERIVED, posts=0)])


async def _build(session: AsyncSession, posts: int, samples: Collection[int]) -> Background:
    counter = BackgroundCounter()
    counted = (Profile.recipe == RECIPE, Profile.user_id.not_in(samples))
    authors = select(Profile.user_id, Profile.posts).where(*counted)
    rows = (await session.execute(authors.order_by(Profile.user_id))).all()
    for part in author_batches(rows):
        query = select(Profile.counts).where(Profile.user_id.between(part[0], part[-1]))
        blobs = (await session.scalars(query.where(*counted))).all()
        await asyncio.to_thread(counter.add, map(Counts.from_bytes, blobs))
    return await asyncio.to_thread(counter.background, posts)


async def _draw(
    session: AsyncSession, samples: Collection[int], shipped: Mapping[str, Population], seed: int
) -> tuple[Members, list[bytes], dict[str, int]]:
    """Return the population, then samples; counts; IDs of the temperature's authors by key."""
    columns = (User.id, User.username_key, User.tweet_count)
    has_posts = select(*columns).where(User.deleted_at.is_(None), User.tweet_count > 0)
    languages = await main_languages(session)
    rows = [row for row in await session.execute(has_posts) if row.id not in samples]
    ids = {row.username_key: row.id for row in rows}
    authors = [(row.username_key, row.tweet_count, languages.get(row.id)) for row in rows]
    drawn = await asyncio.to_thread(drawn_authors, authors, seed)
    is_drawn = Profile.user_id.in_([*map(ids.__getitem__, drawn), *samples])
    of_drawn = is_drawn, Profile.recipe == RECIPE
    order = (Profile.user_id.in_(samples), Profile.user_id)
    query = select(Profile.user_id, Profile.posts).where(*of_drawn).order_by(*order)
    profiles = (await session.execute(query)).all()
    members = [(row.user_id, row.posts, languages.get(row.user_id)) for row in profiles]
    known = await languages_written(session, languages, [row.user_id for row in profiles], shipped)
    written = [None if (own := known[row.user_id]) is None else sorted(own) for row in profiles]
    counts = await session.scalars(select(Profile.counts).where(*of_drawn).order_by(*order))
    asked = {key: ids[key] for key in fitting.asked_authors(drawn)}
    return Members(members, written, list(samples)), [*counts], asked


async def measure_temperature(
    session: AsyncSession,
    background: Background,
    asked: Mapping[str, int],
    seed: int,
    profiles: Mapping[int, AuthorProfile] = MappingProxyType({}),
) -> float:
    """Return the temperature by the asked authors' held-out posts.

    profiles: of authors by id, if known; the stored ones otherwise.
    """
    samples: dict[str, fitting.ScoredSample] = {}
    for key, user_id in asked.items():
        whole = profiles.get(user_id)
        if whole is None:
            whole, _ = (await stored_profiles(session, [user_id]))[user_id]
        count = fitting.asked_posts(len(asked), whole.posts)
        newest = await newest_chained(session, user_id, count)
        # A post that arrived after the fold is not in the profile.
        sample = await asyncio.to_thread(fitting.sample_of, whole, newest, len(asked), background)
        if sample is not None:
            samples[key] = sample
    return await asyncio.to_thread(fitting.temperature_of, samples, background, seed)


class ChatFit(msgspec.Struct, frozen=True):
    """What takes longest to make of a chat's background; its counts are those of the profiles."""

    recipe: int
    messages: int
    people: int
    """Number of people with enough messages."""
    drawn: dict[int, tuple[str | None, list[str] | None]]
    """The main language and all languages of each person drawn for the population, by id; null if
    unknown.
    """
    temperature: float

    def is_outgrown(self, messages: int, people: int) -> bool:
        if people != self.people:
            return True
        if self.messages < fitting.FEWEST_FITTED:
            return messages >= fitting.FEWEST_FITTED
        return messages >= 1.25 * self.messages or messages * 1.25 <= self.messages


class ChatBackground(BackgroundStore):
    """The background of a chat's people, which is made when it is outgrown, as a site's is."""

    def __init__(self, room_id: int, profiles: ProfileStore) -> None:
        super().__init__()
        self.chat = room_id
        self._profiles = profiles
        self._turn = asyncio.Lock()
        self.fit: ChatFit | None = None
        """Of the newest background; maintenance stores it (`Room.fit`)."""

    async def load_with_event(self, session: AsyncSession) -> tuple[Fitted, int]:
        """Return the background and the chat's newest event."""
        check_chat(session, self.chat)
        event = await newest_event(session)
        messages = await session.scalar(select(func.sum(User.tweet_count))) or 0
        counted = messages, await few_authors(session, ())
        fitted = self._current(*counted)
        if fitted is None:
            async with self._turn:  # Questions that come together wait for one of them.
                fitted = self._current(*counted) or await self._make(session, *counted)
        return fitted, event

    def _current(self, messages: int, people: int) -> Fitted | None:
        is_current = self.fit is not None and not self.fit.is_outgrown(messages, people)
        return self.newest if is_current else None

    async def _make(self, session: AsyncSession, messages: int, counted: int) -> Fitted:
        shipped = await asyncio.to_thread(shipped_authors, is_wanted=counts_shipped(session))
        fitted = Fitted(
            shipped.background(EMPTY_BACKGROUND),
            shipped=shipped.everybody,
            chatters=shipped.chatters,
            version=self.newest.version + 1 if self.newest else 1,
        )
        fit = ChatFit(_recipe(session), messages, counted, {}, fitted.temperature)
        if messages >= fitting.FEWEST_FITTED:
            fitted, fit = await self._fitted(session, shipped, fitted, fit)
        self.newest, self.fit = fitted, fit
        return fitted

    async def _fitted(
        self, session: AsyncSession, shipped: Shipped, fitted: Fitted, fit: ChatFit
    ) -> tuple[Fitted, ChatFit]:
        people = await read_rows(session, select_rows(User.tweet_count > 0).order_by(User.id))
        loaded = await self._profiles.load(session, people)
        profiles = {user.id: profile for user, profile in zip(people, loaded, strict=True)}
        posts = sum(profile.posts for profile in loaded)
        kept, asked = await self._kept(session, fit), dict[str, int]()
        if kept is None:
            languages = await main_languages(session)
            named = {user.username_key: user for user in people}
            authors = [(key, one.tweet_count, languages.get(one.id)) for key, one in named.items()]
            drawn = await asyncio.to_thread(drawn_authors, authors, posts)
            asked = {key: named[key].id for key in fitting.asked_authors(drawn)}
            ids = sorted(named[key].id for key in drawn)
            known = await languages_written(session, languages, ids, shipped.populations)
            written = {id_: None if own is None else sorted(own) for id_, own in known.items()}
            of_drawn = {id_: (languages.get(id_), own) for id_, own in written.items()}
            fit = structs.replace(fit, drawn=of_drawn)

        def made() -> Fitted:
            members = [
                CountedAuthor(id_, one.posts, language, one.counts, written)
                for id_, (language, written) in (kept or fit).drawn.items()
                if (one := profiles.get(id_))
            ]
            here = build_background((profile.counts for profile in loaded), posts)
            background = shipped.background(here)
            return replace(fitted, background=background, population=Population.of(members))

        fitted = await asyncio.to_thread(made)
        if kept is None:
            temperature = await measure_temperature(
                session, fitted.background, asked, seed=posts, profiles=profiles
            )
            kept = structs.replace(fit, temperature=temperature)
        return replace(fitted, temperature=kept.temperature), kept

    async def _kept(self, session: AsyncSession, fit: ChatFit) -> ChatFit | None:
        """Return what maintenance stored, unless the chat has outgrown it."""
        stored = await session.scalar(select(Room.fit).where(Room.id == self.chat))
        if stored is None:
            return None
        kept = msgspec.json.decode(stored, type=ChatFit)
        is_outgrown = kept.is_outgrown(fit.messages, fit.people)
        return None if is_outgrown or kept.recipe != fit.recipe else kept
