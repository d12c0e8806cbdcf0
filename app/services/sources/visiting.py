"""One visit of a source: its newest posts, some older ones, and deletions.

Reading goes from the newest post down to one that was known before, and from there on, over as
many visits as it takes, to the oldest. Each page is stored in the transaction that stores how far
reading has come, so a visit that breaks off resumes where it was. Every day the way to the
oldest begins again: it finds posts that were dated back.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.config import Config
from app.db.backend import Sessions
from app.errors import InvalidInputError, message_of
from app.formats.records import Archive
from app.models import LiveSource, Tweet
from app.services.imports.bulk import ImportReport
from app.services.imports.imports import import_archive
from app.services.posts.tweets import delete_post
from app.services.posts.users import find_user
from app.services.sources.bluesky import BlueskyFeed
from app.services.sources.mastodon import MastodonFeed
from app.services.sources.pages import LivePage, Mark, Publisher, validators_of
from app.services.sources.rss import SyndicatedFeed
from app.services.sources.web import FetchError, Web

NEWEST_PAGES: Final = 10
HISTORY_PAGES: Final = 5
"""Pages of the newest and of older posts in one visit."""
LOWEST: Final = 10
"""Posts at the end of a page of which one has to be known. Those above may stand there twice."""
ASKED_ABOUT: Final = 5
"""Posts in one visit of which the platform is asked whether they were deleted."""
MOST_MISSING: Final = 200
SWEEP_S: Final = 86_400.0


class SourceRemovedError(Exception):
    """Nobody follows the source any more; nothing may be stored for it."""


class Visit:
    """One visit; `accepted` counts new posts of the newest pages."""

    def __init__(self, db: Sessions, web: Web, config: Config, source: LiveSource) -> None:
        self._db = db
        self._web = web
        self._source = source
        self._publisher = _publisher(source, config)
        self._mark = msgspec.json.decode(source.mark, type=Mark)
        self._deletes = config.follow_deletions and self._publisher.can_confirm_deletion
        self._rejected = 0
        self.accepted = 0

    @property
    def has_more(self) -> bool:
        """Whether there are pages that another visit should read soon."""
        return self._mark.head is not None or self._mark.history is not None

    async def run(self) -> None:
        """Read what there is. Raises FetchError, SourceRemovedError."""
        await self._read_newest()
        await self._read_history()
        for source_id in self._mark.missing[:ASKED_ABOUT] if self._deletes else ():
            is_deleted = await self._publisher.is_deleted(self._web, source_id)
            async with self._db.write() as session:
                if is_deleted:
                    await self._delete(session, source_id)
                self._mark.missing = [each for each in self._mark.missing if each != source_id]
                await self._note(session, None)

    async def _read_newest(self) -> None:
        mark, before = self._mark, None
        known_to = mark.known_to
        is_first = known_to is None
        is_sweep_due = now().timestamp() - mark.swept_at > SWEEP_S
        if is_sweep_due and mark.history is None:
            mark.validators = {}
        for _ in range(NEWEST_PAGES):
            at = mark.head
            if at is None:
                async with self._db.read() as session:
                    known_to = await session.scalar(select(func.max(Tweet.id))) or 0
            page = await self._page(at, before)
            if page is None:
                return
            mark.known_to = known_to
            if at is None:
                if page.digest == mark.digest and not is_sweep_due:
                    return
                mark.digest = page.digest
            is_known = is_first or await self._is_known(page.ids[-LOWEST:])
            mark.head = None if is_known else page.older
            if at is None:
                if mark.history is None and (is_first or is_sweep_due):
                    # A source of one page is read to its oldest post with it.
                    mark.history, mark.swept_at = page.older, now().timestamp()
                self._note_newest(page)
            self.accepted += await self._store(page, is_live=not is_first)
            if mark.head is None:
                return
            before = page

    def _note_newest(self, page: LivePage) -> None:
        """Note what the newest page says beside its posts."""
        mark = self._mark
        mark.validators = validators_of(page.answer)
        # Beyond the oldest post that is still listed, posts only made room for newer ones.
        here = set(page.ids)
        last = max((at for at, each in enumerate(mark.listed) if each in here), default=-1)
        gone = [each for each in mark.listed[:last] if each not in here]
        missing = dict.fromkeys(each for each in (*mark.missing, *gone) if each not in here)
        mark.missing = list(missing)[:MOST_MISSING] if self._deletes else []
        mark.listed = (page.ids or mark.listed) if self._deletes else []

    async def _read_history(self) -> None:
        mark, before = self._mark, None
        for _ in range(HISTORY_PAGES):
            if mark.history is None:
                return
            page = await self._page(mark.history, before)
            mark.history = page.older if page else None
            if mark.history is None:
                mark.swept_at = now().timestamp()
            if page is not None:
                await self._store(page)
            before = page

    async def _page(self, cursor: str | None, before: LivePage | None) -> LivePage | None:
        page = await self._publisher.page(self._web, self._mark, cursor)
        if page and page.is_cut and page.digest != self._mark.cut:
            # The rest of the mark stays as it was, so the next visit asks for the whole. A feed
            # that is the same then was sent in whole, and never has an end.
            self._mark.cut = page.digest
            self.accepted += await self._store(page, is_live=self._mark.known_to is not None)
            raise FetchError("the feed broke off")
        is_again = page and before and page.ids and page.ids == before.ids
        if page and cursor and (is_again or page.older == cursor):
            # Another visit would come no further.
            self._mark.head = self._mark.history = None
            self._mark.swept_at = now().timestamp()
            async with self._db.write() as session:
                await self._note(session, None)
            raise FetchError("the source sends the same page again and again")
        return page

    async def _is_known(self, source_ids: Sequence[str]) -> bool:
        """Return whether one of the posts was here before the newest were looked for."""
        async with self._db.read() as session:
            user = await find_user(session, self._source.username)
            if user is None or not source_ids:
                return False
            query = select(Tweet.id).where(
                Tweet.user_id == user.id,
                Tweet.source_id.in_(source_ids),
                Tweet.id <= (self._mark.known_to or 0),
            )
            return await session.scalar(query.limit(1)) is not None

    async def _store(self, page: LivePage, *, is_live: bool = False) -> int:
        """Store the posts and the mark together; return how many are new."""
        report = ImportReport()
        noted = False

        async def note(session: AsyncSession, report: ImportReport) -> None:
            nonlocal noted
            await self._note(session, report)
            noted = True

        try:
            archive = Archive(self._source.platform, "record", page.account, page.items)
            await import_archive(
                self._db,
                archive,
                username=self._source.username,
                report=report,
                renew=False,
                is_live=is_live,
                default_time=now(),
                note=note,
            )
        except InvalidInputError as error:
            raise FetchError(message_of(error)) from error
        if not noted:
            async with self._db.write() as session:
                await self._note(session, report)
        return report.accepted

    async def _note(self, session: AsyncSession, report: ImportReport | None) -> None:
        """Store how far reading has come. Raises SourceRemovedError."""
        noted = update(LiveSource).where(LiveSource.id == self._source.id)
        values: dict[str, object] = {"mark": msgspec.json.encode(self._mark).decode()}
        if report is not None:
            self._rejected += report.rejected
            values["accepted"] = LiveSource.accepted + report.accepted
            values["rejected"] = self._rejected
        changed = noted.values(**values).returning(LiveSource.id)
        if await session.scalar(changed) is None:
            raise SourceRemovedError

    async def _delete(self, session: AsyncSession, source_id: str) -> None:
        user = await find_user(session, self._source.username)
        if user is not None:
            query = select(Tweet.id).where(Tweet.user_id == user.id, Tweet.source_id == source_id)
            if (tweet_id := await session.scalar(query)) is not None:
                await delete_post(session, tweet_id)


def _publisher(source: LiveSource, config: Config) -> Publisher:
    name = source.source.partition(":")[2]
    if source.platform == "bluesky":
        return BlueskyFeed(config.bluesky_url, name)
    if source.platform == "mastodon":
        return MastodonFeed(name)
    return SyndicatedFeed(name)
