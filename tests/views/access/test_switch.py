"""What ends with the switch to private, and with an account that is removed."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from app import create_app
from app.config import Config
from app.lifespan import note_hosts
from app.services.access.rights import switch_site
from app.services.posts import exporting
from app.views.posts import media
from tests.browsing import Browser, body, missing_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig, Outside, app_of, client_with
from tests.installation import Installation
from tests.listening import Listener, listening
from tests.uploading import upload
from tests.views.posts.test_live_api import DEADLINE_S
from tests.views.posts.test_media_pages import FILM, bring
from tests.waiting import eventually

API = "/api/v1"
READ = (
    *("/", "/authors", "/user/mina", "/about", "/feed.atom", "/dashboard/", "/search?q=post"),
    *(f"{API}/users", f"{API}/users/mina/tweets", f"{API}/export", f"{API}/compare?text=a"),
)
OPEN = ("/login", "/healthz", "/readyz", f"{API}/openapi.json", "/static/style.css")


async def switch(browser: Browser, *, is_public: bool) -> None:
    answer = await browser.post("/settings/reading", form={"public": str(int(is_public))})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")


async def make_private(app: Quart) -> None:
    async with parts_of(app).db.write() as session:
        await switch_site(session, None, is_public=False)


async def status(app: Quart, path: str) -> int:
    return int((await Browser(app).get(path)).status_code)


@asynccontextmanager
async def two_workers(make_config: MakeConfig) -> AsyncIterator[tuple[Quart, Quart]]:
    config = make_config()
    first, second = create_app(config), create_app(config)
    async with first.test_app(), second.test_app():
        yield first, second


@pytest.mark.databases("sqlite", "postgresql")
async def test_the_switch_holds_on_all_workers_whatever_they_keep(make_config: MakeConfig) -> None:
    async with two_workers(make_config) as workers:
        writer = await client_with(workers[0], "write")
        await writer.add_user("mina", "a post", "another post")
        operator = await signed_in(workers[0])
        for app in workers:
            for path in (*READ, *READ, *OPEN):
                assert await status(app, path) in {200, 422}, path  # An author of two posts.
        await switch(operator, is_public=False)
        for app in workers:
            assert {await status(app, path) for path in READ} == {303, 401}
            assert [await status(app, path) for path in OPEN] == [200] * len(OPEN)
            for reader in (Client(app, writer.headers), Browser(app, cookies=operator.cookies)):
                assert (await reader.get(f"{API}/users/mina")).status_code == 200
        await switch(operator, is_public=True)
        assert await status(workers[0], "/") == 200


@pytest.mark.databases("sqlite")
async def test_streams_of_visitors_end_and_those_with_a_right_go_on(app: Quart) -> None:
    writer = await client_with(app, "write")
    await writer.add_user("mina")
    async with (
        listening(app, headers=writer.headers) as (reader,),
        listening(app, "", "username=mina", "after=0") as visitors,
    ):
        await make_private(app)
        await writer.add_tweet("mina", "nobody else reads this")
        await asyncio.wait_for(asyncio.gather(*(each.answer for each in visitors)), DEADLINE_S)
        ((_, kind, post),) = await reader.next()
        assert (kind, post["text"]) == ("tweet.created", "nobody else reads this")
        assert {block["event"] for block in reader.events} == {"tweet.created"}
    for visitor in visitors:
        assert "nobody else" not in str(visitor.blocks)
    late = Listener(app)
    await asyncio.wait_for(late.answer, DEADLINE_S)
    assert late.messages[0]["status"] == 401


@pytest.mark.databases("sqlite")
async def test_half_sent_answers_break_off(
    app: Quart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    monkeypatch.setattr(media, "CHUNK_BYTES", 4)
    writer = await client_with(app, "write")
    await bring(app, tmp_path)
    await writer.add_user("jun", *(f"post {number}" for number in range(7)))
    visitors = [Listener(app, path=path) for path in (f"{API}/export", FILM)]
    reader = Listener(app, path=FILM, headers=writer.headers)
    for each in (*visitors, reader):
        each.takes.clear()

    async def are_held() -> bool:
        return all(each.is_held for each in (*visitors, reader))

    await eventually(are_held)
    await make_private(app)
    for each in (*visitors, reader):
        each.takes.set()
    await asyncio.wait([each.answer for each in (*visitors, reader)], timeout=DEADLINE_S)
    for visitor in visitors:
        assert visitor.messages[0]["status"] == 200
        assert visitor.messages[-1].get("more_body", True)
    assert reader.messages[-1]["more_body"] is False


@pytest.mark.databases("sqlite")
async def test_an_answer_that_is_being_made_is_refused(app: Quart) -> None:
    await (await client_with(app, "write")).add_user("mina", "a post")

    async def switched() -> None:
        await make_private(app)

    app.before_request_funcs[None].append(switched)  # Once the visitor was let in.
    for path, expected in (("/user/mina", 303), (f"{API}/users/mina", 401)):
        async with parts_of(app).db.write() as session:
            await switch_site(session, None, is_public=True)
        answer = await Browser(app).get(path, status=expected)
        assert "tweets" not in await answer.get_data(as_text=True)
        assert "a post" not in await answer.get_data(as_text=True)


@pytest.mark.databases("sqlite")
async def test_where_the_log_cannot_be_read_the_row_is(app: Quart, outside: Outside) -> None:
    await (await client_with(app, "write")).add_user("mina", "a post")
    for _ in range(2):
        assert await status(app, f"{API}/users/mina") == 200
    await outside.execute('ALTER TABLE "Event" RENAME TO "Gone"')
    assert await status(app, f"{API}/users/mina") == 200
    await outside.execute('UPDATE "Site" SET public = 0')
    assert await status(app, f"{API}/users/mina") == 401


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("setting", [True, False])
async def test_the_setting_has_the_last_word(make_config: MakeConfig, setting: bool) -> None:
    async with app_of(make_config(public=setting)) as app:
        operator = await signed_in(app)
        page = await operator.page("/settings")
        assert "<code>SAYWHO_PUBLIC</code>" in page
        assert "/settings/reading" not in page
        answer = await operator.post("/settings/reading", form={"public": str(int(not setting))})
        assert answer.status_code == 409
        async with parts_of(app).db.write() as session:
            await switch_site(session, None, is_public=not setting)  # As another server may.
        assert await status(app, f"{API}/users") == (200 if setting else 401)


@pytest.mark.databases("sqlite")
async def test_settings_say_how_it_is_and_a_bad_choice_changes_nothing(app: Quart) -> None:
    operator = await signed_in(app)
    page = await operator.page("/settings")
    assert not missing_in(page, "This site is public.", "Make this site private")
    assert (await operator.post("/settings/reading", form={"public": "no"})).status_code == 422
    answer = await operator.post("/settings/reading", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    for _ in range(2):  # A second time changes nothing.
        await switch(operator, is_public=False)
    page = await operator.page("/settings")
    assert not missing_in(page, "This site is private.", "Make this site public")


@pytest.mark.databases("sqlite")
async def test_the_sign_in_of_a_private_site_says_so_and_leads_nowhere_else(app: Quart) -> None:
    page = await Browser(app).page("/login")
    assert "This site is private" not in page
    assert 'href="/search"' in page
    await make_private(app)
    page = await Browser(app).page("/login")
    assert "This site is private" in page
    for path in ("/", "/search", "/authors", "/about", "/login"):
        assert f'href="{path}"' not in page, path
    assert 'href="/login?locale=ko"' in page
    refused = await Browser(app).sign_in("nobody", "wrong")
    assert "This site is private" in await refused.get_data(as_text=True)


CHAT = "\n".join(
    [
        "KakaoTalk Chats with us",
        "",
        "January 15, 2024, 3:10 PM, mina : at the harbour",
        "January 15, 2024, 3:11 PM, jun : on my way",
    ]
).encode()
FORM: dict[str, Any] = {
    "speaker": ["mina", "jun"],
    "only": ["mina", "jun"],
    "timezone": "Asia/Seoul",
}


@pytest.mark.databases("sqlite")
async def test_a_chat_s_import_makes_the_site_private(app: Quart) -> None:
    operator = await signed_in(app)
    address = await upload(operator, CHAT, "chat.txt")
    page = await operator.page(address)
    assert 'type="radio" name="publish" value="private" required checked' in page
    assert "Anyone who can reach this server can read everything here." in page
    started = await operator.post(f"{address}/start", form=FORM | {"publish": "private"})
    assert started.status_code == 303

    async def is_done() -> bool:
        jobs = await (await operator.get(f"{API}/imports")).get_json()
        return bool(jobs["items"][0]["state"] == "done")

    await eventually(is_done)
    assert (await (await operator.get(f"{API}/users/jun")).get_json())["tweets"] == 1
    assert await status(app, f"{API}/users/jun") == 401
    page = await operator.page(await upload(operator, CHAT, "chat.txt"))
    assert 'name="publish"' not in page
    assert "This site is private" in page


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("hosts", "settings", "is_alone"),
    [
        (["127.0.0.1", "::1"], {}, True),
        (["127.0.0.1", "0.0.0.0"], {}, False),  # noqa: S104 - an example
        ([""], {}, False),  # A socket in a folder, for a proxy.
        ([], {}, False),
        (["127.0.0.1"], {"url": "https://saywho.example"}, False),
        (["127.0.0.1"], {"trusted_proxies": 1}, False),
    ],
)
async def test_a_page_says_who_can_reach_the_site(
    make_config: MakeConfig, hosts: list[str], settings: dict[str, Any], is_alone: bool
) -> None:
    app = create_app(make_config(**settings))
    note_hosts(app, hosts)
    async with app.test_app():
        operator = await signed_in(app)
        operator.address = "127.0.0.1"
        page = await operator.page("/settings")
        assert ("At the moment, only this computer can reach it." in page) is is_alone
        assert ("Anyone who can reach this server can read" in page) is not is_alone


SECRET = re.compile(r"\bsaywho_[\w-]{43}(?![\w-])")
LINK = re.compile(r'id="new_link"[^>]*>http://localhost([^<]+)<')


async def made_by(operator: Browser, name: str) -> tuple[Client, str]:
    """Return a program with a new token of the operator, and the path of a new invitation."""
    answer = await operator.post("/settings/tokens", form={"name": name, "scope": "admin"})
    (secret,) = SECRET.findall(await body(answer))
    answer = await operator.post("/settings/invitations", form={"name": name})
    (path,) = LINK.findall(await body(answer))
    return Client(operator.app, {"Authorization": f"Bearer {secret}"}), str(path)


async def works(program: Client, visitor: Browser, path: str) -> list[bool]:
    """Return whether the token of a program opens the site, and the link of an invitation."""
    statuses = [(await program.get("/api/v1/sources")).status_code]
    statuses.append((await visitor.get(path)).status_code)
    assert set(statuses) <= {200, 401, 403}
    return [status == 200 for status in statuses]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("keeps_tokens", [False, True])
async def test_nothing_of_a_removed_operator_opens_the_site(
    installation: Installation, keeps_tokens: bool
) -> None:
    async with app_of(Config(env="testing", data_dir=installation.data_dir, public=False)) as app:
        ann, ben = await signed_in(app, "ann"), await signed_in(app, "ben")
        of_ann, of_ben = await made_by(ann, "of-ann"), await made_by(ben, "of-ben")
        await asyncio.to_thread(installation.done, "token", "add", "backups", "--scope", "read")
        page = await ben.page("/settings")
        assert (
            page.count("Created by <bdi>ann</bdi>.")
            == page.count("Created by <bdi>ben</bdi>.")
            == 1
        )
        assert page.count("The creator of this token is unknown.") == 1
        option = ["--keep-tokens"] if keeps_tokens else []
        answer = await asyncio.to_thread(installation.run, *("operator", "remove", "ann", *option))
        assert answer.stdout == "removed ann\n"
        invitations, *tokens = answer.stderr.splitlines()
        assert invitations == "Open invitations cancelled: 1"
        assert any("1 of-ann (admin), 3 backups" in line for line in tokens) is keeps_tokens
        assert ("Tokens revoked" in tokens[0]) is not keeps_tokens
        assert "3 backups (read). Someone who has left may know them" in tokens[-1]
        visitor = Browser(app)
        assert not await ann.is_signed_in()
        assert await works(of_ann[0], visitor, of_ann[1]) == [keeps_tokens, False]
        assert "This invitation was cancelled" in await body(await visitor.get(of_ann[1]))
        assert await works(of_ben[0], visitor, of_ben[1]) == [True, True]
        assert ("of-ann" in await ben.page("/settings")) is keeps_tokens


@pytest.mark.databases("sqlite")
async def test_lists_and_json_name_who_made_a_token(installation: Installation) -> None:
    async with app_of(Config(env="testing", data_dir=installation.data_dir)) as app:
        await made_by(await signed_in(app), "of-ann")
        for arguments in (("token", "add", "other", "--scope", "read"), ("operator", "add", "eve")):
            await asyncio.to_thread(installation.done, *arguments)
        of_ann, other = (await asyncio.to_thread(installation.done, "token", "list")).splitlines()
        assert of_ann.endswith("  of-ann  (created by ann)")
        assert other.endswith("  other")
        removed = await asyncio.to_thread(installation.json, "operator", "remove", "ann")
        assert (removed["name"], removed["invitations"]) == ("ann", 1)
        assert [token["name"] for token in removed["revoked_tokens"]] == ["of-ann"]
        assert [token["name"] for token in removed["remaining_tokens"]] == ["other"]
        answer = await asyncio.to_thread(installation.run, "operator", "remove", "eve")
        assert (answer.stdout, answer.stderr) == ("removed eve\n", "Set-up links cancelled: 1\n")
