"""Ghost, Medium, Substack, LiveJournal, Stack Exchange, Nostr: what their authors published."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import Skipped
from saywho.formats.records import Item, Record
from tests.archives import zip_bytes
from tests.formats.files import fields_in, lines, read_file_records, said_at

CASES = Path(__file__).parent / "cases"
DAY = "2024-01-05T10:00"


def skipped(items: list[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Skipped)]


def ghost(*posts: dict[str, Any]) -> bytes:
    data = {
        "posts": [
            {"id": f"p{n}", "status": "published", "visibility": "public"} | post
            for n, post in enumerate(posts)
        ],
        "users": [{"id": "u1", "name": "Mina Pier", "slug": "mina"}],
        "posts_authors": [{"post_id": f"p{n}", "author_id": "u1"} for n, _ in enumerate(posts)],
    }
    meta = {"exported_on": 1704448800000, "version": "5.75.0"}
    return json.dumps({"db": [{"meta": meta, "data": data}]}, indent=1).encode()


WRITTEN = {"title": "Fog", "html": "<p>It came at six.</p>", "published_at": f"{DAY}:00.000Z"}
PAID = WRITTEN | {"visibility": "paid"}


def test_ghost() -> None:
    data = ghost(
        WRITTEN, WRITTEN | {"status": "draft"}, PAID, WRITTEN | {"html": None, "plaintext": "Salt"}
    )
    for target in (data, zip_bytes({"quay/ghost.json": data})):
        records, items = read_file_records(target)
        assert records.format == "ghost"
        assert said_at(items) == [
            ("mina", "Fog\n\nIt came at six.", DAY),
            ("mina", "Fog\n\nSalt", DAY),
        ]
        assert skipped(items) == ["deleted", "restricted"]
    (first, _), *_ = (list(read_file_records(ghost(PAID, PAID), include_restricted=True)[1]),)
    assert isinstance(first, Record)
    assert first.visibility == "restricted"


def test_values_of_other_kinds_spoil_no_other_post_of_ghost() -> None:
    good = {"id": "1", "status": "published", "visibility": "public", "html": "<p>Fog</p>"}
    good |= {"author_id": "7", "published_at": "2024-01-05T10:00:00Z"}
    odd: list[dict[str, Any]] = [
        {"status": ["published"]},
        {"visibility": ["public"]},
        {"id": {}},
        {"author_id": [7]},
    ]
    data = {
        "users": [{"id": "7", "slug": "mina"}, {"id": [7], "slug": "jun"}],
        "posts_authors": [{"post_id": [1], "author_id": {}}],
        "posts": [good | each for each in ({}, *odd)],
    }
    file = json.dumps({"db": [{"meta": {"exported_on": 1}, "data": data}]}).encode()
    _, items = read_file_records(file)
    assert [name for name, *_ in said_at(items)] == ["mina", "mina", None]
    assert skipped(items) == ["deleted", "restricted"]


def test_a_cut_export_of_ghost_is_damaged() -> None:
    with pytest.raises(BrokenFileError):
        read_file_records(ghost(WRITTEN)[:-40])


def test_medium() -> None:
    records, items = read_file_records(CASES / "medium_export.zip")
    assert records.format == "medium"
    assert said_at(items) == [("mina", "Fog again\n\nThe fog came in at six.", DAY)]
    assert skipped(items) == ["deleted"]


TABLE = (
    "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n"
    "11.fog,2024-01-05T10:00:00.000Z,true,,newsletter,everyone,Fog,,\n"
    "12.salt,2024-01-06T10:00:00.000Z,true,,newsletter,only_paid,Salt,,\n"
    "13.tea,,false,,newsletter,everyone,Tea,,\n"
)
PAGES = {
    f"posts/{name}.html": f"<p>About {name[3:]}.</p>".encode()
    for name in ("11.fog", "12.salt", "13.tea")
}


def test_substack() -> None:
    members = {"posts.csv": TABLE.encode(), "posts/11.fog.opens.csv": b"a,b\n1,2\n", **PAGES}
    records, items = read_file_records(zip_bytes(members))
    assert records.format == "substack"
    assert said_at(items) == [(None, "Fog\n\nAbout fog.", DAY)]
    assert skipped(items) == ["restricted", "deleted"]
    assert records.notes.unsettled == "author"
    _, items = read_file_records(zip_bytes(members), include_restricted=True)
    assert [text for _, text, _ in said_at(items)] == ["Fog\n\nAbout fog.", "Salt\n\nAbout salt."]


def test_the_list_of_substack_alone_has_no_words() -> None:
    with pytest.raises(UnrecognisedFileError, match="import the whole export"):
        read_file_records(zip_bytes({"posts.csv": TABLE.encode()}))


JOURNAL = """<?xml version="1.0" encoding='utf-8'?>
<livejournal>
<entry><itemid>1</itemid><eventtime>2004-05-01 10:00:00</eventtime><subject>Fog</subject>
<event>It came at six.
Nobody &lt;b&gt;saw&lt;/b&gt; it.</event><security>public</security></entry>
<entry><itemid>2</itemid><eventtime>2004-05-02 10:00:00</eventtime><subject></subject>
<event>For friends</event><security>usemask</security></entry>
</livejournal>"""


def test_livejournal() -> None:
    records, items = read_file_records(JOURNAL.encode())
    assert records.format == "livejournal"
    assert said_at(items) == [(None, "Fog\n\nIt came at six.\nNobody saw it.", "2004-05-01T10:00")]
    assert skipped(items) == ["restricted"]
    assert records.notes.unsettled == "author"


@pytest.mark.parametrize(
    "data",
    [
        # A letter that was sent by mail alone is on no page.
        ghost(WRITTEN, WRITTEN | {"status": "sent"}),
        *(
            ghost(WRITTEN, WRITTEN | {"visibility": to})
            for to in ("members", "paid", "tiers", None)
        ),
        *(
            TABLE.replace("only_paid", to)
            for to in ("only_paid", "only_free", "founding", "anything new", "")
        ),
        *(
            JOURNAL.replace("<security>usemask</security>", to)
            for to in ("<security>private</security>", "<security>friends</security>", "")
        ),
    ],
)
def test_what_is_not_known_to_be_public_is_for_few(data: str | bytes) -> None:
    if isinstance(data, str) and data.startswith("post_id"):
        data = zip_bytes({"posts.csv": data.encode(), **PAGES})
    target = data.encode() if isinstance(data, str) else data
    _, items = read_file_records(target)
    assert "restricted" in skipped(items)
    assert len(said_at(items)) == 1
    _, items = read_file_records(target, include_restricted=True)
    kept = [item.visibility for item in items if isinstance(item, Record)]
    assert kept == ["public", "restricted"]


POSTS = """<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="1" PostTypeId="1" CreationDate="2024-01-05T10:00:00.000" Body="&lt;p&gt;Why fog?&lt;/p&gt;" OwnerUserId="5" Title="Fog" />
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2024-01-05T11:00:00.000" Body="&lt;p&gt;Cold sea.&lt;/p&gt;" OwnerUserId="6" />
  <row Id="3" PostTypeId="4" CreationDate="2024-01-05T12:00:00.000" Body="About a tag" OwnerUserId="6" />
  <row Id="4" PostTypeId="2" ParentId="1" CreationDate="2024-01-05T12:00:00.000" Body="Gone" OwnerDisplayName="user7" />
