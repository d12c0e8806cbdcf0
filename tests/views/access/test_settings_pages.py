"""What the operator sets: tokens, authors, the password, and deleting everything."""

import asyncio
import re
from datetime import timedelta

import pytest
from quart import Quart
from sqlalchemy import update

from app import __version__
from app.db.engine import Database
from app.lifespan import note_hosts
from app.models import Token
from app.runtime.network import lets_phones_in, network_addresses
from app.services.access.rights import Right, add_token, ended_rights, revoke_token
from saywho.clock import now
from tests.browsing import PASSWORD, SAME_ORIGIN, Browser, body, found_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig

SECRET = re.compile(r"\bsaywho_[\w-]{43}(?![\w-])")
NEW_PASSWORD = "a longer sentence than before"


async def make_token(browser: Browser, scope: str = "write") -> str:
    answer = await browser.post("/settings/tokens", form={"name": "a script", "scope": scope})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    (secret,) = SECRET.findall(await body(answer))
    return str(secret)


async def test_a_token_is_shown_once_and_ends_when_revoked(app: Quart, browser: Browser) -> None:
    for name, scope in (("  ", "read"), ("a" * 101, "read"), ("a\nb", "read"), ("ok", "owner")):
        answer = await browser.post("/settings/tokens", form={"name": name, "scope": scope})
        assert answer.status_code == 422
    secret = await make_token(browser)
    assert secret not in await browser.page("/settings")
    assert "<code>write</code>: read, add authors and posts" in await browser.page("/settings")
    program = Client(app, {"Authorization": f"Bearer {secret}"})
    await program.add_user("made-by-program")
    assert (await program.delete("/api/v1/users/made-by-program")).status_code == 403
    (path,) = re.findall(r'action="(/settings/tokens/\d+/revoke)"', await browser.page("/settings"))
    assert (await browser.post(path)).status_code == 303
    assert (await program.get("/api/v1/users")).status_code == 401
    assert "a script" not in await browser.page("/settings")
    assert (await browser.post(path)).status_code == 404


async def test_a_token_works_until_its_end(app: Quart, browser: Browser) -> None:
    ends_at = now() + timedelta(days=1)
    async with parts_of(app).db.write() as session:
        token_id, secret = await add_token(session, "a week", "read", ends_at=ends_at)
    program = Client(app, {"Authorization": f"Bearer {secret}"})
    own = await program.json("/api/v1/token")
    assert own["ends_at"] == ends_at.isoformat().replace("+00:00", "Z")
    assert "Works until <time" in await browser.page("/settings")
    right = Right("token", token_id)
    async with parts_of(app).db.write() as session:
        assert await ended_rights(session, [right]) == set()
        await session.execute(update(Token).values(ends_at=now()))
        assert await ended_rights(session, [right]) == {right}
    for path in ("/api/v1/token", "/api/v1/users"):
        refused = await program.get(path, status=401)
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_token_revoked_by_another_process_is_refused_by_the_next_request(
    app: Quart, make_config: MakeConfig
) -> None:
    async with Database(make_config()) as other:
        for number in range(3):
            async with other.write() as session:
                token_id, secret = await add_token(session, f"script {number}", "write")
            program = Client(app, {"Authorization": f"Bearer {secret}"})
            await program.add_user(f"author{number}")
            path = f"/api/v1/users/author{number}/tweets"
            assert (await program.post(path, json={"text": "stored"})).status_code == 201
            async with other.write() as session:
                await revoke_token(session, token_id)
            assert (await program.post(path, json={"text": "refused"})).status_code == 401


async def test_authors_are_deleted(browser: Browser, writer: Client, anybody: Client) -> None:
    await writer.add_user("선장")
    for form in ({"username": "선장"}, {"username": "선장", "confirm": "no"}):
        await browser.post("/settings/authors/delete", form=form, status=422)
    assert (await anybody.get("/api/v1/users/선장")).status_code == 200
    unknown = {"username": "eve", "confirm": "yes"}
    assert (await browser.post("/settings/authors/delete", form=unknown)).status_code == 404
    form = {"username": "선장", "confirm": "yes"}
    answer = await browser.post("/settings/authors/delete", form=form, status=303)
    assert int(answer.headers["Saywho-Event"]) == 2
    told = "<bdi>선장</bdi> and all their posts were deleted."
    assert told in await browser.page(answer.headers["Location"])
    assert told not in await (await anybody.get(answer.headers["Location"])).get_data(as_text=True)
    assert (await anybody.get("/api/v1/users/선장")).status_code == 404


