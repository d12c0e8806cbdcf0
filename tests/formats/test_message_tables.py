"""Chats in tables of iMazing and WeChatMsg: who said what, in which chat, and what is left out."""

import json
from typing import Any

import pytest

from saywho.formats.chats.chat_files import Attachments
from saywho.formats.reading import Skipped
from saywho.formats.records import FileRoom, Record, RecordStream
from tests.archives import zip_bytes
from tests.formats.files import fields_in, read_file_records, records_in

IMESSAGE = """Chat Session,Message Date,Delivered Date,Read Date,Edited Date,Service,Type,\
Sender ID,Sender Name,Status,Replying to,Subject,Text,Reactions,Attachment,Attachment type
Mina,2024-01-15 21:05:01,,,,iMessage,Incoming,+15550100,Mina,Read,,,who has the rope,,,
Mina,2024-01-15 21:06:01,,,,iMessage,Outgoing,,,Read,,Rope,"I have it,
here",♥ Mina,,
Boat,2024-01-15 21:07:01,,,,SMS,Incoming,+15550101,,Read,,,good,,,
Boat,2024-01-15 21:08:01,,,,iMessage,Notification,,,,,,Mina named the conversation Boat,,,
Boat,2024-01-15T21:09:01Z,,,,iMessage,Outgoing,,,Read,,,,,IMG_1.jpg,Image
"""
WHATSAPP = """Chat Session;Message Date;Sent Date;Type;Sender ID;Sender Name;Status;Forwarded;Text
Mina;2024-01-15 21:05:01;;Incoming;+15550100;Mina;Read;;안개가 꼈어
Mina;2024-01-15 21:06:01;;Incoming;+15550100;Mina;Read;Yes;Somebody else's words
"""
WECHAT = """localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,\
NickName,Sender
1,3,1,0,0,1705352701,3,谁有绳子,2024-01-15 21:05:01,,Mina,wxid_1
2,3,1,0,1,1705352761,2,我有,2024-01-15 21:06:01,,Jun,wxid_2
3,3,3,0,0,1705352762,3,<msg><img/></msg>,2024-01-15 21:06:02,,Mina,wxid_1
4,3,10000,0,0,1705352764,3,撤回了一条消息,2024-01-15 21:06:04,,Mina,wxid_1
5,3,1,0,0,1705352765,3,好,2024-01-15 21:06:05,姐姐,Mina,wxid_3
"""
NAMELESS = """localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime
1,3,1,0,1,1705352701,,如果,2013-11-04 21:51:18,123
2,3,1,0,0,1705352761,,好,2013-11-04 21:51:19,124
"""


def read(name: str, table: str, **options: Any) -> tuple[RecordStream, list[Record], list[str]]:
    """Return a chat in a zip, its messages, and why the other rows are left out."""
    options = {"timezone": "Asia/Seoul"} | options
    stream, items = read_file_records(zip_bytes({name: table.encode()}), **options)
    return stream, records_in(items), [part.reason for part in items if isinstance(part, Skipped)]


def test_a_chat_of_imazing_is_by_its_people_and_its_owner_is_named() -> None:
    stream, said, left_out = read("csv/Messages.csv", IMESSAGE, username="jun")
    assert (stream.format, stream.is_chat, left_out) == ("imazing", True, ["system", "media"])
    assert [(record.username, record.text) for record in said] == [
        ("Mina", "who has the rope"),
        ("jun", "Rope\nI have it,\nhere"),
        ("+15550101", "good"),
    ]
    assert f"{said[0].created_at}" == "2024-01-15 12:05:01+00:00"
    assert [record.room.name for record in said if record.room] == ["Mina", "Mina", "Boat"]
    assert {record.room.platform for record in said if isinstance(record.room, FileRoom)} == {
        "imessage"
    }
    assert [(part.kind, part.what) for part in stream.notes.unread] == [("column", "Reactions")]
    assert [record.username for record in read("a.csv", IMESSAGE)[1]] == ["Mina", None, "+15550101"]
    members = {"csv/a.csv": IMESSAGE.encode(), "csv/IMG_1.jpg": b"\xff\xd8\xff"}
    *_, last = records_in(read_file_records(zip_bytes(members), timezone="UTC")[1])
    assert Attachments(last.media, last.files).files == ("csv/IMG_1.jpg",)
    assert f"{last.created_at}" == "2024-01-15 21:09:01+00:00"


