"""One visit of a source: its newest posts, some older ones, and deletions.

The newest page is read, and then older pages where an earlier visit stopped. Where no post of the
newest page is known, posts came while nobody looked: older pages are read down to one that is. A
page is stored in the transaction that stores how far reading has come, so a visit that breaks off
resumes where it was.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions
from app.formats.records import Archive
from app.models import LiveSource, Tweet
from app.services.imports.bulk import ImportReport
from app.services.imports.imports import import_archive
from app.services.posts.deletion import delete_post
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
            self._mark.missing.remove(source_id)
            async with self._db.write() as session:
                if is_deleted and (tweet_id := await self._find(session, [source_id])):
                    await delete_post(session, tweet_id)
                await self._note(session)

    async def _read_newest(self) -> None:
        mark = self._mark
        page = await self._publisher.page(mark, None)
        if page is None:
            return
        answer, head, is_first = page.answer, page.head, not mark.digest
        if is_first or not await self._is_known(head.ids):
            mark.is_gap = mark.history is None and not is_first
            mark.history = head.older
        mark.validators, mark.digest = answer.validators, answer.digest
        if self._publisher.confirms_deletions:
            left = [each for each in (*mark.missing, *mark.listed) if each not in {*head.ids}]
            mark.missing = list(dict.fromkeys(left))[-MOST_MISSING:]
            mark.listed = head.ids or mark.listed
        self.accepted = await self._store(page, is_live=not is_first)

    async def _read_older(self) -> None:
        mark, before = self._mark, ""
        for _ in range(OLDER_PAGES):
            if mark.history is None:
                return
            cursor, mark.history = mark.history, None
            page = await self._publisher.page(mark, cursor)
            if page is None or page.head.older == cursor or page.answer.digest == before:
                # Another visit would come no further.
                async with self._db.write() as session:
                    await self._note(session)
                raise FetchError("the source sends the same page again and again")
            before = page.answer.digest
            if not (mark.is_gap and await self._is_known(page.head.ids)):
                mark.history = page.head.older
            await self._store(page)

    async def _is_known(self, ids: Sequence[str]) -> bool:
        """Return whether one of the last posts of a page is here."""
        async with self._db.read() as session:
            return await self._find(session, ids[-LOWEST:]) is not None

    async def _find(self, session: AsyncSession, ids: Sequence[str]) -> int | None:
        """Return the id here of one of the posts, if any is stored."""
        user = await find_user(session, self._source.username)
        if user is None:
            return None
        here = (Tweet.user_id == user.id, Tweet.source_id.in_(ids))
        return await session.scalar(select(Tweet.id).where(*here).limit(1))

    async def _store(self, page: LivePage, *, is_live: bool = False) -> int:
        """Store the posts, the last ones together with the mark; return how many are new."""
        accepted = 0
        async with self._storing:
            for items, is_last in page.portions():
                report = await import_archive(
                    self._db,
                    Archive(self._source.platform, "record", page.head.account, iter(items)),
                    username=self._source.username,
                    renew=False,
                    is_live=is_live,
                    default_time=now(),
                    note=partial(self._note_portion, is_last),
                )
                accepted += report.accepted
                self._rejected += report.rejected
        # Again, since the last ones may hold nothing to store.
        async with self._db.write() as session:
            await self._note(session)
        return accepted

    async def _note_portion(
        self, is_last: bool, session: AsyncSession, report: ImportReport
    ) -> None:
        """Count the new posts of a portion, which is one batch. Raises SourceRemovedError."""
        await self._change(session, accepted=LiveSource.accepted + report.accepted)
        if is_last:
            await self._note(session)

    async def _note(self, session: AsyncSession) -> None:
        """Store how far reading has come. Raises SourceRemovedError."""
        mark = msgspec.json.encode(self._mark).decode()
        await self._change(session, mark=mark, rejected=self._rejected)

    async def _change(self, session: AsyncSession, **values: object) -> None:
        row = update(LiveSource).where(LiveSource.id == self._source.id).values(**values)
        if await session.scalar(row.returning(LiveSource.id)) is None:
            raise SourceRemovedError
