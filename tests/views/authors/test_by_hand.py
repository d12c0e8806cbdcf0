"""What an operator does by hand: an author, a post, another shown name; names with an @."""

import pytest
from quart import Quart

from tests.browsing import Browser, signed_in
from tests.conftest import Client
from tests.uploading import ended, jsonl, start, upload

USERS = "/api/v1/users"


async def imported(operator: Browser, data: bytes, **choices: str) -> None:
    address = await upload(operator, data)
    assert await start(operator, address, **choices) == 303
    await ended(operator, address)


async def users(anybody: Client) -> dict[str, tuple[int, str | None]]:
    items = (await anybody.json(USERS))["items"]
    return {item["username"]: (item["tweets"], item["display_name"]) for item in items}


@pytest.mark.databases("sqlite", "postgresql")
async def test_an_operator_adds_an_author_and_a_post_and_gives_a_name_that_stays(
    app: Quart, anybody: Client, admin: Client, writer: Client
) -> None:
    operator = await signed_in(app)
    assert 'action="/user"' in await operator.page("/authors")
    added = await operator.post("/user", form={"user_name": "@mina"})
    assert (added.status_code, added.headers["Location"]) == (303, "/user/mina")
    page = await operator.page("/user/mina")
    for action in ("post", "name"):
        assert f'action="/settings/authors/{action}"' in page
        assert f'action="/settings/authors/{action}"' not in await anybody.page("/user/mina")
    empty = await operator.post("/settings/authors/post", form={"username": "mina", "text": " "})
    assert empty.status_code == 422
    form = {"username": "mina", "text": "written by hand"}
    assert (await operator.post("/settings/authors/post", form=form)).status_code == 303
    assert "written by hand" in await anybody.page("/user/mina")
    form = {"username": "mina", "display_name": "Mina of the harbour"}
    assert (await operator.post("/settings/authors/name", form=form)).status_code == 303
    record = {"username": "mina", "display_name": "Mina", "text": "from a file", "id": "7"}
    await imported(operator, jsonl(record))
    assert await users(anybody) == {"mina": (2, "Mina of the harbour")}
    assert "Mina of the harbour" in await anybody.page("/user/mina")
    for body, status in (({"display_name": "M" * 321}, 422), ({}, 422), ({"name": "x"}, 422)):
        answer = await admin.send("PATCH", f"{USERS}/mina", json=body, status=status)
    assert (await writer.send("PATCH", f"{USERS}/mina", json={})).status_code == 403
    answer = await admin.send("PATCH", f"{USERS}/nobody", json={"display_name": "x"}, status=404)
    answer = await admin.send("PATCH", f"{USERS}/MINA", json={"display_name": None})
    assert (await answer.get_json())["display_name"] is None


@pytest.mark.databases("sqlite", "postgresql")
async def test_an_at_before_a_new_name_is_no_part_of_it(
    app: Quart, anybody: Client, admin: Client
) -> None:
    added = await admin.post(USERS, json={"username": "@mina"})
    assert (added.status_code, (await added.get_json())["username"]) == (201, "mina")
    for name in ("@mina", "mina", "@MINA"):
        assert (await admin.post(USERS, json={"username": name})).status_code == 409
    named = await admin.post("/user", form={"user_name": "@Mina"})
    assert named.headers["Location"] == "/user/mina"
    await admin.add_posts(
        *({"username": name, "text": f"said by {name}"} for name in ("@mina", "@jun", "jun", "@"))
    )
    operator = await signed_in(app)
    await imported(operator, jsonl({"username": "@jun", "text": "from a file"}))
    await imported(operator, jsonl({"text": "without a name"}), username="@hana")
    counts = {name: tweets for name, (tweets, _) in (await users(anybody)).items()}
    assert counts == {"mina": 1, "jun": 3, "@": 1, "hana": 1}
