"""A picture of initials quotes no name: of those it is about, and of everybody in their chats."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from quart import g

from app.drawing.poster import Poster
from app.lifespan import resources
from app.parts.pictures.answer import read_answer_poster
from app.parts.pictures.cards import SubjectCard
from app.parts.pictures.picture_page import PeopleArgs
from app.parts.pictures.portraits import (
    author_cards,
    read_author_poster,
    read_person,
    read_room_poster,
)
from app.parts.pictures.years import (
    author_cards as year_cards,
    read_room_year_poster,
    read_year_poster,
    room_cards,
)
from app.parts.portraits.room import read_sight
from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.views.comparing.pages import ComparePageArgs
from app.views.subjects import Chat, OneAuthor, Subject
from saywho.people.names import SHOWN_HIDDEN
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared

UTC: Final = ZoneInfo("UTC")
NAMES: Final = re.compile("dorothea|lange|minji|지호", re.IGNORECASE)
NAMED: Final = PeopleArgs()
INITIALS: Final = PeopleArgs(names="initials")
TEXT: Final = "oh dear, thanks Dorothea, the bread was good said Minji to Ben and to 지호야 today"


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Import a chat in which Minji writes of Dorothea and 지호, in her second year alone."""
    said: list[Said] = [
        ("2023-01-01 09:00", name, "hello") for name in ("Dorothea Lange", "김지호")
    ]
    for year in (2023, 2024):
        for number in range(60):
            when = f"{year}-03-{1 + number // 3:02} {10 + number % 3 * 4}:00"
            thanks = "thanks Dorothea, 지호야" if year == 2024 else "what a lovely evening"
            said += [
                (when, "Kim Minji", f"oh dear, {thanks}, the bread was good, number {number}"),
                (when, "Ben", f"the kettle is on again and the tide is out {number}"),
            ]
    await import_chat(parts_of(shared.app).db, kakaotalk("항구", *said))
    return shared.anybody


@asynccontextmanager
async def visiting(chat: Client) -> AsyncIterator[None]:
    async with chat.app.test_request_context("/"):
        g.locale = "en"
        yield


async def read(kind: type[Subject], figures: Callable[..., Any], **address: Any) -> tuple[Any, Any]:
    async with resources().read_long() as session:
        subject = await kind.find(session, address)
        return subject, await figures(session, resources(), subject, lambda _: UTC)


async def of_author(args: PeopleArgs) -> list[Poster]:
    found = await read(OneAuthor, read_person, username="Kim_Minji")
    cards = (await author_cards(*found, args)).cards
    return [await read_author_poster(*found, args), *(card.poster for card in cards)]


async def of_year(args: PeopleArgs) -> list[Poster]:
    found = await read(YearOfAuthor, read_year_of_author, username="Kim_Minji", year=2024)
    cards = (await year_cards(*found, args)).cards
    return [await read_year_poster(*found, args), *(card.poster for card in cards)]


async def of_room(args: PeopleArgs) -> list[Poster]:
    return [await read_room_poster(*await read(Chat, read_sight, room_id=1), args)]


async def of_room_year(args: PeopleArgs) -> list[Poster]:
    found = await read(YearOfChat, read_year_of_chat, room_id=1, year=2024)
    cards = (await room_cards(*found, args)).cards
    return [await read_room_year_poster(*found, args), *(card.poster for card in cards)]


def quoted(posters: list[Poster]) -> str:
    told = [SubjectCard("", poster).told for poster in posters]
    return " | ".join([*told, *(poster.title for poster in posters)])


@pytest.mark.parametrize("posters_of", [of_author, of_year, of_room, of_room_year])
async def test_a_picture_of_initials_quotes_no_name(
    chat: Client, posters_of: Callable[..., Any]
) -> None:
    async with visiting(chat):
        assert NAMES.search(quoted(await posters_of(NAMED)))
        hiding = quoted(await posters_of(INITIALS))
    assert not NAMES.search(hiding)
    if posters_of in (of_year, of_room_year):  # The other words of a quoted post stay.
        assert f"thanks {SHOWN_HIDDEN}" in hiding


async def test_the_text_of_an_answer_has_no_name_either(chat: Client) -> None:
    args = ComparePageArgs(text=[TEXT], username=["Kim_Minji", "Ben"])
    async with visiting(chat):
        posters = [
            await read_answer_poster(args, look, UTC)
            for look in (PeopleArgs(), PeopleArgs(names="initials"))
        ]
    named, hiding = [poster.drawing.rows[0].text for poster, _ in posters if poster.drawing]
    assert named == TEXT
    gap = SHOWN_HIDDEN
    assert hiding == (
        f"oh dear, thanks {gap}, the bread was good said {gap} to {gap} and to {gap} today"
    )
