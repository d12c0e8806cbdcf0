"""What a game and a quiz of a chat show to those who guess: no name of others, no number."""

import re
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from saywho.people.names import SHOWN_HIDDEN
from tests.browsing import Browser, parts_of, signed_in
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, MakeConfig, app_of
from tests.parts.games.playing import Host, host_game, join, wish_for
from tests.selection import first_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")

WRITERS: Final = ("Kim Minji", "박하늘")
QUIET: Final = ("김지호", "Dorothea Lange", "zoe")
TELLING: Final = (
    *("010-1234-5678", "０１０－９８７６－５４３２", "dora@example.org", "+49 30 901820"),
    *("테헤란로 152", "221b Baker Street"),
)
SECRETS: Final = re.compile(
    r"지호|dorothea|lange|\bzoe\b|1234|９８７６|example\.org|901820|테헤란로|baker", re.IGNORECASE
)
PLACES: Final = ("harbour", "bridge", "market", "station")


def chat(times: int = 40) -> bytes:
    """Return a chat of two who write of three others; half of the messages tell an address."""
    messages: list[Said] = [
        ("2024-01-14 09:00", name, "안녕하세요 저는 말이 별로 없어요") for name in QUIET
    ]
    for number in range(times):
        place, secret = PLACES[number % 4], TELLING[number // 2 % len(TELLING)]
        for at, name in enumerate(WRITERS):
            text = (
                f"지호야 we met Dorothea and zoe at the {place} this evening again,"
                f" number {2 * number + at}"
            )
            messages.append((_time(number), name, f"{text} {secret}" if number % 2 else text))
    return kakaotalk("항구 모임", *messages)


def _time(number: int) -> str:
    return f"2024-01-15 {10 + number // 60}:{number % 60:02}"


@pytest.fixture
async def admin_of_chat(admin: Client) -> Client:
    await import_chat(parts_of(admin.app).db, chat())
    return admin


async def seen_of(host: Host) -> list[str]:
    """Play a game to its end; return what its host and a player are shown meanwhile."""
    app = host.client.app
    operator, phone = await signed_in(app), Browser(app)
    (player,) = await join(app, host, "Guest")
    entered = await phone.post("/play", form={"code": host.code, "name": "Phone"})
    shown: list[Any] = []

    async def look() -> None:
        view, seen = await host.see(), await player.see()
        shown.extend([view["text"] or "", seen["text"] or ""])
        for browser, path in (
            (operator, f"/games/{host.game}"),
            (phone, entered.headers["Location"]),
        ):
            shown.append(quotes_of(await browser.page(path)))

    for number in range(1, 4):
        await host.does("next")
        await look()
        await player.chooses(number, await host.wrong())
        await host.does("next")  # It is told.
        await look()
    await host.does("next")
    await look()
    return shown


def quotes_of(page: str) -> str:
    """Return what a page quotes, as it is read."""
    quotes = re.findall(r"<blockquote.*?</blockquote>|<ol class=\"uses\".*?</ol>", page, re.S)
    return re.sub("<[^>]*>", "", "\n".join(quotes))


@pytest.mark.parametrize(
    "wish", first_of(({"room": 1}, {"username": ["Kim_Minji", "박하늘"]}), {"room": 1})
)
async def test_a_game_tells_nobodys_name_and_no_number(
    admin_of_chat: Client, wish: dict[str, Any]
) -> None:
    shown = await seen_of(await host_game(admin_of_chat, **wish))
    assert [text for text in shown if SECRETS.search(text)] == []
    assert sum("this evening again" in text for text in shown) >= 6
    assert any(SHOWN_HIDDEN in text for text in shown)


@pytest.mark.parametrize("path", ["/quiz?room=1", "/quiz"])
async def test_a_quiz_asks_without_anybodys_name_or_number(
    admin_of_chat: Client, anybody: Client, path: str
) -> None:
    address = (await anybody.get(path)).headers["Location"]
    asked = 0
    while 'name="guess"' in (page := await anybody.page(address)):
        quotes, asked = quotes_of(page), asked + 1
        assert "this evening again" in quotes
        assert not SECRETS.search(quotes)
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        (guess, *_) = re.findall(r'name="guess" value="([^"]*)"', page)
        answered = await anybody.page("/quiz?" + urlencode(fields | {"guess": guess}))
        (address,) = re.findall(r'<a class="button primary" href="([^"]+)"', answered)
        address = address.replace("&amp;", "&")
    assert asked == 10


async def test_the_quiz_of_an_overview_begins_without_names_and_numbers(
    admin_of_chat: Client, anybody: Client
) -> None:
    quotes = quotes_of((await anybody.page("/room/1")).partition('class="teaser"')[2])
    assert "this evening again" in quotes
    assert not SECRETS.search(quotes)


async def test_a_chat_of_numbers_alone_says_why_there_is_no_game(make_config: MakeConfig) -> None:
    async with app_of(make_config(public=False)) as app:
        messages = [
            (_time(number), name, f"call me at the harbour this evening 010-1234-{5000 + number}")
            for number in range(30)
            for name in WRITERS
        ]
        await import_chat(parts_of(app).db, kakaotalk("번호", *messages))
        operator = await signed_in(app)
        for authors, wish in ((), {"room": 1}), (("Kim_Minji", "박하늘"), {}):
            page = await wish_for(operator, *authors, **wish)
            assert page.status_code == 422
            assert "without a phone number or an address" in await page.get_data(as_text=True)
        assert "without a phone number or an address" in await operator.page("/quiz?room=1")


async def test_those_asked_about_are_hidden_as_before(admin_of_chat: Client) -> None:
    await admin_of_chat.add_posts(
        *(
            {"username": name, "text": f"zoe and {name} sail across the bay at noon, day {number}"}
            for name in ("ferry", "museum")
            for number in range(5)
        )
    )
    host = await host_game(admin_of_chat, "ferry", "museum")
    await host.does("next")
    text = (await host.see())["text"]
    assert text.startswith(f"zoe and {SHOWN_HIDDEN} sail"), "a post of no chat names others"