</posts>"""  # noqa: E501
COMMENTS = """<comments>
  <row Id="9" PostId="2" Text="a &lt; b, thanks" CreationDate="2024-01-05T12:00:00.000" UserId="5" />
</comments>"""  # noqa: E501
USERS = """<users>
  <row Id="5" DisplayName="Mina Pier" /><row Id="6" DisplayName="mina pier" />
</users>"""


def test_stack_exchange() -> None:
    members = {"Posts.xml": POSTS, "Comments.xml": COMMENTS, "Users.xml": USERS}
    target = zip_bytes({name: text.encode() for name, text in members.items()})
    records, items = read_file_records(target)
    assert records.format == "stack-exchange"
    assert said_at(items) == [
        ("Mina_Pier", "a < b, thanks", "2024-01-05T12:00"),
        ("Mina_Pier", "Fog\n\nWhy fog?", DAY),
        ("mina_pier_6", "Cold sea.", "2024-01-05T11:00"),
    ]
    assert skipped(items) == ["deleted", "deleted"]
    targets = [item.reply_to for item in items if isinstance(item, Record)]
    assert targets == [ReplyTarget("2"), None, ReplyTarget("1")]
    assert fields_in("username", POSTS.encode()) == ["user5", "user6"]


def test_nostr() -> None:
    records, items = read_file_records(CASES / "nostr_events.jsonl")
    assert (records.format, records.account and records.account.username) == ("nostr", "mina")
    assert said_at(items) == [
        (None, "Fog again at the pier this morning.", DAY),
        (None, "It always is on Fridays.", "2024-01-05T15:00"),
    ]
    assert skipped(items) == ["repost", "system", "system", "system"]
    assert [item.kind for item in items if isinstance(item, Record)] == ["post", "reply"]


@pytest.mark.parametrize(
    "more", [[], ["wss://a"], ["wss://a", ""], ["wss://a", "", "key"], ["", None]]
)
def test_answers_of_nostr_may_have_no_marker_or_an_empty_one(more: list[object]) -> None:
    event = {"id": "1", "pubkey": "aa", "created_at": 1704448800, "kind": 1, "sig": "0"}
    event |= {"content": "Fog", "tags": [["e", "7", *more], ["e", "9", *more], ["p", "bb"]]}
    _, items = read_file_records(lines(event))
    (record,) = (item for item in items if isinstance(item, Record))
    assert (record.kind, record.reply_to) == ("reply", ReplyTarget("9"))


def test_values_of_other_kinds_spoil_no_event_of_nostr() -> None:
    event = {"id": "1", "pubkey": "aa", "created_at": 1704448800, "kind": 1, "tags": []}
    event |= {"content": "Fog", "sig": "0"}
    odd: list[dict[str, Any]] = [
        {"kind": [1]},
        {"kind": {}},
        {"tags": [["e", "9", "", ["reply"]]]},
        {"tags": {}},
    ]
    _, items = read_file_records(lines(event, *(event | each for each in odd)))
    assert skipped(items) == ["system", "system"]
    assert [text for _, text, _ in said_at(items)] == ["Fog"] * 3


def test_nostr_of_several_accounts() -> None:
    event = {
        "id": "1",
        "created_at": 1704448800,
        "kind": 1,
        "tags": [],
        "content": "Fog",
        "sig": "0",
    }
    _, items = read_file_records(
        lines(event | {"pubkey": "aa"}, event | {"pubkey": "bb", "id": "2"})
    )
    assert said_at(items) == [("aa", "Fog", DAY), ("bb", "Fog", DAY)]
