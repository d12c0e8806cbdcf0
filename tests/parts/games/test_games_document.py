"""Games answer as the API's document says."""

import pytest

from tests.conftest import Client
from tests.parts.games.playing import AUTHORS, host_game, join, posts_of
from tests.views.conformance import OF_GAMES, Api

ENDLESS = {"follow_game", "follow_play"}


async def test_every_operation_of_games_answers_as_declared(
    writer: Client, admin: Client, anybody: Client
) -> None:
    await writer.add_posts(*posts_of(*AUTHORS))
    api, host = Api(admin.app), await host_game(admin)
    mina, jun = await join(admin.app, host, "Mina", "Jun")
    sent = {"create_game"}
    names = {"usernames": ["ferry", "museum"]}
    assert (await api.send(admin, "create_game", json=names))[0] == 201

    async def send(
        operation: str, client: Client = admin, path: str = host.address, **body: object
    ) -> int:
        sent.add(operation)
        return (await api.send(client, operation, path, **({"json": body} if body else {})))[0]

    code = {"code": host.code, "name": "Ida"}
    assert await send("join_game", anybody, "/api/v1/play", **code) == 201
    assert await send("go_on", path=f"{host.address}/next", version=1) == 200
    play = f"/api/v1/play/{host.game}"
    answer = {"question": 1, "username": "ferry"}
    assert await send("answer_question", mina.client, f"{play}/answers", **answer) == 201
    assert await send("answer_question", mina.client, f"{play}/answers", **answer) == 200
    assert await send("show_play", mina.client, play) == 200
    assert await send("ask_again", path=f"{host.address}/again") == 200
    version = (await host.see())["version"]
    assert await send("skip_question", path=f"{host.address}/skip", version=version) == 200
    assert await send("show_game") == 200
    assert await send("let_others_join", path=f"{host.address}/joining", open=False) == 200
    assert await send("remove_player", path=f"{host.address}/players/{jun.id}") == 204
    assert await send("end_game", path=f"{host.address}/end") == 200
    assert await send("show_results", path=f"{host.address}/results.csv") == 200
    following = f"{play}/next"
    assert await send("show_next_game", mina.client, following) == 404
    assert await send("replay_game", path=f"{host.address}/replay") == 201
    assert await send("show_next_game", mina.client, following) == 200
    assert await send("delete_game") == 204
    assert sent == OF_GAMES - ENDLESS


@pytest.mark.parametrize("name", sorted(OF_GAMES))
def test_the_document_says_who_may(admin: Client, name: str) -> None:
    path, _, operation = Api(admin.app).operations[name]
    is_play = path.startswith("/api/v1/play")
    needed = operation["security"]
    if name == "join_game":
        assert needed == []
    else:
        assert needed == ([{"player": []}] if is_play else [{"bearer": ["admin"]}, {"session": []}])
