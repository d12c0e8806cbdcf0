"""After the clock was set back, nothing that it had dated lasts for longer than promised."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.models import Invitation, LiveSource, LoginFailure, LoginSession, SetupLink
from app.models.work import LONGEST_PAUSE
from app.parts.sources.following import add_source, due_sources
from app.parts.sources.platforms import parse_source
from app.services.access.accounts import LINK_LIFETIME, add_invitation, add_setup_link
from app.services.access.logins import SESSION_LIFETIME, WINDOW
from saywho.clock import now
from tests.browsing import Browser, make_operator, parts_of, signed_in
from tests.waiting import maintain

pytestmark = pytest.mark.databases("sqlite", "postgresql")

AHEAD = (timedelta(hours=1), timedelta(days=365))
"""How far the clock was ahead before it was set right."""


async def move(app: Quart, column: InstrumentedAttribute[Any], by: timedelta) -> None:
    """Move a time of all rows."""
    async with parts_of(app).db.write() as session:
        for key, time in await session.execute(select(column.class_.id, column)):
            row = update(column.class_).where(column.class_.id == key)
            await session.execute(row.values({column.key: time + by}))


async def times(app: Quart, column: InstrumentedAttribute[Any]) -> list[datetime]:
    async with parts_of(app).db.read() as session:
        return list(await session.scalars(select(column)))


@pytest.mark.parametrize("ahead", AHEAD)
async def test_failed_sign_ins_count_for_15_minutes_at_most(app: Quart, ahead: timedelta) -> None:
    await make_operator(app)
    for _ in range(5):
        assert (await Browser(app).sign_in("ann", "wrong")).status_code == 401
    await move(app, LoginFailure.failed_at, ahead)
    await maintain(parts_of(app).db)
    answer = await Browser(app).sign_in()
    assert answer.status_code == 429  # Nor is the door wide open.
    assert int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
    await move(app, LoginFailure.failed_at, -WINDOW)
    assert (await Browser(app).sign_in()).status_code == 303


@pytest.mark.parametrize("ahead", AHEAD)
async def test_sessions_end_after_90_days(app: Quart, ahead: timedelta) -> None:
    browser = await signed_in(app)
    await move(app, LoginSession.created_at, ahead)
    await maintain(parts_of(app).db)
    assert (await browser.get("/settings")).status_code == 200
    await move(app, LoginSession.created_at, -SESSION_LIFETIME)
    assert (await browser.get("/settings")).status_code == 303


@pytest.mark.parametrize("ahead", AHEAD)
async def test_links_are_good_for_7_days(app: Quart, ahead: timedelta) -> None:
    await make_operator(app)
    db = parts_of(app).db
    async with db.write() as session:
        secrets = [
            await add_invitation(session, "ben", account_id=1),
            await add_setup_link(session, "mina"),
        ]
    columns = (Invitation.created_at, Invitation.expires_at, SetupLink.created_at)
    for column in columns:
        await move(app, column, ahead)
    await maintain(db)
    for secret in secrets:
        assert (await Browser(app).get(f"/setup?token={secret}")).status_code == 200
    for column in columns:
        await move(app, column, -LINK_LIFETIME)
    for secret in secrets:
        assert (await Browser(app).get(f"/setup?token={secret}")).status_code == 403


@pytest.mark.parametrize("ahead", AHEAD)
async def test_sources_are_visited_at_their_pauses(app: Quart, ahead: timedelta) -> None:
    db = parts_of(app).db
    async with db.write() as session:
        await add_source(session, parse_source("bluesky:a.example"))
        visited = {column: now() for column in ("visited_at", "posts_at", "not_before")}
        await session.execute(update(LiveSource).values(visited))
    for column in (
        LiveSource.visited_at,
        LiveSource.posts_at,
        LiveSource.next_visit_at,
        LiveSource.not_before,
    ):
        await move(app, column, ahead)
    await maintain(db)
    for column in (LiveSource.visited_at, LiveSource.posts_at, LiveSource.next_visit_at):
        assert (await times(app, column))[0] <= now()
    assert (await times(app, LiveSource.not_before))[0] <= now() + LONGEST_PAUSE
    await move(app, LiveSource.not_before, -LONGEST_PAUSE)
    async with db.read() as session:
        assert len(await due_sources(session)) == 1


async def test_clocks_that_differ_by_seconds_change_nothing(app: Quart) -> None:
    await signed_in(app)
    await move(app, LoginSession.created_at, timedelta(seconds=30))
    before = await times(app, LoginSession.created_at)
    await maintain(parts_of(app).db)
    assert await times(app, LoginSession.created_at) == before
