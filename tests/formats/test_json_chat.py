"""The format of chats in JSON that docs/contributing.md has as an example, read as any other."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from saywho.formats import registry
from saywho.formats.chats.chat_files import together
from saywho.formats.chats.json_chat import JsonChat
from saywho.formats.post import Medium, Reactions, SignCount
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import NO_OPTIONS, Format, Record
from saywho.formats.source.file import Source
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_file_records, records_in

GUIDE = Path(__file__).parents[2] / "docs" / "contributing.md"
MESSAGES: list[Any] = [
    {"who": "Mina", "when": "2026-01-02T10:00:00Z", "what": "hi"},
    {"who": "Jun", "when": "2026-01-02T10:01:00Z", "what": "", "files": ["dog.jpg"]},
    {
        "who": "Jun",
        "when": "2026-01-02T10:02:00Z",
        "what": "no",
        "reactions": [{"sign": "👍", "count": 2}],
    },
    {"who": "Mina", "when": "2026-01-02T10:03:00Z", "what": "Jun joined", "is_note": True},
    {"who": "Mina", "when": "soon", "what": "see you"},
    {"who": "Mina", "when": "2026-01-02T10:04:00Z", "what": "\ud800"},
    {"who": "Mina", "when": "2026-01-02T10:05:00Z", "what": ""},
    "nothing",
]
CHAT = json.dumps({"id": "7", "title": "us", "messages": MESSAGES}).encode()


@pytest.fixture(autouse=True)
def palaver(monkeypatch: pytest.MonkeyPatch) -> type[JsonChat[Any]]:
    """Register the example of the docs, and with it the archives of several apps."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(next(block for block in blocks if "JsonChat" in block), names)  # noqa: S102 # our own docs
    form: Format = names["FORMAT"]
    formats = {"palaver": form} | registry.FORMATS
    formats["chats"] = together([*formats.values()])
    monkeypatch.setattr(registry, "FORMATS", {"chats": formats["chats"]} | formats)
    example: type[JsonChat[Any]] = names["Palaver"]
    return example


def test_an_example_of_a_json_chat_is_read() -> None:
    records, items = read_file_records(zip_bytes({"us/palaver.json": CHAT, "us/dog.jpg": b"x"}))
    assert (records.format, records.is_chat) == ("palaver", True)
    said = records_in(items)
    assert [(item.place, item.display_name, item.text) for item in said] == [
        (1, "Mina", "hi"),
        (2, "Jun", ""),
        (3, "Jun", "no"),
        (5, "Mina", "see you"),
    ]
    assert said[3].unread_time == "time"
    assert (said[1].media, said[1].files) == ((Medium("photo"),), ("us/dog.jpg",))
    assert said[2].counts == Reactions(likes=2, signs=(SignCount("👍", 2),))
    assert {item.room and item.room.name for item in said} == {"us"}
    bad = {item.place: str(item.detail) for item in items if isinstance(item, BadRecord)}
    assert list(bad) == [6, 8]
    assert bad[6] == "the text contains broken characters"
    left_out = [(item.place, item.reason) for item in items if isinstance(item, Skipped)]
    assert left_out == [(4, "system"), (7, "media")]


def test_it_is_read_together_with_the_chats_of_another_app() -> None:
    archive = zip_bytes({"palaver.json": CHAT, "result.json": SMALL_FILES["telegram"]})
    records, items = read_file_records(archive)
    assert (records.format, set(records.apps)) == ("chats", {"palaver", "telegram"})
    assert sum(isinstance(item, Record) for item in items) == 4


def test_reactions_are_read_under_the_key_of_their_app(palaver: type[JsonChat[Any]]) -> None:
    class Signs(palaver):  # type: ignore[misc, valid-type]
        reactions_key = "signs"

        def said(self, message: dict[str, Any], chat: Any) -> Any:
            return super().said(message | {"reactions": message.get("signs", [])}, chat)

    renamed = CHAT.replace(b'"reactions"', b'"signs"')
    with Source(io.BytesIO(zip_bytes({"palaver.json": renamed}))) as source:
        records = Signs().format().read(source, NO_OPTIONS)
        assert records is not None
        said = [item for item in records.items if isinstance(item, Record)]
    assert said[2].counts == Reactions(likes=2, signs=(SignCount("👍", 2),))
