"""The figures of a room's portrait: each is whole, and stands on the page because it is listed."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from app.language.i18n import gettext
from app.parts.portraits import room_figures
from app.parts.portraits.room_figures import FIGURES, people_of
from app.services.rooms.chat_portrait import ChatPage, read_portrait
from app.services.rooms.chats import get_room
from app.views.cast import bound
from app.views.figures.chats import name_of, share_bars
from app.views.figures.figure import Figure
from app.views.page import cast_on
from tests.browsing import missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared

TIMES = [f"2024-04-01 {10 + minute // 60}:{minute % 60:02}" for minute in range(120)]
SPOKEN = (("tea", "the kettle sings ㅋㅋ"), ("light", "the lantern swings 🙋"))
TALK: list[Said] = [
    (time, *spoken) for time, spoken in zip(TIMES, SPOKEN * (len(TIMES) // 2), strict=True)
]
CHATS: dict[str, list[Said]] = {
    "alone": TALK[:1],
    "talk": TALK,
    "many": [(time, name, f"hi {name}") for time, name in zip(TIMES, "abcdefgh", strict=False)],
}


@pytest.fixture(scope="module")
async def portraits(shared: Shared) -> dict[str, ChatPage]:
    """Return the portraits of chats, as counted in Seoul."""
    parts, zone = parts_of(shared.app), ZoneInfo("Asia/Seoul")
    for name, chat in CHATS.items():
        await import_chat(parts.db, kakaotalk(name, *chat))
    async with parts.db.read_in_background() as session:
        kept = parts.snapshots
        rooms = [await get_room(session, room_id) for room_id in (1, 2, 3)]
        read = [await read_portrait(session, room, zone, kept) for room in rooms]
    return dict(zip(CHATS, read, strict=True))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", CHATS)
async def test_a_figure_is_whole(
    shared: Shared,
    portraits: dict[str, ChatPage],
    name: str,
    figure: Callable[[ChatPage], Figure[None]],
) -> None:
    portrait = portraits[name]
    async with shared.app.test_request_context("/"):
        with bound(await cast_on(portrait)):
            parts = figure(portrait)
    assert len(parts.title) <= 140
    assert all(len(row) == len(parts.columns) for row in parts.rows)
    # Who reads it finds numbers, or why there are none.
    assert parts.rows or parts.title or parts.notes


async def test_what_is_drawn_is_what_stands_in_rows(
    shared: Shared, portraits: dict[str, ChatPage]
) -> None:
    async with shared.app.test_request_context("/"):
        with bound(await cast_on(portraits["many"])):
            bars = share_bars(portraits["many"].people)
            rows = people_of(portraits["many"]).rows
    assert [bar.name for bar in bars] == [*"abcdef", "2 others"]
    assert [(bar.name, bar.label) for bar in bars] == [(row[0], row[2]) for row in rows]
    assert sum(bar.share for bar in bars) == pytest.approx(1)


def greetings_of(sight: ChatPage) -> Figure[None]:
    """Return what somebody might add."""
    rows = [(name_of(person), 1_234 + place) for place, person in enumerate(sight.people)]
    return Figure(
        topic="Who greets",
        notes=["Nobody greets less."],
        about="A greeting comes first.",
        columns=[gettext("Name"), "Greetings"],
        rows=rows,
        name="greetings",
    )


@pytest.mark.usefixtures("portraits")
async def test_a_figure_that_is_listed_stands_on_the_page(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_figures, "FIGURES", (*FIGURES, greetings_of))
    shown = await shared.anybody.page("/room/2?tz=Asia/Tokyo")
    section = shown.partition('id="greetings-numbers"')[2].partition("</details>")[0]
    assert section.startswith(">Who greets</h3>")
    assert '<th scope="col"><bdi>Greetings</bdi></th>' in section
    assert len(re.findall(r"<td>1,2\d\d</td>", section)) == len(SPOKEN)
    assert not missing_in(section, "<p>Nobody greets less.</p>", "<p>A greeting comes first.</p>")
