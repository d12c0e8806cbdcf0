"""Questions about the first rows of a table: the columns next to the read values."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final

from saywho.errors import Message
from saywho.formats.assumptions import SeenRow
from saywho.formats.records import Record
from saywho.formats.tables.correspondence import OWN_NAMES
from saywho.formats.tables.documents import KEY_OF_LIST
from saywho.formats.tally import Doubt, Doubts, Sightings

_PLAIN: Final = re.compile(r"[\W_]+")
_PERSON: Final = re.compile(
    r"(?:user|author|actor|sender|reviewer|writer|creator|commenter|account|from|owner)"
    r"(?:id|ip|name|url|handle|key)$|screenname$|(?:user|author|account)$|^handle$|^from$|userposted$"
    r"|(?:작성자|글쓴이|아이디|계정|계정명|사용자|닉네임)(?:id|ip)?$|^ip$|ipaddress$|^작성ip$"
)
_ANOTHER: Final = re.compile(
    r"repl|mention|quot|retweet|repost|reblog|parent|target|recipient|receiver|orig|shared|^to|"
    r"inres|follow|friend|count|display|avatar|image|photo|descri|location|lang|verif|created|time"
    r"|date|product|page|group|channel|server|client|device|source|app|type|assign|edit|modif|liked"
)
"""Parts of names of columns that are about someone else, or not about who wrote."""
_CLOCK: Final = re.compile(r"(?<![\d:.])(?!0?0:00)\d{1,2}:\d{2}(?!\d)|T(?!00:00)\d\d:\d\d")
"""A time of day but midnight."""
_ID: Final = re.compile(r"i[dp]$|key$|url$|ipaddress$")


def doubts_of_rows(
    rows: Sequence[SeenRow], named: str | None, *, is_chosen: bool, works: Collection[str] = ()
) -> Doubts:
    """named: the author of posts without one. is_chosen: whether the importer chose a column.
    works: columns about what the posts are about, such as the author of a book.
    """
    yield from _ids(rows)
    records = [(seen, seen.item) for seen in rows if isinstance(seen.item, Record)]
    if not is_chosen:
        yield from _authors(records, named, works)
    yield from _texts_of_others(records)
    yield from _midnights(records)


def _plain(name: str) -> str:
    return _PLAIN.sub("", name).casefold()


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


def _authors(records: Sequence[Read], named: str | None, works: Collection[str]) -> Doubts:
    found = [
        doubt
        for column in _columns_of_people(records)
        if column not in works
        if (doubt := _another_author(records, column, named)) is not None
    ]
    found.sort(key=lambda doubt: -doubt.count)
    if found:
        alternatives = tuple(value for doubt in found for value in doubt.alternatives)
        first = found[0]
        yield Doubt(
            "people", first.count, first.examples, alternatives[:3], first.grave, first.finding
        )


def _columns_of_people(records: Sequence[Read]) -> list[str]:
    filled: defaultdict[str, int] = defaultdict(int)
    for seen, _ in records:
        for name in seen.values:
            filled[name] += 1
    return [
        name
        for name, count in filled.items()
        if 2 * count >= len(records)
        and name != KEY_OF_LIST  # Which stands above posts that name their authors.
        and _PERSON.search(plain := _plain(name))
        and not _ANOTHER.search(plain)
    ]


def _another_author(records: Sequence[Read], column: str, named: str | None) -> Doubt | None:
    if _are_answered(records, column):
        return None
    by_author: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for seen, record in records:
        author = record.username or named
        value = seen.values.get(column, "").strip().removeprefix("@").casefold()
        if author and value and len(value) < 200:
            of_author = by_author[author]
            of_author[value] = of_author.get(value, 0) + 1
    contradicted = {author: values for author, values in by_author.items() if len(values) > 1}
    rest = sum(sum(v.values()) - max(v.values()) for v in contradicted.values())
    if named is not None and not rest:
        rest = _others_than(records, column, named)
        contradicted = {author: by_author[author] for author in {named} & {*by_author}}
    # An account that was renamed is no other person.
    if not rest or rest < 0.02 * len(records):
        return None
    pairs = ((author, value) for author, values in contradicted.items() for value in values)
    evidence = Message("One author, but several people in the column {column}", column=column)
    tally = Sightings("people", evidence)
    tally.add_all((f"{author}: {value}" for author, value in pairs), rest)
    if _plain(column).endswith("ip") or _plain(column).endswith("ipaddress"):
        return tally.doubt()  # Somebody may have several addresses.
    is_grave = rest >= 0.05 * len(records)
    return tally.doubt(alternatives=(f"author={column}",), is_grave=is_grave)


def _are_answered(records: Sequence[Read], column: str) -> bool:
    """Return whether a column has whom each post is to: people who wrote other posts."""
    pairs = [
        (record.username.casefold(), value)
        for seen, record in records
        if record.username and (value := seen.values.get(column, "").strip().casefold())
    ]
    authors = {author for author, _ in pairs}
    others = sum(author != value for author, value in pairs)
    known = sum(author != value in authors for author, value in pairs)
    return others > 1 and 10 * others >= 9 * len(pairs) and 2 * known >= others


def _others_than(records: Sequence[Read], column: str, named: str) -> int:
    values = [seen.values.get(column, "") for seen, record in records if record.username is None]
    own = {named.lower(), *OWN_NAMES}
    others = [value for value in values if value.strip() and value.strip().lower() not in own]
    return len(others) if len(others) < len(records) or not _ID.search(_plain(column)) else 0


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
