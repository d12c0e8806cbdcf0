"""Readers: invited by a link that works once, allowed to read, and removed at once."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from quart import Quart
from sqlalchemy import update

from app.models import Invitation
from app.services.access.accounts import LINK_LIFETIME, add_setup_link
from saywho.clock import now
from tests.browsing import PASSWORD, Browser, body, parts_of, signed_in
from tests.conftest import MakeConfig, app_of

LINK = re.compile(r'<code class="secret" id="new_link" translate="no">http://localhost([^<]+)<')
NEW_PASSWORD = "a longer sentence than before"
ON_BOTH = pytest.mark.databases("sqlite", "postgresql")
"""What rests on the order of writes, which each database keeps in its own way."""


@pytest.fixture
async def site(make_config: MakeConfig) -> AsyncIterator[Quart]:
    """A private site."""
    async with app_of(make_config(public=False)) as app:
        yield app


@pytest.fixture
async def operator(site: Quart) -> Browser:
    return await signed_in(site)


async def invited(operator: Browser, name: str = "Mina") -> str:
    """Return the path of a new invitation's link."""
    answer = await operator.post("/settings/invitations", form={"name": name})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    (path,) = LINK.findall(await body(answer))
    return str(path)


async def accept(
    app: Quart, path: str, name: str = "mina", password: str = PASSWORD
) -> tuple[int, Browser]:
    browser = Browser(app)
    form = {"token": path.partition("token=")[2], "name": name, "password": password}
    return (await browser.post("/setup", form=form)).status_code, browser


async def reader_of(operator: Browser, name: str = "mina") -> Browser:
    status, browser = await accept(operator.app, await invited(operator), name)
    assert status == 303
    return browser


async def forms_of(browser: Browser, pattern: str) -> list[str]:
    return re.findall(f'action="({pattern})"', await browser.page("/settings"))


async def test_an_invitation_makes_one_reader_once(site: Quart, operator: Browser) -> None:
    path = await invited(operator, "  <b>미나</b> 🌊 ")
    page = await operator.page("/settings")
    assert path not in page
    assert "&lt;b&gt;미나&lt;/b&gt; 🌊" in page
    answer = await Browser(site).get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    page = await answer.get_data(as_text=True)
    assert "You are invited to read here" in page
    assert 'value="&lt;b&gt;미나&lt;/b&gt; 🌊"' in page, "the guest's name is there already"
    assert "readonly" not in page
    for name, password, status in (
        (" ", PASSWORD, 422),
        ("ANN", PASSWORD, 409),
        ("mina", "short", 422),
    ):
        assert (await accept(site, path, name, password))[0] == status
    # The link, even used twice at once, makes one account.
    attempts = await asyncio.gather(accept(site, path), accept(site, path, "ben"))
    assert sorted(status for status, _ in attempts) == [303, 403]
    (browser,) = [browser for status, browser in attempts if status == 303]
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/api/v1/users")).status_code == 200
    assert await forms_of(operator, r"/settings/invitations/\d+/end") == []
    assert len(await forms_of(operator, r"/settings/readers/\d+/remove")) == 1


@ON_BOTH
async def test_an_invitation_used_on_two_workers_at_once_makes_one_reader(
    site: Quart, operator: Browser, make_config: MakeConfig
) -> None:
    async with app_of(make_config(public=False)) as worker:
        for names in (("mina", "ben"), ("cho", "cho")):
            path = await invited(operator)
            attempts = [
                accept(app, path, name)
                for _ in range(3)
                for app, name in zip((site, worker), names, strict=True)
            ]
            statuses = [status for status, _ in await asyncio.gather(*attempts)]
            assert sorted(statuses) == [303, 403, 403, 403, 403, 403]
    assert len(await forms_of(operator, r"/settings/readers/\d+/remove")) == 2


async def test_a_taken_name_is_told_in_one_line(site: Quart, operator: Browser) -> None:
    path = await invited(operator)
    form = {"token": path.partition("token=")[2], "name": " Ann", "password": PASSWORD}
    page = await body(await Browser(site).post("/setup", form=form))
    assert "The name ' Ann' is already taken" not in page
    assert "The name 'Ann' is already taken; choose another name" in page
    assert 'value=" Ann"' in page
    for name in ("", " ", "a" * 101, "a\nb", "\u3164"):
        answer = await operator.post("/settings/invitations", form={"name": name}, status=422)
        assert "Enter who the invitation is for" in await body(answer)


