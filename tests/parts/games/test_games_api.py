"""A game from the code to the last question, for hosts and players."""

import asyncio
import codecs
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Tweet
from app.models.work import GameQuestion
from app.parts.games.players import AnswerRequest, points_for
from app.security import digest
from saywho.clock import now_ms
from saywho.text import as_read
from tests.browsing import parts_of, signed_in
from tests.chats import import_chat
from tests.conftest import Client, Outside
from tests.parts.games.playing import AUTHORS, Host, host_game, join, names_of, posts_of, wish_for
from tests.parts.quiz.test_shared_texts import SHARED, chat
from tests.views.conformance import OF_GAMES, Api

pytestmark = pytest.mark.databases("sqlite", "postgresql")


async def test_a_game_is_played_to_its_end(host: Host, anybody: Client) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    view = await host.see()
    assert view["state"] == "waiting"
    assert (view["players"], view["question"], view["options"]) == (2, 0, sorted(AUTHORS))
    totals = {"Mina": 0, "Jun": 0}
    for number in (1, 2, 3):
        view = await host.does("next")
        assert (view["state"], view["question"]) == ("asking", number)
        assert view["truth"] is view["saywho"] is view["tally"] is None
        truth, wrong = await host.truth(), await host.wrong()
        receipt = await mina.chooses(number, truth)
        totals["Mina"] += points_for(receipt["ms"], 60)
        await jun.chooses(number, wrong)
        view = await host.see()
        assert view["state"] == "told", "all have answered"
        assert view["truth"] == truth
        assert view["tally"] == dict.fromkeys(sorted(AUTHORS), 0) | {truth: 1, wrong: 1}
        assert view["saywho"]["username"] in AUTHORS
        seen = await mina.see()
        assert seen["right"] is True
        assert seen["total"] == totals["Mina"]
        assert (await jun.see())["points"] == 0
    view = await host.does("next")
    assert view["state"] == "ended"
    assert {ranked["name"]: ranked["points"] for ranked in view["ranking"]} == totals
    assert [ranked["place"] for ranked in view["ranking"]] == [1, 2]
    await host.does("next", status=409)
    seen = await jun.see()
    assert names_of(seen["podium"]) == ["Mina"], "without points nobody is on it"
    assert (seen["place"], (await mina.see())["place"]) == (None, 1)
    assert (seen["streak"], (await mina.see())["streak"]) == (0, 3)


async def test_a_streak_leaves_out_skipped_questions(host: Host, anybody: Client) -> None:
    (mina,) = await join(anybody.app, host, "Mina")
    streaks = []
    for number, is_right in enumerate((True, None, True), 1):
        if number == 3:
            await host.presses("skip", version=(await host.see())["version"])
        else:
            await host.does("next")
        if is_right is not None:
            await mina.chooses(number, await host.truth())
        streaks.append((await mina.see())["streak"])
    assert streaks == [1, 1, 2]


async def test_the_next_game_has_the_players_and_new_posts(writer: Client, admin: Client) -> None:
    await writer.add_posts(*posts_of("ferry", "museum", count=10))
    host = await host_game(admin, "ferry", "museum", questions=4)
    await join(admin.app, host, "Mina", "Jun")
    assert (await host.presses("replay")).status_code == 409
    await host.ends()
    made = await host.presses("replay")
    assert (await host.presses("replay")).headers["Location"] == made.headers["Location"]
    view = await replace(host, game=int(made.headers["Location"].rpartition("/")[2])).see()
    assert (view["state"], view["players"], view["seconds"]) == ("waiting", 2, 60)
    async with parts_of(admin.app).db.read() as session:
        posts = [*await session.scalars(select(GameQuestion.tweet_id))]
    assert len({*posts}) == len(posts) == 8


async def test_a_game_leaves_what_is_kept(host: Host, anybody: Client) -> None:
    await anybody.get("/authors")
    await host.does("next")
    assert (await anybody.get("/authors")).headers["Cache-Status"] == "saywho; hit"


