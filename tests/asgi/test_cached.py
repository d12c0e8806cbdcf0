"""The layer that answers from the cache: fast, compressed, and never stale."""

import gzip
import re

import pytest
from quart import Quart, g, request

from app.db.result_cache import cacheable
from app.views.policies import policy
from tests.browsing import signed_in
from tests.conftest import Client, Shared, client_with
from tests.waiting import eventually, settle

TEXT = "안녕하세요, this is a post about the harbour. " * 20


async def fill(app: Quart, writer: Client) -> None:
    await writer.add_user("골목", TEXT)
    await writer.add_user("other", TEXT)
    await settle(app)


@pytest.fixture
async def filled(app: Quart, writer: Client) -> None:
    await fill(app, writer)


@pytest.fixture(scope="module")
async def reader(shared: Shared) -> Client:
    """Whoever reads what nobody changes."""
    await fill(shared.app, shared.writer)
    # Until how often the answers are right has been measured, the front page is not kept.
    await eventually(
        lambda: shared.anybody.get("/api/v1/compare/card"),
        until=lambda card: card.status_code == 200,
    )
    return shared.anybody


PAGES = [
    "/",
    "/authors",
    "/user/골목",
    "/tweet/1",
    "/search?q=harbour",
    "/api/v1/users",
    "/api/v1/users/골목",
    "/api/v1/users/골목/tweets",
    "/api/v1/tweets/1",
    "/api/v1/search?q=harbour",
    "/static/style.css",
    "/api/v1/openapi.json",
    "/api/v1/docs",
]


@pytest.mark.parametrize("path", PAGES)
async def test_the_second_answer_is_cached_or_304(reader: Client, path: str) -> None:
    first, second = await reader.get(path), await reader.get(path)
    assert first.headers["Cache-Status"] == "saywho; fwd=miss"
    assert second.headers["Cache-Status"] == "saywho; hit"
    assert await first.get_data() == await second.get_data()
    own = {"x-request-id", "cache-status"}
    kept = [{(n.lower(), v) for n, v in a.headers if n.lower() not in own} for a in (first, second)]
    assert kept[0] == kept[1]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert first.headers["Cache-Control"] == "no-cache" or path.startswith("/static/")
    head = await reader.send("HEAD", path)
    assert (head.status_code, head.headers["ETag"]) == (200, first.headers["ETag"])

    for encoding in ("identity", "gzip"):
        headers = {"Accept-Encoding": encoding}
        etag = (await reader.get(path, headers=headers)).headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = await reader.get(path, headers=headers | {"If-None-Match": known})
            assert (again.status_code, await again.get_data()) == (304, b"")
            assert again.headers["ETag"] == etag
        await reader.get(path, headers=headers | {"If-None-Match": '"other"'}, status=200)


@pytest.mark.parametrize("path", ["/", "/api/v1/users/골목/tweets", "/compare?text=harbour"])
async def test_who_takes_gzip_gets_it(reader: Client, path: str) -> None:
    plain = await reader.get(path)
    zipped = await reader.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    refused = await reader.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    # A comparison that is not kept says the minute of its answer.
    pages = (gzip.decompress(await zipped.get_data()), await plain.get_data())
    assert len({re.sub(rb"<time.*?</time>", b"", page) for page in pages}) == 1


async def test_the_tag_that_apache_makes_of_a_short_answer_is_known(
    anybody: Client, writer: Client
) -> None:
    """Apache's mod_deflate compresses it, and sends its tag with -gzip back as it is."""
    await writer.add_user("ann")
    answer = await anybody.get("/api/v1/users/ann")
    assert "Content-Encoding" not in answer.headers
    tag = answer.headers["ETag"].removesuffix('"') + '-gzip"'
    again = await anybody.get("/api/v1/users/ann", headers={"If-None-Match": tag})
    assert (again.status_code, await again.get_data()) == (304, b"")


async def test_an_answer_without_an_etag_gets_none_when_it_is_compressed(app: Quart) -> None:
    browser = await signed_in(app)
    for known in ({}, {"If-None-Match": '"-gzip"'}):
        answer = await browser.get("/settings", headers={"Accept-Encoding": "gzip"} | known)
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


async def test_each_language_has_its_own_answer(reader: Client) -> None:
    async def page(**headers: str) -> str:
        answer = await reader.get("/", headers={k.replace("_", "-"): v for k, v in headers.items()})
        return str(await answer.get_data(as_text=True))

    for _ in range(2):
        assert 'lang="ko"' in await page(Accept_Language="ko-KR,ko;q=0.9")
        assert '<html lang="en"' in await page(Accept_Language="de, en;q=0.5")
        assert '<html lang="ko"' in await page(Accept_Language="en", Cookie="saywho_lang=ko")


