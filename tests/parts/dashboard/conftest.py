"""Posts for the dashboard."""

import pytest

from tests.conftest import Client, Shared
from tests.views.conftest import patient_pages  # noqa: F401 - a fixture


@pytest.fixture
async def filled(writer: Client) -> Client:
    await fill(writer)
    return writer


@pytest.fixture(scope="module")
async def viewed(shared: Shared) -> Client:
    """The same posts, to which no test adds any."""
    await fill(shared.writer)
    return shared.writer


async def fill(writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_user("<b>ben<b>", "hello from ben")
    for day in (1, 2, 9):
        await writer.add_tweet("ann", f"안녕 {day}", created_at=f"2026-05-0{day}T15:30:00Z")