async def test_a_double_click_does_nothing(host: Host, anybody: Client) -> None:
    await join(anybody.app, host, "Mina")
    version = (await host.see())["version"]
    answers = await asyncio.gather(*(host.presses("next", version=version) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    assert (await host.see())["question"] == 1


async def test_the_first_answer_counts_and_all_else_is_said(host: Host, anybody: Client) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    assert (await mina.chooses(1, "ferry", status=409))["detail"] == "The game has not begun"
    await host.does("next")
    first = await mina.chooses(1, "ferry")
    assert first == await mina.chooses(1, "FERRY", status=200)
    other = await mina.chooses(1, "museum", status=409)
    assert other["detail"] == "You chose ferry"
    assert other["errors"] == [{"loc": "username", "detail": "ferry"}]
    await mina.chooses(1, "nobody", status=422)
    assert "not the current question (1)" in (await jun.chooses(2, "ferry", status=409))["detail"]
    await host.does("next")
    late = await jun.chooses(1, "ferry", status=409)
    assert late["detail"] == "Too late: this question is over"
    assert first == await mina.chooses(1, "ferry", status=200)
    assert (await host.see())["answers"] == 1


async def test_answers_at_once_are_one_answer(host: Host, anybody: Client) -> None:
    (mina, _) = await join(anybody.app, host, "Mina", "Jun")
    await host.does("next")
    answers = await asyncio.gather(
        *(mina.answer(1, name) for name in ("ferry", "museum", "bakery") * 3)
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1
    assert set(statuses) == {200, 201, 409}
    assert (await host.see())["answers"] == 1


async def test_asking_again_makes_answers_void_and_skipping_leaves_them_out(
    host: Host, anybody: Client
) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    await host.does("again", status=409)
    await host.does("next")
    truth = await host.truth()
    await mina.chooses(1, truth)
    await host.does("next")
    assert (await mina.see())["total"] > 500
    view = await host.does("again")
    assert (view["state"], view["question"], view["answers"]) == ("asking", 1, 0)
    assert (await mina.see())["total"] == 0
    await mina.chooses(1, await host.wrong())
    await jun.chooses(1, truth)
    view = await host.see()
    assert names_of(view["ranking"]) == ["Jun", "Mina"]
    await host.presses("skip", version=view["version"])
    view = await host.see()
    assert (view["question"], view["state"]) == (2, "asking")
    assert [ranked["points"] for ranked in view["ranking"]] == [0, 0]
    assert (await host.ends())["state"] == "ended"
    await host.does("again", status=409)
    await mina.chooses(2, truth, status=409)


async def test_a_removed_player_is_in_no_table(host: Host, anybody: Client) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    await host.does("next")
    await mina.chooses(1, "ferry")
    await host.removes(mina)
    view = await host.see()
    assert (view["players"], view["answers"]) == (1, 0)
    assert names_of(view["ranking"]) == ["Jun"]
    await mina.chooses(1, "ferry", status=401)
    await mina.client.json(f"/api/v1/play/{mina.game}", status=401)
    assert (await host.presses("remove", player=mina.id)).status_code == 404
    assert (await jun.see())["players"] == 1


async def test_a_deleted_game_leaves_no_row(host: Host, anybody: Client, outside: Outside) -> None:
    (mina,) = await join(anybody.app, host, "Mina")
    await host.does("next")
    await mina.chooses(1, "ferry")
    assert (await host.presses("delete")).headers["Location"] == "/games"
    for table in ("Game", "GameQuestion", "GamePlayer", "GameAnswer"):
        assert outside.fetch(f'SELECT * FROM "{table}"') == []  # noqa: S608 - a name of here
    assert (await host.operator.get(f"/games/{host.game}")).status_code == 404
    assert (await host.client.get(f"{host.address}/live")).status_code == 404


async def test_the_end_is_a_table_of_all(host: Host, anybody: Client) -> None:
    mina, _, formula = await join(anybody.app, host, "Mina", "mina", "=1+1")
    await host.client.get(f"{host.address}/results.csv", status=409)
    await host.does("next")
    truth = await host.truth()
    receipt = await mina.chooses(1, truth)
    await formula.chooses(1, await host.wrong())
    await host.ends()
    content = await (await host.client.get(f"{host.address}/results.csv")).get_data()
    assert content.startswith(codecs.BOM_UTF8), "Excel takes it for another encoding"
    rows = [line.split(",") for line in content.decode("utf-8-sig").splitlines()]
    assert rows[0][:6] == [
        "place",
        "name",
        "points",
        "question_1",
        "question_1_right",
        "question_1_ms",
    ]
    assert rows[1][1:6] == ["Mina", rows[1][2], truth, "1", str(receipt["ms"])]
    assert [row[:3] for row in rows[2:]] == [["2", "mina 2", "0"], ["2", "'=1+1", "0"]]


WISHES: list[tuple[tuple[str, ...], dict[str, Any], int]] = [
    (("ferry",), {}, 422),
    (("ferry", "ferry"), {}, 422),
    (("ferry", "nobody"), {}, 404),
    ((), {}, 422),
    ((), {"room": 9}, 404),
    ((), {"room": "x"}, 422),
    (("ferry", "museum"), {"questions": 2}, 422),
    (("ferry", "museum"), {"questions": "9" * 30}, 422),
    (("ferry", "museum"), {"seconds": 121}, 422),
    (("ferry", "museum"), {"seconds": "x"}, 422),
    (("ferry", "few"), {}, 422),
]


@pytest.mark.databases("sqlite")
async def test_a_game_needs_authors_with_enough_to_ask_about(writer: Client) -> None:
    await writer.add_posts(*posts_of(*AUTHORS), {"username": "few", "text": "one post has words"})
    operator = await signed_in(writer.app)
    for authors, wish, status in WISHES:
        answer = await wish_for(operator, *authors, **wish)
        assert answer.status_code == status, (authors, wish, await answer.get_data())
        assert 'role="alert"' in await answer.get_data(as_text=True)


@pytest.mark.full
@pytest.mark.databases("sqlite")
async def test_so_many_games_at_most_have_not_ended(host: Host) -> None:
    for _ in range(19):
        await host_game(host.client)
    assert (await wish_for(host.operator, "ferry", "museum")).status_code == 409
    await host.ends()
    await host_game(host.client)
    # Who deletes an author ends the games that ask about them.
    await host.client.delete("/api/v1/users/bakery")
    await host_game(host.client, "ferry", "museum")


async def test_an_answer_that_waited_while_the_next_question_began_counts_at_once(
    host: Host, anybody: Client
) -> None:
    (mina,) = await join(anybody.app, host, "Mina")
    await host.does("next")
    truth, arrived_ms = await host.truth(), now_ms()
    await host.does("next")
    await host.does("next")
    assert (await mina.see())["total"] == 0
    sha256 = digest(mina.client.headers["Authorization"].removeprefix("Bearer ")).hex()
    late = AnswerRequest(host.game, sha256, 1, truth, arrived_ms)
    await parts_of(anybody.app).of_parts["games"].answer(late)
    assert (await mina.see())["total"] > 0


async def test_every_operation_of_games_answers_as_declared(host: Host, admin: Client) -> None:
    api, sent = Api(admin.app), set[str]()
    (mina,) = await join(admin.app, host, "Mina")

    async def send(
        operation: str, client: Client = admin, path: str = host.address, **body: object
    ) -> int:
        sent.add(operation)
        return (await api.send(client, operation, path, **({"json": body} if body else {})))[0]

    await host.does("next")
    play = f"/api/v1/play/{host.game}"
    answer = {"question": 1, "username": "ferry"}
    assert await send("answer_question", mina.client, f"{play}/answers", **answer) == 201
    assert await send("answer_question", mina.client, f"{play}/answers", **answer) == 200
    assert await send("show_play", mina.client, play) == 200
    await host.ends()
    assert await send("show_results", path=f"{host.address}/results.csv") == 200
    assert sent == OF_GAMES - {"follow_game", "follow_play"}


@pytest.mark.parametrize("name", sorted(OF_GAMES))
def test_the_document_says_who_may(admin: Client, name: str) -> None:
    path, _, operation = Api(admin.app).operations[name]
    is_play = path.startswith("/api/v1/play")
    needed = [{"player": []}] if is_play else [{"bearer": ["admin"]}, {"session": []}]
    assert operation["security"] == needed


async def test_questions_leave_out_shared_texts(admin: Client) -> None:
    db = parts_of(admin.app).db
    await import_chat(db, chat())
    operator = await signed_in(admin.app)
    assert (await wish_for(operator, room=1, questions=9)).status_code == 303
    async with db.read() as session:
        asked = select(Tweet.text).join(GameQuestion, GameQuestion.tweet_id == Tweet.id)
        texts = [*await session.scalars(asked)]
    assert texts
    assert not [text for text in texts if as_read(text) == as_read(SHARED[0])]
    refused = await wish_for(operator, room=1, questions=20)
    assert "that no one else wrote" in await refused.get_data(as_text=True)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "games"),
        ("GET", "games/1"),
        ("DELETE", "games/1"),
        ("POST", "games/1/next"),
        ("POST", "games/1/again"),
        ("DELETE", "games/1/players/2"),
        ("POST", "play"),
    ],
)
async def test_operations_that_went_name_the_pages(admin: Client, method: str, path: str) -> None:
    gone = await admin.send(method, f"/api/v1/{path}", status=410)
    assert "The pages of games can do it" in (await gone.get_json(force=True))["detail"]
