"""Everybody on a page has a colour of their own: told from the others, and the same all over it."""

import re
from collections.abc import Iterable
from io import BytesIO
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from PIL import Image, ImageColor

from app.views.cast import HUES, OwnHue, hues_of, place_of
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared

STYLES: Final = Path(__file__).parents[2] / "app" / "static" / "style.css"
HUE: Final = re.compile(r"^\.(author-\d+) \{ --hue: light-dark\((#\w{6}), (#\w{6})\); \}", re.M)
GROUNDS: Final = (("#fbfaf8", "#ffffff"), ("#161514", "#1f1e1c"))
"""Paper and panel, of light pages and of dark ones."""
LIGHTNESS: Final = ((35, 55), (65, 85))
TOGETHER: Final = 8
"""People on a page whose colours nobody takes for each other."""
CLEAR: Final = 12
PEOPLE: Final = ("하늘 (회사)", "민준", "Anna", "Ben")
"""In the order in which they came here; each has more messages than the one before."""
CHAT: Final[list[Said]] = [
    *(
        (f"2024-01-15 15:{place:02}", name, f"말 {place}")
        for name, count in zip(PEOPLE, (2, 30, 31, 32), strict=True)
        for place in range(count)
    ),
    *((f"2024-01-16 15:{place:02}", PEOPLE[place % 2 * 3], f"밤 {place}") for place in range(22)),
]
"""On the second day the first and the last of them are among themselves."""

Lab = tuple[float, float, float]


def colours(theme: int) -> dict[str, str]:
    """Return the colours of light pages, or of dark ones, by their classes."""
    return {found[0]: found[1 + theme] for found in HUE.findall(STYLES.read_text("utf-8"))}


def linear(colour: str) -> list[float]:
    shares = [value / 255 for value in ImageColor.getrgb(colour)]
    return [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(colour: str) -> Lab:
    """Return a colour in CIELAB, under D65."""
    red, green, blue = linear(colour)
    tristimulus = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in tristimulus
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: Lab, other: Lab) -> float:
    """Return how far two colours are apart (CIEDE2000, as Sharma, Wu and Dalal write it)."""
    mean = (hypot(*one[1:]) + hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * sqrt(mean**7 / (mean**7 + 25**7))
    (l1, c1, h1), (l2, c2, h2) = (
        (L, hypot(a * stretch, b), degrees(atan2(b, a * stretch)) % 360) for L, a, b in (one, other)
    )
    turn = (h2 - h1 + 180) % 360 - 180
    lightness, chroma, hue = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    weight = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    scales = (
        1 + 0.015 * (lightness - 50) ** 2 / sqrt(20 + (lightness - 50) ** 2),
        1 + 0.045 * chroma,
        1 + 0.015 * chroma * weight,
    )
    far = 2 * sqrt(chroma**7 / (chroma**7 + 25**7))
    rotation = -sin(radians(60 * exp(-(((hue - 275) / 25) ** 2)))) * far
    steps = (l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn / 2)))
    dl, dc, dh = (step / scale for step, scale in zip(steps, scales, strict=True))
    return sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_is_that_of_its_authors(one: Lab, other: Lab, apart: float) -> None:
    assert difference(one, other) == pytest.approx(apart, abs=1e-4)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_are_told_apart(theme: int) -> None:
    by_class = colours(theme)
    assert list(by_class) == [f"author-{place}" for place in range(HUES + 1)]
    seen = {name: lab(colour) for name, colour in by_class.items()}

    def nearest(count: int) -> float:
        return min(difference(*pair) for pair in combinations([*seen.values()][: count + 1], 2))

    assert nearest(TOGETHER) >= 20  # From that of all others too.
    assert nearest(CLEAR) >= 13
    assert nearest(HUES) >= 7
    lowest, highest = LIGHTNESS[theme]
    for name, (lightness, _, _) in seen.items():
        assert name == "author-0" or lowest <= lightness <= highest, name
    for name, colour in by_class.items():
        for ground in GROUNDS[theme]:
            lower, higher = sorted((luminance(colour), luminance(ground)))
            assert (higher + 0.05) / (lower + 0.05) >= 5, name


