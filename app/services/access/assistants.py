"""The switch that lets assistants read the site, and whether they learn names."""

from typing import Final, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import SITE_ID, Assistants, Site

CHOICES: Final[tuple[Assistants, ...]] = get_args(Assistants)


async def read_assistants(session: AsyncSession) -> Assistants:
    """Return whether assistants may read, and whether people are letters or names to them."""
    return await session.scalar(select(Site.assistants).where(Site.id == SITE_ID)) or "off"


async def switch_assistants(session: AsyncSession, choice: Assistants) -> None:
    row = backend_of(session).insert(Site).values(id=SITE_ID, assistants=choice)
    changed = row.on_conflict_do_update(index_elements=[Site.id], set_={"assistants": choice})
    await session.execute(changed)
