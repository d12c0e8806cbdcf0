"""Rooms of LINE: days, times, quotes, notes and names that its apps write in many ways."""

from datetime import UTC, datetime
from functools import partial

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.records import FileRoom, Record
from tests.archives import zip_bytes
from tests.formats import chat_variants
from tests.formats.files import fields_in, read_file_records, records_in
from tests.growth import FACTOR, MOST_GROWTH, growth

HEADING = "[LINE] Lantern Clubのトーク履歴\n保存日時：2026/02/03 21:14\n\n"


def said(text: str) -> list[tuple[str | None, str]]:
    return fields_in("username text", text.encode(), timezone="UTC")


def times(text: str) -> list[datetime | None]:
    return fields_in("created_at", text.encode(), timezone="UTC")


def day(*messages: str) -> str:
    """Return a room in which these messages were written on one day."""
    return HEADING + "\n".join(["2026/01/30(金)", *messages, ""])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"駅に着いた\n""東口""で待つね"', '駅に着いた\n"東口"で待つね'),
        ('"one line', '"one line'),
        ('"one line"', '"one line"'),
        ('"said" he\nand "she"', '"said" he\nand "she"'),
        ("\nbelow", "below"),
        ("a\tb\tc", "a\tb\tc"),
        (
            "we meet\n2026/1/31\nor 2026/1/31(土) at ten",
            "we meet\n2026/1/31\nor 2026/1/31(土) at ten",
        ),
        ("12:30 lunch\n13:00 tea", "12:30 lunch\n13:00 tea"),
        ("(emoji) see you", "see you"),
        ("see you (emoji)(emoji)", "see you"),
        ("see (emoji) you\n(emoji) at ten", "see you\n at ten"),
        *((t, t) for t in ("[写真] what is that?", "[x] done", "[1] File", "[Files] a.pdf")),
        *((t, t) for t in ("ok: photo", "Photo", "[Photo] what is that?")),
    ],
)
def test_texts_are_read_as_they_were_written(written: str, text: str) -> None:
    assert said(day(f"9:05\tMori\t{written}", "9:06\tAki\tend")) == [("Mori", text), ("Aki", "end")]


@pytest.mark.parametrize(
    "note",
    [
        *("[Photo]", "[スタンプ]", "[동영상]", "[アルバム] 夏\n3枚", "☎ 通話時間 0:31"),
        *("☎ chat.message.groupcall.started.long", "(emoji)(emoji)", "[語音訊息]"),
        "Message unsent.",
        "[null] https://maps.google.com/maps?q=1,2",
        *(
            "Moriがノートに投稿しました。",
            "ノートに投稿しました。",
            "通話に応答がありませんでした。",
        ),
        *("[位置情報] 港町1-1", "[ファイル] 潮見表.pdf", "[投票] いつ行くか", "[イベント] 舟の日"),
        *("[File] tide table.pdf", "[Location] 1 Pier Road", "[位置訊息] 港口路1號"),
        *("[위치] 바닷가 1-1", "[相簿] 夏天", "[รูปภาพ]", "[ไฟล์] plan.pdf", "[Lokasi] Jalan 1"),
        *("[파일] 물때.pdf", "[投票終了] いつ行くか", "ⓘ このメッセージは表示できません。"),
        "Mori unsent a message.",
    ],
)
def test_what_the_app_wrote_is_nobodys_text(note: str) -> None:
    data = day(
        f"9:05\tMori\t{note}", "9:06\t\tAkiが参加しました", "9:07\tAki joined", "9:08\tAki\tend"
    )
    assert said(data) == [("Aki", "end")]


@pytest.mark.parametrize(
    ("time", "hour", "minute"),
    [
        *[("9:05", 9, 5), ("24:53", 0, 53), ("午前12:03", 0, 3), ("午後 9:05", 21, 5)],
        *[("上午10:00", 10, 0), ("下午3:18", 15, 18), ("오후 12:30", 12, 30), ("9:30 PM", 21, 30)],
        *[("02:05pm", 14, 5), ("12:05am", 0, 5), ("凌晨12:30", 0, 30), ("凌晨3:05", 3, 5)],
        *[("早上8:00", 8, 0), ("中午12:05", 12, 5), ("中午1:05", 13, 5), ("晚上9:15", 21, 15)],
    ],
)
def test_times_are_of_twelve_hours_or_of_24(time: str, hour: int, minute: int) -> None:
    assert times(day(f"{time}\tMori\thi")) == [datetime(2026, 1, 30, hour, minute, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *[("2026/01/06(火)", (2026, 1, 6)), ("2026/1/6（週二）", (2026, 1, 6))],
        *[("2026/1/6周二", (2026, 1, 6)), ("2026/1/6(Tue)", (2026, 1, 6))],
        *[("2026.01.06 Tuesday", (2026, 1, 6)), ("2026.01.06 화요일", (2026, 1, 6))],
        *[("R8/01/06(火)", (2026, 1, 6)), ("2026. 1. 6. 화요일", (2026, 1, 6))],
        *[("Tue, 1/6/2026", (2026, 1, 6)), ("Tue, 06/01/2026", (2026, 1, 6))],
        ("Mon, 1/6/2026", (2026, 6, 1)),
        *[("Sel, 06/01/2026", (2026, 1, 6)), ("2569/01/06(อ.)", (2026, 1, 6))],
        *[("2026.01.06 Selasa", (2026, 1, 6)), ("2026.01.06 วันอังคาร", (2026, 1, 6))],
        ("อ., 06/01/2569", (2026, 1, 6)),
    ],
)
def test_days_are_read_in_every_form(line: str, expected: tuple[int, int, int]) -> None:
    assert times(f"{line}\n9:05\tMori\thi\n") == [datetime(*expected, 9, 5, tzinfo=UTC)]


