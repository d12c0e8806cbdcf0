"""The picture of how somebody writes: what its address says, and nothing that was not asked for."""

import re
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from quart import g

from app.parts.pictures.cards import SubjectCard
from app.parts.pictures.picture_page import PeopleArgs
from app.parts.pictures.portraits import author_cards, read_person
from app.views.subjects import NoCaches, OneAuthor
from tests.browsing import parts_of
from tests.conftest import Client, Shared
from tests.waiting import settle

SAID: Final = "Oh what a day we have had, my dears!"
AUTHOR: Final = "/user/Caroline"
UTC = ZoneInfo("UTC")
PATH: Final = f"{AUTHOR}/portrait"


@pytest.fixture(scope="module")
async def pair(shared: Shared) -> Client:
    texts = {"Caroline": SAID, "Ben": "the kettle is on again, and the bread is out"}
    await shared.writer.add_posts(
        *(
            {"username": name, "text": f"{text} {number}"}
            for name, text in texts.items()
            for number in range(120)
        )
    )
    await settle(shared.app)  # What it appends ends kept answers.
    return shared.anybody


async def picture(client: Client, query: str, **headers: str) -> bytes:
    answer = await client.get(f"{PATH}/picture.png?{query}", headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    data: bytes = await answer.get_data()
    return data


async def test_initials_name_nobody(pair: Client) -> None:
    page = await pair.page(f"{PATH}/picture?names=initials")
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<bdi>How C writes</bdi>" in main
    # The addresses alone have the name.
    assert "Caroline" not in re.sub(
        r'(href|src|action|hx-get|data-share-picture)="[^"]*"', "", main
    )


async def found(shared: Shared, **changed: Any) -> list[SubjectCard]:
    """Return the cards of Caroline, some of whose figures are changed."""
    async with parts_of(shared.app).db.read() as session, shared.app.test_request_context("/"):
        g.locale = "en"
        author = await OneAuthor.find(session, {"username": "Caroline"})
        person = await read_person(session, NoCaches(), author, lambda _: UTC)
        first = replace(person.portrait.measures[0], name="questions", sign="", each=[0.1])
        shares = changed.pop("shares", ())
        measures = [replace(first, own=own, beside=0.1, errors=errors) for own, errors in shares]
        portrait = replace(person.portrait, measures=measures, phrases=None, **changed)
        return (await author_cards(author, person._replace(portrait=portrait), PeopleArgs())).cards


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        # What is not clear, or what somebody never does, is no card.
        (
            {"shares": [(0.5, 9), (0.02, -9), (0, -9), (0.3, 0)]},
            [
                ("50%", "Caroline uses question marks more often than Ben (10%)."),
                ("2%", "Caroline uses question marks less often than Ben (10%)."),
            ],
        ),
        ({"shares": [(0.3, 0)]}, []),
        (
            {"shares": [(0.1, 0), (0.5, 0), (0, 0), (0.25, 0)], "others": [], "others_total": 0},
            [("50%", "Question marks"), ("25%", "Question marks")],
        ),
        (
            {"busy_from": 20, "hours": [0] * 20 + [9] * 3 + [0]},
            [("20:00 – 23:00", "The hours with most posts.")],
        ),
    ],
)
async def test_a_card_has_a_number_and_a_sentence_that_does_not_repeat_it(
    shared: Shared, pair: Client, changed: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    cards = await found(shared, **{"busy_from": None, **changed})
    assert [(card.poster.giant, card.poster.finding) for card in cards] == told
    assert {card.poster.hue for card in cards} <= {"author-1"}


async def test_a_kept_picture_has_the_address_by_which_it_was_asked(pair: Client) -> None:
    first, second = [await picture(pair, "", Host=host) for host in ("a.example", "localhost")]
    assert first != second
    assert await picture(pair, "", Host="a.example") == first
    here = {"Host": "localhost"}
    answer = await pair.get(f"{PATH}/picture.png?", headers=here)
    assert answer.headers["Cache-Status"] == "saywho; hit"
    known = here | {"If-None-Match": answer.headers["ETag"]}
    assert (await pair.get(f"{PATH}/picture.png?", headers=known)).status_code == 304