async def test_a_cookie_that_is_not_utf8_is_no_failure(anybody: Client) -> None:
    headers = [(b"host", b"localhost"), (b"cookie", b"x=\xff; saywho_lang=ko")]
    answer = await anybody.get("/about", scope_base={"headers": headers}, status=200)
    assert '<html lang="ko"' in await answer.get_data(as_text=True)


@pytest.mark.usefixtures("filled")
async def test_no_kept_answer_names_the_host_by_which_another_visitor_asked(
    app: Quart, anybody: Client
) -> None:
    feeds = ["/feed.atom", "/user/other/feed.atom"]
    plain = [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments]
    paths = {*PAGES, *feeds, *plain} - {"/api/v1/live"}
    named = 0
    for path in sorted(paths):
        first = await anybody.get(path, headers={"Host": "forged.example"})
        named += b"forged" in await first.get_data()
        second = await anybody.get(path, headers={"Host": "localhost"})
        assert b"forged" not in await second.get_data(), path
    assert named >= len(feeds), "a forged host shows nowhere, so nothing was tested"


@pytest.mark.parametrize("name", ["Referer", "Sec-Fetch-Dest"])
async def test_an_answer_that_reads_another_header_is_not_kept(
    app: Quart, anybody: Client, name: str
) -> None:
    @app.get("/greeting")
    @policy("open")
    async def greet() -> str:
        cacheable()
        return f"Hello, {request.headers.get(name)}"

    with pytest.warns(UserWarning, match=name):
        answer = await anybody.get("/greeting", headers={name: "ann"})
    assert await answer.get_data(as_text=True) == "Hello, ann"
    with pytest.warns(UserWarning, match=name):
        answer = await anybody.get("/greeting")
    assert await answer.get_data(as_text=True) == "Hello, None"


@pytest.mark.usefixtures("filled")
async def test_a_session_that_is_none_keeps_nothing(app: Quart, anybody: Client) -> None:
    cookies = [("Cookie", "saywho_session=x"), ("Cookie", "saywho_lang=ko")]
    for headers in (cookies, cookies[::-1]):
        for _ in range(2):
            answer = await app.test_client().get("/", headers=headers)
            assert answer.headers["Cache-Status"] == "saywho; fwd=bypass"
    assert (await anybody.get("/")).headers["Cache-Status"] == "saywho; fwd=miss"
    switched = await anybody.get("/?locale=ko")
    assert (switched.status_code, "Cache-Status" in switched.headers) == (303, False)


@pytest.mark.parametrize("reads", ["authorization", "headers", "account"])
async def test_a_view_that_reads_who_asks_is_kept_for_them_alone(app: Quart, reads: str) -> None:
    @app.get("/who")
    @policy("read")
    async def show_who() -> str:
        cacheable()
        if reads == "authorization":
            return str(request.authorization.token) if request.authorization else "nobody"
        if reads == "headers":
            return request.headers.get("Authorization", "nobody")
        return str(g.token.id) if g.token else "nobody"

    seen = dict[str, str]()
    for scope in ("read", "read", "write"):
        client = await client_with(app, scope)
        for status in ("fwd=miss", "hit"):
            answer = await client.get("/who")
            assert answer.headers["Cache-Status"] == f"saywho; {status}"
            seen[client.headers["Authorization"]] = await answer.get_data(as_text=True)
    assert len({*seen.values()}) == 3
    assert await (await Client(app, {}).get("/who")).get_data(as_text=True) == "nobody"


async def test_answers_of_404_are_not_cached(anybody: Client, writer: Client) -> None:
    for path in ("/api/v1/users/new", "/user/new"):
        assert (await anybody.get(path)).status_code == 404
    await writer.add_user("new")
    for path in ("/api/v1/users/new", "/user/new"):
        assert (await anybody.get(path)).status_code == 200


@pytest.mark.usefixtures("filled")
async def test_only_what_rests_on_the_change_is_made_again(anybody: Client, writer: Client) -> None:
    async def status(path: str) -> str:
        return str((await anybody.get(path)).headers["Cache-Status"])

    paths = ["/api/v1/users/other", "/api/v1/users/골목", "/api/v1/users"]
    for path in paths:
        await status(path)
    await writer.add_tweet("골목", "new")
    told = [await status(path) for path in paths]
    assert told == ["saywho; hit", "saywho; fwd=miss", "saywho; fwd=miss"]


async def test_a_long_address_is_answered_and_not_kept(anybody: Client, writer: Client) -> None:
    await writer.add_user("a", TEXT)
    path = "/api/v1/search?q=harbour&username=a&cursor=" + "A" * 3_000
    for _ in range(2):
        assert (await anybody.get(path)).status_code == 400
    path = "/search?q=harbour&more=" + "x" * 3_000
    for _ in range(2):
        assert (await anybody.get(path)).headers["Cache-Status"] == "saywho; fwd=miss"