def hues_in(page: str, names: Iterable[str], pattern: str) -> list[str]:
    """Return the classes of colours that stand before these names in a page."""
    return [re.findall(pattern.format(name=re.escape(name)), page)[0] for name in names]


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read the pages of a site of a chat, and of authors who came before its people."""
    for number in range(6):
        await shared.writer.add_user(f"writer{number}", "Fog lifted at noon.")
    await import_chat(parts_of(shared.app).db, kakaotalk("동네", *CHAT))
    return shared.anybody


SWATCH: Final = r'swatch (author-\d+)"[^>]*></span>\s*<a[^>]*><bdi>{name}<'

SHARE: Final = r'class="(author-\d+)"><span class="swatch"[^>]*></span> <bdi class="hued">{name}<'
"""Part of the bar of messages."""


async def test_the_people_of_a_chat_have_the_clearest_colours(chat: Client) -> None:
    dealt = ["author-4", "author-3", "author-2", "author-1"]
    assert hues_in(await chat.page("/room/1"), PEOPLE, SHARE) == dealt
    # Around a message stand only some of them, who keep their colours.
    newest = re.findall(r'id="m(\d+)"', await chat.page("/room/1?on=2024-01-16&tz=Asia/Seoul"))[-1]
    page = await chat.page(f"/tweet/{newest}")
    assert hues_in(page, (PEOPLE[0], PEOPLE[-1]), SWATCH) == ["author-4", "author-1"]


async def test_those_who_are_asked_about_keep_their_colours(chat: Client) -> None:
    asked = ("writer4", "Anna", "writer1")
    names = "&".join(f"username={name}" for name in asked)
    page = await chat.page(f"/compare?text=Fog+lifted+at+noon,+and+then+rain&{names}")
    chip = r'value="{name}"(?:(?!</li>)[\s\S])*swatch (author-\d+)"'
    assert hues_in(page, asked, chip) == ["author-4", "author-2", "author-7"]


async def test_an_author_has_the_colour_of_their_chat_in_all_figures(chat: Client) -> None:
    for address in ("/user/Anna", "/user/Anna/2024?tz=Asia/Seoul"):
        page = await chat.page(address)
        drawn = re.findall(r"class=\"(?:weeks|clock|card calendar|finding hued) (\S+)\"", page)
        assert {*drawn} == {"author-2"}, address
    assert 'class="card calendar author-2"' in await chat.page("/user/Anna")
    # People of chats have the first colours: the third author has the third from the end.
    assert '"card calendar author-6"' in await chat.page("/user/writer2")


async def test_an_author_beside_a_chat_has_one_colour_on_all_pages(chat: Client) -> None:
    """On the front page the owner was brown, on their own page blue as a friend in the chat."""
    chip = r'value="{name}"(?:(?!</li>)[\s\S])*swatch (author-\d+)"'
    names = ("writer0", "writer3", "Anna")
    own = {name: await chat.page(f"/user/{name}") for name in names}
    colours = [re.findall(r'"card calendar (author-\d+)"', page)[0] for page in own.values()]
    assert colours == ["author-8", "author-5", "author-2"]
    assert hues_in(await chat.page("/"), names, chip) == colours
    for order in (names, names[::-1]):
        asked = urlencode({"username": order}, doseq=True)
        page = await chat.page(f"/compare?text=Fog+lifted+at+noon,+and+then+rain&{asked}")
        assert hues_in(page, names, chip) == colours


@pytest.mark.parametrize("page", ["portrait", "2024"])
async def test_a_picture_has_the_colour_of_its_page(chat: Client, page: str) -> None:
    answer = await chat.get(f"/user/Anna/{page}/picture.png?tz=Asia/Seoul")
    drawn = Image.open(BytesIO(await answer.get_data()))
    found = {colour: count for count, colour in drawn.convert("RGB").getcolors(1 << 24) or []}
    own, first = (ImageColor.getrgb(colours(0)[name]) for name in ("author-2", "author-1"))
    assert found[own] > 3 * found.get(first, 0)  # Others have rings of theirs in a portrait.


async def test_the_people_of_a_chat_keep_their_colours_in_the_form(chat: Client) -> None:
    chip = r'value="{name}"(?:(?!</li>)[\s\S])*swatch (author-\d+)"'
    names = ("writer0", "Ben", "Anna", "민준")  # Whose archive it is, then the others.
    for address in ("/", "/?username=writer3"):
        dealt = hues_in(await chat.page(address), names, chip)
        assert dealt == ["author-8", "author-1", "author-2", "author-3"], address


async def test_the_people_of_one_chat_keep_their_colours_whoever_is_asked_first(
    chat: Client,
) -> None:
    asked = ("민준", "Ben", "Anna")
    names = urlencode({"username": asked}, doseq=True)
    chip = r'value="{name}"(?:(?!</li>)[\s\S])*swatch (author-\d+)"'
    page = await chat.page(f"/compare?text=Fog+lifted+at+noon,+and+then+rain&{names}")
    assert hues_in(page, asked, chip) == ["author-3", "author-1", "author-2"]


def chat_of(room_id: int, count: int) -> dict[str, OwnHue]:
    """Return the people of a chat, each with fewer messages than the one before."""
    return {f"{room_id}.{at}": OwnHue(90 - at, room_id, at % HUES) for at in range(count)}


def test_all_of_one_chat_have_the_colours_of_their_chat() -> None:
    some = {key: chat_of(1, 20)[key] for key in ("1.12", "1.3", "1.9")}
    assert hues_of(some, ["1.12"]) == {"1.12": "author-13", "1.3": "author-4", "1.9": "author-10"}


def test_whoever_is_named_first_keeps_the_colour_and_the_next_gives_way() -> None:
    guests = chat_of(1, 3) | chat_of(2, 3) | {"elsewhere": OwnHue(500)}
    told_apart = hues_of(guests, ["2.2", "1.2", "2.0"])
    assert [told_apart[key] for key in ("2.2", "1.2", "2.0")] == [
        "author-3",
        "author-2",
        "author-1",
    ]
    assert hues_of(guests, ["elsewhere", "1.0"])["1.0"] == "author-1"


def test_who_is_not_told_apart_has_the_same_colour_on_all_pages() -> None:
    guests = chat_of(1, 3) | chat_of(2, 3)
    for first in ([], ["2.2"], ["2.0", "2.1", "2.2"]):
        hues = hues_of(guests, first)
        assert [hues[f"1.{place}"] for place in range(3)] == ["author-1", "author-2", "author-3"]


@pytest.mark.parametrize("has_chats", [False, True])
def test_eight_authors_outside_of_chats_have_eight_colours(has_chats: bool) -> None:
    guests = {str(id_): OwnHue(9, None, place_of(id_, has_chats=has_chats)) for id_ in range(5, 13)}
    hues = hues_of(guests, ["7"])
    assert len({*hues.values()}) == 8
    assert all(hues_of({key: guests[key]}, ()) == {key: hues[key]} for key in guests)
    # Only the 25th has the colour of the first.
    for id_, many in ((28, 9), (29, 8)):
        more = guests | {f"{id_}": OwnHue(500, None, place_of(id_, has_chats=has_chats))}
        assert len({*hues_of(more, ()).values()}) == many


def test_an_author_outside_of_chats_gives_way_to_people_of_a_chat() -> None:
    guests = chat_of(1, 3) | {"owner": OwnHue(500, None, 1)}
    assert hues_of(guests, ["owner", *chat_of(1, 3)]) == {
        "owner": "author-4",
        "1.0": "author-1",
        "1.1": "author-2",
        "1.2": "author-3",
    }


def test_the_first_of_a_long_list_are_told_apart_though_their_home_is_elsewhere() -> None:
    crowd = chat_of(1, 40)
    guests = crowd | {"1.0": OwnHue(200, 2, 0), "1.2": OwnHue(150, 3, 0), "1.5": OwnHue(140, 3, 1)}
    assert len({*map(hues_of(guests, crowd).get, list(crowd)[:HUES])}) == HUES
