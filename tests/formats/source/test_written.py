"""Dates in words are read in one place: a word of any language in every app and in tables."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Final, Literal

import pytest

from saywho.formats.records import Record
from saywho.formats.source.written import clock
from tests.formats.files import read_file_records

NUMBERS: Final = count()  # In tables, rows of one author, text and second are one.
NOON: Final = datetime(2024, 1, 15, 12, 7, tzinfo=UTC)
HEADS: Final = {
    "line": "2024/01/15(月)\n",
    "kakaotalk windows": "A 님과 카카오톡 대화\n---------- 2024년 1월 15일 월요일 ----------\n",
    "kakaotalk phone": "A 님과 카카오톡 대화\n",
    "csv": "username,text,created_at\n",
}
CLOCKS: Final[dict[str, Callable[[str], str]]] = {
    "whatsapp": lambda time: f"15/01/2024, {time} - Mina: hi\n",
    "line": lambda time: f"{time}\tMina\thi\n",
    "kakaotalk windows": lambda time: f"[Mina] [{time}] hi\n",
    "kakaotalk phone": lambda time: f"2024년 1월 15일 {time}, Mina : hi\n",
    "imessage": lambda time: f"Jan 15, 2024  {time.replace('07', '07:00')}\nMina\nhi\n\n",
    "csv": lambda time: f'mina,hi {next(NUMBERS)},"2024-01-15 {time}"\n',
    "jsonl": lambda time: (
        f'{{"username": "mina", "text": "hi {next(NUMBERS)}", "created_at": "15.1.2024 {time}"}}\n'
    ),
}


def times(data: str, **options: str) -> list[datetime | None]:
    _, items = read_file_records(data.encode(), **{"timezone": "UTC"} | options)
    return [item.created_at for item in items if isinstance(item, Record)]


def added(kind: Literal["month", "hours"]) -> list[tuple[str, int]]:
    """Return the words that CLDR lacks, as they are written, with their months or first hours."""
    found = []
    for line in clock.ADDED.read_text("utf-8").splitlines():
        match = clock.ADDED_LINE.fullmatch(line)
        if match and kind == (match["kind"] or (match["hours"] and "hours")):
            meant = int(match["number"] or match["hours"].partition("-")[0])
            found += [(word.strip(), meant) for word in match["words"].split(",")]
    return found


def words_of_afternoons() -> list[str]:
    """Return a word of each language for the later half of the day."""
    found = []
    for language in clock.all_words().languages.values():
        for word, hours in language.hours.items():
            if hours == tuple(range(12, 24)) and clock.is_certain(word, 3, "") and len(word) > 1:
                found.append(word)
                break
    words = {*found} - clock.all_words().between - clock.of_months()
    return [*sorted(words), *(word for word, hour in added("hours") if 12 <= hour <= 17)]


@pytest.mark.parametrize(
    ("app", "form"),
    [(app, "3:07 {}") for app in CLOCKS]
    + [(app, "{} 3:07") for app in CLOCKS if app != "imessage"],
)
def test_the_word_for_afternoon_of_every_language_is_read_in_every_app(app: str, form: str) -> None:
    words = [*words_of_afternoons(), "오후", "下午", "p.m."]
    lines = "".join(CLOCKS[app](form.format(word)) for word in words)
    hours = [time and (time.hour, time.minute) for time in times(HEADS.get(app, "") + lines)]
    assert hours == [(15, 7)] * len(words), dict(zip(words, hours, strict=False))


DATES: Final[dict[str, Callable[[str], str]]] = {
    "whatsapp": lambda day: f"{day}, 12:07 - Mina: hi\n",
    "csv": lambda day: f'mina,hi {next(NUMBERS)},"{day} 12:07"\n',
}


def written_months() -> dict[str, list[tuple[str, int]]]:
    """Return the longest word of each language for each month, and all that CLDR lacks."""
    months = {
        name: [
            (max((word for word, month in own.months.items() if month == number), key=len), number)
            for number in sorted({*own.months.values()})
        ]
        for name, own in clock.all_words().languages.items()
    }
    return {"added": added("month")} | {name: own for name, own in months.items() if own}


@pytest.mark.parametrize("app", DATES)
def test_the_months_of_every_language_are_read_in_chats_and_tables(app: str) -> None:
    read = {}
    for name, months in written_months().items():
        lines = "".join(DATES[app](f"15 {word} 2024") for word, _ in months * 2)
        found = [time and (time.month, time.day) for time in times(HEADS.get(app, "") + lines)]
        if found != [(month, 15) for _, month in months] * 2:
            read[name] = found
    assert read == {}


DAYS: Final = [
    "15 ม.ค. 2567",
    "วันจันทร์ที่ 15 มกราคม พ.ศ. 2567",
    "15/1/2567",
    "2567-01-15",
    "令和6年1月15日(月)",
    "R6/01/15",
    "平成36年1月15日",
    "民國113年1月15日",
    "15 tháng 1, 2024",
    "ngày 15 tháng giêng năm 2024",
    "15 thg 1 2024",
    "1402/10/25",
    "2024년 1월 15일 (월)",
    "lundi 15 janvier 2024",
    "15 de enero de 2024",
]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time", ["12:07", "12:07 PM", "오후 12:07", "12:07:00"])
def test_a_date_of_any_calendar_is_read_in_a_table(day: str, time: str) -> None:
    assert times(f'username,text,created_at\nmina,hi,"{day} {time}"\n') == [NOON]


@pytest.mark.parametrize("day", ["15 ม.ค. 2567", "15/1/2567", "R6/01/15", "15 tháng 1, 2024"])
def test_a_date_of_a_table_is_read_in_a_chat(day: str) -> None:
    assert times(f"{day}, 12:07 - Mina: hi\n{day}, 12:07 - Jun: ho\n") == [NOON, NOON]


@pytest.mark.parametrize(
    ("day", "calendar"), [("15/1/2567", "buddhist"), ("1402/10/25", "persian"), ("R6/1/15", None)]
)
@pytest.mark.parametrize("form", ["{} 12:07 - Mina: hi\n", "csv"])
def test_a_calendar_that_no_word_names_is_an_assumption(
    day: str, calendar: str | None, form: str
) -> None:
    table = f"username,text,created_at\nmina,hi,{day} 12:07\n"
    data = table if form == "csv" else form.format(day) * 2
    notes = read_file_records(data.encode(), timezone="UTC")[0].notes
    years = [part.value for part in notes.assumptions if part.kind == "year"]
    assert years == [calendar] * (calendar is not None)


@pytest.mark.parametrize("value", ["1376255613", "1445/7/5 10:00", "113/1/15", "2556 posts"])
def test_digits_and_years_of_the_moon_are_no_other_calendar(value: str) -> None:
    data = f"username,text,created_at\nmina,hi,{value}\njun,ho,2024-01-15 12:07\n"
    stream, items = read_file_records(data.encode())
    assert [item.created_at for item in items if isinstance(item, Record)][-1] == NOON
    assert "year" not in {part.kind for part in stream.notes.assumptions}


@pytest.mark.parametrize("form", ["{} 2024, 12:07 - Mina: hi\n", "csv"])
def test_words_of_several_languages_are_one_languages_or_an_assumption(form: str) -> None:
    def read(*days: str) -> tuple[list[datetime | None], list[str]]:
        table = "".join(f"mina,hi,{day} 2024 12:07\n" for day in days)
        chat = "".join(form.format(day) for day in days)
        data = f"username,text,created_at\n{table}" if form == "csv" else chat
        stream, items = read_file_records(data.encode(), timezone="UTC")
        notes = [part.value for part in stream.notes.assumptions if part.kind == "language"]
        return [item.created_at for item in items if isinstance(item, Record)], notes

    found, notes = read("15 listopada", "16 listopada")
    assert ([time and time.month for time in found], notes) == ([11, 11], ["pl"])
    found, notes = read("15 listopada", "16 prosinca")
    assert ([time and time.month for time in found], notes) == ([10, 12], [])


@pytest.mark.parametrize(
    ("days", "month"), [(["Mon 4/3/2023", "Tue 5/3/2022"], 4), (["Sat 4/3/2023"], 3)]
)
def test_weekdays_tell_the_order_of_a_table(days: list[str], month: int) -> None:
    rows = "".join(f"mina,hi,{day} 10:00\n" for day in days)
    stream, items = read_file_records(f"username,text,created_at\n{rows}".encode())
    found = [item.created_at for item in items if isinstance(item, Record)]
    assert found[0] is not None
    assert found[0].month == month
    assert stream.notes.assumptions == []


@pytest.mark.parametrize("is_falling", [False, True])
def test_many_dates_that_rise_or_fall_tell_the_order_of_a_table(is_falling: bool) -> None:
    days = [f"{month}/{day}/2021 10:00" for month, day in zip(range(1, 9), "53917284", strict=True)]
    rows = "".join(f"mina,hi {day},{day}\n" for day in (days[::-1] if is_falling else days))
    stream, items = read_file_records(f"username,text,created_at\n{rows}".encode())
    assert [
        item.created_at and item.created_at.month for item in items if isinstance(item, Record)
    ] == sorted(range(1, 9), reverse=is_falling)
    assert stream.notes.assumptions == []