def test_forwarded_messages_of_whatsapp_in_imazing_are_reposts() -> None:
    stream, said, left_out = read("WhatsApp.csv", WHATSAPP)
    assert [(record.username, record.text) for record in said] == [("Mina", "안개가 꼈어")]
    assert (stream.format, left_out) == ("imazing", ["repost"])
    assert isinstance(said[0].room, FileRoom)
    assert said[0].room.platform == "whatsapp"


def test_a_chat_of_wechat_has_only_what_people_wrote() -> None:
    stream, said, left_out = read("Tea_utf8.csv", WECHAT)
    assert (stream.format, stream.is_chat, left_out) == ("wechat-csv", True, ["media", "system"])
    assert [(record.username, record.text) for record in said] == [
        ("Mina", "谁有绳子"),
        ("Jun", "我有"),
        ("姐姐", "好"),
    ]
    assert f"{said[0].created_at}" == "2024-01-15 21:05:01+00:00"
    assert [record.room.name for record in said if record.room] == ["Tea"] * 3


def test_old_tables_of_wechat_name_only_the_chat() -> None:
    _, said, _ = read("Mina.csv", NAMELESS, username="jun")
    assert [(record.username, record.text) for record in said] == [("jun", "如果"), ("Mina", "好")]


def test_a_flag_of_json_tells_who_wrote() -> None:
    rows = [{"text": f"fog {n}", "from_me": n == 1, "name": "Mina"} for n in range(2)]
    assert fields_in("username", json.dumps(rows).encode()) == ["Mina", None]


