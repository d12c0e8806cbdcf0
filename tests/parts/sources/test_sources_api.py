"""Live sources by the API, and a post that arrives in the live stream."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast

import pytest
from quart import Quart

from app import create_app
from app.parts.sources import fetching, following
from tests.browsing import signed_in
from tests.conftest import Client, MakeConfig, client_with
from tests.live_platforms import Platform
from tests.waiting import eventually

API = "/api/v1/sources"


@pytest.fixture
async def site(make_config: MakeConfig, platform: Platform) -> AsyncIterator[Quart]:
    app = create_app(make_config(follow_private=True, bluesky_url=platform.address))
    async with app.test_app():
        yield app


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the follower look for sources all the time."""
    monkeypatch.setattr(following, "LOOK_AT_SOURCES_EVERY_S", 0.05)
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)


@pytest.mark.usefixtures("quick")
async def test_following_by_the_api(site: Quart, platform: Platform) -> None:
    admin, writer = await client_with(site, "admin"), await client_with(site, "write")
    platform.add("sky", "hello")
    assert (await writer.post(API, json={"source": "bluesky:sky.example"})).status_code == 403
    answer = await admin.post(API, json={"source": "bluesky:sky.example", "username": "mina"})
    assert answer.status_code == 201
    source = await answer.get_json()
    assert (source["source"], source["username"]) == ("bluesky:sky.example", "mina")
    assert (await admin.post(API, json={"source": "bluesky:SKY.Example"})).status_code == 409

    async def has_arrived() -> bool:
        (item,) = (await (await admin.get(API)).get_json())["items"]
        return bool(item["accepted"] == 1 and item["success_at"])

    await eventually(has_arrived)
    tweets = await (await admin.get("/api/v1/users/mina/tweets")).get_json()
    assert [each["text"] for each in tweets["items"]] == ["hello"]

    assert (await admin.post(f"{API}/{source['id']}/visit")).status_code == 202
    assert (await admin.delete(f"{API}/{source['id']}")).status_code == 204
    assert (await admin.delete(f"{API}/{source['id']}")).status_code == 404
    assert (await admin.post(f"{API}/{source['id']}/visit")).status_code == 404
    assert (await (await admin.get(API)).get_json())["items"] == []


@pytest.mark.parametrize(
    ("source", "status", "why"),
    [
        ("rss:http://[", 422, "Enter a source as"),
        ("https://xn--a\u00fc-/", 422, "Enter a source as"),
        ("https://nobody.invalid/@me", 422, "nobody.invalid was not found: its name is wrong, or"),
        ("rss:http://127.0.0.1:8000/feed", 422, "SAYWHO_FOLLOW_PRIVATE"),
        ("bluesky:sky.example", 409, "'sky.example' is already an author from x"),
        ("bluesky:@Sky", 422, "A Bluesky name contains dots: try sky.bsky.social"),
    ],
)
async def test_an_impossible_source_is_refused(
    admin: Client, source: str, status: int, why: str
) -> None:
    await admin.add_user("sky.example", platform="x")
    answer = await admin.post(API, json={"source": source})
    assert answer.status_code == status
    assert why in (await answer.get_json())["detail"]


def page_naming(*feeds: str) -> str:
    links = "".join(
        f'<link rel="Alternate home" type="Application/RSS+xml; x" href="{feed}">' for feed in feeds
    )
    return f"<!doctype html><title>x</title><link rel=alternate href=/other>{links}"


@pytest.mark.usefixtures("quick")
async def test_an_address_stands_for_what_is_there(
    admin: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
    platform.add("sky", "hello")
    platform.pages = {
        "/blog/": page_naming("feed", "/comments"),
        "/@blog": page_naming("/feed"),
        "/none": page_naming(),
        "/unsafe": page_naming("http://127.0.0.2/feed"),
    }
    for path, expected in (
        ("/@sky", f"mastodon:sky@{platform.host}"),
        ("/users/sky/", f"mastodon:sky@{platform.host}"),
        ("/sky", f"rss:{platform.address}/sky"),
        ("/blog/", f"rss:{platform.address}/blog/feed"),
        ("/@blog", f"rss:{platform.address}/feed"),
        ("/none", "does not link to an RSS or Atom feed"),
        ("/unsafe", "is in this machine's private network"),
    ):
        answer = await admin.post(API, json={"source": f"{platform.address}{path}"})
        source = await answer.get_json()
        if answer.status_code == 201:
            assert source["source"] == expected
            assert (await admin.delete(f"{API}/{source['id']}")).status_code == 204
        else:
            assert expected in source["detail"], path


@pytest.mark.usefixtures("quick")
async def test_the_page_says_why_a_source_fails_or_is_none(site: Quart) -> None:
    admin, operator = await client_with(site, "admin"), await signed_in(site)
    answer = await operator.post("/sources", form={"source": "nothing"})
    assert "Enter a source as" in await answer.get_data(as_text=True)
    answer = await operator.post("/sources", form={"source": "bluesky:nobody"})
    assert "nobody.bsky.social" in await answer.get_data(as_text=True)
    await admin.post(API, json={"source": "bluesky:nobody.example"})

    async def why() -> str | None:
        (item,) = (await (await admin.get(API)).get_json())["items"]
        return cast(str | None, item["last_error"])

    assert await eventually(why) == "the source answered 400; is its name right?"
    page = await operator.get("/sources", headers={"Accept-Language": "ko"})
    assert "상대 서버가 400으로 응답했어요" in await page.get_data(as_text=True)


async def _has_posts(client: Client, count: int) -> bool:
    stats = await (await client.get("/api/v1/stats")).get_json()
    return bool(stats["tweets"] == count)


@pytest.mark.full
async def test_a_post_at_an_active_source_arrives_within_15_seconds_or_when_asked(
    site: Quart, platform: Platform
) -> None:
    admin = await client_with(site, "admin")
    platform.add("sky", "hello")
    await admin.post(API, json={"source": f"mastodon:sky@{platform.host}"})
    await eventually(lambda: _has_posts(admin, 1))
    async with admin.app.test_client().request("/api/v1/live") as connection:
        await connection.send_complete()
        posted = time.monotonic()
        platform.add("sky", "again")
        stream = b""
        async with asyncio.timeout(15):
            while b"event: tweet" not in stream:
                stream += await connection.receive()
        assert time.monotonic() - posted < 15
        await connection.disconnect()
    assert await _has_posts(admin, 2)
    platform.add("sky", "and again")
    answer = await admin.post("/update")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    await eventually(lambda: _has_posts(admin, 3))
