"""A room at first sight: a finding, who writes how much, cards, months, a hidden message."""

import random
import re
from collections import Counter
from html import unescape
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.models import Room
from app.services.rooms import chat_portrait
from app.services.rooms.chat_portrait import read_portrait
from app.services.rooms.chats import get_room
from tests.browsing import found_in, missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared

WORDS: Final = ("ferry lamp quay", "kettle bowl spoon", "lantern chain bridge", "oven flour crust")
CREW: Final = ("ann", "bo (work)", "cem")
CLUB: Final = {
    **dict.fromkeys(("uma", "val", "wim", "xan", "yla"), ""),
    "zed": "~",
    "gil": f" {WORDS[0]} and so much more",
    "hal": "",
}
"""How the messages of each of its people end."""


def talk(people: tuple[str, ...], count: int) -> list[Said]:
    """Return a chat over months, in which the first one writes most, and the second one longest."""
    order = (0, 1, 0, *range(2, len(people)), 0)
    said: list[Said] = []
    for number in range(count):
        person = order[number % len(order)] % len(people)
        words = f"{WORDS[person % len(WORDS)]} number {number}{' now' * (number % 2)}"
        text = f"{words} and so much more to tell" if person == 1 else f"{words} haha"
        day = f"2024-{1 + number * 3 // count * 2:02}-{1 + number % 28:02}"
        said.append((f"{day} {8 + number % 12:02}:{number % 60:02}", people[person], text))
    return sorted(said)


def by_chance(people: str, count: int) -> list[Said]:
    """Return a chat in which everybody writes the same at any time."""
    chance = random.Random(count)  # noqa: S311 - an example
    said: list[Said] = [
        (
            f"2024-{chance.randint(1, 4):02}-{chance.randint(1, 28):02} "
            f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}",
            chance.choice(people),
            chance.choice(WORDS),
        )
        for _ in range(count)
    ]
    return sorted(said)


CHATS: Final[dict[str, list[Said]]] = {
    "crew": talk(CREW, 240),
    "pair": talk(CREW[:2], 120),
    "alone": talk(CREW[:1], 30),
    "three": talk(CREW[:2], 3),
    "nine": talk(tuple("abcdefghi"), 180),
    "hours": sorted(
        (f"2024-{1 + day // 28:02}-{1 + day % 28:02} {hour:02}:{number:02}", name, f"{word} {day}")
        for day in range(56)
        for name, word, hour in (("eve", "lamp", 20 + day % 3), ("ron", "quay", 11 * day % 24))
        for number in range(2)
    ),
    # Of the newest 500 messages one person has none, and one person has four.
    "long": [
        *((f"2024-01-{1 + n:02} 09:00", name, f"early {n}") for n in range(9) for name in "xyz"),
        *(
            (
                f"2024-03-{1 + n // 20:02} {n % 20:02}:00",
                "x" if n % 3 else "w",
                f"late {n}{'' if n % 3 else ' haha'}",
            )
            for n in range(496)
        ),
        *((f"2024-04-01 1{n}:00", "z", "a few more words of mine") for n in range(4)),
    ],
    "day": [(f"2024-05-01 10:{n:02}", CREW[n % 3], f"{WORDS[n % 3]} {n}") for n in range(60)],
    "couple": [(f"2024-05-01 10:{n:02}", CREW[n % 2], f"{WORDS[n % 2]} {n}") for n in range(60)],
    "crowd": [
        (f"2024-05-01 1{n // 60}:{n % 60:02}", "abcdefgh"[n % 8], f"{WORDS[n % 3]} {n}")
        for n in range(160)
    ],
    "quick": [
        (f"2024-05-{1 + n // 6:02} {9 + n % 6:02}:0{minute}", name, f"{WORDS[0]} {n}")
        for n in range(60)
        for minute, name in enumerate((CREW[1 + n % 2], CREW[0]))
    ],
    "chance": by_chance("abcd", 560),
    "chatter": [
        (f"2024-05-01 10:{n // 30:02}", CREW[n % 2], f"{WORDS[n % 2]} {n}") for n in range(60)
    ],
    # One long day makes the second month the fullest, and is told with it.
    "burst": [
        *((f"2024-0{1 + n // 20}-{1 + n % 20:02} 09:00", CREW[n % 2], WORDS[0]) for n in range(40)),
        *((f"2024-02-21 10:{n:02}", CREW[n % 2], WORDS[0]) for n in range(60)),
    ],
    "japanese": [
        (
            f"2024-05-{1 + n // 6:02} {9 + n % 6:02}:00",
            ("さくら", "健太", "美咲")[n % 3],
            "電車が遅れてる",
        )
        for n in range(90)
    ],
    # One of the two with the fewest messages writes longest.
    "club": sorted(
        (
            f"2024-0{1 + day // 28}-{1 + day % 28:02} 1{(place + day) % 8}:00",
            name,
            f"quay {day}{' now' * (day % 3 == 0)}{end}",
        )
        for day in range(56)
        for place, (name, end) in enumerate(CLUB.items())
        if place < 6 or day % 2
    ),
}


