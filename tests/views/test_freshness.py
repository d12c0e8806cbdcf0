"""What clients may keep, and how they come to see their own writes."""

import asyncio
from typing import Any

import pytest
from quart import Quart

from app.services.access.accounts import READER
from app.services.event_log import newest_event
from app.services.posts.users import add_user
from app.views import answers
from saywho.clock import now
from tests.browsing import parts_of, signed_in
from tests.conftest import NDJSON, Client, MakeConfig, app_of, client_with
from tests.posting import add_posts, new_tweet

pytestmark = pytest.mark.databases("sqlite", "postgresql")

USERS = "/api/v1/users"


async def newest(app: Quart) -> int:
    async with parts_of(app).db.read() as session:
        return await newest_event(session)


async def test_every_write_names_its_newest_event(app: Quart, admin: Client) -> None:
    async def send(status: int, method: str, path: str, **request: Any) -> int:
        answer = await admin.send(method, path, **request, status=status)
        event = int(answer.headers["Saywho-Event"])
        assert event <= await newest(app)  # Maintenance writes events of its own.
        return event

    post = {"text": "hello", "source_id": "1"}
    lines = b'{"username": "ann", "text": "x", "source_id": "2"}\n{"username": "ben", "text": "y"}'
    known = b'{"username": "ann", "text": "x", "source_id": "2"}'
    events = [
        await send(201, "POST", USERS, json={"username": "ann"}),
        await send(201, "POST", f"{USERS}/ann/tweets", json=post),
        await send(200, "POST", f"{USERS}/ann/tweets", json=post | {"url": "https://example.org"}),
        await send(200, "POST", "/api/v1/tweets", data=lines, headers=NDJSON),
        await send(204, "DELETE", "/api/v1/tweets/1"),
    ]
    assert events == sorted(set(events))
    assert await send(200, "POST", "/api/v1/tweets", data=known, headers=NDJSON) >= events[-1]
    assert await send(200, "POST", "/api/v1/tweets", data=b"", headers=NDJSON) >= events[-1]
    again = {"text": "x", "source_id": "2"}
    assert await send(200, "POST", f"{USERS}/ann/tweets", json=again) >= events[-1]
    assert await send(204, "DELETE", f"{USERS}/ann") > events[-1]


async def test_a_request_waits_for_the_write_that_it_names(app: Quart, anybody: Client) -> None:
    # Nobody else can write an event of that number: the transaction has the write lock.
    async with parts_of(app).db.write() as session:
        ann = await add_user(session, "ann")
        await add_posts(session, ann.id, [new_tweet("hello", arrived_at=now())])
        event = await newest_event(session)
        waiting = asyncio.create_task(
            anybody.get(f"{USERS}/ann/tweets", headers={"Saywho-After": str(event)})
        )
        await anybody.get(USERS)
        assert not waiting.done()
    assert [tweet["text"] for tweet in (await (await waiting).get_json())["items"]] == ["hello"]


async def test_a_write_that_does_not_come_is_503_after_two_seconds(
    anybody: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answers.MOST_WAITING_S == 2
    monkeypatch.setattr(answers, "MOST_WAITING_S", 0.05)
    answer = await anybody.get(USERS, headers={"Saywho-After": "999"}, status=503)
    assert answer.headers["Retry-After"]
    assert "has not reached" not in caplog.text  # Anybody could fill the log.


@pytest.mark.parametrize("is_public", [True, False])
async def test_a_browser_keeps_no_page_that_only_an_account_may_see(
    make_config: MakeConfig, is_public: bool
) -> None:
    async with app_of(make_config(public=is_public)) as app:
        writer, operator = await client_with(app, "write"), await signed_in(app)
        await writer.add_user("ann", "a post")
        reader = await signed_in(app, "mina", role=READER)
        for browser in (operator, reader):
            browser.cookies |= {f"__Host-{name}": value for name, value in browser.cookies.items()}

        async def kept(client: Any, path: str, **headers: str) -> tuple[str, bool, bool]:
            """Return what may be kept, whether its tag and its cookie count."""
            answer = await client.get(
                path, headers=client.headers | {"Host": host} | headers, scheme=scheme, status=200
            )
            names = answer.headers["Cache-Control"], "ETag" in answer.headers
            return *names, "Cookie" in answer.headers.get("Vary", "")

        never, api = ("no-store", False, True), f"{USERS}/ann/tweets"
        until_signed_out = "private, no-cache", True, True
        for scheme, host, private in (
            ("http", "harbour.example", never),
            ("https", "harbour.example", until_signed_out),
            ("http", "localhost:8000", until_signed_out),
            ("http", "127.0.0.1", until_signed_out),
        ):
            page = ("no-cache", True, True) if is_public else private
            for browser in (operator, reader):
                assert await kept(browser, "/user/ann") == page
                # What a page fetches by itself is known by its tag, for as long as the cookie is.
                fetched = "no-cache", True, not is_public
                assert await kept(browser, api) == fetched
                opened = await kept(browser, api, **{"Sec-Fetch-Dest": "document"})
                assert opened == (fetched if is_public else private)
                assert await kept(browser, "/settings") == never  # It may show a secret.
            assert await kept(operator, "/imports") == private
            left = await operator.get("/user/ann", headers={"Host": host}, scheme=scheme)
            tag = {"Host": host, "If-None-Match": left.headers.get("ETag", "none")}
            again = await operator.get("/user/ann", headers=tag, scheme=scheme)
            assert again.status_code == (200 if page == never else 304)
        for path in (api, "/api/v1/docs", "/api/v1/openapi.json"):
            assert await kept(writer, path) == ("no-cache", True, path == "/api/v1/docs")