def test_a_day_of_another_weekday_follows_the_others() -> None:
    data = "Tue, 06/01/2026\n9:05\tMori\thi\n\nMon, 07/01/2026\n9:05\tMori\tho\n"
    found = times(f"{data}\nThu, 08/01/2026\n9:05\tA\tb\n")
    assert [time and time.day for time in found] == [6, 7, 8]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        *[("[LINE] Chat history with Kon", "Kon"), ("[LINE] Chat history in Tea & Co", "Tea & Co")],
        *[("[LINE] Konとのトーク履歴", "Kon"), ("[LINE] 夏の会のトーク履歴", "夏の会")],
        *[("[LINE] 與Kon的聊天記錄", "Kon"), ("[LINE] Kon的聊天记录", "Kon")],
        *[("[LINE] ประวัติการแชทกับ Kon", "Kon"), ("[LINE] Riwayat chat dengan Kon", "Kon")],
        *[("[LINE] 하늘님과의 대화", "하늘"), ("\ufeff[LINE] Chat with Kon", "Kon")],
    ],
)
def test_the_heading_names_the_room(heading: str, title: str) -> None:
    data = f"{heading}\nSaved on: 1/31/2026, 9:14\n\nFri, 1/30/2026\n9:05AM\tMori\thi\n"
    assert names_of(data.encode()) == [title]


def test_the_file_names_a_room_without_a_heading() -> None:
    data = b"2026/01/30(Fri)\n9:05\tMori\thi\n"
    members = {"[LINE] Lantern Club.txt": data, "[LINE]Konとのトーク.txt": data}
    assert sorted(names_of(zip_bytes(members))) == ["Kon", "Lantern Club"]


def names_of(data: bytes) -> list[str]:
    items = read_file_records(data)[1]
    rooms = (item.room for item in records_in(items))
    assert all(isinstance(room, FileRoom) and room.platform == "line" for room in rooms)
    return [item.room.name for item in items if isinstance(item, Record) and item.room]


@pytest.mark.parametrize("first", ["line ja", "kakaotalk windows ko"])
def test_a_zip_holds_rooms_of_several_apps(first: str) -> None:
    rooms = {
        f"{number}.txt": chat_variants.VARIANTS[variant](chat_variants.room_of(variant, 1))
        for number, variant in enumerate(["whatsapp android", "line en us", first])
    }
    records, items = read_file_records(zip_bytes(rooms))
    assert records.format == first.split()[0]
    expected = [item for data in rooms.values() for item in read_file_records(data)[1]]
    assert [getattr(item, "text", None) for item in items] == [
        getattr(item, "text", None) for item in expected
    ]


def test_a_chat_that_somebody_pasted_begins_no_message() -> None:
    pasted = '"look:\n2018/01/05(金)\n21:00\tYuki\tsaid ""hi""\n21:01\tYuki\tbye"'
    data = day(f"9:05\tMori\t{pasted}", "9:06\tAki\tend")
    text = 'look:\n2018/01/05(金)\n21:00\tYuki\tsaid "hi"\n21:01\tYuki\tbye'
    assert said(data) == [("Mori", text), ("Aki", "end")]
    assert {time and time.day for time in times(data)} == {30}


@pytest.mark.parametrize(
    "texts",
    [
        ['"hello', "a", 'he said "no"', "b"],
        ['"hello', "a", '"yes"', '"'],
        ['"', '"', '"multi\nline"', "end"],
        ['"hello', '"two\nlines"', "end"],
    ],
)
def test_a_quote_that_is_not_closed_swallows_no_message(texts: list[str]) -> None:
    assert len(said(day(*(f"9:0{n}\tMori\t{text}" for n, text in enumerate(texts))))) == len(texts)


