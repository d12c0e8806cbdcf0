"""A follower of platforms that run on this machine."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update

from app.config import Config
from app.db.engine import Database
from app.models import LiveSource, Tweet, User
from app.parts.sources import fetching, following
from app.parts.sources.fetching import Fetcher
from app.parts.sources.following import (
    Follower,
    SourceFacts,
    add_source,
    ask_for_visits,
    list_sources,
)
from app.parts.sources.platforms import parse_source
from tests.live_platforms import DOMAIN, Platform
from tests.waiting import eventually

KINDS = ("bluesky", "mastodon", "rss")


async def until_asked(platform: Platform, count: int) -> None:
    """Wait until the platform was asked so often."""

    async def look() -> int:
        return len(platform.requests)

    await eventually(look, until=lambda asked: asked >= count)


@dataclass
class Following:
    """A database, and a follower of sources that are visited on demand."""

    db: Database
    config: Config
    platform: Platform

    def __post_init__(self) -> None:
        self._follower = Follower(self.config)

    def source(self, kind: str, name: str) -> str:
        return {
            "bluesky": f"bluesky:{name}{DOMAIN}",
            "mastodon": f"mastodon:{name}@{self.platform.host}",
            "rss": f"rss:{self.platform.address}/{name}",
        }[kind]

    async def follow(self, kind: str, name: str, username: str = "mina") -> None:
        await self.follow_written(self.source(kind, name), username)

    async def follow_written(self, source: str, username: str = "mina") -> None:
        """Follow a source as somebody writes it, without a look at where it leads."""
        async with self.db.write() as session:
            await add_source(session, parse_source(source, username))

    async def visit(self) -> SourceFacts:
        """Visit all sources, whatever their pause, with a follower that knows nothing yet."""
        async with self.db.write() as session:
            await ask_for_visits(session)
            await session.execute(update(LiveSource).values(not_before=None))
        await self._follower.visit_due(self.db)
        return (await self.sources())[0]

    async def close(self) -> None:
        await self._follower.aclose()
        await self.db.close()

    async def sources(self) -> list[SourceFacts]:
        async with self.db.read() as session:
            return (await list_sources(session, limit=100))[0]

    async def texts(self) -> list[str]:
        """Return the texts of all posts, in order."""
        async with self.db.read() as session:
            query = select(Tweet.text).join(User, User.id == Tweet.user_id)
            return sorted(await session.scalars(query.where(User.deleted_at.is_(None))))


@pytest.fixture
async def make_following(
    make_config: Callable[..., Config], platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Following]]:
    """Make a follower of the platform that does not wait between requests."""
    made: list[Following] = []
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)
    monkeypatch.setattr(following, "TICK_S", 0.1)

    def make(**settings: Any) -> Following:
        settings = {"follow_private": True, "bluesky_url": platform.address} | settings
        config = make_config(**settings)
        made.append(Following(Database(config), config, platform))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def following_here(make_following: Callable[..., Following]) -> Following:
    return make_following()


@pytest.fixture
async def web() -> AsyncIterator[Fetcher]:
    """Asks only the address of the first platform, as if that were a public one."""
    web = Fetcher(lambda address: address == "127.0.0.1")
    yield web
    await web.aclose()
