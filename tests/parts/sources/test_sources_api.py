"""Followed sources in the API, the command and the database."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast

import pytest
from hypothesis import given, strategies as st
from quart import Quart

from app.errors import InvalidInputError
from app.parts.sources import fetching, following
from app.parts.sources.platforms import parse_source
from tests.browsing import signed_in
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.installation import Installation
from tests.live_platforms import Fault, Platform
from tests.waiting import eventually

API = "/api/v1/sources"


@pytest.fixture
async def site(make_config: MakeConfig, platform: Platform) -> AsyncIterator[Quart]:
    async with app_of(make_config(follow_private=True, bluesky_url=platform.address)) as app:
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
    answer = await admin.post(API, json={"source": source}, status=status)
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


@pytest.mark.usefixtures("quick")
async def test_what_all_entries_of_a_feed_have_is_told(site: Quart, platform: Platform) -> None:
    admin, operator = await client_with(site, "admin"), await signed_in(site)
    for note in ("fog", "tide", "mud"):
        platform.add("wall", f"The {note}\nWritten & put on the wall")
    await admin.post(API, json={"source": f"rss:{platform.address}/wall", "username": "mina"})

    async def left_out() -> list[str]:
        (item,) = (await (await admin.get(API)).get_json())["items"]
        return cast(list[str], item["left_out"])

    assert await eventually(left_out) == ["Written & put on the wall"]
    tweets = await (await admin.get("/api/v1/users/mina/tweets")).get_json()
    assert {each["text"] for each in tweets["items"]} == {"The fog", "The tide", "The mud"}
    page = await operator.get("/sources", headers={"Accept-Language": "ko"})
    told = "모든 글에 있어서 뺐어요: <q>Written &amp; put on the wall</q>"
    assert told in await page.get_data(as_text=True)


async def _has_posts(client: Client, count: int) -> bool:
    return bool((await (await client.get("/api/v1/stats")).get_json())["tweets"] == count)


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


@pytest.fixture
def follows_privately(installation: Installation, platform: Platform) -> None:
    installation.settings["SAYWHO_FOLLOW_PRIVATE"] = "1"
    installation.settings["SAYWHO_BLUESKY_URL"] = platform.address


@pytest.mark.usefixtures("follows_privately")
def test_following_by_commands(installation: Installation, platform: Platform) -> None:
    for command in ("list", "now"):
        result = installation.run("follow", command)
        assert (result.exit_code, result.stdout.strip()) == (0, "")
        assert "saywho follow add" in result.stderr
    platform.add("sky", "안녕하세요")
    platform.add("feed", "an entry")
    added = installation.json("follow", "add", "bluesky:@Sky.example")
    assert (added["source"], added["username"]) == ("bluesky:sky.example", "sky.example")
    feed = f"rss:{platform.address}/feed"
    installation.done("follow", "add", feed, "--username", "the_feed")
    items = installation.json("follow", "now")["items"]
    assert [(item["accepted"], item["last_error"]) for item in items] == [(1, None), (1, None)]
    assert installation.json("follow", "list")["items"] == items
    users = {item["username"]: item for item in installation.json("users")["items"]}
    assert {name: user["platform"] for name, user in users.items()} == {
        "sky.example": "bluesky",
        "the_feed": "rss",
    }
    platform.pages = {"/blog": "<link rel=alternate type=application/atom+xml href=/feed>"}
    result = installation.run("follow", "add", f"{platform.address}/blog")
    assert "is already followed" in result.stderr
    assert installation.json("follow", "remove", "1") == {"id": 1}
    assert [item["source"] for item in installation.json("follow", "list")["items"]] == [feed]
    assert installation.count_posts() == 2
    assert installation.done("check") == "ok\n"


@pytest.mark.usefixtures("follows_privately")
def test_a_source_that_fails_is_status_1_and_its_reason(
    installation: Installation, platform: Platform
) -> None:
    platform.faults = [Fault(status=500)]
    added = installation.run("follow", "add", "bluesky:sky.example")
    assert "on the first visit" in added.stdout + added.stderr
    assert installation.run("follow", "add", "bluesky:SKY.example").exit_code == 2
    result = installation.run("follow", "now")
    assert result.exit_code == 1
    assert "the source answered 500" in result.stdout
    assert len(result.stderr.splitlines()) == 1


def test_bad_input_is_status_2_and_one_line(installation: Installation) -> None:
    for arguments in (
        ("add", "nonsense"),
        ("add", "rss:https://me:secret@example.org/feed"),
        ("add", "bluesky:sky"),
        ("add", "bluesky:sky.example", "--username", "a/b"),
        ("add", "rss:http://[::ffff:127.0.0.1]/feed"),
        ("add", "mastodon:me@[::1]:80"),
        ("remove", "7"),
    ):
        result = installation.run("follow", *arguments)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), arguments


@pytest.mark.parametrize(
    ("given_name", "source", "host"),
    [
        ("bluesky:Name.Bsky.social", "bluesky:name.bsky.social", "bluesky"),
        (" Bluesky:@a.b ", "bluesky:a.b", "bluesky"),
        ("bluesky:did:plc:aBc2", "bluesky:did:plc:aBc2", "bluesky"),
        ("mastodon:@Me@Host.Example", "mastodon:Me@host.example", "host.example"),
        ("mastodon:me@[::1]:80", "mastodon:me@[::1]:80", "::1"),
        ("mastodon:me@서버.한국", "mastodon:me@서버.한국", "서버.한국"),
        ("@Jay.Bsky.social", "bluesky:jay.bsky.social", "bluesky"),
        ("@jay.example", "bluesky:jay.example", "bluesky"),
        ("jay.bsky.social", "bluesky:jay.bsky.social", "bluesky"),
        ("https://bsky.app/profile/A.b", "bluesky:a.b", "bluesky"),
        ("https://bsky.app/profile/did:plc:aBc2/", "bluesky:did:plc:aBc2", "bluesky"),
        ("@me@Host.example", "mastodon:me@host.example", "host.example"),
        ("me@host.example", "mastodon:me@host.example", "host.example"),
        ("https://a.example/blog", "rss:https://a.example/blog", "a.example"),
        ("rss:https://A.example:8081/f?x=1#y", "rss:https://A.example:8081/f?x=1", "a.example"),
    ],
)
def test_a_source_has_one_name(given_name: str, source: str, host: str) -> None:
    name = parse_source(given_name)
    platform, _, own_name = source.partition(":")
    assert (str(name), name.host) == (source, host)
    assert name.username == (host if platform == "rss" else own_name)
    assert parse_source(str(name)) == name


@pytest.mark.parametrize("given_name", ["bluesky:Nobody", "bluesky:@nobody", "bluesky: nobody"])
def test_a_name_without_a_dot_is_told_what_it_lacks(given_name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"nobody\.bsky\.social"):
        parse_source(given_name)


@pytest.mark.parametrize("given_name", ["bluesky:a..b", "bluesky:.a", "bluesky:a.", "bluesky:"])
def test_a_name_with_an_empty_part_is_none(given_name: str) -> None:
    with pytest.raises(InvalidInputError, match="Enter a source as"):
        parse_source(given_name)


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda rest: f"rss:http://{rest}"))
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    try:
        name = parse_source(text)
    except InvalidInputError:
        return
    assert parse_source(str(name)) == name
