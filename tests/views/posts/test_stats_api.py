"""Counts of posts in the API."""

import pytest

from tests.conftest import Client

pytestmark = pytest.mark.databases("sqlite", "postgresql")

STATS = "/api/v1/stats"


async def test_totals_authors_and_days(writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_user("ben", "hello")
    await writer.add_tweet("ann", "one", created_at="2026-05-01T16:00:00Z", lang="en")
    await writer.add_tweet("ann", "둘", created_at="2026-05-01T14:59:59Z")
    counts = await writer.json(f"{STATS}?until=2026-06-01&tz=Asia/Seoul")
    assert counts == {
        "users": 2,
        "tweets": 2,
        "undated": 0,
        "authors": [{"username": "ann", "tweets": 2}],
        "days": [
            {"date": f"2026-05-0{day}", "tweets": 1, "authors": [{"username": "ann", "tweets": 1}]}
            for day in (1, 2)
        ],
    }
    assert (await writer.json(f"{STATS}?lang=ko"))["tweets"] == 1
    assert (await writer.json(f"{STATS}?username=ANN&username=ben"))["tweets"] == 3
