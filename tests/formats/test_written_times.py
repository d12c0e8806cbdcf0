"""Times as people's files have them: zones by their names, numbers, orders of day and month."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from app.errors import RecordError
from saywho.formats.assumptions import Order, ReadNotes
from saywho.formats.records import ReadOptions, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.source.times import (
    FileTimes,
    named_zone,
    orders_of,
    read_time,
    time_or_field,
    zone_offsets,
)
from tests.formats.files import read_file_records, records_in


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Tue Mar 03 08:15:00 KST 2015", at(2015, 3, 2, 23, 15)),
        ("Tue Jul 07 08:15:00 CEST 2015", at(2015, 7, 7, 6, 15)),
        ("Tue Jul 07 08:15:00 BST 2015", at(2015, 7, 7, 7, 15)),
        ("Tue Mar 03 08:15:00 PST 2015", at(2015, 3, 3, 16, 15)),
        ("2015-03-03 08:15:00 JST", at(2015, 3, 2, 23, 15)),
        ("2015-07-07 08:15:00 Asia/Kolkata", at(2015, 7, 7, 2, 45)),
        ("2015-07-07 08:15:00 Pacific Daylight Time", at(2015, 7, 7, 15, 15)),
        ("2015-07-07 08:15 GMT+5:30", at(2015, 7, 7, 2, 45)),
        ("Tue Mar 03 2015 08:15:00 GMT+0900 (Japan Standard Time)", at(2015, 3, 2, 23, 15)),
        ("Tue, 3 Mar 2015 08:15:00 +0100", at(2015, 3, 3, 7, 15)),
        ("3 Mar 15 08:15 EST", at(2015, 3, 3, 13, 15)),
        ("Mar 3, 2015, 8:15:09 PM", at(2015, 3, 3, 20, 15, 9)),
        ("8:15 PM · Mar 3, 2015", at(2015, 3, 3, 20, 15)),
        ("Wednesday, March 4, 2015 12 AM", at(2015, 3, 4)),
        ("3. März 2015", at(2015, 3, 3)),
        ("3 août 2015 à 20:15", at(2015, 8, 3, 20, 15)),
        ("3 de julio de 2015", at(2015, 7, 3)),
        ("3 июля 2015 08:15", at(2015, 7, 3, 8, 15)),
        ("2015년 3월 3일 오전 12:15", at(2015, 3, 3, 0, 15)),
        ("2015년 3월 3일 화요일 오후 8시 15분", at(2015, 3, 3, 20, 15)),
        ("2015.03.03 20:15", at(2015, 3, 3, 20, 15)),
        ("2015. 3. 3. (화) 오후 8:15:09", at(2015, 3, 3, 20, 15, 9)),
        ("2015年3月3日 20時15分", at(2015, 3, 3, 20, 15)),
        ("2015年3月3日 下午8:15", at(2015, 3, 3, 20, 15)),
        ("20150303", at(2015, 3, 3)),
        ("201503032015", at(2015, 3, 3, 20, 15)),
        ("20150303201509", at(2015, 3, 3, 20, 15, 9)),
        ("1425413709123456", at(2015, 3, 3, 20, 15, 9)),
        ("1425413709123456789", at(2015, 3, 3, 20, 15, 9)),
        ("25/12/2015 20:15", at(2015, 12, 25, 20, 15)),
        ("12-25-2015 20:15:09", at(2015, 12, 25, 20, 15, 9)),
        ("3.12.2015", at(2015, 12, 3)),
        ("5/5/15", at(2015, 5, 5)),
        ("3/3/2558 20:15", at(2015, 3, 3, 20, 15)),
        ("2558-02-28 20:15:00", at(2015, 2, 28, 20, 15)),
        ("29 Feb 2567", at(2024, 2, 29)),
    ],
)
def test_written_times_are_read(text: str, time: datetime) -> None:
    assert read_time(text) == time


@pytest.mark.parametrize("number", [20150303, 20150303201509, 1425413709123456])
def test_numbers_that_spell_a_time_are_read(number: int) -> None:
    assert read_time(number).date() == at(2015, 3, 3).date()


@pytest.mark.parametrize(
    "text",
    [
        *("3/4/2015", "soon", "NaT", "nan", "20:15", "March", "2015", "3 March", "32/13/2015"),
        *("2015-03-03 20:15 XYZ", "3 Mar 2015 and more", "3 March April 2015", "3 1 2015 10:00"),
        *("2015-03-03 25:15", "1.2.3.4", "10:00 11:00 3 Mar 2015", "00/00/0000", "v1.2.2015 beta"),
    ],
)
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        read_time(text)
    assert time_or_field(text, "when") == (None, "when")


@given(st.datetimes(at(1990, 1, 1).replace(tzinfo=None), at(2060, 1, 1).replace(tzinfo=None)))
def test_one_time_in_many_shapes_is_one_time(time: datetime) -> None:
    time = time.replace(microsecond=0)
    shapes = (
        "%a, %d %b %Y %H:%M:%S +0000",
        "%a %b %d %H:%M:%S UTC %Y",
        "%Y년 %m월 %d일 %H:%M:%S",
        "%Y.%m.%d %H:%M:%S",
        "%B %d, %Y %I:%M:%S %p",
        "%Y/%m/%d %H:%M:%S GMT",
        "%Y%m%d%H%M%S",
        "%d.%m.%Y %H:%M:%S",
    )
    assert {read_time(time.strftime(shape)) for shape in shapes} == {time.replace(tzinfo=UTC)}


@given(st.sampled_from(sorted(zone_offsets())), st.integers(0, 23))
def test_every_named_zone_moves_the_clock(name: str, hour: int) -> None:
    east = zone_offsets()[name].utcoffset(None)
    assert named_zone(name) is not None
    expected = at(2015, 3, 3, hour, 30) - east
    assert read_time(f"2015-03-03 {hour:02}:30:00 {name}") == expected
    assert read_time(f"Tue, 03 Mar 2015 {hour:02}:30:00 {name}") == expected


def file_times(
    values: Iterable[str], order: Order | None = None
) -> tuple[list[datetime | None], ReadNotes]:
    """Return the times of a file, None for one that cannot be read, and what was noted."""
    values, notes, times = list(values), ReadNotes(), list[datetime | None]()
    reader = FileTimes(order, notes, lambda: values)
    for value in values:
        try:
            times.append(reader.read(value))
        except RecordError:
            times.append(None)
    return times, notes


@pytest.mark.parametrize("last", ["25/12/2015", "12/25/2015"])
def test_day_over_twelve_anywhere_tells_the_order(last: str) -> None:
    times, notes = file_times(["3/4/2015", *["5/6/2015"] * 500, last])
    first = at(2015, 4, 3) if last.startswith("25") else at(2015, 3, 4)
    assert times[0] == first
    assert times[-1] == at(2015, 12, 25)
    assert notes.assumptions == []


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["1/3/2015", "2/3/2015", "4/3/2015"], "day-first"),
        (["3/1/2015", "3/2/2015", "3/4/2015"], "month-first"),
        (["10/1/2015 10:00"], "month-first"),
        (["24/03/04"], "year-first"),
        (["24.03.04", "24.03.05", "24.04.05"], "year-first"),
        (["24-03-24 9:00", "25-03-24 9:00", "26-03-24 9:00"], "day-first"),
    ],
)
def test_order_without_evidence_is_assumed(values: list[str], order: Order) -> None:
    times, notes = file_times(values)
    (assumed,) = notes.assumptions
    assert (assumed.kind, assumed.value) == ("dates", order)
    assert len(assumed.alternatives) == 1
    assert times == [read_time(value, order) for value in values]


def test_two_digits_that_can_only_be_a_year_tell_the_order() -> None:
    assert file_times(["24/03/04", "99/03/31"])[0] == [at(2024, 3, 4), at(1999, 3, 31)]
    times, notes = file_times(["24/03/04", "31/03/04", "30/03/2004"])
    assert times == [at(2004, 3, 24), at(2004, 3, 31), at(2004, 3, 30)]
    assert notes.assumptions == []
    assert file_times(["24/03/04"], "day-first")[0] == [at(2004, 3, 24)]
    assert file_times(["03/04/05"], "year-first")[0] == [at(2003, 4, 5)]


@pytest.mark.parametrize("order", ["day-first", "month-first"])
def test_chosen_order_is_no_assumption(order: Order) -> None:
    (time,), notes = file_times(["3/4/2015"], order)
    assert time == (at(2015, 4, 3) if order == "day-first" else at(2015, 3, 4))
    assert notes.assumptions == []


def test_date_that_a_chosen_order_does_not_allow_is_unread() -> None:
    times, _ = file_times(["3/4/2015", "12/25/2015"], "day-first")
    assert times == [at(2015, 4, 3), None]


def test_years_of_the_thai_calendar_are_assumed() -> None:
    times, notes = file_times(["25/12/2558", "2015-12-25"])
    assert times == [at(2015, 12, 25)] * 2
    (assumed,) = notes.assumptions
    assert (assumed.kind, assumed.value) == ("year", "buddhist")


@pytest.mark.parametrize("value", ["2015-03-03", "3 Mar 2015", "3/3/2015", "x", 5, None])
def test_other_values_have_no_order(value: object) -> None:
    assert orders_of(value) >= {"day-first", "month-first"}


def test_unreadable_time_costs_the_time_and_not_the_message() -> None:
    messages = [
        {"timestamp": when, "sender": "7", "accountName": "Ida", "type": 0, "content": text}
        for when, text in (("soon", "hi"), (1704448800, "ho"))
    ]
    about = {"meta": {"name": "us", "platform": "qq", "type": "group"}, "members": []}
    chat = {"chatlab": {"version": "0.0.1"}} | about | {"messages": messages}
    with Source(BytesIO(json.dumps(chat).encode())) as source:
        records = open_records(source, options=ReadOptions(timezone="UTC"))
        times = {item.text: item.created_at for item in records.items if isinstance(item, Record)}
        assert times == {"hi": None, "ho": at(2024, 1, 5, 10)}
        assert [(unread.kind, unread.count) for unread in records.notes.unread] == [("time", 1)]


def chat_times(clock: Iterable[str], zone: str, day: str = "27.10.2024") -> list[str]:
    """Return the times in UTC of a chat's messages, one at each time of the clock."""
    lines = "".join(f"{day}, {time} - Ida: {place}\n" for place, time in enumerate(clock))
    with Source(BytesIO(lines.encode()), name="chat.txt") as source:
        records = open_records(source, options=ReadOptions(timezone=zone))
        said = [item for item in records.items if isinstance(item, Record)]
        return [f"{item.created_at:%H:%M}" for item in said]


