"""One visit of a source: its newest posts, some older ones, and deletions.

The newest page is read, and then older pages where an earlier visit stopped. Where no post of the
newest page is known, and once a day, the way to the oldest begins again: it finds posts that came
while nobody looked, or were dated back. Each page is stored in the transaction that stores how far
reading has come, so a visit that breaks off resumes where it was.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions
from app.formats.records import Archive, Item
from app.models import LiveSource, Tweet
from app.services.imports.bulk import ImportReport
from app.services.imports.imports import Note, import_archive
from app.services.posts.tweets import delete_post
from app.services.posts.users import find_user
from app.services.sources.platforms import LivePage, Mark, Publisher
from app.services.sources.web import FetchError

OLDER_PAGES: Final = 10
"""Pages of older posts in one visit."""
LOWEST: Final = 10
"""Posts at the end of a page of which one has to be known. Those above may stand there twice."""
ASKED_ABOUT: Final = 5
"""Posts in one visit of which the platform is asked whether they were deleted."""
MOST_MISSING: Final = 200
SWEEP_S: Final = 86_400.0


class SourceRemovedError(Exception):
    """Nobody follows the source any more; nothing may be stored for it."""


class Visit:
    """One visit; `accepted` counts new posts of the newest page."""

    def __init__(
        self,
        db: Sessions,
        publisher: Publisher,
        source: LiveSource,
        *,
        storing: asyncio.Lock,
        deletes: bool,
    ) -> None:
        """Visit a source; `storing` lets one visit at a time count posts, which takes memory."""
        self._db = db
        self._publisher = publisher
        self._source = source
        self._storing = storing
        self._deletes = deletes and publisher.confirms_deletions
        self._mark = msgspec.json.decode(source.mark, type=Mark)
        self._rejected = 0
        self.accepted = 0

    @property
    def has_more(self) -> bool:
        """Whether there are pages that another visit should read soon."""
        return self._mark.history is not None

    async def run(self) -> None:
        """Read what there is. Raises InvalidInputError, SourceRemovedError."""
        await self._read_newest()
        await self._read_older()
        for source_id in self._mark.missing[:ASKED_ABOUT] if self._deletes else ():
            is_deleted = await self._publisher.is_deleted(self._mark, source_id)
            async with self._db.write() as session:
                if is_deleted:
                    await self._delete(session, source_id)
                self._mark.missing = [each for each in self._mark.missing if each != source_id]
                await self._note(session)

    async def _read_newest(self) -> None:
        mark = self._mark
        is_first = not mark.swept_at
        is_sweep_due = mark.history is None and now().timestamp() - mark.swept_at > SWEEP_S
        if is_sweep_due:
            mark.validators, mark.digest = {}, ""
        page = await self._publisher.page(mark, None)
        if page is None:
            return
        answer, head = page.answer, page.head
        if head.is_cut and answer.digest != mark.cut:
            # The rest of the mark stays as it was, so the next visit asks for the whole. A feed
            # that is the same then was sent in whole, and never has an end.
            mark.cut = answer.digest
            self.accepted = await self._store(page, is_live=not is_first)
            raise FetchError("the feed broke off")
        if is_sweep_due or not await self._is_known(head.ids):
            mark.is_gap = mark.history is None and not is_sweep_due
            mark.history, mark.swept_at = head.older, now().timestamp()
        mark.validators, mark.digest = answer.validators, answer.digest
        if self._publisher.confirms_deletions:
            here = set(head.ids)
            left = [each for each in (*mark.missing, *mark.listed) if each not in here]
            mark.missing = list(dict.fromkeys(left))[-MOST_MISSING:]
            mark.listed = head.ids or mark.listed
        self.accepted = await self._store(page, is_live=not is_first)

    async def _read_older(self) -> None:
        mark, before = self._mark, ""
        for _ in range(OLDER_PAGES):
            if mark.history is None:
                return
            cursor = mark.history
            page = await self._publisher.page(mark, cursor)
            is_again = page is None or page.head.older == cursor or page.answer.digest == before
            mark.history = page.head.older if page and not is_again else None
            mark.swept_at = mark.swept_at if mark.history else now().timestamp()
            if page is None or is_again:
                # Another visit would come no further.
                async with self._db.write() as session:
                    await self._note(session)
                raise FetchError("the source sends the same page again and again")
            before = page.answer.digest
            if mark.is_gap and await self._is_known(page.head.ids):
                mark.history = None
            await self._store(page)

    async def _is_known(self, ids: Sequence[str]) -> bool:
        """Return whether one of the last posts of a page is here."""
        async with self._db.read() as session:
            user = await find_user(session, self._source.username)
            if user is None:
                return False
            here = (Tweet.user_id == user.id, Tweet.source_id.in_(ids[-LOWEST:]))
            return await session.scalar(select(Tweet.id).where(*here).limit(1)) is not None

    async def _store(self, page: LivePage, *, is_live: bool = False) -> int:
        """Store the posts, the last ones together with the mark; return how many are new."""
        *portions, last = ((items, self._note_counts) for items in page.portions())
        accepted = 0
        async with self._storing:
            for items, note in (*portions, (last[0], self._note)):
                accepted += await self._store_items(page, items, note, is_live=is_live)
        return accepted

    async def _store_items(
        self, page: LivePage, items: Iterator[Item], note: Note, *, is_live: bool
    ) -> int:
        report = ImportReport()
        noted = False

        async def note_once(session: AsyncSession, report: ImportReport) -> None:
            nonlocal noted
            await note(session, report)
            noted = True

        await import_archive(
            self._db,
            Archive(self._source.platform, "record", page.head.account, items),
            username=self._source.username,
            report=report,
            renew=False,
            is_live=is_live,
            default_time=now(),
            note=note_once,
        )
        if not noted:
            async with self._db.write() as session:
                await note(session, report)
        return report.accepted

    async def _note_counts(self, session: AsyncSession, report: ImportReport) -> None:
        """Store what was brought. Raises SourceRemovedError."""
        self._rejected += report.rejected
        await self._change(
            session, accepted=LiveSource.accepted + report.accepted, rejected=self._rejected
        )

    async def _note(self, session: AsyncSession, report: ImportReport | None = None) -> None:
        """Store how far reading has come. Raises SourceRemovedError."""
        if report is not None:
            await self._note_counts(session, report)
        await self._change(session, mark=msgspec.json.encode(self._mark).decode())

    async def _change(self, session: AsyncSession, **values: object) -> None:
        row = update(LiveSource).where(LiveSource.id == self._source.id).values(**values)
        if await session.scalar(row.returning(LiveSource.id)) is None:
            raise SourceRemovedError

    async def _delete(self, session: AsyncSession, source_id: str) -> None:
        user = await find_user(session, self._source.username)
        if user is not None:
            query = select(Tweet.id).where(Tweet.user_id == user.id, Tweet.source_id == source_id)
            if (tweet_id := await session.scalar(query)) is not None:
                await delete_post(session, tweet_id)
