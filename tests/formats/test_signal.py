"""Chats of Signal, as the export of its phones has them."""

from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from app.formats.post import ReplyTarget
from app.formats.records import BadRecord, FileRoom, Item, Record, Skipped
from tests.archives import zip_bytes
from tests.formats.files import read_file_records
from tests.formats.signal_variants import group, item, lines, person

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
    first, second = crew(item(2, TIME, "wind from the west"), answer)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.display_name, second.display_name) == ("Heron", "Owl")
    assert first.created_at is not None
    assert first.created_at.timestamp() == TIME // 1000
    assert second.reply_to == ReplyTarget(first.source_id)
    assert first.room == FileRoom(platform="signal", name="Boat crew", external_id="a2V5")
    assert "c2VjcmV0" not in str((first, second))


def test_a_chat_with_one_person_is_called_by_their_name() -> None:
    chat = {"chat": {"id": "10", "recipientId": "2"}}
    (record,) = read(*SELF, HERON, chat, item(2, TIME, "hi"))
    assert isinstance(record, Record)
    assert isinstance(record.room, FileRoom)
    assert record.room.name == "Heron"
    assert record.room.external_id == HERON["recipient"]["contact"]["aci"]


def test_who_exported_may_have_no_name() -> None:
    items = read(*SELF, *CREW, item(1, TIME, "hi"))
    assert [(item.username, item.display_name) for item in items if isinstance(item, Record)] == [
        (None, "You")
    ]


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
    assert [item.text for item in crew(message) if isinstance(item, Record)] == ["the last"]


def test_mentions_become_names_and_answers_to_stories_are_words() -> None:
    account = HERON["recipient"]["contact"]["aci"]
    marks = [{"start": 6, "length": 1}, {"start": 7, "mentionAci": "AAA"}, {"mentionAci": account}]
    text = {"body": "\ufffc and \ufffc!", "bodyRanges": marks}
    mentions = item(2, TIME, "", standardMessage={"text": text})
    story = item(2, TIME + 1, "")
    del story["chatItem"]["standardMessage"]
    story["chatItem"]["directStoryReplyMessage"] = {"textReply": {"text": {"body": "lovely"}}}
    texts = [item.text for item in crew(mentions, story) if isinstance(item, Record)]
    assert texts == ["@Heron and @?!", "lovely"]


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
