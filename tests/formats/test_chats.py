"""Chats: rooms are read as they were written; who is who, and what apps write beside words."""

import io
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from app.errors import FileError
from saywho.formats.chats import chat_files
from saywho.formats.chats.shapes import SHAPES
from saywho.formats.reading import BadRecord, Skipped, username_for
from saywho.formats.records import FileRoom, Item, ReadOptions, Record
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.source.file import Source
from saywho.formats.source.times import AMBIGUOUS, named_zone
from saywho.text import username_key
from tests.archives import zip_bytes
from tests.chats import kakaotalk
from tests.formats import chat_variants, meta_variants
from tests.formats.files import fields_in, read_file_records, records_in
from tests.formats.invented_rooms import ZONE, Said
from tests.growth import FACTOR, MOST_GROWTH, growth

ANNAS = (
    b'{"type": "private_group", "id": 7, "messages": ['
    b'{"id": 1, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u1",'
    b' "text": "one"},'
    b'{"id": 2, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u2",'
    b' "text": "two", "reply_to_message_id": 1},'
    b'{"id": 3, "type": "message", "date": "2024-01-15T15:02:00", "from": null, "from_id": "u3",'
    b' "text": "three"},'
    b'{"id": 4, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u2",'
    b' "text": "theirs", "forwarded_from": null},'
    b'{"id": 5, "type": "message", "date": "2024-01-15T15:02:00", "from": null, "text": "four"}]}'
)


@pytest.mark.parametrize("other", ["kakaotalk ios ko", "whatsapp ios"])
def test_a_zip_holds_rooms_beside_their_media(other: str) -> None:
    room, second = (
        chat_variants.VARIANTS[name](chat_variants.room_of(name, 1))
        for name in ("whatsapp ios", other)
    )
    files = {"_chat.txt": room, "photo.jpg": b"\xff\xd8", "readme.txt": b"nobody said this\n"}
    assert said(zip_bytes(files)) == said(room)
    assert said(zip_bytes(files | {"other.txt": second})) == [*said(room), *said(second)]


def test_the_room_of_a_mac_is_read_out_of_a_zip() -> None:
    room = chat_variants.VARIANTS["kakaotalk mac"](chat_variants.room_of("kakaotalk mac", 1))
    files = {"chat/KakaoTalk_Chat_us.csv": room, "a.csv": b"text\nnobody said this\n"}
    records, _ = read_file_records(data := zip_bytes(files))
    assert (records.format, records.is_chat, records.unit) == ("kakaotalk", True, "line")
    assert said(data) == said(room)
    second = chat_variants.VARIANTS["whatsapp ios"](chat_variants.room_of("whatsapp ios", 1))
    items = read_file_records(zip_bytes(files | {"WhatsApp Chat - them/_chat.txt": second}))[1]
    rooms_of = [item.room for item in items if isinstance(item, Record) and item.room]
    names = [(room.name, room.platform) for room in rooms_of if isinstance(room, FileRoom)]
    assert list(dict.fromkeys(names)) == [("them", "whatsapp"), ("us", "kakaotalk")]


def said(data: bytes, **options: Any) -> list[tuple[str | None, str]]:
    return fields_in("username text", data, **options)


@pytest.mark.parametrize("variant", chat_variants.VARIANTS)
@pytest.mark.parametrize("seed", range(3))
def test_rooms_are_read_as_they_were_written(variant: str, seed: int) -> None:
    chat_variants.check(variant, seed)