async def test_the_operator_sees_size_version_and_the_last_backup(
    app: Quart, browser: Browser
) -> None:
    page = await browser.page("/settings")
    people, data, technical = re.split(r'<section class="settings-part', page)[1:]
    for part, headings in (
        (people, ("reading", "readers", "sessions", "password")),
        (data, ("authors", "own", "export", "reset")),
        (technical, ("tokens", "installation")),
    ):
        assert re.findall(r'<h3 id="(.*?)-heading"', part) == [*headings]
    assert '<details class="counted" id="assistants">' in technical
    assert people.startswith(" opened")
    answer = await browser.post("/settings/own", form={"username": "nobody"})
    assert 'class="settings-part opened" id="data"' in await body(answer)
    assert f"saywho {__version__}" in page
    assert re.search(r"<dd>[\d.,]+ MB</dd>", page)
    assert "no backup yet" in page
    (parts_of(app).config.data_dir / "last_backup").touch()
    assert "no backup yet" not in await browser.page("/settings")


async def test_a_post_is_deleted(browser: Browser, writer: Client) -> None:
    await writer.add_user("ann", "stays", "goes")
    items = (await writer.json("/api/v1/users/ann/tweets"))["items"]
    (number,) = [item["id"] for item in items if item["text"] == "goes"]
    (after,) = re.findall('name="next" value="(.*?)"', await browser.page(f"/tweet/{number}"))
    answer = await browser.post(f"/settings/tweets/{number}/delete", form={"next": after})
    assert answer.status_code == 303
    page = await browser.page(answer.headers["Location"])
    assert "The post was deleted." in page
    assert "saywho db vacuum" not in page
    assert "The post was deleted." not in await writer.page(answer.headers["Location"])
    assert (await writer.get(f"/api/v1/tweets/{number}")).status_code == 404
    assert (await browser.post(f"/settings/tweets/{number}/delete")).status_code == 404
    assert (await writer.json("/api/v1/users/ann"))["tweets"] == 1


@pytest.mark.databases("postgresql")
async def test_a_deletion_on_postgresql_names_the_vacuum(browser: Browser, admin: Client) -> None:
    await admin.add_author("ann", "goes")
    answer = await browser.post("/reset", form={"confirm": "yes"})
    assert "<code>saywho db vacuum</code>" in await browser.page(answer.headers["Location"])


async def test_a_new_password_ends_all_other_sessions(app: Quart, browser: Browser) -> None:
    other = await signed_in(app, is_new=False)
    ben = await signed_in(app, "ben")
    for form, status in (
        ({"old": "wrong", "new": NEW_PASSWORD}, 401),
        ({"old": PASSWORD, "new": "short"}, 422),
        ({"old": PASSWORD}, 422),
        ({"new": NEW_PASSWORD}, 401),
    ):
        answer = await browser.post("/settings/password", form=form, status=status)
        page = await body(answer)
        assert page.count('role="alert"') == 1
        assert ('aria-describedby="old_failure"' in page) == (status == 401)
    assert await other.is_signed_in()
    form = {"old": PASSWORD, "new": NEW_PASSWORD}
    answer = await browser.post("/settings/password", form=form, status=303)
    assert "Your password is changed." in await body(await browser.get(answer.location))
    assert [await each.is_signed_in() for each in (browser, other, ben)] == [True, False, True]
    assert (await Browser(app).sign_in()).status_code == 401
    assert (await Browser(app).sign_in("ann", NEW_PASSWORD)).status_code == 303
    assert (await Browser(app).sign_in("ben")).status_code == 303


