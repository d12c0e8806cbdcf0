from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.lifespan import Resources
from app.parts import Part
from app.parts.sources import pages
from app.parts.sources.following import Follower, sources_job
from app.services.maintenance import Job


@asynccontextmanager
async def open_follower(here: Resources) -> AsyncIterator[Follower]:
    follower = Follower(here.config)
    try:
        yield follower
    finally:
        await follower.close()


def jobs(here: Resources) -> list[Job]:
    return [sources_job(here.of_parts["sources"])]


PART: Final = Part(pages=(pages.blueprint,), api=(pages.api,), opens=open_follower, jobs=jobs)
