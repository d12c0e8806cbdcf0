"""Channels of Discord as exporters save them, and the data package of an account."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.post import Medium, Reactions, ReplyTarget, SignCount
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, FileRoom, Item, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import EMAIL, zip_bytes
from tests.formats.discord_variants import document, message
from tests.formats.files import only_records, read_broken, read_file_records, reads, records_in
from tests.formats.invented_rooms import Said

SAID = Said("lark", datetime(2026, 1, 31, 22, 4, 5), "rain again")


def written(number: int = 1, **fields: Any) -> dict[str, Any]:
    return message(number, SAID) | fields


def by(name: str, number: str = "7", **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "nickname": name.title(), "isBot": False} | fields


read = reads("discord", is_chat=True)


def records_of(data: bytes) -> list[Record]:
    return records_in(read(data))


def test_messages_have_ids_people_times_and_replies() -> None:
    messages = [
        written(1, author=by("lark")),
        written(4, author=by("fern", "8"), reference={"messageId": "1190000000000000001"}),
    ]
    first, second = records_of(document(messages))
    assert (first.username, first.display_name, first.source_id) == (
        *("lark", "Lark", "1190000000000000001"),
    )
    assert first.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert first.room == FileRoom(platform="discord", name="Moss Garden #porch", external_id="22")
    assert second.reply_to == ReplyTarget("1190000000000000001")
    assert second.text == "rain again"


def test_a_direct_chat_is_called_by_its_own_name() -> None:
    guild, channel = {"id": "0", "name": "Direct Messages"}, {"id": "9", "name": "fern"}
    (record,) = records_of(document([written()], guild=guild, channel=channel))
    assert record.room == FileRoom(platform="discord", name="fern", external_id="9")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "GuildMemberJoin"}, "system"),
        ({"type": "46"}, "system"),
        ({"author": by("robot", isBot=True)}, "system"),
        ({"content": "", "forwardedMessage": {"content": "theirs"}}, "repost"),
        ({"reference": {"type": "Forward", "messageId": "1"}}, "repost"),
        ({"content": "", "attachments": [{"url": "https://a.example/a.png"}]}, "media"),
        ({"content": "", "stickers": [{"name": "wave"}]}, "media"),
        ({"author": by("Deleted User")}, "deleted"),
        ({"author": None}, "deleted"),
    ],
)
def test_what_nobody_wrote_is_left_out(fields: dict[str, Any], reason: str) -> None:
    assert read(document([written(), written(2, **fields)]))[1:] == [Skipped(2, reason)]  # type: ignore[arg-type] # is one


def test_marks_in_texts_become_names() -> None:
    text = "<@8> <@!8> <@9> <#22> <:moss:123> <a:rain:456> 1 <2> <t:1700000000:R>"
    mentions = [{"id": "8", "name": "fern", "nickname": "Fern"}]
    (record,) = records_of(document([written(content=text, mentions=mentions)]))
    assert record.text == "@Fern @Fern <@9> <#22> :moss: :rain: 1 <2> <t:1700000000:R>"


def test_attached_files_are_kept_by_their_addresses_or_names() -> None:
    addresses = ["https://cdn.example/a/sky.png?ex=1", "porch.json_Files/rain.mp4", "notes.pdf"]
    message = written(attachments=[{"url": address} for address in addresses])
    (record,) = records_of(zip_bytes({"saved/porch.json": document([message])}))
    assert [medium.kind for medium in record.media] == ["photo", "video"]
    assert record.media[0].source_url == addresses[0]
    assert record.files == (None, "saved/porch.json_Files/rain.mp4")


def test_two_people_of_one_name_are_two() -> None:
    messages = [written(1, author=by("lark", "7")), written(2, author=by("lark", "8"))]
    assert [record.username for record in records_of(document(messages))] == ["lark", "lark_2"]


def test_bad_messages_cost_no_other_and_a_cut_file_keeps_its_first() -> None:
    data = document([written(1), written(2, timestamp="soon"), written(3)])
    assert [getattr(item, "unread_time", "") for item in read(data)] == [None, "time", None]
    whole = json.loads(data)
    whole["messages"][1] = 7
    assert [type(item) for item in read(json.dumps(whole).encode())] == [Record, BadRecord, Record]
    assert len(read_broken(data[:-200], "truncated or damaged")) == 2


OWN: list[dict[str, Any]] = [
    {"ID": 1190000000000000001, "Timestamp": "2025-11-02 10:20:30", "Contents": "see <:moss:1>"},
    {"ID": "1190000000000000002", "Timestamp": "2025-11-02 10:21:00.250", "Contents": ""},
    {"ID": 3, "Timestamp": "2025-11-02 10:22:00", "Contents": 'two\nlines, "quoted"'},
]
PICTURE = "https://cdn.example/a.png"
ATTACHED = ["", f"{PICTURE} https://cdn.example/b.zip", ""]


def own_json(messages: list[dict[str, Any]] = OWN) -> bytes:
    rows = [row | {"Attachments": file} for row, file in zip(messages, ATTACHED, strict=True)]
    return json.dumps(rows).encode()


def own_csv() -> bytes:
    lines = ["ID,Timestamp,Contents,Attachments"]
    for row, file in zip(OWN, ATTACHED, strict=True):
        text = str(row["Contents"]).replace('"', '""')
        lines.append(f'{row["ID"]},{row["Timestamp"]},"{text}",{file}')
    return "\r\n".join([*lines, ""]).encode()


def package(channels: dict[str, tuple[bytes, dict[str, Any]]], folder: str = "Messages") -> bytes:
    user = {"id": "77", "username": "lark", "global_name": "Lark", "email": EMAIL}
    files = {"Account/user.json": json.dumps(user).encode(), f"{folder}/index.json": b"{}"}
    for name, (data, about) in channels.items():
        files[f"{folder}/{name}"] = data
        around = name.rpartition("/")[0]
        files[f"{folder}/{around}/channel.json"] = json.dumps(about).encode()
    return zip_bytes(files)


@pytest.mark.parametrize("folder", ["Messages", "messages", "top/Nachrichten"])
@pytest.mark.parametrize("name", ["c22/messages.json", "c22/messages.csv", "22/messages.csv"])
def test_a_package_holds_own_messages(folder: str, name: str) -> None:
    data = own_csv() if name.endswith("csv") else own_json()
    records, items = read_file_records(package({name: (data, {"id": "22", "type": 0})}, folder))
    assert (records.format, records.is_chat) == ("discord-package", False)
    assert records.account == Account("lark", "Lark", "discord", "77")
    posts = records_in(items)
    assert [post.text for post in posts] == ["see :moss:", "", 'two\nlines, "quoted"']
    assert [post.source_id for post in posts] == [str(row["ID"]) for row in OWN]
    assert posts[1].created_at == datetime(2025, 11, 2, 10, 21, tzinfo=UTC)
    assert [medium.source_url for post in posts for medium in post.media] == [PICTURE]
    assert EMAIL not in str((records, items))


@pytest.mark.parametrize("kind", [1, 3, "DM", "GROUP_DM"])
def test_what_single_people_read_is_taken_on_request_alone(kind: object) -> None:
    channels: dict[str, tuple[bytes, dict[str, Any]]] = {
        "c1/messages.json": (own_json(), {"id": "1", "type": kind}),
        "c2/messages.json": (own_json(), {"id": "2", "type": "GUILD_TEXT"}),
    }
    items = read_file_records(package(channels))[1]
    assert items[:3] == [Skipped(place, "restricted") for place in (1, 2, 3)]
    assert sum(isinstance(item, Record) for item in items) == 3
    items = read_file_records(package(channels), include_restricted=True)[1]
    assert sum(isinstance(item, Record) for item in items) == 6


@pytest.mark.parametrize("data", [own_json(), own_csv(), own_csv().decode().encode("utf-8-sig")])
def test_a_lone_file_of_messages_names_nobody(data: bytes) -> None:
    records, items = read_file_records(data)
    assert records.account == Account(None, None, "discord")
    assert len(items) == 3


def test_bad_rows_of_a_package_cost_no_other() -> None:
    bad: list[dict[str, Any]] = [OWN[0], OWN[1] | {"Contents": 7}, OWN[2] | {"Timestamp": "soon"}]
    items = read_file_records(own_json(bad))[1]
    assert [type(item) for item in items] == [Record, BadRecord, Record]


@pytest.mark.parametrize(
    "data",
    [
        b'{"guild": {}, "channel": {}, "messages": []}',
        zip_bytes({"Messages/c22/messages.json": b"[]"}),
    ],
)
def test_other_files_are_none_of_discord(data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError):
        read(data)


HEADER = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
AT = "2026-01-31T22:04:05.6780000+09:00"


def read_table(rows: str, name: str = "room.csv") -> list[Item]:
    records, items = read_file_records(zip_bytes({name: (HEADER + rows).encode()}))
    assert (records.format, records.is_chat) == ("discord-csv", True)
    return items


def test_a_case_from_the_exporter_is_a_chat() -> None:
    case = Path(__file__).parent / "cases" / "discord-exporter-csv-read-as-plain-posts.csv"
    records, items = read_file_records(case)
    said = [(item.username, item.text) for item in records_in(items)]
    assert (records.format, records.is_chat) == ("discord-csv", True)
    assert said == [("lark", "rain again @Fern"), ("fern", "umbrella!")]


def test_messages_have_people_times_media_and_reactions() -> None:
    row = (
        f'"7","lark","{AT}","rain, again","https://cdn.example/a.png?ex=1,b.gif","👍 (2),🎉 (1)"\n'
    )
    (item,) = only_records(read_table(row))
    assert (item.username, item.text) == ("lark", "rain, again")
    assert item.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert item.media == (Medium("photo", "https://cdn.example/a.png?ex=1"), Medium("gif"))
    assert item.counts == Reactions(3, signs=(SignCount("👍", 2), SignCount("🎉", 1)))


@pytest.mark.parametrize(
    ("name", "title", "external_id"),
    [
        ("The Pier - Talk - general [123].csv", "The Pier #general", "123"),
        ("The Pier - general [123] [part 2].csv", "The Pier #general", "123"),
        ("Direct Messages - fern [45].csv", "fern", "45"),
        ("some room.csv", "", None),
    ],
)
def test_the_name_of_the_file_says_the_room(name: str, title: str, external_id: str | None) -> None:
    (item,) = only_records(read_table(f"7,lark,{AT},rain,,\n", name))
    assert isinstance(item.room, FileRoom)
    assert (item.room.name, item.room.external_id) == (title, external_id)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"7,lark,{AT},Pinned a message.,,\n", Skipped(2, "system")),
        (f"7,lark,{AT},Added fern to the group.,,\n", Skipped(2, "system")),
        (f"7,Deleted User,{AT},rain,,\n", Skipped(2, "deleted")),
        (f"7,lark,{AT},,,\n", Skipped(2, "media")),
        ("7,lark\n", BadRecord(2, "the row has 2 fields, the header 6")),
    ],
)
def test_lines_of_the_app_and_bad_rows(row: str, expected: Item) -> None:
    assert read_table(row) == [expected]


def test_another_table_is_no_chat(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("Author,Date,Content\nlark,2026-01-31,rain\n")
    with Source(file) as source:
        assert open_records(source).format == "csv"


@pytest.mark.parametrize("above", ["", "sep=;\n"])
def test_a_table_that_a_spreadsheet_saved_with_semicolons_is_a_chat(above: str) -> None:
    data = above + HEADER.replace(",", ";") + f'7;lark;{AT};"rain; again, no";;\n'
    stream, (item,) = read_file_records(zip_bytes({"room.csv": data.encode()}))
    assert (stream.format, stream.is_chat) == ("discord-csv", True)
    assert isinstance(item, Record)
    assert (item.username, item.text) == ("lark", "rain; again, no")
