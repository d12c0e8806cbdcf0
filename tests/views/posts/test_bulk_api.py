"""Many posts at once, as JSON lines."""

import asyncio
import itertools
import json
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import event

from app.lifespan import begin_stop
from app.services.imports.storing_batch import BATCH
from app.views.posts.api import MOST_IN_ARRAY
from tests.browsing import parts_of, scope_of
from tests.conftest import Client, MakeConfig, Outside, app_of, client_with
from tests.refusals import FULL, READ_ONLY, connections_take

TWEETS = "/api/v1/tweets"
NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*items: Any) -> bytes:
    return b"".join(
        item if isinstance(item, bytes) else json.dumps(item, ensure_ascii=False).encode() + b"\n"
        for item in items
    )


async def send(client: Client, body: bytes, **headers: str) -> dict[str, Any]:
    answer = await client.post(TWEETS, data=body, headers=NDJSON | headers, status=200)
    report: dict[str, Any] = await answer.get_json()
    return report


async def test_an_array_is_read_as_the_same_lines_are(writer: Client) -> None:
    items: list[Any] = [
        {"username": "ann", "text": "하나 🚢\n둘"},
        {"username": "ann"},
        7,
        {"username": "bo", "text": "three", "source_id": "3"},
    ]
    headers = {"Content-Type": "application/json"}
    for indent in (None, 2):
        body = json.dumps(items, indent=indent).replace("\n", "\r\n").encode()
        answer = await writer.post(TWEETS, data=body, headers=headers)
        report = await answer.get_json()
        assert (answer.status_code, report["rejected"]) == (200, 2)
        assert [error["line"] for error in report["errors"]] == [2, 3]
    assert report["duplicates"] == 1
    posts = (await writer.json("/api/v1/search?sort=newest"))["items"]
    assert {post["text"] for post in posts} == {"하나 🚢\n둘", "three"}
    bad = (b"", b"[", b"[1,]", b"7", b'{"username": "ann", "text": "a"}', b"[" * 100_000)
    many = b"[" + b"{}," * MOST_IN_ARRAY + b"{}]"
    for body, status in [*((each, {400, 422}) for each in bad), (many, {422})]:
        assert (await writer.post(TWEETS, data=body, headers=headers)).status_code in status
    assert (await writer.post(TWEETS, data=b" [ ]\n", headers=headers)).status_code == 200


async def test_good_lines_are_kept_whatever_the_bad_ones(writer: Client) -> None:
    body = lines(
        {"username": "ann", "text": "하나 🚢"},
        b"\n  \r\n",
        b"not json\n",
        {"username": "ann"},
        {"username": "a b", "text": "a bad name"},
        {"username": "ann", "text": "bad\u0000text"},
        b'{"username": "ann", "text": "\xff"}\n',
        b'{"username": "ann", "text": "\\ud83d"}\n',
        b'{"username": "ann", "text": NaN}\n',
        b"[" * 100_000 + b"\n",
        {"username": "ann", "text": "extra", "likes": 1},
        {"username": "ann", "text": "a" * 25_001},
        b'{"username": "\xeb\xb2\xa4", "text": "last, without a line end"}',
    )
    content_type = "application/x-ndjson; charset=utf-8"
    report = await send(writer, body, **{"Content-Type": content_type})
    assert (report["accepted"], report["duplicates"], report["rejected"]) == (2, 0, 10)
    assert [error["line"] for error in report["errors"]] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all(error["detail"] for error in report["errors"])
    assert report["errors"][4]["detail"] == "the line is not UTF-8"
    page = await writer.json("/api/v1/users")
    assert [(user["username"], user["tweets"]) for user in page["items"]] == [("ann", 1), ("벤", 1)]


async def test_lines_of_another_platform_are_rejected_and_the_rest_goes_in(writer: Client) -> None:
    await writer.add_user("ann", platform="x")
    report = await send(
        writer,
        lines(
            {"username": "ann", "platform": "mastodon", "text": "from elsewhere"},
            {"username": "ann", "platform": "x", "text": "from there"},
            {"username": "Ann", "text": "from anywhere"},
            {"username": "new", "text": "local at first"},
            {"username": "new", "platform": "bluesky", "text": "then known"},
            {"username": "new", "platform": "mastodon", "text": "not that one"},
        ),
    )
    assert (report["accepted"], report["rejected"]) == (4, 2)
    assert [error["line"] for error in report["errors"]] == [1, 6]
    assert "already an author from x" in report["errors"][0]["detail"]
    new = await writer.json("/api/v1/users/new")
    assert (new["platform"], new["tweets"]) == ("bluesky", 2)


