"""Who may read the site: a switch of the site's row, which SAYWHO_PUBLIC overrides."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of
from app.db.feed import OF_SITE, SITE_PRIVATE, SITE_PUBLIC, Change, Feed
from app.db.result_cache import EVERYTHING
from app.errors import AppError, ConflictError
from app.models import SITE_ID, Site
from app.services.event_log import NewEvent, append_events


async def is_row_public(session: AsyncSession) -> bool:
    """Return the row's switch: public until someone chose."""
    return await session.scalar(select(Site.public).where(Site.id == SITE_ID)) is not False


async def is_site_public(session: AsyncSession, setting: bool | None) -> bool:
    """Return whether reading needs no sign-in, by SAYWHO_PUBLIC or the row."""
    return await is_row_public(session) if setting is None else setting


async def switch_site(session: AsyncSession, setting: bool | None, *, is_public: bool) -> None:
    """Make the site public or private. Raises ConflictError if SAYWHO_PUBLIC decides."""
    if setting is not None:
        raise ConflictError(
            "The setting SAYWHO_PUBLIC already decides who may read this site; change it there"
        )
    if await is_row_public(session) != is_public:
        kind = SITE_PUBLIC if is_public else SITE_PRIVATE
        await append_events(session, [NewEvent(kind, EVERYTHING, posts=0)])
    row = backend_of(session).insert(Site).values(id=SITE_ID, public=is_public)
    # Without its row the site would be public again after the next start.
    changed = row.on_conflict_do_update(index_elements=[Site.id], set_={"public": is_public})
    await session.execute(changed)


class Openness:
    """Knows whether reading needs no sign-in, as of the request, or on PostgreSQL up to a second
    before.
    """

    def __init__(self, db: Sessions, feed: Feed, setting: bool | None) -> None:
        self._db = db
        self._feed = feed
        self.setting = setting
        """SAYWHO_PUBLIC; None leaves the decision to the switch."""
        self._switch: bool | None = None
        """State of the switch; None to be read."""
        self._changes = 0
        """Number of changes announced by the feed."""
        feed.subscribe(self._note)
        feed.on_reset(self._forget)

    @property
    def seems_public(self) -> bool:
        """The last known state, for a page's look, never for a right."""
        return self._switch is not False if self.setting is None else self.setting

    async def is_public(self) -> bool:
        """Return whether reading needs no sign-in; without a readable log, by the row."""
        if self.setting is not None:
            return self.setting
        if await self._feed.catch_up() and self._switch is not None:
            return self._switch
        changes = self._changes
        async with self._db.read() as session:
            is_public = await is_row_public(session)
        if changes == self._changes:
            self._switch = is_public
        return is_public

    async def is_surely_public(self) -> bool:
        """Return `is_public`, or False if the database is away."""
        try:
            return await self.is_public()
        except AppError:
            return False

    async def settle(self) -> None:
        """Wait, after a switch, until no process uses the earlier state."""
        await asyncio.sleep(self._feed.oldest_s)

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind in OF_SITE:
                self._changes += 1
                self._switch = change.kind == SITE_PUBLIC

    def _forget(self, _newest: int) -> None:
        self._changes += 1
        self._switch = None
