"""Questions about the first rows of a table: the columns next to the read values."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from saywho.errors import Message
from saywho.formats.assumptions import SeenRow
from saywho.formats.records import Record
from saywho.formats.tally import Doubts, Sightings

_CLOCK: Final = re.compile(r"(?<![\d:.])(?!0?0:00)\d{1,2}:\d{2}(?!\d)|T(?!00:00)\d\d:\d\d")
"""A time of day but midnight."""


def doubts_of_rows(rows: Sequence[SeenRow]) -> Doubts:
    yield from _ids(rows)
    records = [(seen, seen.item) for seen in rows if isinstance(seen.item, Record)]
    yield from _texts_of_others(records)
    yield from _midnights(records)


def _ids(rows: Sequence[SeenRow]) -> Doubts:
    unused = Sightings("ids", Message("Ids of posts that are not used"))
    for seen in rows:
        if isinstance(seen.item, Record) and seen.item.source_id is None:
            fields = dict(seen.fields)
            ids = (value for name, value in seen.values.items() if fields.get(name) == "source_id")
            if (value := next(ids, "")).strip():
                unused.add(value)
    if unused.count and any(isinstance(s.item, Record) and s.item.source_id for s in rows):
        yield unused.doubt()


Read = tuple[SeenRow, Record]


def _texts_of_others(records: Sequence[Read]) -> Doubts:
    """Doubt texts that mostly repeat another column, behind the own words.

    A reader may put several columns of the own words together, such as a title and a text.
    """
    of_column: dict[str, Sightings] = {}
    for seen, record in records:
        text = record.text.strip()
        if not 10 <= len(text) < 1_000:
            continue
        own = {name for name, field in seen.fields if field == "text"}
        for name, value in seen.values.items():
            other = value.strip() if name not in own else ""
            is_most = 0 < len(other) < len(text) and 3 * len(other) >= 2 * len(text)
            if is_most and text.endswith(other):
                evidence = Message("Texts that mostly stand in the column {column}", column=name)
                of_column.setdefault(name, Sightings("words", evidence, share=0.02)).add(text)
    found = (tally for tally in of_column.values() if tally.is_much(len(records)))
    yield from (tally.doubt() for tally in islice(found, 1))


def _midnights(records: Sequence[Read]) -> Doubts:
    timed = [(seen, record) for seen, record in records if record.created_at is not None]
    if len(timed) < 2 or any(_has_clock(record) for _, record in timed):
        return
    sentence = "All posts are at midnight, but the column {column} has times"
    clocks: dict[str, Sightings] = {}
    for seen, _ in timed:
        for name, value in seen.values.items():
            if len(value) < 40 and _CLOCK.search(value):
                evidence = Message(sentence, column=name)
                clocks.setdefault(name, Sightings("times", evidence, share=0.5)).add(value)
    for name, tally in clocks.items():
        if tally.is_much(len(timed)):
            yield tally.doubt(alternatives=(f"time={name}",))
            return


def _has_clock(record: Record) -> bool:
    time = record.created_at
    return time is not None and (time.hour, time.minute, time.second) != (0, 0, 0)
