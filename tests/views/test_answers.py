"""Whatever goes wrong is a problem that says what, and never how the program works inside."""

import gc
import gzip
import json
import logging
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import given, strategies as st
from quart import Quart
from sqlalchemy import text
from werkzeug.exceptions import NotFound

from app import create_app
from app.db.feed import BEHIND_AFTER_S
from app.errors import InvalidInputError, MalformedError
from app.views.requests import decode_json
from tests.browsing import parts_of
from tests.conftest import NDJSON, Client, MakeConfig, Shared
from tests.refusals import FULL, READ_ONLY, ROOMY, WRITABLE, connections_take
from tests.waiting import settle

JSON, GZIP = {"Content-Type": "application/json"}, {"Content-Encoding": "gzip"}
API = "/api/v1"
FIELDS = {"type", "title", "status", "detail", "errors", "request_id", "accepted"}
NEVER_SHOWN = (
    "Traceback",
    "SELECT",
    "sqlite",
    "sqlalchemy",
    "asyncpg",
    "postgres",
    'File "',
    "msgspec",
    "OperationalError",
)


async def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem of an answer, which has the form that all have."""
    body = await answer.get_data(as_text=True)
    assert answer.status_code == status, body
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = await answer.get_json(force=True)
    assert problem.keys() <= FIELDS
    assert problem["status"] == status
    assert all(isinstance(problem[name], str) for name in ("type", "title", "detail"))
    assert problem["title"]
    assert problem["detail"]
    for error in problem.get("errors", []):
        assert error.keys() == {"loc", "detail"}
    assert not [word for word in NEVER_SHOWN if word in body]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"]
    assert answer.headers["X-Request-ID"]
    return problem


NO_EVENTS = ("", "x", "-1", "1.5", "1e3", " ", "٣", "9" * 5000, str(2**53))
TOO_FAR_AHEAD = ("1000100", str(2**53 - 1))
FAMILIES: list[tuple[int, str, str, dict[str, Any]]] = [
    (404, "GET", "/nothing", {}),
    (404, "GET", "/users/nobody", {}),
    (404, "GET", "/users/nobody/tweets", {}),
    (404, "GET", "/tweets/1", {}),
    (404, "GET", "/tweets/abc", {}),
    (404, "GET", "/tweets/9007199254740992", {}),
    (404, "GET", f"/tweets/{'9' * 400}", {}),
    (404, "GET", "/tweets/%EF%BC%91", {}),
    *(
        (404, "GET", f"/users/{name}/tweets", {})
        for name in ("%00", "%ED%95%9C", "a%25b", "%C0%AF")
    ),
    *(
        (404, "POST", f"/users/{name}/tweets", {"json": {"text": "a"}})
        for name in ("nobody", "%00")
    ),
    *((404, "GET", f"/{path}?username=nobody", {}) for path in ("stats", "live", "export")),
    (405, "PUT", "/users", {}),
    (405, "BREW", "/search", {}),
    (400, "GET", "/users?colour=red", {}),
    (400, "GET", "/users?limit=0", {}),
    (400, "GET", "/users?limit=", {}),
    (400, "GET", "/users?limit=18446744073709551616", {}),
    (400, "GET", "/users?limit=1&limit=2", {}),
    (400, "GET", "/users?cursor=!!!", {}),
    (400, "GET", "/users?q=%FF", {}),
    (400, "GET", "/search?q=%ED%A0%80", {}),
    (400, "GET", "/compare?text=caf%E9+on+the+quay", {}),
    (400, "GET", "/users/ann?a=1", {}),
    (400, "DELETE", "/users/ann?really=1", {}),
    (400, "GET", "/users/ann/tweets?cursor=W251bGwsOTIyMzM3MjAzNjg1NDc3NTgwOF0", {}),
    (400, "GET", f"/users?cursor={'W' * 50_000}", {}),
    (400, "GET", "/users?cursor=Ilx1MDAwMCI", {}),  # NUL
    (400, "GET", "/users/ann/tweets?cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ", {}),
    (400, "GET", "/compare?text=a&explain=yes", {}),
    *((400, "GET", f"/stats?{query}", {}) for query in ("tz=Nowhere", "since=soon", "other=1")),
    *((400, "GET", f"/live?{query}", {}) for query in ("after=x", "after=-1", "more=1")),
    (400, "GET", "/live", {"headers": {"Last-Event-ID": "9" * 30}}),
    *((400, "GET", f"/export?format={form}", {}) for form in ("", "xml", "csv&format=csv")),
    (400, "POST", "/users?a=1", {"json": {"username": "a"}}),
    (400, "POST", "/users", {"data": b"", "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"username": "a",}', "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"username": NaN}', "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"username": "\xff"}', "headers": JSON}),
    (400, "POST", "/users", {"data": '{"username": "a"}'.encode("utf-16"), "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"username": 1, "b": \xff}', "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"other": ' + b"[" * 100_000, "headers": JSON}),
    (400, "POST", "/users", {"data": b"[" * 100_000 + b"]" * 100_000, "headers": JSON}),
    (400, "POST", "/users", {"data": b'{"username":"a"}{}', "headers": JSON}),
    (413, "POST", "/users", {"data": b'{"username": "' + b"a" * 5_000_000, "headers": JSON}),
    (415, "POST", "/users", {"data": b'{"username": "a"}'}),
    (415, "POST", "/compare", {"data": b"{}", "headers": {"Content-Type": "text/json"}}),
    (422, "POST", "/tweets", {"json": {"username": "a", "text": "b"}}),
    (415, "POST", "/tweets", {"data": b"{}", "headers": {"Content-Type": "text/json"}}),
    (415, "POST", "/users", {"data": gzip.compress(b"{}"), "headers": JSON | GZIP}),
    (415, "POST", "/tweets", {"data": b"{}", "headers": NDJSON | GZIP}),
    *((422, "POST", "/users", {"data": data, "headers": JSON}) for data in ("{}", "[]", '"a"')),
    *((422, "POST", "/users", {"json": {"username": name}}) for name in (None, 5, ["a"])),
    *(
        (422, "POST", "/users", {"json": {"username": "a"} | wrong})
        for wrong in (
            {"extra": 1},
            {"platform": "twitter"},
            {"platform": None},
            {"display_name": 3},
            {"display_name": "n" * 321},
        )
    ),
    (422, "POST", "/users/ann/tweets", {"json": {}}),
    (422, "POST", "/users", {"data": b'{"username": "\\ud800"}', "headers": JSON}),
    (422, "POST", "/users", {"data": b'{"username": ' + b"1" * 5000 + b"}", "headers": JSON}),
    (422, "POST", "/users", {"data": b'{"username": 1e999}', "headers": JSON}),
    (422, "POST", "/compare", {"json": {"text": "a", "usernames": ["a", None]}}),
    *(
        (400, "GET", "/users", {"headers": {"Saywho-After": given}})
        for given in NO_EVENTS + TOO_FAR_AHEAD
    ),
    (400, "GET", "/users", {"headers": {"Host": "bad host"}}),
    (400, "POST", "/users", {"headers": {"Content-Length": "5", "Transfer-Encoding": "chunked"}}),
    (401, "GET", "/users", {"headers": {"Authorization": "Bearer bad"}}),
]


async def test_every_family_of_errors_has_one_form(admin: Client) -> None:
    for status, method, path, request in FAMILIES:
        problem = await problem_of(await admin.send(method, API + path, **request), status)
        if status in {400, 422}:
            assert problem["errors"][0]["loc"], (path, request)
        assert status != 413 or "at most 1 MB" in problem["detail"]
    assert (await admin.json(f"{API}/users"))["items"] == []


async def test_errors_say_how_a_value_must_be(shared: Shared) -> None:
    for path, body, detail in [
        ("/search?sort=oldest", None, "sort: must be one of best, likes, newest"),
        ("/search?has=words", None, "has: must be media"),
        ("/search?limit=many", None, "limit: must be a whole number, like 20"),
        ("/search?limit=0", None, "limit: must be at least 1"),
        (f"/search?q={'x' * 1001}", None, "q: must have at most 1000 characters"),
        ("/search?facets=perhaps", None, "facets: must be true or false"),
        ("/compare?text=a&without=x", None, "without[0]: must be written like 4-9"),
        ("/compare", {"text": "a", "sure": "x"}, "sure: must be a number, like 0.5"),
        ("/compare", {"text": "a", "words": 1}, "words: is not known here"),
        ("/users", {}, "username: is missing"),
        ("/users/ann/tweets", {"text": "a", "lang": 5}, 'lang: must be text or null, like "words"'),
        (
            "/users/ann/tweets",
            {"text": "a", "created_at": "2026-01-31T09:00:00"},
            "created_at: must be a time with a time zone, like 2026-01-31T09:00:00Z",
        ),
        (
            "/users/ann/tweets",
            {"text": "a", "media": [{"kind": "film"}]},
            "media[0].kind: must be one of audio, gif, link, photo, video",
        ),
    ]:
        answer = await (
            shared.admin.get(API + path)
            if body is None
            else shared.admin.post(API + path, json=body)
        )
        assert (await problem_of(answer, 400 if body is None else 422))["detail"] == detail


async def test_what_is_nowhere_is_told_in_words_for_programs(shared: Shared) -> None:
    """As for a number that no post has, whatever the address lacks."""
    of_number = await problem_of(await shared.anybody.get(f"{API}/tweets/999999"), 404)
    for path in ("/tweets/abc", "/tweets/-1", "/tweets/1/likes", "/nothing", "/tweets/"):
        problem = await problem_of(await shared.anybody.get(API + path), 404)
        assert problem["type"] == of_number["type"]
        assert f"{API}/openapi.json" in problem["detail"]


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}], ids=["absent", "empty"])
async def test_json_lines_may_come_without_a_type(shared: Shared, headers: dict[str, str]) -> None:
    line = b'{"username": "untyped", "text": "%s"}\n' % str(headers).encode().replace(b'"', b"'")
    answer = await shared.writer.post(f"{API}/tweets", data=line, headers=headers)
    assert (await answer.get_json())["accepted"] == 1
    answer = await shared.anybody.post(f"{API}/compare/batch", data=b'{"text": "a"}\n' * 2)
    assert len((await answer.get_data()).splitlines()) == 2
    for data in (b"", b"[]", b"text=a", b"\x1f\x8b", b" {}"):
        for path in ("/tweets", "/compare/batch"):
            answer = await shared.writer.post(API + path, data=data, headers=headers)
            problem = await problem_of(answer, 415)
            assert "application/x-ndjson or application/json" in problem["detail"]
    # Elsewhere, and with another type, a body says what it is.
    for path, other in [("/compare", {}), ("/tweets", {"Content-Type": "text/plain"})]:
        answer = await shared.writer.post(API + path, data=line, headers=other)
        await problem_of(answer, 415)


ALL_AT_ONCE = [
    (
        "/users/ann/tweets",
        {"text": 3, "lang": 5, "kind": "nope", "bogus": 1},
        ["text", "lang", "kind", "bogus"],
    ),
    (
        "/users/ann/tweets",
        {"media": [{"kind": "film"}, {"kind": "photo"}, {"alt": 4}], "reply_to": {"username": 1}},
        [
            *("media[0].kind", "media[2].alt", "media[2].kind"),
            *("reply_to.username", "reply_to.source_id", "text"),
        ],
    ),
    ("/compare", {"texts": ["a", 1, None], "usernames": 5}, ["texts[1]", "texts[2]", "usernames"]),
    ("/users", [], ["body"]),
    # A number that Python's floats do not have, behind the first fault.
    ("/users", b'{"username": 1, "extra": 1e999}', ["username"]),
    ("/users", b'{"username": 1, "\\ud800": 2}', ["username"]),
    ("/users", {f"f{n}": n for n in range(99)}, [f"f{n}" for n in range(20)]),
    ("/compare", {"texts": [1] * 5_000, "bogus": 1}, [f"texts[{n}]" for n in range(20)]),
    ("/search?limit=x&since=y&bogus=1&q=a&q=b", None, ["bogus", "q", "limit", "since"]),
    ("/search?q=a&has=x&sort=oldest&min_likes=-1", None, ["has", "sort", "min_likes"]),
]


@pytest.mark.parametrize(("path", "body", "places"), ALL_AT_ONCE)
async def test_all_faults_of_a_request_are_told_at_once(
    shared: Shared, path: str, body: Any, places: list[str]
) -> None:
    """Each is told as it is where it is the only one."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await (
        shared.admin.get(API + path)
        if body is None
        else shared.admin.post(API + path, data=data, headers=JSON)
    )
    problem = await problem_of(answer, 400 if body is None else 422)
    assert sorted(each["loc"] for each in problem["errors"]) == sorted(places)
    assert problem["detail"] == problem["errors"][0]["detail"]
    assert all(each["loc"] in each["detail"] for each in problem["errors"])