def test_hour_that_the_clock_repeats_goes_in_the_order_of_the_file() -> None:
    clock = ["01:40", "02:50", "02:55", "02:05", "02:10", "03:10"]
    berlin = ["23:40", "00:50", "00:55", "01:05", "01:10", "02:10"]
    assert chat_times(clock, "Europe/Berlin") == berlin


def test_message_that_arrived_late_keeps_its_hour() -> None:
    clock = ["02:10", "02:11", "02:10", "02:12"]
    assert chat_times(clock, "Europe/Berlin") == ["00:10", "00:11", "00:10", "00:12"]


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin"])
def test_clock_that_goes_back_on_other_days_is_left_alone(zone: str) -> None:
    clock = ["12:50", "12:05", "13:00"]
    times = chat_times(clock, zone, "15.10.2024")
    east = timedelta(hours=9 if zone == "Asia/Seoul" else 2)
    expected = [datetime.strptime(time, "%H:%M") - east for time in clock]
    assert times == [f"{time:%H:%M}" for time in expected]


CASES = Path(__file__).with_name("cases")


def read_table(
    target: Path | bytes, order: Order | None = None
) -> tuple[dict[str, datetime | None], ReadNotes]:
    """Return the times of a table by its texts, and what was noted."""
    opened = BytesIO(target) if isinstance(target, bytes) else target
    with Source(opened) as source:
        records = open_records(source, options=ReadOptions(dates=order, username="ida"))
        times = {item.text: item.created_at for item in records.items if isinstance(item, Record)}
        return times, records.notes


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("date_day_month_year_slashes.csv", [at(2017, 1, 12, 19, 52), at(2017, 1, 31, 8, 38)]),
        ("date_month_day_year_hyphens.csv", [at(2017, 1, 20, 13, 44, 17)]),
        ("time_compact_14_digits.csv", [at(2022, 12, 1, 15, 4, 5), at(2022, 12, 2, 15, 4, 5)]),
        (
            "java_date_toString.csv",
            [
                *(at(2009, 4, 6, 13, 19, 45), at(2009, 4, 6, 13, 19, 45)),
                *(at(2009, 4, 6, 20, 19, 45), at(2009, 4, 7, 2, 19, 45)),
                at(2009, 4, 6, 21, 19, 45),
            ],
        ),
        ("twint_json_zone_by_name.json", [at(2020, 5, 10, 10), at(2020, 5, 10, 10, 30)]),
        ("작성일시(KST)|2024-01-05 10:00:00|2024-01-06", [at(2024, 1, 5, 1), at(2024, 1, 6)]),
        ("Date (EST)|1/25/2024 10:00|2024-01-05 10:00Z", [at(2024, 1, 25, 15), at(2024, 1, 5, 10)]),
        (
            "date,utc_offset|2024-01-05 10:00,+09:00|2024-01-06 22:30,-05:00|2024-01-07 10:00,x",
            [at(2024, 1, 5, 1), at(2024, 1, 7, 3, 30), at(2024, 1, 7, 10)],
        ),
        ("date,시간대|2024-01-05 10:00,Asia/Seoul|", [at(2024, 1, 5, 1)]),
        (
            "date,exact|2026-01-13 11:01,1768298460|2026-07-13 12:01,1783936860",
            [at(2026, 1, 13, 10, 1), at(2026, 7, 13, 10, 1)],
        ),
        (  # Another time each.
            "date,edited|2026-01-13 11:01,1768298460|2026-07-13 12:17,1783936860",
            [at(2026, 1, 13, 11, 1), at(2026, 7, 13, 12, 17)],
        ),
    ],
)
def test_tables_of_real_shapes(name: str, times: list[datetime]) -> None:
    heading, *rows = name.split("|")
    table = "\n".join([f"text,{heading}", *(f"fog {n},{row}" for n, row in enumerate(rows) if row)])
    read, notes = read_table(table.encode() if rows else CASES / name)
    assert list(read.values()) == times
    assert not [assumed for assumed in notes.assumptions if assumed.kind == "dates"]
    assert not [unread for unread in notes.unread if unread.kind == "time"]


