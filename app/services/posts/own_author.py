"""The author whose archive is the site's own: the first one, until somebody chooses otherwise."""

from collections.abc import Collection

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.result_cache import EVERYTHING, depends_on
from app.models import SITE_ID, Site, User
from app.services.event_log import NewEvent, append_events
from app.services.posts.samples import is_sample


async def find_own(session: AsyncSession) -> str | None:
    """Return the name of the author whose archive is the site's own; None for nobody."""
    depends_on(EVERYTHING)
    own = select(User.username).join(Site, Site.own_user_id == User.id)
    return await session.scalar(own.where(User.deleted_at.is_(None)))


async def is_own_alone(session: AsyncSession) -> bool:
    """Return whether the site's own author was chosen, or is the only one with posts outside of
    chats, not counting samples."""
    depends_on(EVERYTHING)
    others = select(User.id).where(
        User.deleted_at.is_(None),
        User.is_of_chat.is_(False),
        User.tweet_count > 0,
        User.id != Site.own_user_id,
        ~is_sample(),
    )
    is_alone = or_(Site.is_own_chosen, ~others.correlate(Site).exists())
    return bool(await session.scalar(select(is_alone).where(Site.id == SITE_ID)))


async def is_own_chosen(session: AsyncSession) -> bool:
    """Return whether somebody chose an author, or nobody."""
    site = await session.get(Site, SITE_ID)
    return site is not None and site.is_own_chosen


async def claim_site(session: AsyncSession, user_ids: Collection[int]) -> None:
    """Let the archive of the first of these new authors be the site's own, if none is.

    It does nothing once somebody chose. Samples, and people of a chat, are passed over.
    """
    if not user_ids:
        return
    first = select(func.min(User.id)).where(
        is_among(session, User.id, user_ids), User.is_of_chat.is_(False), ~is_sample()
    )
    # The event of the new author tells of it.
    claim = update(Site).where(Site.own_user_id.is_(None), Site.is_own_chosen.is_(False))
    await session.execute(
        claim.values(own_user_id=first.scalar_subquery()),
        execution_options={"synchronize_session": False},
    )


async def choose_own(session: AsyncSession, user_id: int | None) -> None:
    """Let the archive of this author, or nobody's, be the site's own from now on."""
    await session.execute(update(Site).values(own_user_id=user_id, is_own_chosen=True))
    await append_events(session, [NewEvent("site.archive", EVERYTHING, posts=0)])