async def test_an_empty_cursor_or_zone_is_absent(shared: Shared) -> None:
    await shared.writer.add_user("ann", "hello", "again")
    await settle(shared.app)  # Scores follow the vocabulary.
    for path in ("/users", "/users/ann/tweets", "/search?q=hello", "/stats"):
        sign = "&" if "?" in path else "?"
        empty = f"{API}{path}{sign}{'tz=' if path == '/stats' else 'cursor='}"
        assert await shared.anybody.json(empty) == await shared.anybody.json(API + path)


async def test_a_cursor_of_another_list_is_refused(shared: Shared) -> None:
    for name in ("bea", "cleo"):
        await shared.writer.add_user(name, "one", "two", "three")
    first = await shared.anybody.json(f"{API}/users/bea/tweets?limit=1")
    own = await shared.anybody.json(f"{API}/users/BEA/tweets?limit=1&cursor={first['next']}")
    assert own["items"] != first["items"]
    for path in ("/users/cleo/tweets", "/users", "/search?q=one"):
        sign = "&" if "?" in path else "?"
        answer = await shared.anybody.get(f"{API}{path}{sign}cursor={first['next']}")
        assert "not from this list" in (await problem_of(answer, 400))["detail"]


@pytest.mark.parametrize("kind", ["x-ndjson", "ndjson", "jsonl", "json-lines"])
async def test_json_lines_have_several_names_and_a_byte_order_mark(
    shared: Shared, kind: str
) -> None:
    headers = {"Content-Type": f"application/{kind}"}
    data = b'\xef\xbb\xbf{"username": "dot", "text": "%s"}\n\xef\xbb\xbf{}\n' % kind.encode()
    answer = await shared.writer.post(f"{API}/tweets", data=data, headers=headers)
    told = await answer.get_json()
    assert (told["accepted"], told["rejected"], told["errors"][0]["line"]) == (1, 1, 2)
    lines = b'\xef\xbb\xbf{"id": 3}\n{"text": "a", "id": "b", "words": 1}\n{"id": [1]}\n{'
    answer = await shared.anybody.post(f"{API}/compare/batch", data=lines, headers=headers)
    read = map(json.loads, (await answer.get_data()).splitlines())
    told = [(line["line"], line["id"], line["error"]) for line in read]
    assert told[:3] == [
        (1, 3, "not a text: text: is missing"),
        (2, "b", "not a text: words: is not known here"),
        (3, None, "not a text: id: must be a whole number or text or null, like 20"),
    ]
    assert told[3][:2] == (4, None)


