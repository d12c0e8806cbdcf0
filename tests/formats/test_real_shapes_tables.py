"""Tables and JSON of other programs: who wrote, what, when, and which posts they are."""

from pathlib import Path
from typing import Any

import pytest

from app.formats.records import Item, Record, RecordStream
from tests.formats.files import read_file_records

CASES = Path(__file__).parent / "cases"
Said = tuple[str | None, str]


def read(target: str | Path, **options: Any) -> tuple[RecordStream, list[Item]]:
    return read_file_records(target if isinstance(target, Path) else target.encode(), **options)


def records(target: str | Path, **options: Any) -> list[Record]:
    return [item for item in read(target, **options)[1] if isinstance(item, Record)]


def said(target: str | Path, **options: Any) -> list[Said]:
    """Return author and text of each post."""
    return [(record.username, record.text) for record in records(target, **options)]


SENDERS = "Sender Name,text\nMina,who has the rope\n,I have it\nMina,good\n"


@pytest.mark.parametrize(
    "target",
    [SENDERS, CASES / "jsonl-sender-name-with-a-name-everybody-becomes-one.jsonl"],
    ids=["table", "json"],
)
def test_username_option_leaves_the_names_of_a_guessed_column(target: str | Path) -> None:
    wanted: list[Said] = [("Mina", "who has the rope"), (None, "I have it"), ("Mina", "good")]
    assert said(target, username="jun") == wanted == said(target)
    notes = read(target, username="jun")[0].notes
    authors = [part for part in notes.assumptions if part.value.startswith("author=")]
    assert [part.alternatives for part in authors] == [("author=none",)]


def test_no_column_names_the_authors_if_the_importer_says_so() -> None:
    records, items = read(SENDERS, username="jun", columns={"author=none": "username"})
    assert [item.username for item in items if isinstance(item, Record)] == [None] * 3
    assert records.notes.assumptions == []
    known = "username,name,text\nshop,Lamp Shop,fog\n"
    _, [item] = read(known, columns={"author=none": "username"})
    assert isinstance(item, Record)
    assert (item.username, item.display_name) == (None, None)


@pytest.mark.parametrize(
    "name",
    ["retweet_and_reply_columns_are_counts", "korean_retweet_reply_quote_columns_are_counts"],
)
def test_columns_of_counts_are_no_flags(name: str) -> None:
    found = records(CASES / f"{name}.csv")
    assert [record.kind for record in found] == ["post"] * 3
    counts = [record.counts for record in found]
    assert [(c.likes, c.reposts, c.replies) for c in counts if c] == [
        (3, 1, 0),
        (5, 0, 1),
        (1, 12, 3),
    ]


def test_a_column_of_0_and_1_follows_the_counts_beside_it() -> None:
    flags = "username,text,retweet\nmina,fog,0\nmina,ferry,1\n"
    assert said(flags) == [("mina", "fog")]
    assert read(flags)[0].notes.assumptions == []
    counts = "username,text,retweet,likes\nmina,fog,0,4\nmina,ferry,1,2\n"
    assert said(counts) == [("mina", "fog"), ("mina", "ferry")]
    (assumed,) = read(counts)[0].notes.assumptions
    assert (assumed.value, assumed.alternatives) == ("count=retweet", ("repost=retweet",))
    assert said(counts, columns={"retweet": "is_repost"}) == [("mina", "fog")]
    words = "username,text,retweet,likes\nmina,fog,no,4\nmina,ferry,yes,2\n"
    both = "username,text,retweet,retweet_count\nmina,fog,0,4\nmina,ferry,1,2\n"
    assert said(words) == said(both) == [("mina", "fog")]


def test_numbers_of_rows_are_no_ids_unless_the_importer_says_so() -> None:
    table = CASES / "row_numbers_as_ids_1.csv"
    assert [record.source_id for record in records(table)] == [None] * 3
    (assumed,) = read(table)[0].notes.assumptions
    assert (assumed.kind, assumed.value, assumed.alternatives) == ("ids", "id=none", ("id=id",))
    chosen = records(table, columns={"id": "source_id"})
    assert [record.source_id for record in chosen] == ["1", "2", "3"]
    # Not in order, and some are missing.
    moved = "id,username,text\n5,mina,a\n0,mina,b\n3,mina,c\n"
    assert [record.source_id for record in records(moved)] == [None] * 3


def test_a_number_that_several_texts_have_is_no_id() -> None:
    found = records(CASES / "blog_corpus_id_is_the_author.csv", username="mina")
    assert [record.source_id for record in found] == [None] * 4
    edited = "id,username,date,text\n" + "".join(
        f"{number},mina,2024-01-05,{text}\n"
        for number, text in ((9001, "fog"), (9001, "fog again"), (9002, "wind"))
    )
    assert [record.source_id for record in records(edited)] == ["9001", "9001", "9002"]


@pytest.mark.parametrize(
    "table",
    [
        "id,username,text,parent_id\n1,mina,fog,\n2,jun,where?,1\n",
        "id,username,text\n1795000000000000001,mina,fog\n1795000000000000002,jun,wind\n",
        "id,username,text\n481,mina,fog\n482,jun,wind\n",
    ],
    ids=["answered", "long", "later"],
)
def test_other_numbers_stay_ids(table: str) -> None:
    assert all(record.source_id for record in records(table))
    assert read(table)[0].notes.assumptions == []


def test_an_object_of_nothing_is_no_repost_and_no_quote() -> None:
    statuses = said(CASES / "statuses_with_an_empty_retweeted_status.json")
    assert statuses == [("mina", "Fog again. Wind NW 4."), ("jun", "The ferry waits at the pier.")]
    found = records(CASES / "quoted_post_of_empty_fields.json")
    assert [record.kind for record in found] == ["post", "quote"]
    nothing = "{'id': None, 'user': {'name': None}, 'media': []}"
    table = f'username,text,retweetedTweet\nmina,fog,"{nothing}"\nmina,wind,"{{\'id\': 5}}"\n'
    assert said(table) == [("mina", "fog")]