def test_order_that_no_day_tells_is_assumed_and_may_be_chosen() -> None:
    name = "russian_troll_publish_date.csv"
    times, notes = read_table(CASES / name)
    (assumed,) = [assumed for assumed in notes.assumptions if assumed.kind == "dates"]
    assert (assumed.value, assumed.alternatives) == ("month-first", ("day-first",))
    assert {time.date() for time in times.values() if time} == {at(2017, 10, 1).date()}
    chosen, notes = read_table(CASES / name, "day-first")
    assert {time.date() for time in chosen.values() if time} == {at(2017, 1, 10).date()}
    assert not [assumed for assumed in notes.assumptions if assumed.kind == "dates"]


@pytest.mark.parametrize("shape", ["csv", "jsonl", "json"])
def test_last_row_of_a_long_file_tells_the_order(shape: str) -> None:
    days = [*(f"{1 + day % 12}/3/2021 10:00" for day in range(3_000)), "28/3/2021 10:00"]
    rows = [{"text": f"row {place}", "date": day} for place, day in enumerate(days)]
    lines = [json.dumps(row) for row in rows]
    data = {
        "csv": "text,date\n" + "".join(f"{row['text']},{row['date']}\n" for row in rows),
        "jsonl": "".join(f"{line}\n" for line in lines),
        "json": f"[{','.join(lines)}]",
    }[shape]
    times, notes = read_table(data.encode())
    assert times["row 1"] == at(2021, 3, 2, 10)
    assert times["row 3000"] == at(2021, 3, 28, 10)
    assert notes.assumptions == []


