"""Whatever workers keep, they answer as one that has only just started.

`test_stale_answers.py` asks the same after one event of each kind, in a third of the time.
"""

import json
from random import Random
from typing import Any

import pytest

from app import create_app
from tests.conftest import NDJSON, Client, MakeConfig, app_of, client_with
from tests.waiting import eventually

NAMES = ("ann", "ben", "cem")
IDS = "012"
"""Few, so that most posts answer one another, and many are sent again."""
WORDS = ("sea", "lamp", "again", "등대", "quiet", "harbour", "@ben")
CHANGES = ("post", "post", "post", "post", "lines", "delete", "delete", "forget")
PATHS = (
    *("/api/v1/users", "/api/v1/stats", "/api/v1/search?q=sea&facets=1", "/authors", "/feed.atom"),
    *("/api/v1/compare?text=the+quiet+sea+and+lamp", "/api/v1/search?q=lamp&username=ann"),
    "/api/v1/compare?text=the+quiet+sea+and+lamp&username=ann&username=ben",
    *("/api/v1/rooms", *(f"/api/v1/rooms/{n}{rest}" for n in (1, 2) for rest in ("", "/messages"))),
    *("/room/1/portrait", "/api/v1/rooms/2/portrait?tz=Asia/Seoul"),
    *("/room/1", "/room/2", "/api/v1/rooms/1/messages?q=sea"),
    *(
        f"/api/v1/users/{name}{rest}"
        for name in NAMES
        for rest in ("", "/tweets", "/archive?tz=Asia/Seoul")
    ),
    *(f"/user/{name}{rest}" for name in NAMES for rest in ("", "/feed.atom")),
    *("/dashboard/table/timeline", "/dashboard/table/hours.csv"),
)


def some_post(chance: Random) -> dict[str, Any]:
    """Return a post, which may fill what is stored of the one with its id."""
    target = {"source_id": chance.choice(IDS), "username": chance.choice(NAMES)}
    known = {
        "created_at": chance.choice((None, "2020-02-02T10:00:00Z")),
        "lang": chance.choice((None, "de")),
        "reply_to": chance.choice((None, target, target)),
        "room": chance.choice((None, {"name": "pier"}, {"name": "quay"})),
    }
    text = " ".join(chance.choices(WORDS, k=9))
    given = {name: value for name, value in known.items() if value}
    return {"text": text, "source_id": chance.choice(IDS)} | given


async def change(admin: Client, chance: Random) -> Any:
    """Change something at random; return the answer."""
    name = chance.choice(NAMES)
    match chance.choice(CHANGES):
        case "post":
            await admin.post("/api/v1/users", json={"username": name})
            return await admin.post(f"/api/v1/users/{name}/tweets", json=some_post(chance))
        case "lines":
            lines = [some_post(chance) | {"username": name, "platform": "x"} for _ in range(3)]
            data = "\n".join(map(json.dumps, lines))
            return await admin.post("/api/v1/tweets", data=data, headers=NDJSON)
        case "delete":
            results = await admin.json("/api/v1/search?q=sea")
            ids = [item["id"] for item in results["items"]] or [1]
            return await admin.delete(f"/api/v1/tweets/{chance.choice(ids)}")
        case _:
            return await admin.delete(f"/api/v1/users/{name}")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "changes"),
    [
        pytest.param(0, 12, marks=pytest.mark.full),
        pytest.param(1, 15, marks=pytest.mark.soak),
        pytest.param(2, 100, marks=pytest.mark.soak),
    ],
    ids=range(3),
)
async def test_answers_are_those_of_a_worker_that_has_just_started(
    make_config: MakeConfig, seed: int, changes: int
) -> None:
    chance = Random(seed)  # noqa: S311
    workers = create_app(make_config()), create_app(make_config())
    async with workers[0].test_app(), workers[1].test_app():
        admin = await client_with(workers[0], "admin")
        for _ in range(changes):
            made = await change(admin, chance)
            after = {"Saywho-After": made.headers.get("Saywho-Event", "0")}
            await Client(workers[1], after).get("/api/v1/users")
            results = await admin.json("/api/v1/search?q=sea&sort=newest")
            ids = range(1, 1 + max((item["id"] for item in results["items"]), default=0))
            async with app_of(make_config(cache_mb=0)) as started:
                await _agree([Client(each, {}) for each in (started, *workers)], ids)


async def _agree(clients: list[Client], ids: range) -> None:
    """Raise TimeoutError unless all give the same answers, once nothing goes on behind them."""
    paths = [f"/api/v1/tweets/{identifier}{rest}" for identifier in ids for rest in ("", "/thread")]
    for path in (*PATHS, *paths):

        async def read(path: str = path) -> list[tuple[int, str]]:
            answers = [await client.get(path) for client in clients]
            return [
                (
                    answer.status_code,
                    (await answer.get_data(as_text=True)).partition("request_id")[0],
                )
                for answer in answers
            ]

        await eventually(read, until=lambda seen: len(set(seen)) == 1)
