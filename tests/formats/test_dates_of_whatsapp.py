"""Chats of WhatsApp as phones of all languages write their dates and names."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import babel
import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from app.errors import UnrecognisedFileError
from saywho.formats.assumptions import Assumption
from saywho.formats.records import Record
from saywho.formats.source.written import clock as date_words
from saywho.formats.source.written.days import of_persia
from tests.formats import written_words as made
from tests.formats.files import read_file_records

CASES: Final = Path(__file__).with_name("cases")
TIMES: Final = [
    datetime(2024, 1, 15, 9, 5, tzinfo=UTC),
    datetime(2024, 1, 15, 21, 5, tzinfo=UTC),
    datetime(2024, 2, 3, 0, 10, tzinfo=UTC),
    datetime(2024, 2, 28, 12, 30, tzinfo=UTC),
]
WORDS: Final = ["first line here", "second, the evening", "after midnight", "at noon"]
SHAPES: Final = sorted(path.name for path in CASES.glob("wa-date-refused-*.txt"))


def read(data: bytes | Path, **options: str) -> tuple[list[Record], list[Assumption]]:
    """Return the messages, whose times are in UTC, and what was assumed."""
    stream, items = read_file_records(data, **{"timezone": "UTC"} | options)
    assert stream.format == "whatsapp"
    return [item for item in items if isinstance(item, Record)], stream.notes.assumptions


def said(messages: list[Record]) -> list[tuple[str | None, str]]:
    return [(message.display_name, message.text) for message in messages]


def times(messages: list[Record]) -> list[datetime]:
    return [when.replace(second=0) for each in messages if (when := each.created_at)]


def chat(*heads: str) -> bytes:
    """Return a chat with these heads, each with what closes it."""
    names = ("Ines", "Bo")
    return "".join(f"{head}{names[n % 2]}: words {n}\n" for n, head in enumerate(heads)).encode()


@pytest.mark.parametrize("name", [*SHAPES, "wa-th-buddhist-year-2567.txt"])
def test_dates_are_read_as_phones_write_them(name: str) -> None:
    messages, assumptions = read(CASES / name)
    assert said(messages) == list(zip(("Mina", "Jun", "Mina", "Jun"), WORDS, strict=True))
    expected = TIMES
    if "noyear" in name:
        (assumption,) = assumptions
        assert assumption.kind == "year"
        expected = [when.replace(year=int(assumption.value)) for when in TIMES]
    assert times(messages) == expected
    assert "dates" not in {assumption.kind for assumption in assumptions}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("[21:05, 1/15/2024] ", "[21:07, 1/15/2024] "),
        ("[9:05 PM, 1/15/2024] ", "[9:07 PM, 1/15/2024] "),
        ("2024-01-15 21 h 05 - ", "2024-01-15 21 h 07 - "),
        ("15/01/2024, 21:05 – ", "15/01/2024, 21:07 – "),
        ("15/01/24 9:05 em - ", "15/01/24 9:07 em - "),
        ("2024. 01. 15. du. 9:05 - ", "2024. 01. 15. du. 9:07 - "),
        ("15/1/24, 9:05 μ.μ. - ", "15/1/24, 9:07 μ.μ. - "),
        ("15-01-2024, 9:05 ਬਾ.ਦੁ. - ", "15-01-2024, 9:07 ਬਾ.ਦੁ. - "),
        ("১৫/১/২৪, ৯:০৫ PM - ", "১৫/১/২৪, ৯:০৭ PM - "),
        ("१५/१/२४, ९:०५ pm - ", "१५/१/२४, ९:०७ pm - "),
        ("๑๕/๑/๒๕๖๗ ๒๑:๐๕ - ", "๑๕/๑/๒๕๖๗ ๒๑:๐๗ - "),
        ("15/1/67 21:05 - ", "15/1/67 21:07 - "),
        ("\u200e[\u200e15/01/2024, 21:05:01] ", "[15/01/2024, 21:07:01] "),
        ("[R6/01/15 21:05:01] ", "[R6/01/15 21:07:01] "),
        ("2024年1月15日 下午9:05 - ", "2024年1月15日 下午9:07 - "),
        ("15 de enero de 2024, 21:05 - ", "15 de enero de 2024, 21:07 - "),
        ("15 янв. 2024, 21:05 - ", "15 янв. 2024, 21:07 - "),
        ("Jan 15, 2024, 9:05 PM - ", "Jan 15, 2024, 9:07 PM - "),
        ("۱۴۰۲/۱۰/۲۵،‏ ۲۱:۰۵ - ", "۱۴۰۲/۱۰/۲۵،‏ ۲۱:۰۷ - "),
    ],
)
def test_dates_are_composed_of_what_languages_have(first: str, second: str) -> None:
    messages, _ = read(chat(first, second))
    assert times(messages) == [
        datetime(2024, 1, 15, 21, 5, tzinfo=UTC),
        datetime(2024, 1, 15, 21, 7, tzinfo=UTC),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(made.LANGUAGES)),
    st.sampled_from(["d/M/y", "d.M.y", "y-M-d", "d-M-y"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 23),
    st.integers(13, 28),
    st.integers(1, 12),
)
def test_a_clock_of_twelve_is_read_in_every_language(
    language: str, form: str, is_before: bool, is_iphone: bool, hour: int, day: int, month: int
) -> None:
    for word in {
        half: [
            word
            for word, hours in date_words.all_words().languages[language].hours.items()
            if hours == tuple(range(12 * half, 12 * half + 12))
        ]
        for half in (0, 1)
    }[hour // 12]:
        numbers = form.replace("y", "2024").replace("M", str(month)).replace("d", str(day))
        clock = f"{(hour - 1) % 12 + 1}:07"
        time = f"{word} {clock}" if is_before else f"{clock} {word}"
        head = f"[{numbers}, {time}] " if is_iphone else f"{numbers}, {time} - "
        if halves_agree(word):
            messages, _ = read(chat(head, head))
            assert times(messages) == [datetime(2024, month, day, hour, 7, tzinfo=UTC)] * 2


def halves_agree(word: str) -> bool:
    """Return whether a word means one half of the day in all languages that have it."""
    if word in date_words.all_words().between:
        return False
    return len({language.hours[word] for language in date_words.knowing([word], ())}) == 1


def test_parts_of_the_day_say_which_half_is_meant() -> None:
    heads = ("2024/1/15 凌晨12:10 - ", "2024/1/15 中午12:10 - ", "2024/1/15 晚上8:10 - ")
    assert [when.hour for when in times(read(chat(*heads))[0])] == [0, 12, 20]


@pytest.mark.parametrize("language", ["ko", "zh", "ar", "lo"])
def test_what_is_kept_of_words_is_what_babel_has(language: str) -> None:
    words = msgspec.json.decode(date_words.FILE.read_bytes(), type=date_words.DateWords)
    if words.source.startswith(f"Unicode CLDR, as Babel {babel.__version__} "):
        kept = words.languages[language]
        assert made.of_language(language) == {
            "hours": {word: list(hours) for word, hours in kept.hours.items()},
            "months": kept.months,
            "weekdays": kept.weekdays,
        }


@pytest.mark.parametrize(
    ("days", "value"),
    [
        (["04/03/2024"], "day-first"),
        (["4/3/24"], "month-first"),
        (["4/3/24", "5/3/24", "6/3/24"], "day-first"),
        (["3/4/24", "3/5/24", "3/6/24"], "month-first"),
    ],
)
def test_an_open_order_of_day_and_month_is_told_and_can_be_chosen(
    days: list[str], value: str
) -> None:
    data = chat(*(f"{day}, 9:05 PM - " for day in [*days, days[-1]]))
    messages, assumptions = read(data)
    (assumption,) = assumptions
    other = {"day-first": "month-first", "month-first": "day-first"}[value]
    assert (assumption.kind, assumption.value) == ("dates", value)
    assert assumption.alternatives == (other,)
    assert str(len(days)) in assumption.evidence
    same, none = read(data, dates=value)
    assert (times(same), none) == (times(messages), [])
    chosen, none = read(data, dates=other)
    swapped = [when.replace(month=when.day, day=when.month) for when in times(messages)]
    assert (times(chosen), none) == (swapped, [])


@pytest.mark.parametrize(
    ("day", "first"),
    [("24/03/04", "2024-03-04"), ("14/05/24", "2024-05-14"), ("24/3/4", "2024-03-04")],
)
def test_years_of_two_digits_are_those_since_there_is_whatsapp(day: str, first: str) -> None:
    (message, _), assumptions = read(chat(*[f"{day}, 9:05 PM - "] * 2))
    assert f"{times([message])[0]:%Y-%m-%d}" == first
    assert [each.alternatives for each in assumptions] == [("year-first",)] * (day == "14/05/24")
    chosen, none = read(chat(*[f"{day}, 9:05 PM - "] * 2), dates="year-first")
    assert (times(chosen)[0].year, none) == (2014 if day == "14/05/24" else 2024, [])


@pytest.mark.parametrize("days", [["13/4/24", "14/4/24"], ["4.3.24"], ["1/2/24", "2/1/24"]])
def test_an_order_that_the_file_tells_is_no_assumption(days: list[str]) -> None:
    data = chat(*(f"{day}, 9:05 PM - " for day in [*days, days[-1]]))
    messages, assumptions = read(data)
    assert assumptions == []
    assert times(read(data, dates="month-first")[0]) == times(messages) or days == ["1/2/24"]


@pytest.mark.parametrize("order", ["%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d", "%Y{0}%m{0}%d"])
@pytest.mark.parametrize("cut", "./-")
@pytest.mark.parametrize("clock", ["%H:%M", "%I:%M %p", "%H:%M:%S", "%I:%M:%S %p"])
@pytest.mark.parametrize("head", ["{}, {} - ", "[{} {}] ", "[{}, {}] ", "{} {}: "])
def test_orders_of_numbers_are_told_over_some_weeks(
    order: str, cut: str, clock: str, head: str
) -> None:
    if head.endswith(": ") and cut == "-":
        return  # So logs are written.
    form = head.format(order.format(cut), clock)
    days = [datetime(2023, 12, 20, 21, 5, tzinfo=UTC) + timedelta(days=3 * n) for n in range(20)]
    messages, assumptions = read(chat(*(day.strftime(form) for day in days)))
    assert (times(messages), assumptions) == (days, [])


def test_dates_without_years_go_over_the_new_year() -> None:
    messages, (assumption,) = read(
        chat("9:05PM, Dec 30 - ", "9:05PM, Dec 31 - ", "9:05AM, Jan 1 - ", "9:05AM, Jan 2 - ")
    )
    year = int(assumption.value)
    assert [when.year for when in times(messages)] == [year - 1, year - 1, year, year]
    assert times(messages)[-1] < datetime.now(UTC)
    assert times(messages)[-1] > datetime.now(UTC) - timedelta(days=367)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("15/01/2024 9:05 blorp - ", "its dates contain unknown words: blorp"),
        ("٥‏/٧‏/١٤٤٥ هـ، ٩:٠٥ م - ", "its dates contain unknown words"),
        ("1445/7/5, 21:05 - ", "years such as 1445"),
    ],
)
def test_a_chat_whose_dates_are_not_known_is_refused_with_the_reason(
    head: str, reason: str
) -> None:
    with pytest.raises(UnrecognisedFileError, match=f"looks like a WhatsApp chat, but .*{reason}"):
        read_file_records(chat(head, head))


@given(st.dates(date(1990, 3, 21), date(2060, 12, 31)))
def test_days_of_iran_are_each_one_day(day: date) -> None:
    year = day.year - 621 - (day < date(day.year, 3, 20))
    days = [
        of_persia(some_year, month, number)
        for some_year in (year - 1, year)
        for month in range(1, 13)
        for number in range(1, 32)
    ]
    assert days.count(day) == 1 or (days.count(day) == 2 and day.month == 3)


@pytest.mark.parametrize(
    ("day", "expected"), [((1402, 10, 25), date(2024, 1, 15)), ((1403, 12, 30), date(2025, 3, 20))]
)
def test_days_of_iran(day: tuple[int, int, int], expected: date) -> None:
    assert of_persia(*day) == expected
    assert of_persia(1402, 8, 31) is None


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("wa-group-name-*.txt")))
def test_a_group_whose_name_has_a_colon_makes_nobody_up(name: str) -> None:
    messages, assumptions = read(CASES / name)
    assert said(messages) == [("Mina", "one"), ("Jun", "two")]
    assert {assumption.kind for assumption in assumptions} <= {"app_lines"}


@pytest.mark.parametrize(
    "line",
    [
        "Ines cambió el nombre del grupo de “Viaje: mayo” a “Viaje: junio”",
        "Ines ha cambiato il nome del gruppo da «Gita: maggio» a «Gita: giugno»",
        "Inesさんがグループ名を「旅行: 5月」から「旅行: 6月」に変更しました",
        'Ines mengubah nama grup dari "Wisata: Mei" menjadi "Wisata: Juni"',
        "Ines, grubun adını “Gezi: Mayıs” yerine “Gezi: Haziran” olarak değiştirdi",
        "Ines изменил(а) название группы с «Поход: май» на «Поход: июнь»",
        "Ines将群组名称从“旅行: 五月”更改为“旅行: 六月”",
        "Ines heeft de groepsnaam gewijzigd naar Reis: mei",
    ],
)
def test_lines_of_the_app_with_a_colon_are_nobodys(line: str) -> None:
    head = "15.01.2024, 21:05 - "
    written = ["Ines: one", line, "Bo: two", "Ines: three"]
    messages, assumptions = read("".join(f"{head}{rest}\n" for rest in written).encode())
    assert said(messages) == [("Ines", "one"), ("Bo", "two"), ("Ines", "three")]
    # A line that the table has is no assumption.
    assert {(each.kind, each.value) for each in assumptions} <= {("app_lines", "1")}


def test_a_name_with_a_colon_is_learned_from_all_its_lines() -> None:
    messages, (assumption,) = read(CASES / "wa-contact-name-with-colon.txt")
    assert [name for name, _ in said(messages)] == ["Dr: Mina", "Jun", "Dr: Mina", "Dr: Mina"]
    assert (assumption.kind, assumption.value) == ("person", "Dr: Mina")


def test_a_colon_in_some_messages_is_no_part_of_a_name() -> None:
    head = "15.01.2024, 21:05 - "
    written = ["Ines: Note: buy rope", "Ines: Note: and a lamp", "Ines: done", "Bo: so: yes"]
    messages, assumptions = read("".join(f"{head}{rest}\n" for rest in written).encode())
    assert {name for name, _ in said(messages)} == {"Ines", "Bo"}
    assert messages[0].text == "Note: buy rope"
    assert assumptions == []


def test_a_name_ends_at_its_colon_without_a_blank_too() -> None:
    messages, _ = read(CASES / "wa-ios-no-blank-after-colon-half-lost.txt")
    assert said(messages) == list(zip(("Mina", "Jun", "Mina", "Jun"), WORDS, strict=True))


def test_names_without_a_blank_are_told_where_nothing_else_has_them() -> None:
    head = "[15/01/2024, 21:05:01] "
    written = [
        "Ines:one",
        "Bo Kim:https://a.example",
        "Ines:at 10:30",
        "Bo Kim:two: three",
        "Ines:x",
    ]
    messages, assumptions = read("".join(f"{head}{rest}\n" for rest in written).encode())
    assert said(messages) == [tuple(rest.split(":", 1)) for rest in written]
    assert [(each.kind, each.value) for each in assumptions] == [
        ("person", "Bo Kim"),
        ("person", "Ines"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Jan 15 09:05:01 host kernel: device: ready",
        "2024-01-15 09:05:01: INFO: started",
        "15/01/2024,09:05,Mina: hello",
    ],
)
def test_a_log_is_no_chat(line: str) -> None:
    with pytest.raises(UnrecognisedFileError) as caught:
        read_file_records(f"{line}\n{line}\n".encode())
    assert "WhatsApp" not in str(caught.value)


def test_the_mark_before_words_is_the_apps_on_iphones_alone() -> None:
    messages, _ = read(CASES / "wa-android-words-after-lrm-mark-lost.txt")
    assert [message.text for message in messages] == [
        *("one", "+82 10 0000 0000 is my number", "ok lets go", "two")
    ]
    iphone = "[15/01/2024, 21:05:01] Ines: hi\n[15/01/2024, 21:05:02] Ines: \u200ea note\n"
    assert said(read(iphone.encode())[0]) == [("Ines", "hi")]


def test_control_characters_of_telegram_are_read() -> None:
    stream, items = read_file_records(CASES / "tg-control-character-message-rejected.json")
    texts = [item.text for item in items if isinstance(item, Record)]
    assert (stream.format, texts) == ("telegram", ["one \x0c two", "three", "four"])
    data = (CASES / "tg-control-character-message-rejected.json").read_bytes()
    data = data.replace(b"Tea table", rb"Tea\x07 ta\\x07ble").replace(b'"Jun"', rb'"J\x1fun"')
    records = [item for item in read_file_records(data)[1] if isinstance(item, Record)]
    assert {each.room and each.room.name for each in records} == {r"Tea ta\x07ble"}
    assert [each.username for each in records] == ["Mina", "Jun", "Mina"]


def test_messages_of_telegram_without_authors_are_refused_with_the_reason() -> None:
    with pytest.raises(UnrecognisedFileError, match="does not say who wrote"):
        read_file_records(CASES / "tg-tdl-all-taken-for-deleted.json")
    data = (CASES / "tg-tdl-all-taken-for-deleted.json").read_bytes()
    deleted = data.replace(b'"text"', b'"from": null, "text"')
    assert [type(item).__name__ for item in read_file_records(deleted)[1]] == ["Skipped"] * 2


def test_files_alone_are_no_part_of_a_name() -> None:
    lines = [
        f"[16/01/2024, 21:0{place}:00] Jun: \u200e<attached: {name}>"
        for place, name in enumerate(("p.heic", "q.avif", "r.wav"))
    ]
    lines.append("[16/01/2024, 21:09:00] Mina: lovely")
    messages, assumed = read("\r\n".join([*lines, ""]).encode())
    assert said(messages) == [("Mina", "lovely")]
    assert [part.kind for part in assumed if part.kind == "person"] == []
