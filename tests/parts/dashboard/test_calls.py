"""Figures are made once for all who look, and are never older than they may be."""

import asyncio
from typing import Any

import pytest

from app.parts.dashboard.page import PANELS
from tests.conftest import Client
from tests.parts.dashboard.viewing import bars, drawn


async def test_many_viewers_share_one_making(
    filled: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three waves of viewers: before anybody has asked, and after each change.
    made = 0
    load = PANELS["timeline"].load

    async def counting(*args: Any) -> Any:
        nonlocal made
        made += 1
        return await load(*args)

    monkeypatch.setattr(PANELS["timeline"], "load", counting)
    for round_ in range(1, 4):
        drawings = await asyncio.gather(*(drawn(filled, "timeline") for _ in range(40)))
        assert made == round_
        assert all(bars(each)["ann"] == 2 + round_ for each in drawings)
        await filled.add_tweet("ann", f"more {round_}")


async def test_a_stream_of_posts_leaves_no_live_viewer_behind(filled: Client) -> None:
    path = "/api/v1/users/ann/tweets"

    async def view() -> int:
        written = await filled.post(path, json={"text": "one of many"})
        assert written.status_code == 201
        shown = bars(await drawn(filled, "timeline", live=True))["ann"]
        listed = await (await filled.get("/api/v1/stats?username=ann")).get_json()
        assert 3 < shown <= listed["tweets"]
        return shown

    drawings = await asyncio.gather(*(view() for _ in range(30)))
    assert max(drawings) == 33


async def test_a_viewer_who_leaves_cancels_no_other_figure(filled: Client) -> None:
    first = asyncio.create_task(drawn(filled, "week"))
    await asyncio.sleep(0)
    second = asyncio.create_task(drawn(filled, "week"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["plot"]
