"""Subjects: what they are called, what of them may leave, and how one more is added."""

import re
from itertools import product
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct
from quart import Quart

from app.parts.years.subjects import YearOfAuthor, YearOfChat
from app.parts.years.year import read_room_year, read_year
from app.services.posts.tweets import Post
from app.services.posts.users import get_author
from app.services.rooms.chats import RoomFacts, get_room
from app.views.subjects import Chat, OneAuthor, PersonOfChat, Subject
from tests.browsing import parts_of, signed_in
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared
from tests.made_chats import WORDS
from tests.test_parts import ask_site, lay_out_part

SUBJECTS: Final[tuple[type[Subject], ...]] = (
    Chat,
    OneAuthor,
    YearOfChat,
    YearOfAuthor,
    PersonOfChat,
)
GUIDE: Final = Path(__file__).parents[2] / "docs" / "contributing.md"
HOLIDAY: Final = "나침반"


def chat_of_two() -> list[Said]:
    """Return two years of a chat that is named after a person in it, who says a word in one."""
    words = WORDS["ko"].split()
    return [
        (
            f"{year}-0{1 + number // 60}-{1 + number // 4 % 15:02} 10:{number % 60:02}",
            name,
            f"{words[number % 9]} {words[number % 7]} {HOLIDAY if is_hers else '저녁'} {number}",
        )
        for year, number in product((2023, 2024), range(120))
        for name in [("서아", "하람")[number % 2]]
        for is_hers in [year == 2024 and name == "서아"]
    ]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Quart:
    await import_chat(parts_of(shared.app).db, kakaotalk("서아", *chat_of_two()))
    return shared.app


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_chat_is_never_called_as_a_person_of_it(site: Quart, language: str) -> None:
    operator = await signed_in(site, "kim", is_new=language == "en")
    operator.cookies |= {"saywho_lang": language}

    async def titles(address: str) -> set[str]:
        page = await operator.page(address)
        found = re.findall(r"<title>(.*?)(?: · saywho)?</title>|<h1[^>]*>(.*?)</h1>", page)
        return {re.sub(r"<[^>]*>", "", title or heading).strip() for title, heading in found}

    for end in ("", "/2024", "/report?year=2024", "/2024/picture"):
        of_chat, of_person = await titles(f"/room/1{end}"), await titles(f"/user/서아{end}")
        named = [*filter(lambda title: "서아" in title, of_chat)]
        assert named
        assert not {*named} & of_person, end
    assert not (await titles("/room/1")) & (await titles("/room/1/person/서아"))
    assert not (await titles("/room/1?view=newest")) & (await titles("/user/서아"))


def strings_in(value: Any) -> set[str]:
    """Return all texts in a value, except those of posts."""
    if isinstance(value, str | Post | RoomFacts):
        return {value} if isinstance(value, str) else set()
    inner = value if isinstance(value, list | tuple) else []
    if isinstance(value, Struct):
        inner = [getattr(value, name) for name in value.__struct_fields__]
    return {text for each in inner for text in strings_in(each)}


async def test_all_words_of_a_year_that_leave_pass_one_place(site: Quart) -> None:
    parts = parts_of(site)
    zone = ZoneInfo("Asia/Seoul")
    async with parts.db.read() as session:
        author, room = await get_author(session, "서아"), await get_room(session, 1)
        years = [
            await read_year(session, author, 2024, zone),
            await read_room_year(session, room, 2024, zone),
        ]
    written = {*WORDS["ko"].split(), HOLIDAY, "저녁"}
    for year in years:
        told = {text for text in strings_in(year) if written & {*text.split()}}
        assert any(HOLIDAY in text for text in told)
        left = strings_in(year.with_words(lambda _: ""))
        assert not [text for text in left if written & {*text.split()}]
        assert year.with_words(lambda word: word) == year