async def test_a_line_over_1_mb_is_rejected_alone(writer: Client) -> None:
    long = {"username": "ann", "text": "a" * 2**20}
    report = await send(writer, lines(long, {"username": "ann", "text": "short"}) + b"{}\n" * 150)
    assert (report["accepted"], report["rejected"]) == (1, 151)
    # The first hundred are listed.
    assert [error["line"] for error in report["errors"]] == [1, *range(3, 102)]


REFUSED: Final = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT count(*) FROM "Tweet") > {posts} THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = '{code}';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER refusing AFTER INSERT ON "Tweet" EXECUTE FUNCTION refuse()
"""


async def ended(writer: Client, status: int, *, posts: int) -> dict[str, Any]:
    """Send many lines, and return the problem that ends them."""
    answer = await writer.post(
        TWEETS,
        data=lines(*({"username": "ann", "text": f"post {n}"} for n in range(posts))),
        headers=NDJSON,
    )
    assert answer.status_code == status, await answer.get_data()
    problem: dict[str, Any] = await answer.get_json()
    assert problem["detail"].endswith(
        f". Lines that were stored before, and stay: {problem['accepted']:,}"
    )
    assert "nothing" not in problem["detail"]
    assert (await writer.json("/api/v1/stats"))["tweets"] == problem["accepted"]
    return problem


async def test_lines_that_never_came_are_none_that_stay(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.views.bodies.PIECE_TIMEOUT_S", 0.1)
    async with app_of(make_config(max_import_mb=1)) as app:
        writer = await client_with(app, "write")
        request = app.test_client().request(TWEETS, method="POST", headers=writer.headers | NDJSON)
        async with request as connection:
            await connection.send(lines({"username": "ann", "text": "and then"}))
        slow = await connection.as_response()
        large = await writer.post(TWEETS, data=b"\n" * (2**20 + 1), headers=NDJSON)
        for answer, status in ((slow, 408), (large, 413)):
            assert answer.status_code == status
            assert (await answer.get_json())["accepted"] == 0


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("status", "pragma"), [(507, FULL), (503, READ_ONLY)])
async def test_what_stays_is_said_where_an_error_ends_the_lines(
    writer: Client, status: int, pragma: str
) -> None:
    with connections_take(pragma, from_posts=2 * BATCH):
        problem = await ended(writer, status, posts=3 * BATCH)
    assert problem["accepted"] == 2 * BATCH


@pytest.mark.databases("sqlite", "postgresql")
async def test_what_stays_is_said_where_a_stop_ends_the_lines(app: Quart, writer: Client) -> None:
    """The stop comes while a batch is committed, which is then brought to its end."""
    posts = ({"username": "ann", "text": f"post {n}"} for n in range(5 * BATCH))
    body, sent = lines(*posts), list[Any]()

    async def receive() -> Any:
        if not sent:
            sent.append({"type": "http.request", "body": body, "more_body": False})
            return sent[0]
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"Host": "localhost"} | writer.headers | NDJSON
    task = asyncio.ensure_future(app(scope_of("POST", TWEETS, headers), receive, send))
    engine, batches = parts_of(app).db.engine.sync_engine, itertools.count(1)

    # Others commit meanwhile, too: what looks after the database begins by itself.
    def on_statement(connection: Any, _: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith('INSERT INTO "Tweet"'):
            connection.info["has_posts"] = True

    def on_commit(connection: Any) -> None:
        if connection.info.pop("has_posts", False) and next(batches) == 2:
            begin_stop(app)
            asyncio.get_running_loop().call_soon(task.cancel)

    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent[1]["status"] == 503
    problem = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
    assert (problem["accepted"], problem["detail"].split(";")[0]) == (
        2 * BATCH,
        "The server is stopping",
    )
    assert (await writer.json("/api/v1/stats"))["tweets"] == 2 * BATCH


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(
    ("code", "status"), [("53100", 507), ("53300", 503), ("57P01", 503), ("XX000", 500)]
)
async def test_what_stays_is_said_where_the_server_refuses_more(
    writer: Client, outside: Outside, code: str, status: int
) -> None:
    await outside.execute(REFUSED.format(posts=2 * BATCH, code=code))
    assert (await ended(writer, status, posts=3 * BATCH))["accepted"] == 2 * BATCH