def test_row_with_an_unreadable_time_is_stored_without_it() -> None:
    times, notes = read_table(b"text,date\none,soon\ntwo,2021-03-02\n")
    assert times == {"one": None, "two": at(2021, 3, 2)}
    assert [(unread.kind, unread.what, unread.count) for unread in notes.unread] == [
        ("time", "date", 1)
    ]


AGES = {
    "yt-dlp": ("_time_text", "timestamp", 1_735_689_600),
    "youtube-comment-downloader": ("time", "time_parsed", 1_735_693_211.5),
    "another": ("publishedTimeText", "published_at", "2025-01-01T00:00:00Z"),
}


@pytest.mark.parametrize("program", AGES)
@pytest.mark.parametrize(
    "ages",
    [
        ("1 year ago", "2 years ago (edited)", "3 hours ago", "5 days ago"),
        ("1년 전", "3개월 전(수정됨)", "2주 전", "5시간 전"),
        ("vor 1 Jahr", "vor 2 Tagen", "vor 3 Monaten", "vor 5 Stunden"),
        ("hace 1 año", "hace 2 días", "hace 3 semanas", "hace 5 horas"),
        ("1 年前", "2 日前", "3 か月前", "5 時間前"),
    ],
)
def test_times_that_their_file_calls_estimates_are_told_and_no_times(
    program: str, ages: tuple[str, ...]
) -> None:
    said, name, time = AGES[program]
    comments = [
        {"id": f"c{n}", "author": f"@a{n}", "text": f"the fog of {n}", said: age, name: time}
        for n, age in enumerate(ages)
    ]
    data = json.dumps({"id": "v", "comments": comments}).encode()
    records, items = read_file_records(data)
    assert [record.created_at for record in records_in(items)] == [None] * 4
    (told,) = records.notes.assumptions
    assert (told.kind, told.value, told.alternatives) == ("column", "time=none", (f"time={name}",))
    assert ages[0] in str(told.evidence)
    assert records.notes.unsettled is None
    chosen = records_in(read_file_records(data, columns={name: "created_at"})[1])
    assert all(record.created_at and record.created_at.year == 2025 for record in chosen)
    # Beside a text about ages, times are times.
    words = [{**comment, said: None, "text": ages[0]} for comment in comments]
    found = records_in(read_file_records(json.dumps({"comments": words}).encode())[1])
    assert all(record.created_at for record in found)


def test_a_time_of_telegram_that_cannot_be_read_is_counted() -> None:
    message = {"id": 1, "type": "message", "from": "Mina", "from_id": "user1", "text": "hi"}
    chat = {"name": "A", "type": "personal_chat", "id": 1, "messages": [message | {"date": "soon"}]}
    stream, items = read_file_records(json.dumps(chat).encode())
    assert [item.created_at for item in items if isinstance(item, Record)] == [None]
    assert [(part.kind, part.count) for part in stream.notes.unread] == [("time", 1)]
