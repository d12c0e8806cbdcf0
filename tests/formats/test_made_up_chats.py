"""A chat that is made up comes out of every format with the same people, texts, times, answers."""

import io
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.text import username_key
from app.formats.chats.people import as_username
from app.formats.records import BadRecord, ReadOptions, Record
from app.formats.registry import FORMATS, open_records
from app.formats.source.file import Source
from tests.formats import chat_variants, meta_variants
from tests.formats.invented_rooms import ZONE, Said

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
    unique_by=lambda name: username_key(as_username(name)),
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
    order = [*names, *draw(st.lists(st.sampled_from(names), min_size=2, max_size=6))]
    for name in order:
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
    records = [item for item in items if isinstance(item, Record)]
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
    chats = {name for name, form in FORMATS.items() if form.is_chat}
    assert BY_APP.keys() >= chats - {"chats", "discord-csv"}