FOG, ROPE = "the fog is late", "who has the rope"
MESSAGES_OF_APPS: dict[str, list[dict[str, Any]]] = {
    "discord": [
        {
            "id": f"132600000000000000{n}",
            "type": 0,
            "content": text,
            "channel_id": "1325",
            "author": {"id": str(n), "username": name, "global_name": name.title()},
            "attachments": [],
            "mentions": [],
            "embeds": [],
            "mention_everyone": False,
            "tts": False,
            "timestamp": f"2025-01-07T10:0{n}:00.123000+00:00",
        }
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
    "mattermost": [
        {
            "id": f"p{n}",
            "create_at": 1736244000000 + n * 60_000,
            "update_at": 1736244000000 + n * 60_000,
            "delete_at": 0,
            "user_id": name,
            "channel_id": "1325",
            "root_id": "p0" if n else "",
            "message": text,
            "type": "",
        }
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
    "slack": [
        {"type": "message", "user": name, "text": text, "ts": f"17362440{n * 6}0.000100"}
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
    "bluesky": [
        {
            "$type": "chat.bsky.convo.defs#messageView",
            "id": f"3a{n}",
            "rev": "r",
            "sender": {"did": name},
            "text": text,
            "sentAt": f"2025-01-07T10:0{n}:00.123Z",
        }
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
    "x": [
        {
            "id": str(n),
            "event_type": "MessageCreate",
            "dm_conversation_id": "11-12",
            "sender_id": name,
            "text": text,
            "created_at": f"2025-01-07T10:0{n}:00.000Z",
        }
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
    "telethon": [
        {
            "_": "Message",
            "id": n + 1,
            "peer_id": {"_": "PeerChat", "chat_id": 77},
            "from_id": {"_": "PeerUser", "user_id": name},
            "date": f"2025-01-07T10:0{n}:00+00:00",
            "message": text,
            "out": bool(n),
        }
        for n, (name, text) in enumerate([("mina", FOG), ("jun", ROPE)])
    ],
}
"""Answers of the interfaces of chat apps, which many programs keep as they are."""


@pytest.mark.parametrize("app", MESSAGES_OF_APPS)
@pytest.mark.parametrize("form", ["list", "lines"])
def test_what_an_app_answers_to_a_program_is_a_chat(app: str, form: str) -> None:
    messages = MESSAGES_OF_APPS[app]
    lines = "\n".join(map(json.dumps, messages))
    stream, items = read_file_records((json.dumps(messages) if form == "list" else lines).encode())
    said = records_in(items)
    assert stream.is_chat
    assert [(m.username, m.text, f"{m.created_at:%H:%M}") for m in said] == [
        ("mina", FOG, "10:00"),
        ("jun", ROPE, "10:01"),
    ]
    assert len({m.room for m in said}) == 1
    assert all(m.room for m in said)


@pytest.mark.parametrize("column", ["channel_id", "ts", "root_id", "peer_id"])
def test_one_such_column_alone_makes_no_chat(column: str) -> None:
    posts = [{"user": "mina", "text": FOG, column: "1736244000"}]
    stream, items = read_file_records(json.dumps(posts).encode())
    assert not stream.is_chat
    assert [post.text for post in records_in(items)] == [FOG]


SLACK_PEOPLE = [
    {"id": "mina", "name": "tide"},
    {"id": "jun", "profile": {"display_name": "Jun"}},
    {"id": "ferry", "name": "ferry", "is_bot": True},
]
SLACK_MESSAGES = [
    {"type": "message", "user": "mina", "text": "<@jun> fog &amp; rope", "ts": "1736244060.000100"},
    {"type": "message", "user": "jun", "text": FOG, "ts": "1736244000.000100"},
    {"type": "message", "user": "ferry", "text": "it leaves", "ts": "1736244000.000200"},
    {"type": "message", "subtype": "channel_join", "user": "jun", "ts": "1736243940.000100"},
]


@pytest.mark.parametrize("form", ["page", "pages", "lines", "beside"])
def test_a_page_of_slack_is_a_chat_with_its_people_and_channel(form: str) -> None:
    page = {"ok": True, "messages": SLACK_MESSAGES, "has_more": False, "channel": "C1"}
    people = {"ok": True, "members": SLACK_PEOPLE}
    text = {
        "page": json.dumps(page | {"users": SLACK_PEOPLE}, indent=2),
        "pages": json.dumps([people, page]),
        "lines": f"{json.dumps(people)}\n{json.dumps(page)}",
        "beside": json.dumps(people | page | {"channel": {"id": "C1", "name": "pier"}}),
    }[form]
    stream, items = read_file_records(text.encode())
    said = records_in(items)
    assert stream.is_chat
    assert [(m.username, m.text, f"{m.created_at:%H:%M}") for m in said] == [
        ("tide", "@Jun fog & rope", "10:01"),
        ("Jun", FOG, "10:00"),
    ]
    rooms = {m.room for m in said if isinstance(m.room, FileRoom)}
    name = "#pier" if form == "beside" else ""
    assert {(room.platform, room.external_id, room.name) for room in rooms} == {
        ("slack", "C1", name)
    }


def test_answers_in_a_thread_that_slackdump_puts_into_a_message_are_read() -> None:
    answer = SLACK_MESSAGES[0] | {"thread_ts": "1736244000.000100"}
    message = SLACK_MESSAGES[1] | {"slackdump_thread_replies": [answer]}
    page = {"channel_id": "C1", "name": "pier", "messages": [message]}
    _, items = read_file_records(json.dumps(page).encode())
    first, second = records_in(items)
    assert second.reply_to is not None
    assert second.reply_to.source_id == first.source_id


def test_a_page_of_slack_without_people_has_their_ids() -> None:
    page = {"ok": True, "messages": SLACK_MESSAGES[:2]}
    stream, items = read_file_records(json.dumps(page).encode())
    assert stream.is_chat
    assert [m.username for m in records_in(items)] == ["mina", "jun"]


def spoken(names: list[str], **more: str) -> list[dict[str, Any]]:
    times = [f"2025-01-07T10:0{n}:00Z" for n in range(len(names))]
    return [
        {"author": name, "text": f"{FOG} {at}", "time": at} | more
        for name, at in zip(names, times, strict=True)
    ]


@pytest.mark.parametrize("room", ["channel", "room", "chat", "group_name", "room_name", "채널"])
@pytest.mark.parametrize("speaker", ["nick", "user", "from"])
def test_a_room_in_which_people_answer_each_other_is_a_chat(room: str, speaker: str) -> None:
    rows = spoken(["mina", "jun", "mina"], **{room: "pier"})
    rows = [{speaker: row.pop("author"), **row} for row in rows]
    stream, items = read_file_records(json.dumps(rows).encode())
    assert stream.is_chat
    assert {m.room.name for m in records_in(items) if m.room} == {"pier"}


def test_a_room_of_irc_is_a_chat_also_if_nobody_answers() -> None:
    rows = [
        {"nick": "mina", "channel": "#pier", "message": FOG, "time": "2025-01-07T10:00:00Z"},
        {"nick": "jun", "channel": "#tea", "message": ROPE, "time": "2025-01-07T10:01:00Z"},
    ]
    stream, items = read_file_records(json.dumps(rows).encode())
    assert stream.is_chat
    assert [m.room.name for m in records_in(items) if m.room] == ["#pier", "#tea"]


def test_a_room_has_one_name_whoever_is_answered_in_a_row() -> None:
    rows = [
        {"display-name": name, "room-id": "71", "message": text, "reply-to": other, "to": other}
        for name, text, other in (("mina", FOG, "jun"), ("jun", ROPE, "ida"), ("ida", FOG, ""))
    ]
    assert len({m.room for m in records_in(read_file_records(json.dumps(rows).encode())[1])}) == 1


def test_notes_about_media_in_a_table_are_nobodys_words() -> None:
    said = [FOG, "<Media omitted>", ROPE, "<3 the fog"]
    rows = [
        {"author": name, "channel": "pier", "message": text, "date": f"2025-01-07 10:0{n}"}
        for n, (name, text) in enumerate(zip(("mina", "jun", "mina", "jun"), said, strict=True))
    ]
    assert fields_in("text", json.dumps(rows).encode()) == [FOG, ROPE, "<3 the fog"]


def test_people_and_rooms_may_be_objects() -> None:
    rows = [
        row | {"author": {"id": "1", "name": row["author"]}, "channel": {"id": "9", "name": "pier"}}
        for row in spoken(["mina", "jun", "mina"])
    ]
    stream, items = read_file_records(json.dumps(rows).encode())
    assert stream.is_chat
    assert {m.room.name for m in records_in(items) if m.room} == {"pier"}


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (["mina", "mina", "jun", "ida"], {"channel": "pier"}),
        (["mina", "jun", "mina"], {"channel": "pier", "likes": "3"}),
        (["mina", "jun", "mina"], {"channel": "pier", "permalink": "https://example.org/1"}),
        (["mina", "jun", "mina"], {"category": "pier"}),
        (["mina", "jun", "mina"], {"group": "control"}),
        (["mina", "jun", "mina"], {"channel_name": "Pier", "channel_id": "UC1"}),
    ],
)
def test_posts_of_people_who_answer_nobody_or_whom_all_see_are_no_chat(
    names: list[str], more: dict[str, str]
) -> None:
    stream, items = read_file_records(json.dumps(spoken(names, **more)).encode())
    assert not stream.is_chat
    assert len(records_in(items)) == len(names)


def test_rows_with_this_programs_rooms_name_their_own_chats() -> None:
    room = {"room": {"id": 1, "name": "pier"}}
    rows = [row | room for row in spoken(["mina", "jun", "mina"])] + spoken(["ida", "mina", "ida"])
    stream, items = read_file_records(json.dumps(rows).encode())
    assert not stream.is_chat
    assert [record.room is None for record in records_in(items)] == [False] * 3 + [True] * 3