async def test_an_old_password_changes_the_password_once(
    app: Quart, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords, both_verified = parts_of(app).passwords, asyncio.Barrier(2)
    hash_now = passwords.hash

    async def hash_later(password: str) -> str:
        await both_verified.wait()
        return await hash_now(password)

    monkeypatch.setattr(passwords, "hash", hash_later)
    forms = [{"old": PASSWORD, "new": f"{NEW_PASSWORD} {number}"} for number in range(2)]
    answers = [browser.post("/settings/password", form=form) for form in forms]
    assert sorted(each.status_code for each in await asyncio.gather(*answers)) == [303, 401]


async def test_guesses_at_the_old_password_count_as_those_of_the_sign_in_do(
    app: Quart, browser: Browser
) -> None:
    guess = {"old": "a guess", "new": NEW_PASSWORD}
    assert [
        (await browser.post("/settings/password", form=guess)).status_code for _ in range(6)
    ] == [401] * 5 + [429]
    answer = await browser.post("/settings/password", form={"old": PASSWORD, "new": NEW_PASSWORD})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert (await browser.sign_in()).status_code == 429
    assert (await Browser(app).sign_in()).status_code == 303


async def test_reset_needs_to_be_confirmed(browser: Browser, admin: Client) -> None:
    await admin.add_user("ann", "stays")
    for form in ({}, {"confirm": ""}, {"confirm": "no"}, {"confirm": "YES"}, {"other": "yes"}):
        assert (await browser.post("/reset", form=form)).status_code == 422
        assert (await admin.post("/reset", form=form)).status_code == 422
    assert (await admin.post("/reset?confirm=yes")).status_code == 422
    assert (await admin.get("/reset?confirm=yes")).status_code == 405
    assert (await admin.json("/api/v1/users/ann"))["tweets"] == 1


async def test_after_a_reset_every_answer_is_empty_at_once(browser: Browser, admin: Client) -> None:
    await admin.add_posts(
        *({"username": f"author{n % 3}", "text": f"post {n} of the sea"} for n in range(300))
    )
    token = await make_token(browser, "read")
    answer = await browser.post("/reset", form={"confirm": "yes"}, status=303)
    assert "All authors and posts were deleted." in await browser.page(answer.headers["Location"])
    assert "All authors and posts were deleted." not in await admin.page("/?deleted=everything")
    after = {"Saywho-After": answer.headers["Saywho-Event"]}
    for path in ("/users", "/search?q=sea"):
        page = await admin.json(f"/api/v1{path}", headers=after)
        assert (page["items"], page["next"]) == ([], None)
    for path in ("/users/author0", "/users/author1/tweets", "/tweets/1"):
        assert (await admin.get(f"/api/v1{path}")).status_code == 404
    assert (await admin.get("/api/v1/compare?text=the+sea")).status_code == 422
    for path in ("/", "/authors", "/search?q=sea"):
        assert not found_in(await browser.page(path), "post number", "author0")
    # Accounts and tokens stay, and so do the names' first owners: nobody.
    program = Client(browser.app, {"Authorization": f"Bearer {token}"})
    assert (await program.get("/api/v1/imports")).status_code == 200
    again = await admin.add_user("author0")
    assert (again["tweets"], again["newest_tweet_at"]) == (0, None)


async def test_phones_of_the_network_are_let_in_and_kept_out(app: Quart, anybody: Client) -> None:
    here = {"Host": "127.0.0.1:8000"} | SAME_ORIGIN
    operator = await signed_in(app)
    operator.headers, operator.address = here, "127.0.0.1"
    # Another server, a proxy or a container decides the address.
    assert 'id="phones"' not in await operator.page("/settings")
    assert (await operator.post("/settings/phones", form={"phones": "1"})).status_code == 409
    note_hosts(app, ["127.0.0.1"], may_let_phones_in=True)
    data_dir = parts_of(app).config.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    page = await operator.page("/settings")
    assert "without encryption (TLS)" in page.partition('id="phones"')[2]
    assert 'href="/settings#phones"' in await operator.page("/phone?next=/quiz")
    assert (await anybody.post("/settings/phones", form={"phones": "1"})).status_code in {303, 403}
    assert not lets_phones_in(data_dir)

    form = {"phones": "1", "publish": "private"}
    assert (await operator.post("/settings/phones", form=form)).status_code == 303
    assert lets_phones_in(data_dir)
    assert (await anybody.get("/authors")).status_code == 303
    for address in network_addresses():
        assert f"http://{address}:8000</code>" in await operator.page("/settings")
        assert f"http://{address}:8000/quiz" in await operator.page("/phone?next=/quiz")
    assert (await operator.post("/settings/phones", form={"phones": "0"})).status_code == 303
    assert not lets_phones_in(data_dir)
