"""The operator's access: made once by a link, signed in on a browser, ended everywhere at once."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from itsdangerous import Signer
from quart import Quart
from sqlalchemy import update

from app import create_app
from app.config import Config
from app.lifespan import note_hosts
from app.models import LoginFailure, LoginSession, SetupLink
from app.runtime.network import lets_phones_in, network_addresses
from app.services.access.accounts import LINK_LIFETIME, READER, add_setup_link
from app.services.access.logins import (
    MOST_OF_ACCOUNT,
    MOST_OF_ADDRESS,
    SESSION_LIFETIME,
    WINDOW,
    blocked_networks,
)
from app.services.access.rights import add_token
from saywho.clock import now
from tests.browsing import (
    PASSWORD,
    SAME_ORIGIN,
    Browser,
    body,
    make_operator,
    parts_of,
    set_cookies,
    signed_in,
)
from tests.conftest import Client, MakeConfig, app_of
from tests.installation import Installation, content_of
from tests.quick_start import REAL

COOKIE, SECURE_COOKIE = "saywho_session", "__Host-saywho_session"
DEVICE = "saywho_device"
HTTPS = SAME_ORIGIN | {"X-Forwarded-Proto": "https"}


ON_BOTH = pytest.mark.databases("sqlite", "postgresql")
"""What rests on the order of writes, which each database keeps in its own way."""


async def make_link(app: Quart, name: str | None = None) -> str:
    async with parts_of(app).db.write() as session:
        return await add_setup_link(session, name)


async def use(
    app: Quart, link: str, *, name: str = "ann", password: str = PASSWORD
) -> tuple[int, Browser]:
    browser = Browser(app)
    form = {"token": link, "name": name, "password": password}
    return (await browser.post("/setup", form=form)).status_code, browser


async def is_alive(app: Quart, link: str) -> bool:
    status = (await Browser(app).get(f"/setup?token={link}")).status_code
    assert status in {200, 403}
    return bool(status == 200)


async def age(app: Quart, column: Any, by: timedelta) -> None:
    """Put a time of all rows back."""
    async with parts_of(app).db.write() as session:
        await session.execute(update(column.class_).values({column.key: now() - by}))


@pytest.fixture
async def other_app(app: Quart, make_config: MakeConfig) -> AsyncIterator[Quart]:
    """A second worker: another app on the same database."""
    async with app_of(make_config()) as other:
        yield other


async def test_login_says_that_there_is_no_account_until_one_is_made(app: Quart) -> None:
    link = await make_link(app)
    page = await Browser(app).page("/login")
    assert "This site has no account yet, so nobody can sign in." in page
    assert "saywho operator add" in page
    assert 'name="password"' not in page
    assert (await use(app, link))[0] == 303
    assert 'name="password"' in await Browser(app).page("/login")


@ON_BOTH
async def test_setup_link_makes_one_account_once_and_signs_it_in(app: Quart) -> None:
    link = await make_link(app)
    answer = await Browser(app).get(f"/setup?token={link}", status=200)
    assert answer.headers["Cache-Control"] == "no-store"
    # The link, even opened twice at once, makes one account.
    attempts = await asyncio.gather(use(app, link), use(app, link, name="ben"))
    assert sorted(status for status, _ in attempts) == [303, 403]
    assert [await browser.is_signed_in() for _, browser in attempts].count(True) == 1
    assert not await is_alive(app, link)
    used = await (await Browser(app).get(f"/setup?token={link}")).get_data(as_text=True)
    assert "This link does not work" in used
    assert 'href="/login"' in used.partition("<main")[2]
    assert (await use(app, link, name="eve"))[0] == 403


async def test_a_phone_is_let_in_where_the_first_account_is_made(
    app: Quart, anybody: Client
) -> None:
    link, browser = await make_link(app), Browser(app)
    address, form = f"/setup?token={link}", {"token": link}
    browser.headers, browser.address = {"Host": "127.0.0.1:8000"} | SAME_ORIGIN, "127.0.0.1"
    # Another server, a proxy or a container decides the address.
    assert "Let this phone in" not in await browser.page(address)
    assert (await browser.post("/setup/phones", form=form)).status_code == 409
    note_hosts(app, ["127.0.0.1"], may_let_phones_in=True)
    data_dir = parts_of(app).config.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    assert "Let this phone in" in await browser.page(address)
    assert "Let this phone in" not in await Browser(app).page(address)
    assert (await Browser(app).post("/setup/phones", form=form)).status_code == 403
    assert not lets_phones_in(data_dir)

    answer = await browser.post("/setup/phones", form=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{address}#phone-heading")
    assert lets_phones_in(data_dir)
    assert (await anybody.get("/authors")).status_code == 303  # The site is private now.
    page = await browser.page(address)
    for network in network_addresses()[:1]:
        assert f"http://{network}:8000{address}</code>" in page
        assert '<svg viewBox="0 0 ' in page.partition('class="qr-code"')[2]


async def test_setup_without_a_token_says_that_the_link_is_incomplete(app: Quart) -> None:
    for form in ({}, {"token": "", "name": "ann", "password": PASSWORD}):
        answer = await Browser(app).post("/setup", form=form, status=403)
        page = await answer.get_data(as_text=True)
        assert "The link is incomplete: it has no token" in page
        assert "already used" not in page


async def test_an_operator_is_known_however_the_name_is_composed(app: Quart) -> None:
    await make_operator(app, "José")
    assert (await Browser(app).sign_in("Jose\u0301")).status_code == 303
    for name in ("jose\u0301", "\u3164", "ann\ufe0f", "\u2800"):
        assert (await use(app, await make_link(app), name=name))[0] in {409, 422}


async def test_links_last_until_an_account_is_made(app: Quart) -> None:
    # Servers that start together end each other's links no more than those of others.
    links = [await make_link(app, name) for name in (" ann ", "Ann", "ben", None, None)]
    for link in links:
        assert await is_alive(app, link)
    await make_operator(app, "ann")
    for link in links:
        assert not await is_alive(app, link)
    assert (await use(app, links[-1], name="eve"))[0] == 403


async def test_a_link_that_is_old_or_never_was_is_403(app: Quart) -> None:
    link = await make_link(app)
    await age(app, SetupLink.created_at, LINK_LIFETIME - timedelta(minutes=1))
    assert await is_alive(app, link)
    await age(app, SetupLink.created_at, LINK_LIFETIME)
    for dead in (link, "", "unknown", "%FF", "%00", "a" * 5000):
        assert not await is_alive(app, dead)
    assert (await use(app, link))[0] == 403


async def test_bad_names_and_passwords_leave_the_link_alive(app: Quart) -> None:
    link = await make_link(app)
    for password in ("", "seven77", "p" * 1001):
        assert (await use(app, link, password=password))[0] == 422
    for name in ("", "   ", "a" * 101, "a\u0000b", "a\nb", "\u202eann"):
        assert (await use(app, link, name=name))[0] == 422
    assert await is_alive(app, link)
    assert (await use(app, link, password="바다가 보인다!"))[0] == 303


@pytest.mark.databases("sqlite")
async def test_no_secret_is_in_the_files_but_the_signing_key(app: Quart) -> None:
    spare = await make_link(app, "ben")
    link = await make_link(app)
    _, browser = await use(app, link)
    async with parts_of(app).db.write() as session:
        _, token = await add_token(session, "scripts", "admin")
    cookie = browser.cookies[COOKIE]
    secrets = [spare, link, PASSWORD, token, cookie, cookie.rpartition(".")[0]]
    folder = parts_of(app).config.data_dir
    files = {path.name: content_of(path) for path in folder.rglob("*") if path.is_file()}
    assert {"testing.db", "testing.db-wal", "secret_key"} <= files.keys()
    for secret in secrets:
        assert [name for name, data in files.items() if secret.encode() in data] == []
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600


async def test_signing_in_and_out(app: Quart) -> None:
    await make_operator(app)
    browser = Browser(app)
    assert not await browser.is_signed_in()
    answer = await browser.sign_in(" Ann ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert await browser.is_signed_in()
    kept = dict(browser.cookies)
    assert (await browser.post("/logout")).status_code == 303
    assert browser.cookies.keys() == {DEVICE}
    # The server ended it too: a copy of the cookie is nobody.
    browser.cookies = kept
    assert not await browser.is_signed_in()
    assert (await browser.get("/logout")).status_code == 405


async def test_wrong_name_and_wrong_password_are_alike(app: Quart) -> None:
    await make_operator(app)
    pages = []
    for name in ("ann", "eve"):
        answer = await Browser(app).sign_in(name, "wrong password")
        assert answer.status_code == 401
        assert not answer.headers.getlist("Set-Cookie")
        headers = {key: value for key, value in answer.headers if key.lower() != "x-request-id"}
        body = (await answer.get_data(as_text=True)).replace(f'value="{name}"', "")
        pages.append((headers | {"content-length": "", "Content-Length": ""}, body))
    assert pages[0] == pages[1]
    assert "wrong password" not in pages[0][1]
    for name, password in (("ann", "p" * 1001), ("n" * 10_000, "p" * 1001), ("ann\u0000", "x")):
        assert (await Browser(app).sign_in(name, password)).status_code == 401


async def fail(browser: Browser, name: str, times: int) -> list[int]:
    return [(await browser.sign_in(name, "wrong")).status_code for _ in range(times)]


async def test_five_failures_of_an_account_close_it_for_a_while(
    app: Quart, caplog: pytest.LogCaptureFixture
) -> None:
    await make_operator(app)
    await make_operator(app, "ben")
    # Another way to write the name is the same account.
    for name in ("ann", "Ann", " ann", "ANN ", "ann"):
        assert "closed" not in caplog.text
        assert await fail(Browser(app), name, 1) == [401]
    answer = await Browser(app).sign_in()
    assert "sign-in from 192.0.2.1 is closed for 15 minutes" in caplog.text
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert 'name="password"' in await answer.get_data(as_text=True)
    assert (await Browser(app).sign_in("ben")).status_code == 303
    assert (await Browser(app).sign_in()).status_code == 429
    await age(app, LoginFailure.failed_at, WINDOW)
    assert (await Browser(app).sign_in()).status_code == 303


async def test_failures_count_by_the_account_however_its_name_is_written(app: Quart) -> None:
    await make_operator(app, "José Straße")
    spellings = ("josé straße", "JOSE\u0301 STRASSE", " José Straße\n", "jos\u00e9 strasse")
    for name in (*spellings, "José Straße"):
        assert await fail(Browser(app), name, 1) == [401]
    for name in spellings:
        assert (await Browser(app).sign_in(name)).status_code == 429
    # Letters of full width are another name, and attempts at it count by the network.
    assert await fail(Browser(app), "ｊｏｓé straße", 5) == [401] * 5
    assert await fail(Browser(app), "anybody", 1) == [429]
    assert (await Browser(app, address="192.0.2.2").sign_in("JOSÉ STRASSE")).status_code == 303


async def test_a_stranger_cannot_lock_an_operator_out(app: Quart) -> None:
    await make_operator(app)
    known = await signed_in(app, "ben")
    await known.post("/logout")
    for name in ("ann", "ben"):
        assert await fail(Browser(app), name, 5) == [401] * 5
    # From elsewhere anybody may try, and from the same network who signed in there before.
    assert (await Browser(app, address="192.0.2.2").sign_in()).status_code == 303
    assert (await Browser(app).sign_in("ben")).status_code == 429
    assert (await known.sign_in("ben")).status_code == 303
    # That browser has a limit of its own, and is known for its own operator alone.
    assert await fail(known, "ben", 6) == [401] * 5 + [429]
    assert (await known.sign_in("ann")).status_code == 429
    forged = known.cookies["saywho_device"].replace(".", ".0", 1)
    assert (await Browser(app, cookies={"saywho_device": forged}).sign_in("ben")).status_code == 429


async def test_an_operator_is_unlocked_removed_and_made_again_by_commands(
    installation: Installation,
) -> None:
    app = create_app(Config(env="testing", data_dir=installation.data_dir, access_log=False))
    run = partial(asyncio.to_thread, installation.run, "operator")
    async with app.test_app():
        browser = await signed_in(app)
        assert await fail(Browser(app), "ann", 5) == [401] * 5
        assert (await run("unlock", "nobody")).exit_code == 2
        assert (await Browser(app).sign_in()).status_code == 429
        assert (await run("unlock", "ANN")).stdout == "unlocked ann\n"
        assert (await Browser(app).sign_in()).status_code == 303
        refused = await run("add", "Ann")
        assert refused.exit_code == 2
        assert "saywho operator remove" in refused.stderr
        await signed_in(app, "미나", role=READER)
        lines = (await run("list")).stdout.splitlines()
        assert [line.split()[::2] for line in lines] == [["operator", "ann"], ["reader", "미나"]]
        assert await fail(Browser(app), "미나", 5) == [401] * 5
        assert (await run("unlock", "미나")).stdout == "unlocked 미나\n"
        assert (await run("remove", "미나")).stdout == "removed 미나\n"
        assert (await run("remove", "nobody")).exit_code == 2
        assert (await run("remove", "ANN")).stdout == "removed ann\n"
        assert not await browser.is_signed_in()
        assert (await browser.sign_in()).status_code == 401
        link = (await run("add", "ann")).stdout
        status, again = await use(app, link.strip().partition("token=")[2])
        assert (status, await again.is_signed_in()) == (303, True)


async def test_a_network_is_opened_by_a_command(installation: Installation) -> None:
    app = create_app(Config(env="testing", data_dir=installation.data_dir, access_log=False))
    run = partial(asyncio.to_thread, installation.run, "operator", "unlock")
    async with app.test_app():
        await make_operator(app)
        for n in range(MOST_OF_ADDRESS):
            assert await fail(Browser(app), f"nobody{n}", 1) == [401]
        assert (await Browser(app).sign_in()).status_code == 429
        answer = await run("ann")
        assert answer.stdout == "unlocked ann\n"
        assert "several names: 1." in answer.stderr
        assert "saywho operator unlock --all" in answer.stderr
        assert json.loads((await run("ann", "--json")).stdout)["closed_networks"] == 1
        assert (await Browser(app).sign_in()).status_code == 429
        answer = await run("--all")
        assert (answer.stdout, answer.stderr) == ("unlocked all\n", "")
        assert (await Browser(app).sign_in()).status_code == 303
        for arguments in ((), ("ann", "--all")):
            assert (await run(*arguments)).exit_code == 2


async def test_failures_of_an_address_count_together(app: Quart) -> None:
    for n in range(MOST_OF_ADDRESS):
        assert await fail(Browser(app), ("ann", "ben", "cho")[n % 3], 1) == [401]
    assert await fail(Browser(app), "somebody", 1) == [429]
    assert await fail(Browser(app, address="192.0.2.2"), "ann", 1) == [401]
    async with parts_of(app).db.read() as session:
        assert await blocked_networks(session) == 1
    # Whoever has an address of IPv6 has its whole /64; mapped ones are of IPv4.
    for n in range(MOST_OF_ACCOUNT):
        assert await fail(Browser(app, address=f"2001:db8::{n}"), "ann", 1) == [401]
    assert await fail(Browser(app, address="2001:db8::9"), "ann", 1) == [429]
    assert await fail(Browser(app, address="2001:db8:0:1::9"), "ann", 1) == [401]
    assert await fail(Browser(app, address="::ffff:192.0.2.3"), "ann", 5) == [401] * 5
    assert await fail(Browser(app, address="::ffff:192.0.2.4"), "ann", 1) == [401]


async def test_success_clears_the_failures_of_the_account(app: Quart) -> None:
    await make_operator(app)
    await make_operator(app, "ben")
    for _ in range(2):
        assert await fail(Browser(app), "ann", 4) == [401] * 4
        assert (await Browser(app).sign_in()).status_code == 303
    # Those of other accounts stay: one account of one's own must not open all others.
    assert await fail(Browser(app), "ben", 4) == [401] * 4
    assert (await Browser(app).sign_in()).status_code == 303
    assert await fail(Browser(app), "ben", 2) == [401, 429]


@ON_BOTH
async def test_attempts_at_once_do_not_get_past_the_limit(app: Quart, other_app: Quart) -> None:
    await make_operator(app)
    attempts = [
        Browser(each).sign_in("ann", "wrong") for _ in range(10) for each in (app, other_app)
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*attempts)]
    assert statuses.count(401) == MOST_OF_ACCOUNT
    assert statuses.count(429) == len(attempts) - MOST_OF_ACCOUNT


async def test_an_attempt_that_no_hash_was_made_for_is_no_failure(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_operator(app)
    with monkeypatch.context() as full:
        full.setattr("app.services.access.accounts.MOST_PENDING", 0)
        for _ in range(MOST_OF_ACCOUNT):
            answer = await Browser(app).sign_in()
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (await Browser(app).sign_in()).status_code == 303


async def test_session_cookie_on_https(make_config: MakeConfig) -> None:
    async with app_of(make_config(trusted_proxies=1)) as app:
        await make_operator(app)
        browser = Browser(app, HTTPS)
        answer = await browser.sign_in()
        cookies = set_cookies(answer)
        assert cookies.keys() == {SECURE_COOKIE, "__Host-saywho_device"}
        cookie = cookies[SECURE_COOKIE]
        assert (cookie["path"], cookie["samesite"], cookie["domain"]) == ("/", "Lax", "")
        assert cookie["httponly"]
        assert cookie["secure"]
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert await browser.is_signed_in()
        # On plain http anybody on the way could have set it, under either name.
        for headers, name in ((HTTPS, COOKIE), (SAME_ORIGIN, SECURE_COOKIE)):
            forged = {name: browser.cookies[SECURE_COOKIE]}
            assert not await Browser(app, headers, forged).is_signed_in()
        for path in ("/", "/nothing", "/api/v1/nothing", "/healthz"):
            assert "Strict-Transport-Security" in (await browser.get(path)).headers
        assert "Strict-Transport-Security" not in (await Browser(app).get("/")).headers
        assert (await browser.post("/logout")).status_code == 303
        assert browser.cookies.keys() == {"__Host-saywho_device"}


async def test_a_tampered_or_foreign_session_is_nobody(app: Quart) -> None:
    browser = await signed_in(app)
    cookie = browser.cookies[COOKIE]
    secret, _, signature = cookie.rpartition(".")
    other = "B" if secret[0] == "A" else "A"
    keys = parts_of(app).secret_keys
    for value in [
        *("", ".", secret, f"{secret}.", f"{cookie}A", "\u00ff\u00fe", "a" * 4000),
        f"{other}{secret[1:]}.{signature}",
        Signer("another site's secret key", salt="session").sign(secret).decode(),
        Signer(keys, salt="other").sign(secret).decode(),
        Signer(keys, salt="session").sign("invented").decode(),
        Signer(keys, salt="session").sign(b"\xff\xfe").decode("latin-1"),
    ]:
        assert not await Browser(app, cookies={COOKIE: value}).is_signed_in(), value
    assert await browser.is_signed_in()


async def test_a_session_lasts_ninety_days(app: Quart) -> None:
    browser = await signed_in(app)
    await age(app, LoginSession.created_at, SESSION_LIFETIME - timedelta(minutes=1))
    assert await browser.is_signed_in()
    await age(app, LoginSession.created_at, SESSION_LIFETIME)
    assert not await browser.is_signed_in()
    # Nor is it among the sessions that the settings list.
    assert "Another browser" not in await (await signed_in(app, is_new=False)).page("/settings")


async def test_ending_a_session_holds_at_once_on_all_workers(app: Quart, other_app: Quart) -> None:
    mine, of_ben = await signed_in(app), await signed_in(app, "ben")
    for number in range(1, 5):
        await of_ben.post(f"/settings/sessions/{number}/end")
    assert await mine.is_signed_in()  # Ben could end his own alone.
    elsewhere = Browser(other_app, cookies=(await signed_in(app, is_new=False)).cookies)
    assert await elsewhere.is_signed_in()
    (other,) = re.findall(r'action="(/settings/sessions/\d+/end)"', await mine.page("/settings"))
    assert (await mine.post(other)).status_code == 303
    assert not await elsewhere.is_signed_in()
    assert await mine.is_signed_in()


async def test_keys_can_be_rotated(make_config: MakeConfig) -> None:
    old, new = "an old secret key!", "a new secret key!!"
    keys = (old, f"{new},{old}", new)
    before, between, after = (create_app(make_config(secret_key=key)) for key in keys)
    async with before.test_app(), between.test_app(), after.test_app():
        await make_operator(before)
        for signs, checks, is_known in (
            (before, between, True),
            (before, after, False),
            (between, after, True),
        ):
            cookies = (await signed_in(signs, is_new=False)).cookies
            assert await Browser(checks, cookies=cookies).is_signed_in() == is_known


ELSEWHERE = [
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "evil.example"),
    *("/\t/evil.example", "/\t\\evil.example", "/\n/evil.example", "\t//evil.example", ""),
    *(" //evil.example", "https:evil.example", "https://evil.example/", "http:///evil.example"),
    *("javascript:alert(1)", "/a\r\nSet-Cookie: a=b", "/\u0000/evil.example", "//[evil"),
]
INSIDE = {
    "/search?q=a%20b&mode=words": "/search?q=a%20b&mode=words",
    "/%0d%0aX-Evil:1": "/%0d%0aX-Evil:1",
    "/user/빵집?q=한": "/user/%EB%B9%B5%EC%A7%91?q=%ED%95%9C",
    "/search?q=https://example.org//a": "/search?q=https://example.org//a",
}


async def test_signing_in_never_leads_to_another_site(app: Quart) -> None:
    await make_operator(app)
    for following in ELSEWHERE:
        page = await Browser(app).page(f"/login?{urlencode({'next': following})}")
        assert 'action="/login?next=/"' in page, following
    browser = Browser(app)
    form = {"name": "ann", "password": PASSWORD}
    for following, location in (INSIDE | dict.fromkeys(ELSEWHERE, "/")).items():
        answer = await browser.post("/login", form=form | {"next": following})
        assert (answer.status_code, answer.headers["Location"]) == (303, location)
        assert set_cookies(answer).keys() <= {COOKIE, DEVICE}
        # Who is signed in already is led on as well.
        answer = await browser.get("/login", query_string={"next": following})
        assert (answer.status_code, answer.headers["Location"]) == (303, location)


async def test_another_language_after_a_wrong_password_keeps_the_way_on(app: Quart) -> None:
    await make_operator(app)
    browser = Browser(app)
    page = await browser.page(f"/login?{urlencode({'next': '/search?q=a b&mode=words'})}")
    (action,) = re.findall('<form[^>]* action="(.*?)"', page)
    form = {"name": "ann", "password": "wrong"}
    refused = await body(await browser.post(action, form=form))
    (switch,) = re.findall('<a href="([^"]*)" lang="ko"', refused)
    switched = await browser.get((await browser.get(switch)).headers["Location"])
    (action,) = re.findall('<form[^>]* action="(.*?)"', await body(switched))
    answer = await browser.post(action, form=form | {"password": PASSWORD})
    location = "/search?q=a%20b&mode=words"
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_a_stored_password_costs_64_mib_and_three_passes_to_try() -> None:
    assert REAL.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
