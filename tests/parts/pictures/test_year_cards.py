"""The cards of a year: one thing each, whole, in letters that are large on a phone."""

import re
from html import unescape
from io import BytesIO
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageColor

from app.drawing.card_rows import SIZES
from app.drawing.drawings import CardRow, CardRows
from app.drawing.lettering import Lettering
from app.drawing.png import MARGIN, Canvas, theme_of
from app.drawing.poster import FORMATS, Poster, draw_poster
from app.parts.pictures.portraits import MOST_CARDS
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared

HOST: Final = {"Host": "a.example"}
LONG: Final = "예린 (프론트엔드 개발 2팀, 서울 마포구 성산동)"
PEOPLE: Final = ("지우", LONG, "מיכל")
SIZE: Final = (1080, 1920)


def said() -> list[Said]:
    """Two years; in the second, a trip, a new word, and 20 days without a message.

    The trip has days of 24, 40 and 22 messages; half of the other days have three, half four.
    """
    messages: list[Said] = []
    for year in (2023, 2024):
        days = [f"{year}-{month:02}-{day:02}" for month in range(1, 7) for day in range(2, 26, 3)]
        for place, day in enumerate(days):
            if year == 2024 and "05-02" < day[5:] < "05-23":
                continue
            fair = " 캠핑 가자" if year == 2024 and place % 3 else ""
            messages += [
                (f"{day} 10:00", "지우", f"밥 먹었어 ㅋㅋ {place} 😂{fair}"),
                (f"{day} 10:05", LONG, f"헐 완전 좋아!! 🥹 {place}"),
                (f"{day} 10:09", "מיכל", f"바다 보러 가요 {place}"),
                *([(f"{day} 10:11", "지우", f"그래 그래 {place}")] if place % 2 else ()),
            ]
    messages += [
        (f"2024-06-{day} {10 + n // 20}:{n % 20:02}", PEOPLE[n % 2], f"강릉 파도 {n}")
        for day, count in ((27, 24), (28, 40), (29, 22))
        for n in range(count)
    ]
    return messages


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    await import_chat(parts_of(shared.app).db, kakaotalk("지우네 동네", *said()))
    return shared.anybody


async def test_a_year_of_a_chat_has_cards_on_a_page_and_single(chat: Client) -> None:
    year = await chat.page("/room/1/2024")
    assert 'href="/room/1/2024/cards"' in year
    page = await chat.page("/room/1/2024/cards?theme=dark&locale=")
    shown = re.findall(r'<img src="([^"]*)" width="1080" height="1920"[^>]* alt="([^"]*)"', page)
    told = {re.findall(r"/(\w+)\.png", path)[0]: text for path, text in shown}
    assert [*told] == ["story", "words", "began", "silence"]
    assert "캠핑" in told["words"]
    # Each has a number that its sentence does not repeat; the first is what the year says first.
    assert told["story"].startswith("86. messages on Jun 27 – 29, 2024; 3.5 on a usual day.")
    assert told["silence"].startswith("192 days. without a message, Jun 24, 2023 – Jan 1, 2024.")
    drawn = {}
    for path, _ in shown:
        answer = await chat.get(unescape(path))
        assert answer.content_type == "image/png"
        drawn[re.findall(r"(\w+)\.png", path)[0]] = await answer.get_data()
    assert (await chat.get("/room/1/2024/cards.zip")).status_code == 410
    with Image.open(BytesIO(drawn["story"])) as image:
        assert image.size == SIZE
        colours = {colour for _, colour in image.convert("RGB").getcolors(2**20) or []}
    assert not colours & {ImageColor.getrgb(theme_of("dark").hues[f"author-{n}"]) for n in (2, 3)}
    await chat.page("/room/1/2024/cards/habits.png", status=404)


async def test_cards_of_initials_quote_no_name(chat: Client) -> None:
    page = await chat.page("/room/1/2024/cards?names=initials")
    told = " ".join(re.findall(r' alt="([^"]*)"', page))
    assert "<bdi>A chat in 2024</bdi>" in page
    assert "86. messages" in told
    assert not re.search("지우|예린", told)


async def test_a_year_of_an_author_has_cards(chat: Client) -> None:
    year = await chat.page("/user/지우/2024")
    assert 'href="/user/%EC%A7%80%EC%9A%B0/2024/cards' in year
    page = await chat.page("/user/지우/2024/cards")
    names = re.findall(r'<img src="[^"]*/cards/(\w+)\.png', page)
    assert names == ["story", "words", "silence"]
    # Which posts a day has depends on the zone, which the chat of another page gives.
    assert ", in Asia/Seoul." not in page
    await chat.page("/user/지우/2024/cards/began.png", status=404)