@pytest.mark.parametrize(
    ("heading", "name", "title"),
    [
        ("우리 반 님과 카카오톡 대화", "KakaoTalk.txt", "우리 반"),
        ("[운영] 독서 모임 3 님과 카카오톡 대화", "a.txt", "[운영] 독서 모임 3"),
        ("KakaoTalk Chats with Mina 🐶", "a.txt", "Mina 🐶"),
        ("Mina with KakaoTalk Chats", "a.txt", "Mina"),
        ("저장한 날짜 : 2024-02-20 10:44:52", "a.txt", ""),
    ],
)
def test_kakaotalk_names_its_room_in_the_heading(heading: str, name: str, title: str) -> None:
    message = "2024년 1월 15일 오후 3:02, 하늘 : 안녕"
    assert room_name(f"{heading}\r\n\r\n{message}\r\n".encode(), name) == title


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("WhatsApp Chat with Anna & Ben.txt", "Anna & Ben"),
        ("WhatsApp Chat with Trip (2).txt", "Trip"),
        ("WhatsApp-Chat mit Größe.txt", "Größe"),
        ("/home/a/WhatsApp Chat - Trip: May/_chat.txt", "Trip: May"),
        ("_chat.txt", ""),
    ],
)
def test_whatsapp_names_its_room_in_the_name_of_the_file(name: str, title: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    assert room_name(b"15/01/2024, 21:05 - Mina: hi\n" * 2, decomposed) == title


def room_name(data: bytes, name: str) -> str:
    with Source(io.BytesIO(data), name=name) as source:
        (item, *_) = open_records(source).items
    assert isinstance(item, Record)
    assert item.room is not None
    return item.room.name


def test_people_of_one_name_stay_apart_unless_they_are_joined() -> None:
    assert said(ANNAS) == [("Anna", "one"), ("Anna_2", "two"), ("u3", "three")]
    assert said(ANNAS, only=("Anna",)) == [("Anna", "one")]
    renamed = said(ANNAS, rename={"Anna_2": "Bo Lee", "u3": "Anna"})
    assert renamed == [("Anna", "one"), ("Bo_Lee", "two"), ("Anna", "three")]
    items = read_file_records(ANNAS, timezone="Asia/Seoul")[1]
    second = items[1]
    assert isinstance(second, Record)
    assert (second.display_name, second.source_id) == ("Anna", "7:2")
    assert second.created_at == datetime(2024, 1, 15, 6, 2, tzinfo=UTC)
    assert second.reply_to is not None
    assert second.reply_to.source_id == "7:1"
    assert items[3:] == [Skipped(4, "repost"), Skipped(5, "deleted")]


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("하늘/27/서울", "하늘27서울"),
        (" Anna  Kim ", "Anna_Kim"),
        ("👨\u200d👩", "👨👩"),
        ("??", "somebody"),
        ("a" * 400, "a" * 300),
    ],
)
def test_names_become_usernames(name: str, username: str) -> None:
    assert username_for(name) == username


def test_a_misquoted_row_of_a_mac_is_a_bad_record() -> None:
    data = b'Date,User,Message\n2024-01-15 15:02:07,mina,hi\n"a"b,c\n2024-01-15 15:02:08,mina,ho\n'
    assert [type(item) for item in read_file_records(data)[1]] == [Record, BadRecord, Record]