async def sentence(browser: Browser, path: str) -> tuple[int, str]:
    answer = await browser.get(path)
    page = (await body(answer)).partition("<main")[2]
    lead = re.search(r'<p class="lead"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert lead
    return answer.status_code, lead[1]


async def test_a_link_that_does_not_work_says_why(site: Quart, operator: Browser) -> None:
    used, late, ended, fresh = [await invited(operator, name) for name in "abcd"]
    assert (await accept(site, used))[0] == 303
    (of_late,) = (await forms_of(operator, r"/settings/invitations/\d+/end"))[-1:]
    async with parts_of(site).db.write() as session:
        late_id = int(of_late.split("/")[3])
        gone = {"created_at": now() - LINK_LIFETIME, "expires_at": now()}
        await session.execute(update(Invitation).where(Invitation.id == late_id).values(gone))
    end = (await forms_of(operator, r"/settings/invitations/\d+/end"))[-1]
    assert (await operator.post(end)).status_code == 303
    assert len(await forms_of(operator, r"/settings/invitations/\d+/end")) == 1
    visitor = Browser(site)
    assert await sentence(visitor, used) == (
        403,
        "This invitation was already used; each invitation works once",
    )
    assert await sentence(visitor, late) == (
        403,
        "This invitation has expired; it was valid for 7 days",
    )
    assert await sentence(visitor, ended) == (403, "This invitation was cancelled")
    assert await sentence(visitor, fresh[:-3]) == (
        403,
        "Unknown invitation: the link may be incomplete",
    )
    for path in (used, late, ended, fresh[:-3]):
        assert (await accept(site, path, "eve"))[0] == 403
        page = await body(await visitor.get(path))
        assert "This link does not work" in page
        assert 'href="/login"' in page.partition("<main")[2]
    assert (await visitor.get(fresh)).status_code == 200


async def test_who_is_signed_in_is_told_to_pass_an_invitation_on(
    site: Quart, operator: Browser
) -> None:
    reader, path = await reader_of(operator), await invited(operator)
    for browser, name in ((operator, "ann"), (reader, "mina")):
        status, told = await sentence(browser, path)
        assert status == 409
        assert f"You are signed in as <bdi>{name}</bdi>." in told
        form = {"token": path.partition("token=")[2], "name": "eve", "password": PASSWORD}
        assert (await browser.post("/setup", form=form)).status_code == 409
    # Who signs out there comes back to it.
    answer = await reader.post("/logout", form={"next": path})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert (await reader.get(path)).status_code == 200
    assert (await operator.post("/logout", form={"next": "//evil.example"})).location == "/"


async def test_a_reader_keeps_the_own_password_and_sessions_and_sees_nothing_else(
    site: Quart, operator: Browser
) -> None:
    reader = await reader_of(operator)
    other = Browser(site)
    assert (await other.sign_in("mina")).status_code == 303
    page = await reader.page("/settings")
    for hidden in ("Readers", "API tokens", "Delete everything", "Export", "saywho backup"):
        assert hidden not in page
    (end,) = re.findall(r'action="(/settings/sessions/\d+/end)"', page)
    assert (await reader.post(end)).status_code == 303
    assert not await other.is_signed_in()
    assert (await other.sign_in("mina")).status_code == 303
    # An operator's session is not a reader's to end.
    for number in range(1, 9):
        await reader.post(f"/settings/sessions/{number}/end")
    assert await operator.is_signed_in()
    for browser in (reader, other):
        assert (await browser.sign_in("mina")).status_code == 303
    wrong = await reader.post("/settings/password", form={"old": "wrong", "new": NEW_PASSWORD})
    assert wrong.status_code == 401
    assert "The old password is wrong" in await body(wrong)
    answer = await reader.post("/settings/password", form={"old": PASSWORD, "new": NEW_PASSWORD})
    assert answer.status_code == 303
    assert [await each.is_signed_in() for each in (reader, other)] == [True, False]


@ON_BOTH
async def test_a_removed_reader_is_signed_out_at_once_on_all_workers(
    site: Quart, operator: Browser, make_config: MakeConfig
) -> None:
    reader = await reader_of(operator)
    async with app_of(make_config(public=False)) as worker:
        elsewhere = Browser(worker, cookies=reader.cookies)
        assert await elsewhere.is_signed_in()
        assert "last signed in" in await operator.page("/settings")
        (remove,) = await forms_of(operator, r"/settings/readers/\d+/remove")
        assert (await operator.post(remove)).status_code == 303
        assert not await elsewhere.is_signed_in()
        assert (await elsewhere.get("/api/v1/users")).status_code == 401
    assert (await reader.sign_in("mina")).status_code == 401
    # What is gone, an operator, and a number that no row has, are not there to be removed.
    for number in (remove.split("/")[3], 1, 10**30):
        assert (await operator.post(f"/settings/readers/{number}/remove")).status_code == 404
        assert (await operator.post(f"/settings/invitations/{number}/end")).status_code == 404
    assert await operator.is_signed_in()
    # The name is free again.
    await reader_of(operator)


async def test_a_new_reader_leaves_the_links_of_operators_and_other_invitations(
    site: Quart, operator: Browser
) -> None:
    async with parts_of(site).db.write() as session:
        link = await add_setup_link(session, "ben")
    path = await invited(operator, "somebody else")
    await reader_of(operator)
    assert (await Browser(site).get(f"/setup?token={link}")).status_code == 200
    assert (await Browser(site).get(path)).status_code == 200
    status, _ = await accept(site, f"/setup?token={link}", "ben")
    assert status == 303
    assert (await Browser(site).get(path)).status_code == 200


async def test_invitations_of_long_ago_are_forgotten(site: Quart, operator: Browser) -> None:
    path = await invited(operator)
    async with parts_of(site).db.write() as session:
        long_ago = now() - timedelta(days=365)
        await session.execute(update(Invitation).values(expires_at=long_ago))
    assert (await sentence(Browser(site), path))[1].startswith("This invitation has expired")
    await invited(operator)
    assert (await sentence(Browser(site), path))[1].startswith("Unknown invitation")


LINKS = re.compile(r'href="(/[^"#]*)')
PAGES = ("/", "/authors", "/about", "/search?q=post", "/dashboard/", "/user/ann", "/settings")


def kind_of(site: Quart, link: str) -> object:
    """Return what tells links apart whose answers may differ in who gets them."""
    path, _, query = link.partition("?")
    rule, _ = site.url_map.bind("localhost").match(path, return_rule=True)
    return rule.rule, frozenset(parse_qs(query))


@pytest.mark.parametrize("authors", [0, 1, 3])
async def test_no_link_of_a_page_leads_a_reader_to_what_is_refused(
    site: Quart, operator: Browser, authors: int
) -> None:
    posts = ({"username": f"a{n % authors}", "text": f"post {n}"} for n in range(authors * 12))
    lines = "\n".join(map(json.dumps, posts)).encode()
    headers = operator.headers | {"Content-Type": "application/x-ndjson"}
    assert (await operator.post("/api/v1/tweets", data=lines, headers=headers)).status_code == 200
    reader, seen = await reader_of(operator), dict[object, str]()
    for path in (*PAGES, "/user/a0", "/tweet/1"):
        page = await body(await reader.get(path))
        links = [link for link in LINKS.findall(page) if not link.startswith("/static/")]
        seen |= {kind_of(site, link): link for link in links}
    refused = [link for link in seen.values() if (await reader.get(link)).status_code == 403]
    assert {"/settings", "/search"} <= {*seen.values()}
    assert refused == []


async def test_a_reader_is_refused_in_a_sentence(site: Quart, operator: Browser) -> None:
    reader = await reader_of(operator)
    for path in ("/imports", "/sources"):
        status, told = await sentence(reader, path)
        assert (status, told) == (403, "Your account can only read; ask an operator to do this")
        assert 'href="/login"' not in (await body(await reader.get(path))).partition("<main")[2]
    answer = await reader.get("/api/v1/imports")
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