def test_four_blanks_are_a_tab() -> None:
    data = chat_variants.VARIANTS["line ja"](chat_variants.room_of("line ja", 1))
    assert said(data.replace(b"\t", b"    ").decode()) == said(data.decode()) != []
    assert said("2026.01.30 Friday\n09:05    Anna Kim    a    b\n") == [("Anna_Kim", "a    b")]


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["Moriが終えた。", "Akiが終えた。", "Akiも行く。"], 1),
        *((["Moriが終えた。"] * 2, 2), (["Moriが終えた", "Akiが終えた"], 2)),
        *((["[Ffoto]"] * 3, 0), (["[Llun symudol]"] * 3, 0), (["[Ffoto]"] * 2, 2)),
    ],
)
def test_notes_of_several_people_are_an_assumption(texts: list[str], count: int) -> None:
    people = ("Mori", "Aki", "Kon")
    names = (text[: text.find("が")] if "が" in text else "Aki" for text in texts)
    lines = [
        f"9:05\t{person if text[0] == '[' else name}\t{text}"
        for person, name, text in zip(people, names, texts, strict=False)
    ]
    data = day(*lines, "9:06\tMori\tend")
    assert len(said(data)) == count + 1
    assert read_file_records(data.encode(), timezone="UTC")[0].notes.app_lines == len(texts) - count


def test_a_line_without_a_name_that_no_table_has_is_an_assumption() -> None:
    data = day("9:05\tMori\thi", "9:06\t\tYmunodd Aki", "9:07\t\tAkiが参加しました")
    assert read_file_records(data.encode())[0].notes.app_lines == 1


@pytest.mark.parametrize(
    "data",
    [
        "2024.01.05 Friday\n9:00 breakfast\n12:30 lunch\n18:00 dinner\n",
        "2024.01.05 Friday\n9:00 I got up\n12:30 I had lunch\n18:00 I went home\n",
        "9:05\tMori\thi\n9:06\tAki\tho\n",
        "[LINE] is an app\nand this is prose\n",
        "2024.01.05 금요일\n10:00 밥 먹음\n11:00 산책 갔다\n2024.01.06 토요일\n09:00 늦게 일어남\n",
        "2024.01.05 Friday\n" + "".join(f"09:{n} {'AM'[n % 2]}i hello\n" for n in range(10, 50)),
    ],
)
def test_diaries_tables_and_prose_are_no_rooms(data: str) -> None:
    with pytest.raises(UnrecognisedFileError):
        said(data)


def test_a_long_file_of_odd_lines_takes_no_longer_than_others() -> None:
    def work(count: int) -> None:
        texts = ("hi", " " * count, '"' * count, "(emoji) " * count, "[null] " * count + "x")
        lines = [f"9:05\tMori\t{text}" for text in texts]
        assert len(said(day(*lines, "9:05\t" * count, f"9:05\t{'a' * count}"))) >= 3

    assert growth(partial(work, 100_000 // FACTOR), partial(work, 100_000)) < MOST_GROWTH


def written(text: str, form: str = "line") -> list[str]:
    """Return the lines of a chat as it was read: day, time, name and words."""
    records, items = read_file_records(text.encode(), timezone="UTC")
    assert (records.format, records.is_chat) == (form, True)
    return [f"{m.created_at:%d %H:%M} {m.display_name}: {m.text}" for m in records_in(items)]


def test_export_of_a_computer_in_japanese_has_single_blanks() -> None:
    text = """2025.12.30 火曜日
23:43 ミナ おはよう
23:44 ジュン 霧だね
二行目
9:00 集合 です
23:45 ミナ スタンプ
23:46 ミナがメッセージの送信を取り消しました

2025.12.31 水曜日
00:10 田中 太郎 寝る
00:11 田中 太郎 まだ 起きてる
00:12 田中 太郎 おやすみ
00:13 ジュン おやすみ なさい
"""
    assert "|".join(written(text)) == (
        "30 23:43 ミナ: おはよう|30 23:44 ジュン: 霧だね\n二行目\n9:00 集合 です"
        "|30 23:45 ミナ: スタンプ|31 00:10 田中 太郎: 寝る|31 00:11 田中 太郎: まだ 起きてる"
        "|31 00:12 田中 太郎: おやすみ|31 00:13 ジュン: おやすみ なさい"
    )
    notes = read_file_records(text.encode())[0].notes
    assert [part.value for part in notes.assumptions if part.kind == "person"] == ["田中 太郎"]


@pytest.mark.parametrize(
    "days", [("星期五", "星期六"), ("週五", "週六"), ("금요일", "토요일"), ("金曜日", "土曜日")]
)
def test_a_computer_writes_days_in_each_language(days: tuple[str, str]) -> None:
    text = f"2024.01.05 {days[0]}\n10:00 Mina fog\n10:01 Jun how long?\n2024.01.06 {days[1]}\n"
    assert "|".join(written(f"{text}09:00 Jun now\n09:01 Mina yes\n")) == (
        "05 10:00 Mina: fog|05 10:01 Jun: how long?|06 09:00 Jun: now|06 09:01 Mina: yes"
    )


def test_a_chat_of_band_has_times_names_and_words() -> None:
    day = "2024년 1월 5일"
    text = f"{day} 오전 10:00:미나:안개가 또\n{day} 오후 1:01:준:얼마나: 오래?\n둘째 줄\n"
    lines = ["05 10:00 미나: 안개가 또", "05 13:01 준: 얼마나: 오래?\n둘째 줄"]
    assert written(text, "band") == lines