async def test_every_answer_has_the_security_headers(writer: Client, anybody: Client) -> None:
    await writer.add_user("ann", "hello")
    for path in (
        "/",
        "/user/ann",
        "/user/none",
        f"{API}/users",
        "/healthz",
        "/readyz",
        "/static/x",
    ):
        answer = await anybody.get(path)
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"], path
        assert answer.headers.getlist("Referrer-Policy") == ["same-origin"], path
        if answer.mimetype == "text/html":
            policy = answer.headers["Content-Security-Policy"]
            for rule in ("default-src 'self'", "frame-ancestors", "base-uri", "form-action"):
                assert rule in policy
            assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["a" * 256, "%CC%81" * 256, "folder/" * 700])
async def test_a_file_name_that_no_disk_takes_is_not_found(shared: Shared, name: str) -> None:
    assert (await shared.anybody.get(f"/static/{name}")).status_code == 404


@pytest.mark.databases("sqlite")
async def test_an_unexpected_failure_shows_nothing_but_the_request_id(
    app: Quart, writer: Client, anybody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.add_user("ann", "hello there")
    async with parts_of(app).db.write() as session:
        await session.execute(text('DROP TABLE "TweetWords"'))
    logging.getLogger("app").addHandler(caplog.handler)
    answer = await anybody.get(f"{API}/search?q=hello", headers={"X-Request-ID": "find-me"})
    problem = await problem_of(answer, 500)
    assert problem["request_id"] == answer.headers["X-Request-ID"] == "find-me"
    assert "TweetWords" not in await answer.get_data(as_text=True)
    assert any("no such table" in str(record.exc_info) for record in caplog.records)
    answer = await writer.post(f"{API}/users/ann/tweets", json={"text": "more"})
    await problem_of(answer, 500)
    page = await anybody.get("/search?q=hello")
    shown = await page.get_data(as_text=True)
    assert page.status_code == 500
    assert page.headers["X-Request-ID"] in shown
    assert not [word for word in (*NEVER_SHOWN, "TweetWords") if word in shown]
    # What does not need the table goes on.
    assert (await anybody.get(f"{API}/users")).status_code == 200


async def assert_not_ready(anybody: Client, reason: str) -> None:
    answer = await anybody.get("/readyz")
    assert reason in (await problem_of(answer, 503))["detail"]
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("revision", ["0001", "ffff"], ids=["behind", "ahead"])
async def test_a_database_at_another_revision_is_not_ready(
    app: Quart, anybody: Client, revision: str
) -> None:
    async with parts_of(app).db.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    await assert_not_ready(anybody, revision)
    assert (await anybody.get("/healthz")).status_code == 200


async def test_a_log_that_is_not_followed_is_not_ready(
    app: Quart, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BEHIND_AFTER_S <= 10
    monkeypatch.setattr("app.db.feed.BEHIND_AFTER_S", 0.0)
    await assert_not_ready(anybody, "log of changes")


@pytest.mark.parametrize(
    ("status", "pragma", "undone"),
    [(507, FULL, ROOMY), (503, READ_ONLY, WRITABLE)],
    ids=["full disk", "read-only"],
)
@pytest.mark.databases("sqlite")
async def test_a_database_that_takes_nothing_refuses_writes_and_reads_go_on(
    writer: Client, status: int, pragma: str, undone: str
) -> None:
    await writer.add_user("ann", "before")
    with connections_take(pragma):
        answer = await writer.post(f"{API}/users/ann/tweets", json={"text": "ㅁ" * 25_000})
        await problem_of(answer, status)
        assert ("Retry-After" in answer.headers) == (status == 503)
        body = b'{"username": "ann", "text": "%s"}\n' % (b"word " * 4_000)
        answer = await writer.post(f"{API}/tweets", data=body * 5, headers=NDJSON)
        await problem_of(answer, status)
        page = await writer.json(f"{API}/users/ann/tweets")
        assert [tweet["text"] for tweet in page["items"]] == ["before"]
    with connections_take(undone):
        await writer.add_tweet("ann", "ㅁ" * 25_000)


async def test_names_in_an_error_are_shown_as_they_are(shared: Shared) -> None:
    answer = await shared.anybody.get(f"{API}/users/%7Bdetail.__class__%7D%3Cb%3E")
    assert (await problem_of(answer, 404))["detail"] == "User '{detail.__class__}<b>' doesn't exist"


async def test_an_address_that_is_not_found_does_not_stay_in_memory(anybody: Client) -> None:
    gc.collect()
    gc.disable()
    try:
        assert (await anybody.get("/" + "x" * 60_000)).status_code == 404
        kept = [each for each in gc.get_objects() if isinstance(each, NotFound)]
    finally:
        gc.enable()
    assert kept == []


WELL_FORMED = b'{"text": "a\\u00e9\\n", "x": [1.5e3, -2, true, null], "t": "\\ud83d\\ude00"}'
PIECES = st.sampled_from(
    [*map(chr, b'{}[]:,"\\u0dDaE+-.tnN \n\t\x01'), "\\ud83d", "\\uDC00", "\\\\ud8"]
)


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    """A form that no JSON but an empty object is."""


def is_json(body: bytes) -> bool:
    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        json.loads(body.decode(), parse_constant=refuse, parse_int=str)
    except ValueError:
        return False
    return True


def expected(body: bytes) -> type[Exception]:
    return InvalidInputError if is_json(body) else MalformedError


@given(place=st.integers(0, len(WELL_FORMED)), cut=st.integers(0, 3), put=st.lists(PIECES))
def test_malformed_json_is_told_from_invalid_input(place: int, cut: int, put: list[str]) -> None:
    body = WELL_FORMED[:place] + "".join(put).encode() + WELL_FORMED[place + cut :]
    with pytest.raises(expected(body)):
        decode_json(body, Empty)


async def test_an_app_that_has_not_started_says_so(make_config: MakeConfig) -> None:
    """As to somebody who forgets `test_app()`."""
    client = create_app(make_config()).test_client()
    sentence = "The app has not started; in a test, use: async with app.test_app()"
    assert (await problem_of(await client.get("/api/v1/users"), 503))["detail"] == sentence
    page = await client.get("/", headers={"Accept-Language": "en"})
    assert page.status_code == 503
    assert sentence in await page.get_data(as_text=True)
