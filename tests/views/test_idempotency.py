"""The same request again, with the same key: the same answer, and nothing twice."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from quart import Quart
from sqlalchemy import func, select, update

from app.clock import now
from app.lifespan import KEY, Resources
from app.models import IdempotencyRecord, Tweet
from app.services.idempotency import ABANDONED_AFTER, KEPT_FOR
from tests.browsing import signed_in
from tests.conftest import Client, client_with

USERS = "/api/v1/users"
POSTS = "/api/v1/users/ann/tweets"
BULK = "/api/v1/tweets"


def keyed(key: str = "k-1", **headers: str) -> dict[str, str]:
    return {"Idempotency-Key": key} | headers


async def facts(answer: Any) -> tuple[Any, ...]:
    return (
        answer.status_code,
        answer.headers.get("Location"),
        answer.headers.get("Saywho-Event"),
        await answer.get_data(),
    )


async def post(client: Client, text: str = "once", key: str = "k-1", path: str = POSTS) -> Any:
    return await client.post(path, json={"text": text}, headers=keyed(key))


async def count_posts(app: Quart) -> int:
    async with cast(Resources, app.extensions[KEY]).db.read() as session:
        return await session.scalar(select(func.count()).select_from(Tweet)) or 0


async def test_a_post_sent_again_gets_the_same_answer(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    first = await facts(await post(writer))
    await writer.add_tweet("ann", "in between")
    assert await facts(await post(writer)) == first
    assert first[0] == 201
    assert await count_posts(app) == 2


async def test_an_author_sent_again_gets_the_same_answer(writer: Client) -> None:
    answers = [
        await facts(await writer.post(USERS, json={"username": "선장"}, headers=keyed()))
        for _ in range(3)
    ]
    assert answers[0][0] == 201
    assert answers == [answers[0]] * 3


async def test_another_body_under_the_same_key_is_422(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    await post(writer)
    assert (await post(writer, "something else")).status_code == 422
    assert await count_posts(app) == 1


async def test_what_was_deleted_since_is_410(app: Quart, admin: Client) -> None:
    await admin.add_user("ann")
    tweet = await (await post(admin)).get_json()
    await admin.delete(f"{BULK}/{tweet['id']}")
    assert (await post(admin)).status_code == 410
    assert await count_posts(app) == 0
    await admin.post(USERS, json={"username": "ben"}, headers=keyed())
    await admin.delete(f"{USERS}/ben")
    answer = await admin.post(USERS, json={"username": "ben"}, headers=keyed())
    assert answer.status_code == 410
    assert (await admin.get(f"{USERS}/ben")).status_code == 404


async def test_equal_requests_at_once_make_one_row(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    answers = await asyncio.gather(*(post(writer) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({await answer.get_data() for answer in answers}) == 1
    assert await count_posts(app) == 1


async def test_keys_are_per_token_path_and_name(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_user("ben")
    other = await client_with(app, "write")
    answers = [
        await post(writer),
        await post(other),
        await post(writer, path="/api/v1/users/ben/tweets"),
        await post(writer, key="k-2"),
    ]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert await count_posts(app) == 4


async def test_a_refused_request_may_be_sent_again(app: Quart, writer: Client) -> None:
    assert (await post(writer)).status_code == 404
    await writer.add_user("ann")
    assert (await post(writer)).status_code == 201
    await writer.post(USERS, json={"username": "ANN"}, headers=keyed("k-9"))
    assert (await post(writer, "", key="k-3")).status_code == 422
    assert (await post(writer, "fine now", key="k-3")).status_code == 201
    assert await count_posts(app) == 2


@pytest.mark.parametrize(
    "key", ["", "k" * 256, "k\u00e9y", "a\tb"], ids=["empty", "long", "accent", "tab"]
)
async def test_a_bad_key_is_400(app: Quart, writer: Client, key: str) -> None:
    await writer.add_user("ann")
    assert (await post(writer, key=key)).status_code == 400
    assert await count_posts(app) == 0


async def test_without_a_key_equal_posts_are_two(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_tweet("ann", "twice")
    await writer.add_tweet("ann", "twice")
    assert await count_posts(app) == 2


async def send_lines(client: Client, body: bytes, key: str = "k-1") -> Any:
    headers = keyed(key, **{"Content-Type": "application/x-ndjson"})
    return await client.post(BULK, data=body, headers=headers)


async def test_lines_sent_again_get_the_same_report(app: Quart, writer: Client) -> None:
    body = b'{"username": "ann", "text": "one"}\nbad\n{"username": "ann", "text": "two"}'
    first = await facts(await send_lines(writer, body))
    assert first[0] == 200
    await writer.add_tweet("ann", "in between")
    assert await facts(await send_lines(writer, body)) == first
    assert await count_posts(app) == 3
    assert (await send_lines(writer, body + b"\n")).status_code == 422
    assert await count_posts(app) == 3


async def test_equal_lines_at_once_are_stored_once(app: Quart, writer: Client) -> None:
    body = b"".join(b'{"username": "ann", "text": "number %d"}\n' % n for n in range(50))
    answers = await asyncio.gather(*(send_lines(writer, body) for _ in range(5)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    assert await count_posts(app) == 50


async def age_records(app: Quart, age: timedelta, **values: Any) -> None:
    async with cast(Resources, app.extensions[KEY]).db.write() as session:
        await session.execute(update(IdempotencyRecord).values(touched_at=now() - age, **values))


async def test_a_key_is_honoured_for_a_day_and_free_after_it(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    first = await facts(await post(writer))
    await age_records(app, KEPT_FOR - timedelta(minutes=1))
    assert await facts(await post(writer)) == first
    await age_records(app, KEPT_FOR + timedelta(minutes=1))
    assert (await post(writer, "another day, another post")).status_code == 201
    assert await count_posts(app) == 2


async def test_lines_under_way_are_409_until_their_sender_must_have_died(
    app: Quart, writer: Client
) -> None:
    body = b'{"username": "ann", "text": "one"}'
    await send_lines(writer, body)
    await age_records(app, ABANDONED_AFTER - timedelta(seconds=20), status=None)
    assert (await send_lines(writer, body)).status_code == 409
    await age_records(app, ABANDONED_AFTER + timedelta(seconds=2), status=None)
    assert (await send_lines(writer, body)).status_code == 200


async def test_reading_ignores_the_key(writer: Client) -> None:
    await writer.add_user("ann", "hello there")
    await writer.add_user("ben", "good evening")
    for text in ("hello", "evening"):
        answer = await writer.post("/api/v1/compare", json={"text": text}, headers=keyed())
        assert answer.status_code == 200


async def test_an_operators_session_has_keys_of_its_own(app: Quart, writer: Client) -> None:
    await writer.add_user("ann")
    browsers = [await signed_in(app), await signed_in(app, is_new=False)]
    sent = {"json": {"text": "once"}}
    answers = [
        await facts(await each.post(POSTS, headers=keyed(**each.headers), **sent))
        for each in (*browsers, *browsers)
    ]
    assert answers[0][0] == 201
    assert answers == [answers[0]] * 4
    assert (await post(writer)).status_code == 201
    assert await count_posts(app) == 2
    other = {"json": {"text": "something else"}}
    again = await browsers[0].post(POSTS, headers=keyed(**browsers[0].headers), **other)
    assert again.status_code == 422


LINE = b'{"username": "ann", "text": "imported"}'


async def send_file(client: Client, query: str = "", body: bytes = LINE) -> Any:
    return await client.post(f"/api/v1/imports{query}", data=body, headers=keyed())


async def test_an_import_sent_again_is_the_same_import(writer: Client) -> None:
    first, again = [await send_file(writer, "?format=jsonl") for _ in range(2)]
    assert [first.status_code, again.status_code] == [202, 202]
    assert first.headers["Location"] == again.headers["Location"]
    assert len((await (await writer.get("/api/v1/imports")).get_json())["items"]) == 1


async def test_other_parameters_under_the_same_key_are_422(writer: Client) -> None:
    assert (await send_file(writer, "?format=jsonl&username=ann")).status_code == 202
    for query in ("?format=jsonl&username=ben", "?format=csv&username=ann", "?format=jsonl", ""):
        assert (await send_file(writer, query)).status_code == 422, query
    assert (await send_file(writer, "?format=jsonl&username=ann", LINE * 2)).status_code == 422


async def test_a_key_for_an_author_of_an_endless_name_is_404(writer: Client) -> None:
    assert (await post(writer, path=f"/api/v1/users/{'a' * 5_000}/tweets")).status_code == 404