@pytest.fixture(scope="module")
async def chats(shared: Shared) -> dict[str, str]:
    """Return the addresses of rooms."""
    db = parts_of(shared.app).db
    for name, chat in CHATS.items():
        await import_chat(db, kakaotalk(name, *chat))
    return {name: f"/room/{number}" for number, name in enumerate(CHATS, 1)}


def text_of(html: str) -> str:
    """Return what is heard of a page."""
    heard = re.sub('<span aria-hidden="true">.*?</span>', "", html)
    return " ".join(unescape(re.sub("<[^>]*>", " ", heard)).split())


def finding_in(page: str) -> str:
    """Return the finding, which stands right after the tabs."""
    (finding,) = re.findall(r'</nav>\s*<p class="finding" id="finding">(.*?)</p>', page)
    return text_of(finding)


def cards_in(page: str) -> list[str]:
    cards = page.partition('class="people-cards ')[2].partition("</ul>")[0]
    return re.split(r'<li class="card [^>]*>', cards)[1:]


FINDINGS: Final = {
    "crew": "Nobody wrote for 33 days, Mar 29 – Apr 30, 2024. cem wrote first.",
    "pair": "Nobody wrote for 33 days, Mar 29 – Apr 30, 2024. ann wrote first.",
    "alone": "Only ann writes here, 30 messages.",
    "three": "There are too few days with messages to tell these people apart.",
    "nine": "Nobody wrote for 33 days, Mar 29 – Apr 30, 2024. c wrote first.",
    "hours": "Busiest between 20:00 and 23:00.",
    "long": "Nobody wrote for 51 days, Jan 10 – Feb 29, 2024. w wrote first.",
    "day": "There are too few days with messages to tell these people apart.",
    "quick": "ann writes most (50%).",
    "chance": "saywho found no habit that only one of these 4 people has.",
    "couple": "There are too few days with messages to tell these people apart.",
    "crowd": "There are too few days with messages to tell these people apart.",
    "chatter": "There are too few days with messages to tell these people apart.",
    "burst": "Nobody wrote for 11 days, Jan 21 – 31, 2024. ann wrote first.",
    "club": "zed ends with “~” in every message.",
    "japanese": "saywho found no habit that only one of these 3 people has.",
}


@pytest.mark.parametrize("name", CHATS)
async def test_the_finding_comes_first_and_names_the_drawing(
    shared: Shared, chats: dict[str, str], name: str
) -> None:
    page = await shared.anybody.page(chats[name])
    assert finding_in(page) == FINDINGS[name]
    first, *_ = re.findall(r'<svg[^>]*role="img"[^>]*>', page.partition("<main")[2])
    assert 'aria-labelledby="finding"' in first
    assert page.partition("<details")[0].count("<table") == 0


async def test_shares_are_told_with_names_and_add_up(shared: Shared, chats: dict[str, str]) -> None:
    page = await shared.anybody.page(chats["nine"])
    assert "Who replies to whom" not in page  # They are too many.
    shares = page.partition('<ul class="parts"')[2]
    told = re.findall(r'<li class="author-\d+[^"]*">.*?</li>', shares)[:7]
    assert text_of(told[0]) == "a 28%"
    assert "3 others" in text_of(told[-1])
    assert sum(int(share) for share in re.findall(r"(\d+)%", text_of("".join(told)))) == 100
    # Whom nothing sets apart is in a group, with a way to their page.
    groups = page.partition('class="card people-alike"')[2].partition("</section>")[0]
    of_cards = [name for card in cards_in(page) for name in re.findall('href="/user/(.)"', card)]
    in_groups = re.findall(r'href="/user/(.)"', groups)
    assert of_cards
    assert sorted([*of_cards, *in_groups]) == [*"abcdefghi"]