def test_a_file_that_is_cut_keeps_its_whole_messages() -> None:
    for variant in ("kakaotalk android ko", "whatsapp ios", "telegram"):
        whole = chat_variants.VARIANTS[variant](chat_variants.room_of(variant, 2))
        with Source(io.BytesIO(whole[: len(whole) // 2])) as source:
            records = open_records(source)
            kept: list[Item] = []
            try:
                kept.extend(records.items)
            except FileError:
                assert variant == "telegram"
        expected = chat_variants.read(whole, variant.split()[0])
        assert len(kept) > 3
        assert [item.place for item in kept[:-1]] == [
            item.place for item in expected[: len(kept) - 1]
        ]


def test_a_line_that_no_person_wrote_takes_no_longer_than_others() -> None:
    def work(count: int) -> None:
        begin = "1/15/24, 9:05 PM - Mina: "
        texts = ("hi", 10 * " " * count, "x (file attached" * count, " was added" * count + ": x")
        assert len(said("".join(f"{begin}{text}\n" for text in texts).encode())) >= 1

    assert growth(partial(work, 40_000 // FACTOR), partial(work, 40_000)) < MOST_GROWTH


PICTURE = "b".join(["1f"] * 22)[:64]
IOS_PICTURE = "00000012-PHOTO-2026-01-03-21-00-05.jpg"


def who_said(data: bytes) -> list[tuple[str | None, str]]:
    """Return who said what; assert that each other line of the file is a picture that is alone."""
    items = read_file_records(data)[1]
    assert {item.reason for item in items if isinstance(item, Skipped)} <= {"media"}
    return [(item.username, item.text) for item in records_in(items)]


def files(data: bytes) -> list[tuple[str | None, ...]]:
    return fields_in("files", data)


def kakaotalk_room(*lines: str) -> bytes:
    written = ("우리 반 님과 카카오톡 대화", "저장한 날짜 : 2025. 10. 20. 오후 12:15", "", *lines)
    return "\r\n".join([*written, ""]).encode()


def android(*texts: str) -> bytes:
    """Return what Mina wrote, after a first message."""
    return "".join(f"15/01/2024, 21:05 - Mina: {text}\n" for text in ("hi", *texts)).encode()


def ios(*texts: str) -> bytes:
    """Return what Mina wrote, after a first message; pictures are marked twice, as the app does."""
    mark = "\u200e"
    lines = (
        f"{mark * text.startswith(mark)}[15/01/2024, 21:05:33] Mina: {text}\r\n"
        for text in ("hi", *texts)
    )
    return "".join(lines).encode()


def test_a_day_with_dots_ends_the_message_before_it() -> None:
    data = kakaotalk_room(
        "2025. 10. 14. 화요일",
        "2025. 10. 14. 오후 3:02, 하늘 : 첫째",
        "2025. 10. 14. 오후 3:03, 하늘 : 둘째",
        "",
        "2025. 10. 15. 수요일",
        "2025. 10. 15. 오전 9:00, mina : 2025. 10. 15. 수요일",
    )
    assert who_said(data) == [("하늘", "첫째"), ("하늘", "둘째"), ("mina", "2025. 10. 15. 수요일")]


def test_pictures_that_kakaotalk_names_by_digits_are_nobodys_words() -> None:
    stamp = "2024년 1월 15일 오후 3:02, 하늘 :"
    many = f"{stamp} {PICTURE}.jpg\r\n{PICTURE}.png"
    data = kakaotalk_room(f"{stamp} {PICTURE}.jpg", many, f"{stamp} {PICTURE}.jpg 봐")
    assert who_said(data) == [("하늘", f"{PICTURE}.jpg 봐")]
    assert len(read_file_records(data)[1]) == 3


@pytest.mark.parametrize(
    "words", ["file attached", "archivo adjunto", "ファイル添付", "파일 첨부됨", "súbor priložený"]
)
def test_files_of_whatsapp_are_told_in_every_language(words: str) -> None:
    data = android(
        f"IMG-20260103-WA0001.jpg ({words})",
        f"IMG-20260103-WA0002.jpg ({words})\nour dog",
        f"report.pdf ({words})",
        "see main.py (the first one)",
    )
    assert who_said(data) == [
        ("Mina", "hi"),
        ("Mina", "our dog"),
        ("Mina", "see main.py (the first one)"),
    ]
    assert files(data) == [(), ("IMG-20260103-WA0002.jpg",), ()]
    assert who_said(ios("hi", f"\u200ereport.pdf ({words})")) == 2 * [("Mina", "hi")]


@pytest.mark.parametrize(
    "note", ["<Media omitted>", "<Multimedia omitido>", "<メディアなし>", "<Médiá vynechané>"]
)
def test_media_that_whatsapp_left_out_are_told_in_every_language(note: str) -> None:
    assert who_said(android(note, note, f"what is {note}", note)) == [
        ("Mina", "hi"),
        ("Mina", f"what is {note}"),
    ]


def test_angle_brackets_that_people_write_stay() -> None:
    texts = ["<3", "<script>", "<script>", "<script>", "<not now>", "a <b> c"]
    assert who_said(android(*texts)) == [("Mina", text) for text in ("hi", *texts)]


@pytest.mark.parametrize("word", ["attached", "adjunto", "添付ファイル", "첨부"])
def test_pictures_of_iphones_go_out_of_what_is_written_to_them(word: str) -> None:
    attached = f"<{word}: {IOS_PICTURE}>"
    data = ios(
        f"\u200e{attached}",
        f"look at this \u200e{attached}",
        f"look\nat this {attached}",
        f"\u200e{attached}\nour dog",
        "2015-08-04-PHOTO-00004762.jpg \u200e<attached>",
        f"00000031-plan.pdf • \u200e3 pages \u200e<{word}: 00000031-plan.pdf>",
    )
    texts = ["hi", "look at this", "look\nat this", "our dog"]
    assert who_said(data) == [("Mina", text) for text in texts]
    assert files(data) == [(), *3 * [(IOS_PICTURE,)]]
    assert len(read_file_records(data)[1]) == 7


def test_what_whatsapp_notes_on_iphones_goes_in_every_language() -> None:
    data = ios(
        "see you \u200e<Tento správa bola upravená>",
        "\u200eimage omitted",
        "\u200eobrázok vynechaný",
        "our dog \u200eimage omitted",
    )
    assert who_said(data) == [("Mina", text) for text in ("hi", "see you", "our dog")]


@pytest.mark.parametrize("mark", ["dog.jpg (irgendwas)", "<irgendwas: dog.jpg>"])
def test_a_mark_that_names_a_file_of_the_zip_is_a_picture(mark: str) -> None:
    chat = android(mark, f"{mark}\nour dog" if mark.endswith(")") else f"our dog {mark}")
    members: Mapping[str, bytes] = {"us/chat.txt": chat, "us/dog.jpg": b"\xff\xd8\xff"}
    assert [text for _, text in who_said(chat)][1] == mark
    assert who_said(zip_bytes(dict(members))) == [("Mina", text) for text in ("hi", "", "our dog")]
    assert files(zip_bytes(dict(members))) == [(), ("us/dog.jpg",), ("us/dog.jpg",)]


def test_an_archive_may_have_any_number_of_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_files, "MOST_OTHERS", 3)
    rooms = {f"{n}.txt": android(f"of {n}") for n in range(10)}
    others = {f"0{n}.txt": b"nothing" for n in range(2)}
    texts = {text for _, text in who_said(zip_bytes(rooms | others))}
    assert texts == {"hi", *(f"of {n}" for n in range(10))}
    assert len(who_said(zip_bytes(rooms | others | {"5a.txt": b"nothing"}))) == 12


def test_files_that_a_mac_has_named_are_found() -> None:
    """It writes Hangul by its letters, and a message by its syllables."""
    chat = ios("\u200e<첨부: 하늘.jpg>")
    names = [unicodedata.normalize("NFD", f"우리 반/{name}") for name in ("_chat.txt", "하늘.jpg")]
    data = zip_bytes(dict(zip(names, (chat, b"\xff\xd8\xff"), strict=True)))
    with Source(io.BytesIO(data)) as source:
        named = [item.files for item in open_records(source).items if isinstance(item, Record)]
        assert named == [(), ("우리 반/하늘.jpg",)]
        assert "우리 반/하늘.jpg" in source.members


VARIANTS = chat_variants.VARIANTS | meta_variants.VARIANTS
BY_APP = {
    app: [variant for variant in VARIANTS if variant.split()[0] == app]
    for app in dict.fromkeys(variant.split()[0] for variant in VARIANTS)
}
WITH_ANSWERS = ("telegram", "telegram-html", "discord", "signal", "slack", "chatlab")
LETTERS = st.characters(categories=["Lu", "Ll", "Lo", "Nd"])
NAMES = st.lists(
    st.text(LETTERS, min_size=2, max_size=12).map(lambda name: unicodedata.normalize("NFC", name)),
    min_size=2,
    max_size=4,
    unique_by=lambda name: username_key(username_for(name)),
)
WORD = st.text(LETTERS, min_size=1, max_size=8)
TEXTS = st.lists(WORD, min_size=2, max_size=6).map(
    lambda words: unicodedata.normalize("NFC", " ".join(words) + ".")
)


@st.composite
def rooms(draw: st.DrawFn) -> list[Said]:
    """Make up people who write to each other, some in answer to a message that answers none."""
    names, when = draw(NAMES), datetime(2024, 1, 13, 9, 30)
    room: list[Said] = []
    for name in [*names, *draw(st.lists(st.sampled_from(names), min_size=2, max_size=6))]:
        when += timedelta(minutes=draw(st.integers(1, 900)))
        open_ones = [place for place, said in enumerate(room) if said.answers is None]
        answers = draw(st.one_of(st.none(), st.sampled_from(open_ones))) if open_ones else None
        room.append(Said(name, when, draw(TEXTS), answers=answers))
    return room


@pytest.mark.parametrize("app", sorted(BY_APP))
@given(room=rooms(), data=st.data())
def test_a_made_up_chat_comes_out_as_it_was(
    app: str, room: list[Said], data: st.DataObject
) -> None:
    variant = data.draw(st.sampled_from(BY_APP[app]))
    with Source(io.BytesIO(VARIANTS[variant](room)), name="chat") as source:
        items = list(open_records(source, options=ReadOptions(timezone=ZONE)).items)
    records = records_in(items)
    assert not [item for item in items if isinstance(item, BadRecord)]
    times = [record.created_at and record.created_at.replace(microsecond=0) for record in records]
    zone = ZoneInfo(ZONE)
    assert [record.display_name for record in records] == [said.name for said in room]
    assert [record.text for record in records] == [said.text for said in room]
    assert times == [said.when.replace(tzinfo=zone).astimezone(UTC) for said in room]
    if app in WITH_ANSWERS:
        places = {record.source_id: place for place, record in enumerate(records)}
        answered = [record.reply_to and places[record.reply_to.source_id] for record in records]
        is_discord = app == "discord"  # Each fifth message there answers the first.
        assert answered == [
            0 if said.answers is None and is_discord and place % 5 == 4 else said.answers
            for place, said in enumerate(room)
        ]


def test_every_format_of_chats_is_made_up() -> None:
    """`test_shapes`, `test_signal`, `test_irc`, `test_zoom`, `test_tiktok` and
    `test_message_tables` read files of the others.
    """
    chats = {name for name, form in FORMATS.items() if form.is_chat}
    chats -= {*(shape.name for shape in SHAPES), "sms", "irc", "zoom", "band", "slack-messages"}
    chats -= {"chats", "discord-csv", "imazing", "mail", "sigtop", "tiktok-chats", "wechat-csv"}
    assert BY_APP.keys() >= chats


LOCAL = datetime(2024, 3, 1, 10)


def read(data: bytes, name: str, options: ReadOptions) -> tuple[list[Record], Source]:
    with Source(io.BytesIO(data), name=name) as source:
        items = list(open_records(source, options=options).items)
    return records_in(items), source


@pytest.mark.parametrize("name", sorted(AMBIGUOUS))
def test_an_abbreviation_of_several_zones_is_an_assumption_with_a_choice(name: str) -> None:
    data = f"username,text,created_at\nmina,one,{LOCAL:%a %b %d %H:%M:%S} {name} 2024\n".encode()
    (record,), source = read(data, "posts.csv", ReadOptions())
    assert record.created_at == LOCAL.replace(tzinfo=named_zone(name))
    (assumption,) = source.notes.assumptions
    first, *others = AMBIGUOUS[name]
    assert (assumption.kind, assumption.value) == ("timezone", first)
    assert list(assumption.alternatives) == others
    for other in others:
        (record,), source = read(data, "posts.csv", ReadOptions(timezone=other))
        assert record.created_at == LOCAL.replace(tzinfo=ZoneInfo(other))
        assert source.notes.assumptions == []


def test_polls_and_checklists_of_telegram_are_their_authors_words() -> None:
    parts = ["at ", {"type": "bold", "text": "six"}]
    said: list[dict[str, Any]] = [
        {"poll": {"question": "When do we go?", "answers": [{"text": parts}, {"text": "never"}]}},
        {"todo_list": {"title": ["Boat"], "answers": [{"id": 1, "text": "oars"}, {"text": None}]}},
        {"text": "see", "poll": {"question": ["Where", "?"], "answers": "none"}},
        {"poll": {"question": None, "answers": [3, {}]}, "todo_list": [1]},
        {"text": "at six", "reply_to_message_id": 0},
    ]
    about = {"type": "message", "date": "2026-01-31T22:04:05", "from": "Ida", "from_id": "user1"}
    messages = [{"id": number, "text": "", **about, **each} for number, each in enumerate(said)]
    chat = {"name": "Club", "type": "private_group", "id": 1, "messages": messages}
    records, _ = read(json.dumps(chat).encode(), "result.json", ReadOptions())
    assert [record.text for record in records] == [
        *("When do we go?\nat six\nnever", "Boat\noars", "see\nWhere?", "at six")
    ]


@given(hours=st.integers(-12, 14))
def test_telegram_names_the_zone_of_its_computer(hours: int) -> None:
    zone = "UTC" if not hours else f"Etc/GMT{-hours:+}"
    seconds = int(LOCAL.replace(tzinfo=ZoneInfo(zone)).timestamp())
    said = {"id": 1, "type": "message", "from": "Mina", "from_id": "user1", "text": "one"}
    said |= {"date": LOCAL.isoformat(), "date_unixtime": str(seconds)}
    chat = {"name": "Tea", "type": "private_group", "id": 9, "messages": [said]}
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("TZ", "UTC")
        (record,), source = read(json.dumps(chat).encode(), "result.json", ReadOptions())
    assert record.created_at == datetime.fromtimestamp(seconds, UTC)
    assert source.notes.zone == zone
    assert source.notes.assumptions == []


@pytest.mark.parametrize("chosen", [None, "America/Lima"])
def test_kakaotalk_in_korean_is_in_korea_unless_told_otherwise(chosen: str | None) -> None:
    data = kakaotalk("모임", ("2024-01-15 15:02", "하늘", "안녕"))
    (record,), source = read(data, "chat.txt", ReadOptions(timezone=chosen))
    zone = chosen or "Asia/Seoul"
    assert record.created_at == datetime(2024, 1, 15, 15, 2, tzinfo=ZoneInfo(zone))
    noted = [(part.kind, part.value) for part in source.notes.assumptions]
    assert noted == ([] if chosen else [("timezone", zone)])


def test_tables_of_one_header_in_a_zip_are_all_read() -> None:
    header = "username,text,created_at\n"
    rows = {"a/one.csv": "mina,one,2024-01-01\n", "b/two.csv": "jun,two,2024-01-02\n"}
    files = {name: (header + row).encode() for name, row in rows.items()}
    notes = {"README.md": b"# Posts", "notes.txt": b"by us"}
    records, source = read(zip_bytes(files | notes), "posts.zip", ReadOptions())
    assert [(record.username, record.text) for record in records] == [
        ("mina", "one"),
        ("jun", "two"),
    ]
    assert {part.what for part in source.notes.unread} == {*notes}
    other = files | {"c.csv": b"who,when\nmina,2024\n"}
    records, source = read(zip_bytes(other), "posts.zip", ReadOptions())
    assert [record.text for record in records] == ["one", "two"]
    assert [part.what for part in source.notes.unread] == ["c.csv"]
