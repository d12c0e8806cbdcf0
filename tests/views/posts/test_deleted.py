"""What was deleted stands in no answer of any address, whoever asks and whatever was kept."""

from typing import Any, Final
from urllib.parse import urlencode

import pytest
from quart import Quart

from tests.browsing import Browser, signed_in
from tests.conftest import Client, client_with
from tests.views.test_policies import routes
from tests.waiting import settle

TEXT: Final = "quokka"
NAME: Final = "wombat"
DISPLAYED: Final = "numbat"
ALT: Final = "bilby"
MARKS: Final = (TEXT, NAME, DISPLAYED, ALT)
"""What stands for the author who is deleted."""
QUERIES: Final = tuple(
    path + urlencode(query, doseq=True)
    for path, query in (
        ("/search?", {"q": "harbour"}),
        ("/search?", {"q": "harbour", "sort": "newest"}),
        ("/room/1?", {"q": "harbour"}),
        ("/compare?", {"text": "by the harbour again", "username": ["ben", "jun"]}),
        ("/api/v1/search?", {"q": "harbour", "facets": 1}),
        ("/api/v1/search?", {"q": TEXT[:-1]}),
        ("/api/v1/stats?", {}),
        ("/api/v1/compare?", {"text": "by the harbour again"}),
        ("/api/v1/export?", {"format": "csv"}),
    )
)
OWN_NAME: Final = "potoroo"
"""The chat that is deleted."""
PLACES: Final = {"username": "ben", "year": 2020, "room_id": 1, "tweet_id": 1}


async def filled(app: Quart) -> Client:
    """Store posts of three authors in a room, and return the program that did."""
    admin = await client_with(app, "admin")
    await admin.add_user(NAME, display_name=DISPLAYED)
    posts: list[dict[str, Any]] = []
    for number in range(20):
        shared = {"created_at": f"2020-05-{number % 28 + 1:02}T12:00:00Z", "room": {"name": "us"}}
        own = {"source_id": str(number), "media": [{"kind": "photo", "alt": f"{ALT} {number}"}]}
        text = f"{TEXT} {number} by the harbour, {TEXT}s everywhere"
        posts += [
            {"username": NAME, "text": text} | shared | own,
            {"username": "ben", "text": f"this is {number} by the harbour"} | shared,
            {"username": "jun", "text": f"the harbour again, {number} boats"} | shared,
        ]
    await admin.add_posts(*posts)
    return admin


async def paths_with(app: Quart, client: Client | Browser, *marks: str) -> set[str]:
    """Return the addresses whose answers hold one of these words."""
    paths = {path for method, _, path in routes(app, PLACES) if method == "GET"}
    answers: dict[str, Any] = {}
    for path in sorted(paths | set(QUERIES)):
        answer = await client.get(path)
        assert answer.status_code < 500, path
        answers[path] = await answer.get_data()
    return {path for path, data in answers.items() for mark in marks if mark.encode() in data}


@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
async def test_a_deleted_author_stands_in_no_answer(app: Quart) -> None:
    admin, operator = await filled(app), await signed_in(app)
    assert (await operator.post("/settings/own", form={"username": NAME})).status_code == 303
    await settle(app)
    visitor = Client(app, {})
    for client in (visitor, operator):
        assert len(await paths_with(app, client, *MARKS)) > 20
    form = {"username": NAME, "confirm": "yes"}
    assert (await operator.post("/settings/authors/delete", form=form)).status_code == 303
    for client in (visitor, operator):
        assert await paths_with(app, client, *MARKS) == set()
    await settle(app)
    assert await paths_with(app, admin, *MARKS) == set()


@pytest.mark.full
@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
async def test_a_deleted_chat_stands_in_no_answer(app: Quart) -> None:
    admin, operator = await filled(app), await signed_in(app)
    # Two of its people stay, for what they wrote elsewhere.
    await admin.add_posts(
        *({"username": name, "text": "alone by the sea"} for name in ("ben", "jun")),
        {"username": "ben", "text": f"the {TEXT} again", "room": {"name": "us"}},
    )
    await operator.post("/settings/rooms/1/name", form={"name": OWN_NAME})
    await settle(app)
    visitor = Client(app, {})
    marks = (*MARKS, OWN_NAME, "boats")
    for client in (visitor, operator):
        assert len(await paths_with(app, client, *marks)) > 20
    await operator.post("/settings/rooms/1/delete", form={"confirm": "yes"}, status=303)
    for client in (visitor, operator):
        assert await paths_with(app, client, *marks) == set()
    assert await paths_with(app, visitor, "alone by the sea")
    await settle(app)
    assert await paths_with(app, admin, *marks) == set()