async def test_each_person_has_a_card_that_leads_to_their_page(
    shared: Shared, chats: dict[str, str]
) -> None:
    cards = cards_in(await shared.anybody.page(chats["crew"]))
    assert [re.findall(r'href="([^"]*)"', card) for card in cards] == [
        [f"/user/{name}"] for name in ("ann", "bo_(work)", "cem")
    ]
    assert text_of(cards[0]) == (
        "ann 144 messages Starts 61% of the conversations Everyone else: 20% Says “ferry lamp quay"
        " number” more often than the others · in every message"
    )


async def test_who_is_not_among_those_shown_is_asked_too(
    shared: Shared, chats: dict[str, str]
) -> None:
    answer = await shared.anybody.json(f"/api/v1/rooms/{len(CHATS)}/portrait")
    (trait,) = answer["traits"]
    assert (trait["person"], trait["username"]) == (None, "gil")
    assert "gil" not in {person["username"] for person in answer["people"]}


async def test_a_card_tells_what_their_portrait_tells_first(
    shared: Shared, chats: dict[str, str]
) -> None:
    cards = cards_in(await shared.anybody.page(chats["club"]))
    assert any('class="measure">Ends with “~” in every message<' in card for card in cards)
    assert "zed ends with “~” in every message" in text_of(await shared.anybody.page("/user/zed"))


async def test_a_chat_has_one_window(shared: Shared, chats: dict[str, str]) -> None:
    page = await shared.anybody.page(chats["long"])
    assert "How they write in" not in page  # In all messages.
    assert re.findall("[Ll]ately", text_of(page)) == []
    assert re.search(r"No habit stands out: [^.]*\by\b", text_of(page))


async def test_what_is_told_of_the_newest_messages_says_lately(
    shared: Shared, chats: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_portrait, "MOST_SCANNED", 390)
    page = await shared.anybody.page(f"{chats['club']}?tz=Asia/Jayapura")
    assert finding_in(page) == "Lately, zed ends with “~” in every message."


async def test_what_is_of_the_newest_messages_says_so(
    shared: Shared, chats: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_portrait, "MOST_SCANNED", 500)
    page = await shared.anybody.page(f"{chats['long']}?tz=Asia/Jayapura")
    assert "How they write in the newest 500 messages, since March 1, 2024." in page
    assert finding_in(page) == FINDINGS["long"]  # Of all messages.
    cards = [*map(text_of, cards_in(page))]
    assert "y 9 messages in all Silent lately, last in January 2024" in cards
    assert re.search(r"No habit stands out: [^.]*\bz\b", text_of(page))


@pytest.mark.parametrize("name", CHATS)
async def test_every_card_tells_something_of_its_own(
    shared: Shared, chats: dict[str, str], name: str
) -> None:
    cards = cards_in(await shared.anybody.page(chats[name]))
    told = [re.findall('class="measure">([^<]+)<', card) for card in cards]
    assert all(len(of_card) == 1 for of_card in told)
    lines = [line for (line,) in told if not line.startswith("Silent")]
    assert len({*lines}) == len(lines)


async def test_nobody_is_said_to_write_no_words_where_words_are_not_counted(
    shared: Shared, chats: dict[str, str]
) -> None:
    assert "Words are separated by spaces" not in await shared.anybody.page(chats["japanese"])
    assert "Words are separated by spaces" in await shared.anybody.page(chats["quick"])


async def test_hours_are_told_of_whom_they_set_apart(shared: Shared, chats: dict[str, str]) -> None:
    page = await shared.anybody.page(f"{chats['hours']}?tz=Asia/Seoul")
    assert "Busiest" not in "".join(cards_in(page))


async def test_how_long_answers_take_is_told_of_whom_it_sets_apart(
    shared: Shared, chats: dict[str, str]
) -> None:
    page = await shared.anybody.page(chats["quick"])
    told = [re.findall("Replies in about [^<]*", card) for card in cards_in(page)]
    assert told == [["Replies in about 1 minute"]]
    assert re.findall("Everyone else in [^<]*", page) == ["Everyone else in 1 hour"]
    assert re.findall("Replies in[^<]*", await shared.anybody.page(chats["chance"])) == []