def test_the_guide_lists_the_outputs_of_each_subject(site: Quart) -> None:
    rules = {rule.rule for rule in site.url_map.iter_rules()}
    table = GUIDE.read_text().partition("| subject |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [row[0].strip("| `") for row in rows] == [kind.__name__ for kind in SUBJECTS]
    for kind, row in zip(SUBJECTS, rows, strict=True):
        assert kind.path in rules
        named = {rule for cell in row[1:] for rule in re.findall(r"`(/[^`]*)`", cell)}
        assert named
        assert named <= rules
        ends = ("", "/picture", "/portrait/picture", "/cards", "/report")
        assert named >= {f"{kind.path}{end}" for end in ends} & rules


WEEKDAY: Final = '''
from datetime import timedelta

from quart import Response
from sqlalchemy import ColumnElement

from app.drawing.poster import Poster
from app.part_list import Part
from app.parts.pictures.picture_page import pictures_of
from app.parts.report.pages import report_pages
from app.parts.report.reports import Report
from app.services.rooms.chat_portrait import read_portrait
from app.views.blueprints import PageBlueprint
from app.views.page import WebPage, render
from app.views.subjects import Chat, OneAuthor, read_shown
from app.parts.report.rooms import REPORTS
from app.views.filters import ZoneArgs

blueprint = PageBlueprint("birthdays", policy="read")


class Birthday(Chat):
    """A sixth subject: a chat on a day of each year."""

    name = "birthday"
    path = "/room/<id:room_id>/birthday"
    page = "birthdays.show_birthday"

    def title(self, called="", *, is_over=True):
        return f"Birthday of {super().title(called)}"


class BirthdaysPage(WebPage, frozen=True, kw_only=True):
    template = "birthdays/birthdays.html"
    subject: object
    names: list[str]


async def read(session, kept, subject, zone_of):
    return await read_portrait(session, subject.room, zone_of(subject.own_zone), kept.snapshots)


async def poster_of(subject, shown, args):
    return Poster(subject.title(), "A day", None, ("", ""))


@blueprint.get(Birthday.path)
async def show_birthday(args: ZoneArgs, **address) -> str:
    subject, shown = await read_shown(Birthday, read, address, args)
    return await render(BirthdaysPage(subject=subject, names=subject.about))


@blueprint.get("/user/<username>/lines")
async def send_lines(args: ZoneArgs, **address) -> Response:
    """A new output of the subjects that are here."""
    async def lines(session, kept, subject, zone_of):
        return f"{subject.title(subject.author.username)}: {subject.author.tweets}"

    _, text = await read_shown(OneAuthor, lines, address, args)
    return Response(text, content_type="text/plain")


(report,) = REPORTS
PART = Part(
    pages=(
        blueprint,
        pictures_of(Birthday, read, poster_of),
        report_pages(Birthday),
    ),
    reports=(Report(Birthday, report.read, report.shows, report.draft),),
)
'''
ASKED: Final = """
import asyncio
from app import create_app
from tests.browsing import parts_of, signed_in
from tests.chats import import_chat, kakaotalk, said
async def ask():
    app = create_app()
    async with app.test_app():
        await import_chat(parts_of(app).db, kakaotalk("Crew", *said(("ann", "bo"), times=20)))
        operator = await signed_in(app, "kim")
        page = await operator.page("/room/1/birthday")
        for end in ("picture", "report"):
            assert f'href="/room/1/birthday/{end}"' in page, page
        assert "Birthday of Crew" in await operator.page("/room/1/birthday/picture")
        assert "Birthday of Crew" in await operator.page("/room/1/birthday/report")
        file = await operator.page("/room/1/birthday/report/preview")
        assert "Birthday of A chat of 2 people" in file
        assert "Crew" not in file
        answer = await operator.get("/room/1/birthday/picture.png")
        assert answer.status_code == 200
        print(await operator.page("/user/ann/lines"))
asyncio.run(ask())
"""


def test_another_package_adds_a_subject_and_an_output_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "packages"
    lay_out_part(packages, WEEKDAY)
    template = packages / "saywho_birthdays" / "templates" / "birthdays" / "birthdays.html"
    block = "{% block main %}{{ part_cards('subject_outputs', subject, '') }}{% endblock %}"
    template.write_text('{% extends "base.html" %}' + block)
    monkeypatch.setattr("tests.test_parts.ASKING", ASKED)
    asked = ask_site(tmp_path, packages)
    assert (asked.stdout, asked.returncode) == ("ann: 20\n", 0), asked.stderr
