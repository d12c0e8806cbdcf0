"""Records that a preview keeps for the import: of any format, and only what comes back equal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Message
from saywho.formats.assumptions import SeenRow
from saywho.formats.kept import kept_beside, read_once
from saywho.formats.post import Medium, Reactions, ReplyTarget, RoomReference, SignCount
from saywho.formats.records import (
    NO_OPTIONS,
    Account,
    BadRecord,
    FileRoom,
    Format,
    Item,
    LeftOut,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
)
from saywho.formats.registry import FORMATS
from saywho.formats.source.file import Source
from tests.formats import chat_variants
from tests.formats.invented_rooms import messages_in

ROOM = FileRoom(name="바다", platform="kakao", external_id="7")
FULL = Record(
    place=1,
    text="the harbour",
    kind="quote",
    created_at=datetime(2024, 1, 15, 15, 10, tzinfo=UTC),
    username="mina",
    source_id="1",
    reply_to=ReplyTarget("0", "jun"),
    media=(Medium("photo", alt="a boat"),),
    counts=Reactions(2, signs=(SignCount("👍", 2),)),
    room=ROOM,
    files=("a.jpg", None),
)
LOCAL = ("kakaotalk", "whatsapp", "line")
"""Variants of chats whose times have no zone."""
ITEMS: list[Item] = [
    FULL,
    Record(place=2, text="", username=None, room=ROOM),
    Record(place=3, text="그래", room=RoomReference(id=4, name="other")),
    BadRecord(4, Message("the column {name} is missing", name=Message("a {b}", b="c"))),
    Skipped(5, "repost"),
]


class RecordOfOthers(Record, frozen=True, kw_only=True):
    mood: str = ""


def format_of(items: list[Item]) -> Format:
    def read(source: Source, _: ReadOptions) -> RecordStream:
        notes = source.notes
        notes.assume("dates", "day-first", evidence=Message("{n} dates", n=3))
        notes.leave("column", "mood", role="author")
        notes.look_odd("words", Message("odd: {n}", n=1), ["a line"])
        notes.rows.append(SeenRow({"text": "the harbour"}, (("text", "text"),), FULL))
        account = Account("mina", None, "notes")
        left_out = (LeftOut(Message("{name} is left out", name="b")),)
        return RecordStream("notes", "line", account, iter(items), left_out=left_out)

    return Format("notes", Message("Notes"), read)


def previewed(path: Path, monkeypatch: pytest.MonkeyPatch, items: list[Item]) -> RecordStream:
    """Read a file as a preview does, in a format of another package; return what was read."""
    path.write_text("the harbour\n")
    monkeypatch.setitem(FORMATS, "notes", format_of(items))
    with Source(path) as source:
        records = read_once(source, "notes", NO_OPTIONS, is_preview=True).records
        assert list(records.items) == items
        return records


def test_records_and_notes_of_another_package_come_back_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = previewed(tmp_path / "upload", monkeypatch, ITEMS)
    (tmp_path / "upload").write_text("other\n")
    monkeypatch.setitem(FORMATS, "notes", format_of([]))
    with Source(tmp_path / "upload") as source:
        read = read_once(source, "notes", NO_OPTIONS)
        items = list(read.records.items)
    assert items == ITEMS
    bad = items[3]
    assert isinstance(bad, BadRecord)
    assert isinstance(bad.detail, Message)
    assert bad.detail.template == "the column {name} is missing"
    for name in ("format", "unit", "account", "left_out", "is_chat", "notes"):
        assert getattr(read.records, name) == getattr(before, name), name


@pytest.mark.parametrize(
    "item",
    [
        RecordOfOthers(place=6, text="fine", mood="good"),
        Record(place=6, text="half \ud83d a pair"),
        Record(place=6, text="a boat", media=(Medium("photo", width=-1),)),
    ],
)
def test_records_that_would_come_back_changed_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: Record
) -> None:
    previewed(tmp_path / "upload", monkeypatch, [*ITEMS, item])
    assert not kept_beside(tmp_path / "upload").exists()


@pytest.mark.parametrize("variant", chat_variants.VARIANTS)
def test_names_and_zone_of_a_chat_are_given_to_kept_records(tmp_path: Path, variant: str) -> None:
    """The import reads the records that it would read of the file."""
    room = chat_variants.room_of(variant, 5)
    paths = tmp_path / "upload", tmp_path / "file"
    for path in paths:
        path.write_bytes(chat_variants.VARIANTS[variant](room))
    with Source(paths[0], name="chat") as source:
        assert [*read_once(source, "auto", NO_OPTIONS, is_preview=True).records.items]
    first, *others = (said.name for said in messages_in(room, has_files=False))
    last = next(name for name in others if name != first)
    if variant.startswith(LOCAL):
        paths[0].write_bytes(b"")  # It is not read again.
    for options in (
        ReadOptions(rename={first: "하나"}, only=(last,)),
        ReadOptions(rename={first: last}, timezone="America/New_York"),
        NO_OPTIONS,
    ):
        read = []
        for path in paths:
            with Source(path, name="chat") as source:
                records = read_once(source, "auto", options).records
                items = [*records.items]
            read.append((items, records.notes.summary, records.notes.zone, {*records.absent}))
        assert read[0] == read[1]
