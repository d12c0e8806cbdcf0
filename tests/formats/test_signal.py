"""Chats of Signal: the export of phones, and what programs write."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.post import ReplyTarget, SignCount
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import FileRoom, Item, Record
from tests.archives import zip_bytes
from tests.formats.files import only_records, read_file_records, reads, records_in, texts
from tests.formats.signal_variants import group, item, lines, located, person

TIME = 1769990000000
HERON = person(2, "Heron")
CREW = (group(3, "Boat crew"), {"chat": {"id": "10", "recipientId": "3"}})
OWL = ({"account": {"givenName": "Owl", "aciIdentityPrivateKey": "c2VjcmV0"}},)
SELF = ({"recipient": {"id": "1", "self": {}}},)


def read(*frames: dict[str, Any]) -> list[Item]:
    records, items = read_file_records(lines(*frames))
    assert (records.format, records.is_chat) == ("signal", True)
    return items


def crew(*items: dict[str, Any]) -> list[Item]:
    """Return what Owl and Heron say among their crew."""
    return read(*OWL, *SELF, HERON, *CREW, *items)


def test_messages_have_ids_people_times_and_replies() -> None:
    answer = item(1, TIME + 1, "then east")
    answer["chatItem"]["standardMessage"]["quote"] = {
        "targetSentTimestamp": str(TIME),
        "authorId": "2",
    }
    first, second = only_records(crew(item(2, TIME, "wind from the west"), answer))
    assert (first.display_name, second.display_name) == ("Heron", "Owl")
    assert first.created_at is not None
    assert first.created_at.timestamp() == TIME // 1000
    assert second.reply_to == ReplyTarget(first.source_id)
    assert first.room == FileRoom(platform="signal", name="Boat crew", external_id="a2V5")
    assert "c2VjcmV0" not in str((first, second))


def test_a_chat_with_one_person_is_called_by_their_name() -> None:
    chat = {"chat": {"id": "10", "recipientId": "2"}}
    (record,) = only_records(read(*SELF, HERON, chat, item(2, TIME, "hi")))
    assert isinstance(record.room, FileRoom)
    assert record.room.name == "Heron"
    assert record.room.external_id == HERON["recipient"]["contact"]["aci"]


def test_who_exported_may_have_no_name() -> None:
    items = read(*SELF, *CREW, item(1, TIME, "hi"))
    assert [(item.username, item.display_name) for item in records_in(items)] == [(None, "You")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"updateMessage": {}, "standardMessage": {}}, "system"),
        ({"directionless": {}}, "system"),
        ({"remoteDeletedMessage": {}, "standardMessage": {}}, "deleted"),
        ({"expiresInMs": "604800000"}, "deleted"),
        ({"stickerMessage": {}, "standardMessage": {}}, "media"),
        (
            {"standardMessage": {"attachments": [{"pointer": {"contentType": "image/png"}}]}},
            "media",
        ),
        ({"chatId": "11"}, "system"),
        ({"authorId": "99"}, "deleted"),
    ],
)
def test_what_is_no_message_is_left_out(fields: dict[str, Any], reason: str) -> None:
    (skipped,) = crew(item(2, TIME, "words", **fields))
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


def test_numbers_may_be_numbers_and_earlier_texts_are_left_out() -> None:
    message = item(2, TIME, "the last", revisions=[item(2, TIME, "the first")["chatItem"]])
    message["chatItem"] |= {"dateSent": TIME, "chatId": 10, "authorId": 2, "expiresInMs": 0}
    assert [item.text for item in records_in(crew(message))] == ["the last"]


def test_mentions_become_names_and_answers_to_stories_are_words() -> None:
    account = HERON["recipient"]["contact"]["aci"]
    marks = [{"start": 6, "length": 1}, {"start": 7, "mentionAci": "AAA"}, {"mentionAci": account}]
    text = {"body": "\ufffc and \ufffc!", "bodyRanges": marks}
    mentions = item(2, TIME, "", standardMessage={"text": text})
    story = item(2, TIME + 1, "")
    del story["chatItem"]["standardMessage"]
    story["chatItem"]["directStoryReplyMessage"] = {"textReply": {"text": {"body": "lovely"}}}
    assert [item.text for item in records_in(crew(mentions, story))] == ["@Heron and @?!", "lovely"]


def test_bad_lines_cost_no_other() -> None:
    data = lines(*OWL, *SELF, HERON, *CREW, item(2, TIME, "hi"))
    spoiled = (
        data + b"not json\n" + lines(item(2, TIME, "ho", dateSent="soon"), item(2, TIME + 1, "he"))
    )
    kinds = [type(item) for item in read_file_records(spoiled)[1]]
    assert kinds == [Record, BadRecord, Record, Record]


def test_an_encrypted_backup_is_refused_with_what_to_do() -> None:
    name = "SignalBackups/signal-backup-2026-02-02-21-14-00"
    data = zip_bytes({f"{name}/main": b"\x9a\x01", f"{name}/metadata": b"\x08"})
    with pytest.raises(UnrecognisedFileError, match="export the chats instead"):
        read_file_records(data)


def test_other_lines_are_none_of_signal() -> None:
    with pytest.raises(UnrecognisedFileError):
        read({"chat": {"id": 1}, "recipient": {}}, {"a": 1})


def written(*messages: dict[str, Any]) -> bytes:
    usual: dict[str, Any] = {"quote": "", "sticker": None, "reactions": [], "attachments": []}
    flags = {"deleted": False, "call": False, "missed": False}
    lines = (json.dumps(usual | flags | message, ensure_ascii=False) for message in messages)
    return "".join(f"{line}\n" for line in lines).encode()


def said(sender: str, body: str, **fields: Any) -> dict[str, Any]:
    return {"date": "2026-01-31T22:04:05.678000", "sender": sender, "body": f"{body}  "} | fields


read_export = reads("signal-export", is_chat=True, timezone="UTC")


def test_each_folder_is_a_chat_with_its_people() -> None:
    data = zip_bytes(
        {
            "out/Boat crew/data.json": written(
                said("Owl", "wind from the west", reactions=[["Heron", "👍"], ["Me", "👍"]]),
                said("Me", "then we go east", quote="\n\n> wind from the west\n\n"),
            ),
            "out/Boat crew/chat.md": b"[2026-01-31 22:04:05] Owl: wind from the west  \n",
            "out/Heron/data.json": written(said("Heron", "hi")),
        }
    )
    first, second, third = (
        item for item in records_in(read_export(data, username="ann", timezone="Asia/Seoul"))
    )
    assert (first.username, first.text) == ("Owl", "wind from the west")
    assert first.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert first.room == FileRoom(platform="signal", name="Boat crew", file="out/Boat crew")
    assert first.counts is not None
    assert first.counts.signs == (SignCount("👍", 2),)
    assert (second.username, second.text) == ("ann", "then we go east")
    assert third.room == FileRoom(platform="signal", name="Heron", file="out/Heron")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (said("Me", "Outgoing voice call (accepted, 3m 2s)", call=True), "system"),
        (said("Owl", "", deleted=True), "deleted"),
        (said("No-Sender", "words"), "deleted"),
        (said("Owl", "", sticker={"emoji": "🦉"}), "media"),
        (said("Owl", "", attachments=[{"name": "", "path": "", "missing_kind": "media"}]), "media"),
    ],
)
def test_what_nobody_said_is_left_out(message: dict[str, Any], reason: str) -> None:
    assert read_export(written(said("Owl", "hello"), message))[1:] == [Skipped(2, reason)]  # type: ignore[arg-type]


def test_notes_to_oneself_are_no_chat() -> None:
    assert read_export(
        zip_bytes({"Note to Self/data.json": written(said("Me", "milk"))}), username="ann"
    ) == [Skipped(1, "system")]


def test_files_lie_in_the_folder_of_the_chat() -> None:
    attached = [{"name": "a b.jpg", "path": "media/a%20b.jpg", "missing_kind": None}]
    members = {"us/data.json": written(said("Owl", "look", attachments=attached))}
    (record,) = only_records(read_export(zip_bytes(members | {"us/media/a b.jpg": b"x"})))
    assert record.files == ("us/media/a b.jpg",)


MARKDOWN = (
    "[2026-01-31 22:04:05] Owl: two\nlines  \n"
    "[2026-01-31 22:05:05] Me: \n\n> two\n> lines\n\nan answer  \n(- Owl: 👍 -)\n"
    "[2026-01-31 22:06:05] Owl:   ![a b.jpg](./media/a%20b.jpg)  \n"
    "[2026-01-31 22:07:05] Owl: (This message was deleted)\n"
    "[2026-01-31 22:08:05] Owl: see [this](https://e.org)  \n(( 🦉 ))\n"
    "[2026-01-31 22:09:05] No-Sender:   \n"
).encode()


def test_chat_md_alone_is_read_without_what_the_program_adds() -> None:
    data = zip_bytes({"Boat crew/chat.md": MARKDOWN, "Boat crew/media/a b.jpg": b"x"})
    records, items = read_file_records(data, username="ann", timezone="UTC")
    assert (records.format, texts(items)) == (
        *("signal-md", ["two\nlines", "an answer", "", "see [this](https://e.org)"]),
    )
    found = records_in(items)
    assert [item.username for item in found] == ["Owl", "ann", "Owl", "Owl"]
    assert found[2].files == ("Boat crew/media/a b.jpg",)
    assert found[0].room == FileRoom(platform="signal", name="Boat crew", file="Boat crew/chat.md")


def test_an_arrow_behind_a_name_is_the_authors() -> None:
    said = "[2026-01-31 22:0{}:05] {}: {}  \n".format
    own = ["> my own arrow\nsecond line", ">", "> one\n> two", ">> aside", "yes\n> or no"]
    quoted = said(9, "Me", "\n\n> two\n\nan answer")
    data = "".join(said(number, "Owl", text) for number, text in enumerate(own)) + quoted
    _, items = read_file_records(zip_bytes({"crew/chat.md": data.encode()}), username="ann")
    assert texts(items) == [*own, "an answer"]


SIGTOP = """Conversation: Owl (+4915)