@pytest.mark.usefixtures("without_people")
async def test_a_silence_is_named_as_the_longest_only_if_no_other_has_as_many_days(
    shared: Shared, chats: dict[str, str]
) -> None:
    said: list[Said] = [
        (f"2024-{day} 10:{n:02}", CREW[n % 2], WORDS[n % 2])
        for day in ("05-20", "05-24", "05-28", "06-01", "06-05", "06-09")
        for n in range(4)
    ]
    db, korean = parts_of(shared.app).db, {"Accept-Language": "ko"}
    await import_chat(db, kakaotalk("pauses", *said))
    async with db.read_in_background() as session:
        room_id = await session.scalar(select(func.max(Room.id))) or 0
        room, kept = await get_room(session, room_id), parts_of(shared.app).snapshots
        portrait = await read_portrait(session, room, ZoneInfo("Asia/Seoul"), kept)
    page = await shared.anybody.page(f"/room/{room_id}?tz=Asia/Seoul")
    assert not found_in(page, "The longest silence:", "The messages around it")
    assert "가장 길었던 침묵" not in await shared.anybody.page(f"/room/{room_id}", headers=korean)
    assert len(portrait.silences) == 5


@pytest.mark.usefixtures("without_people")
async def test_the_sign_of_a_silence_stands_in_its_middle(
    shared: Shared, chats: dict[str, str]
) -> None:
    """At its first month it would stand over the column before it."""
    said: list[Said] = [
        (f"2024-{day} 10:{n:02}", CREW[n % 2], WORDS[n % 2])
        for day in ("01-20", "02-24", "12-09")
        for n in range(4)
    ]
    db = parts_of(shared.app).db
    await import_chat(db, kakaotalk("gap", *said))
    async with db.read() as session:
        room_id = await session.scalar(select(func.max(Room.id)))
    page = await shared.anybody.page(f"/room/{room_id}?tz=Asia/Seoul")
    (x,) = re.findall(r'<text class="mark" x="([0-9.]+)%"', page)
    # March to November are the columns 2 to 10 of 12.
    assert float(x) == pytest.approx(100 * (6 + 0.5) / 12, abs=0.01)


async def test_months_are_told_by_person_with_the_longest_silence(
    shared: Shared, chats: dict[str, str]
) -> None:
    page = await shared.anybody.page(f"{chats['crew']}?tz=Asia/Seoul")
    # Each of its months has 80 messages: the drawing stands open, and its holes have names.
    nothing = "No month clearly has the most messages."
    assert page.count(nothing) == 1
    card = page.partition(nothing)[2]
    assert card.index('class="period-columns"') < card.index("<details")
    room = chats["crew"].partition("?")[0]
    assert re.findall(r'<li>[①②] <a href="([^"]*)" rel="nofollow">([^<]*)<', card) == [
        (f"{room}?on=2024-03&tz=Asia/Seoul", "February 2024: silence"),
        (f"{room}?on=2024-05&tz=Asia/Seoul", "April 2024: silence"),
    ]
    assert card.count('rel="nofollow"><title>March 2024: 80 messages (ann 48') == 1
    first = next(name for when, name, _ in talk(CREW, 240) if when > "2024-05")
    silence = f"Nobody wrote for 33 days, Mar 29 – Apr 30, 2024. {first} wrote first."
    assert silence in page.replace("\u2009", " ")
    months = page.partition('class="period-columns"')[2].partition("<line")[0]
    assert re.findall(r'<path class="([^"]*)"', months) == ["author-1", "author-2", "author-3"]
    assert "<title>March 2024: 80 messages (ann 48, bo (work) 16, cem 16)</title>" in months
    assert re.findall(r'<text class="most".*?>(\d+)</text>', months) == ["80"]
    rows = page.partition('id="months-numbers"')[2].partition("</table>")[0]
    counts = [int(count) for count in re.findall(r"<td>(\d+)</td>", rows)]
    assert counts == [*[80, 48, 16, 16, 0, 0, 0, 0] * 2, 80, 48, 16, 16]
    page = await shared.anybody.page(chats["long"])
    card = page.partition("Busiest: March 2024, 496 messages.")[2]
    assert card.index('class="period-columns"') < card.index("<details")
    page = await shared.anybody.page(chats["chance"])
    assert nothing in page
    page = (await shared.anybody.page(chats["burst"])).partition('id="months-heading"')[2]
    assert "Busiest: February 2024, 80 messages." in text_of(page)
    assert page.index('class="period-columns"') < page.index("<details")


async def test_where_nobody_prefers_anybody_there_is_no_card(
    shared: Shared, chats: dict[str, str]
) -> None:
    assert "answers-heading" not in await shared.anybody.page(chats["chance"])