PERSON: Final = "/user/%EC%A7%80%EC%9A%B0"


async def test_the_cards_are_tapped_through_and_shared_by_one_button(chat: Client) -> None:
    page = await chat.page(f"{PERSON}/cards?theme=dark&locale=")
    images = re.findall(r'<img src="([^"]*)" width="1080" height="1920"', page)
    assert 0 < len(images) <= MOST_CARDS
    assert page.count("data-share-picture=") == 1
    # Each leads to the next one, and the last to the first.
    names = re.findall(r'<li id="(card-[^"]+)"><a href="#(card-[^"]+)"', page)
    assert [to for _, to in names] == [*(name for name, _ in names[1:]), names[0][0]]
    for image in images:
        answer = await chat.get(unescape(image))
        assert answer.content_type == "image/png"
    await chat.page(f"{PERSON}/cards/nothing.png", status=404)
    assert f'href="{PERSON}/cards' in await chat.page(PERSON)


QUOTE: Final = "회의가 길어져서 조금 늦을 것 같아요 🥹 먼저 드시고 계세요, 금방 갈게요! " * 3
ROWS: Final[dict[str, tuple[CardRow, ...]]] = {
    "names": tuple(
        CardRow(label=f"{LONG} {n}", hue=f"author-{n}", beside="14%", share=n / 7)
        for n in range(1, 8)
    ),
    "quotes": tuple(CardRow(QUOTE, label="W" * 40, hue="author-2", is_quote=True) for _ in "123"),
    "emoji": tuple(CardRow("😂 1,234 · 👩‍👧 99 · 🤣 7", label="Ann", hue="author-1") for _ in "12"),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_card_cuts_nothing_and_keeps_its_margins(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[float, float, str, Lettering]] = []
    write = Canvas.write

    def note(
        canvas: Canvas,
        place: tuple[float, float],
        text: str,
        font: Lettering,
        colour: str = "",
        **options: bool,
    ) -> None:
        written.append((*place, text, font))
        write(canvas, place, text, font, colour, **options)

    monkeypatch.setattr(Canvas, "write", note)
    title, address = "서울 마포구 주말 모임과 그 밖의 사람들의 2024년, 지금까지", "x" * 60
    home = f"a.example/{address}", ""
    poster = Poster(f"{kind} {title}", "올해의 하루: 8월 6일", CardRows(ROWS[kind]), home)
    with Image.open(BytesIO(draw_poster(poster, "1080x1920", "light"))) as opened:
        image = np.asarray(opened.convert("RGB"))
    assert min(font.size for *_, font in written) >= SIZES[-1] == 40
    assert not any("…" in text for *_, text, _ in written)
    assert any(text.startswith("a.example") for *_, text, _ in written)
    # No row of letters lies upon another.
    boxes = [
        (left, top + font.size * 0.2, left + font.getlength(text), top + font.size * 1.2)
        for left, top, text, font in written
    ]
    for place, (left, top, right, bottom) in enumerate(boxes):
        assert right <= SIZE[0] - MARGIN + 1
        for other in boxes[place + 1 :]:
            apart = other[0] >= right or left >= other[2] or other[1] >= bottom or top >= other[3]
            assert apart, (written[place][2], other)
    inked = (image != ImageColor.getrgb(theme_of("light").paper)).any(axis=2)
    assert not inked[:, : MARGIN - 2].any()
    assert not inked[:, SIZE[0] - MARGIN + 2 :].any()
    assert not inked[: FORMATS["1080x1920"].top - 2].any()
    text = "".join(text for *_, text, _ in written)
    for row in ROWS[kind]:  # All of it is there.
        assert re.sub(r"\s", "", row.label) in re.sub(r"\s", "", text)


def test_a_row_that_lacks_room_is_left_out_whole() -> None:
    rows = (CardRow("endless " * 300, is_quote=True), CardRow("short", is_quote=True))
    endless, short = [
        draw_poster(Poster("", "Day", CardRows(each), ("", "")), "1080x1920", "light")
        for each in (rows, rows[1:])
    ]
    blank = draw_poster(Poster("", "Day", CardRows(()), ("", "")), "1080x1920", "light")
    assert endless != blank
    assert short != blank