From: You
Type: outgoing
Sent: Sat, 31 Jan 2026 22:04:05 +0100

two

From: nobody, since no type follows
lines

From: Owl (+4915)
Type: incoming
Sent: Sat, 31 Jan 2026 22:05:05 +0100
Received: Sat, 31 Jan 2026 22:05:06 +0100
Reaction: 👍 from You

> From: You
> Sent: Sat, 31 Jan 2026 22:04:05 +0100
>
> two

an answer
> and no quote

From: Owl (+4915)
Type: incoming
Sent: Sat, 31 Jan 2026 22:06:05 +0100
Edited: 2 versions

| Version: 2
| Sent: Sat, 31 Jan 2026 22:07:05 +0100
|
| > From: You
| > Sent: Sat, 31 Jan 2026 22:04:05 +0100
|
| new
| words
|
| Version: 1
| Sent: Sat, 31 Jan 2026 22:06:05 +0100
|
| old words

From: Owl (+4915)
Type: keychange
Sent: Sat, 31 Jan 2026 22:08:05 +0100

From: Owl (+4915)
Type: incoming
Sent: Sat, 31 Jan 2026 22:09:05 +0100
Attachment: a.jpg (image/jpeg, 12 bytes)

"""
SIGTOP_SHORT = """2026-01-31 22:04 You: two
lines
2026-01-31 22:05 Owl: [reply to You on 2026-01-31 22:04, edited, 1 attachment] an answer
2026-01-31 22:06 Owl: [1 attachment]
2026-01-31 22:07 Owl: [keychange message]
2026-01-31 22:08 Owl: [joking] a text
"""


def read_sigtop(text: str) -> list[tuple[str | None, str, str]]:
    data = zip_bytes({"Owl (+4915).txt": text.encode()})
    records, items = read_file_records(data, username="ann", timezone="Europe/Berlin")
    found = records_in(items)
    assert (records.format, {item.room and item.room.name for item in found}) == ("sigtop", {"Owl"})
    reasons = [item.reason for item in items if isinstance(item, Skipped)]
    assert sorted(reasons) == ["media", "system"]
    return [(item.username, item.text, f"{item.created_at:%H:%M}") for item in found]


def test_sigtop_text_has_fields_above_the_words() -> None:
    words = "two\n\nFrom: nobody, since no type follows\nlines"
    assert read_sigtop(SIGTOP) == [
        ("ann", words, "21:04"),
        ("Owl", "an answer\n> and no quote", "21:05"),
        ("Owl", "new\nwords", "21:06"),
    ]


def test_sigtop_short_text_has_a_line_for_each_message() -> None:
    assert read_sigtop(SIGTOP_SHORT) == [
        *(("ann", "two\nlines", "21:04"), ("Owl", "an answer", "21:05")),
        ("Owl", "[joking] a text", "21:08"),
    ]


def test_a_bad_line_costs_no_other() -> None:
    data = written(said("Owl", "a")) + b"[1]\n" + written(said("Owl", "b", date="soon"))
    items = read_export(data + written(said("Owl", "c")))
    assert texts(items) == ["a", "c"]
    assert [type(item) for item in items[1:3]] == [BadRecord, BadRecord]


def test_an_edited_message_has_the_id_and_the_time_of_its_first_version() -> None:
    first = item(2, 1_768_298_460_000, "the fery")["chatItem"]
    newest = item(2, 1_768_298_700_000, "the ferry", revisions=[first])
    head = (person(2, "Mina"), {"chat": {"id": "10", "recipientId": "2"}})
    _, before = read_file_records(lines(*head, {"chatItem": first}))
    _, after = read_file_records(lines(*head, newest))
    (old,), (new,) = records_in(before), records_in(after)
    assert (old.text, new.text) == ("the fery", "the ferry")
    assert (old.source_id, old.created_at) == (new.source_id, new.created_at)


@pytest.mark.parametrize("has_file", [True, False])
def test_a_long_text_is_read_from_its_file_or_told_as_cut(has_file: bool) -> None:
    whole = ("the ferry is late " * 200).strip()
    pointer: dict[str, object] = {"contentType": "text/x-signal-plain"}
    pointer["locatorInfo"] = located(whole.encode())
    sent = item(2, 1_768_298_460_000, whole[:2_000].strip())
    sent["chatItem"]["standardMessage"]["longText"] = pointer
    head = (person(2, "Mina"), {"chat": {"id": "10", "recipientId": "2"}})
    files = {"main.jsonl": lines(*head, sent)}
    files |= {"files/ab/x.txt": whole.encode()} if has_file else {}
    records, items = read_file_records(zip_bytes(files))
    (found,) = records_in(items)
    cut = [finding for _, finding in records.notes.odd if "only the beginning" in str(finding)]
    assert (found.text == whole, len(cut)) == (has_file, not has_file)
    assert [part.what for part in records.notes.unread] == []