@pytest.mark.parametrize("name", ["crew", "nine", "day"])
async def test_the_api_has_months_by_person_and_who_answers_whom(
    shared: Shared, chats: dict[str, str], name: str
) -> None:
    address = f"/api/v1{chats[name].replace('room', 'rooms')}/portrait?tz=Asia/Seoul"
    portrait = await shared.anybody.json(address)
    people = [person["display_name"] for person in portrait["people"]]
    by_month = Counter((when[:7], who) for when, who, _ in CHATS[name])
    for period in portrait["periods"]:
        month = period["first_day"][:7]
        of_month = {who: count for (when, who), count in by_month.items() if when == month}
        assert period["messages"] == sum(of_month.values())
        named = [of_month.get(who, 0) for who in people if who]
        others = period["messages"] - sum(named)
        assert period["people"] == named + [others for who in people if not who]
    if name == "day":  # They write in turn.
        answers = {
            (who, whom): count
            for who, row in zip(people, portrait["answers"], strict=True)
            for whom, count in zip(people, row, strict=True)
        }
        one, two, three = CREW
        turns = {(one, three): 19, (two, one): 20, (three, two): 20}
        assert {pair: count for pair, count in answers.items() if count} == turns


async def test_a_hidden_message_begins_the_quiz(shared: Shared, chats: dict[str, str]) -> None:
    page = await shared.anybody.page(chats["crew"])
    teaser = page.partition('class="teaser"')[2].partition("</section>")[0]
    fields = dict(re.findall(r'name="(set|room)" value="([^"]*)"', teaser))
    guesses = re.findall(r'name="guess" value="([^"]*)"', teaser)
    assert guesses == ["ann", "bo_(work)", "cem"]
    question = text_of(teaser.partition("<blockquote")[2].partition("</blockquote>")[0])
    asked = await shared.anybody.page("/quiz?" + urlencode(fields))
    assert question.partition(">")[2].strip() in text_of(asked)
    answered = await shared.anybody.page("/quiz?" + urlencode(fields | {"guess": guesses[0]}))
    assert not missing_in(answered, "Message 1 of 10", "saywho’s answer")


@pytest.mark.parametrize("name", ["alone", "three"])
async def test_where_nobody_could_guess_nothing_is_asked(
    shared: Shared, chats: dict[str, str], name: str
) -> None:
    assert 'name="guess"' not in await shared.anybody.page(chats[name])


async def test_the_busiest_days_are_said_once_above_the_months(shared: Shared) -> None:
    said: list[Said] = [
        (f"2024-0{month}-{day:02} 2{n}:10", CREW[(day + n) % 3], f"{WORDS[n % 3]} {day}")
        for month in (5, 6, 7)
        for day in range(1, 29)
        for n in range(3)
    ]
    trip = ("we are on the island", "the island is windy", "island soup again", "so cold")
    for day, many in ((15, 60), (16, 50)):  # The second day of it is nearly as busy.
        said += [
            (f"2024-06-{day} 1{n // 20}:{n % 20 + 10:02}", CREW[n % 3], f"{trip[n % 4]} {n}")
            for n in range(many)
        ]
    await import_chat(parts_of(shared.app).db, kakaotalk("trip", *sorted(said)))
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (room,) = [room["id"] for room in rooms if room["name"] == "trip"]
    page = await shared.anybody.page(f"/room/{room}")
    months = page.partition('id="months-heading"')[2].partition("</section>")[0]
    assert "Jun 15 – 16, 2024: 116 messages" in text_of(months).replace("\u2009", " ")
    assert "on=2024-06-15" in months
    assert "busy-day" not in page


async def test_a_chat_of_even_days_has_no_busiest_day(
    shared: Shared, chats: dict[str, str]
) -> None:
    for name in ("crew", "chance", "day", "three"):
        assert "busy-day" not in await shared.anybody.page(chats[name])


async def test_a_room_without_times_has_an_overview(shared: Shared) -> None:
    posts = [
        {"username": name, "text": f"an undated word {n}", "room": {"name": "undated"}}
        | {"created_at": None, "source_id": f"{name}{n}"}
        for n, name in enumerate(("una", "duo") * 15)
    ]
    await shared.writer.add_posts(*posts)
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (room,) = [room["id"] for room in rooms if room["name"] == "undated"]
    page = await shared.anybody.page(f"/room/{room}")
    assert finding_in(page) == ("There are too few days with messages to tell these people apart.")
