"""Tables in downloads of accounts: Reddit's data request, YouTube comments of Google Takeout."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from saywho.formats.assumptions import Unread
from saywho.formats.post import Medium, ReplyTarget
from saywho.formats.posts.account_tables import text_of
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, Item, Record
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_broken, read_file_records, records_in, texts

POSTS = "id,permalink,date,ip,subreddit,gildings,title,url,body"
COMMENTS = "id,permalink,date,ip,subreddit,gildings,link,parent,body,media"
OLDER_COMMENTS = COMMENTS.replace("gildings,", "gildings,gildings_silver,gildings_supergold,")
TIME = "2025-06-01 07:08:09 UTC"
STATISTICS = b"statistic,value\naccount name,newt_fan\nregistration date,2014-05-19 22:02:20 UTC\n"


def table(header: str, *rows: dict[str, str], end: str = "\n") -> bytes:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, header.split(","), restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def reddit_post(number: str, title: str, body: str = "", **cells: str) -> dict[str, str]:
    link = f"https://www.reddit.com/r/pond/comments/{number}/x/"
    return {"id": number, "permalink": link, "date": TIME, "ip": "192.0.2.7", "url": link} | {
        "subreddit": "pond",
        "title": title,
        "body": body,
        **cells,
    }


def comment(number: str, body: str, **cells: str) -> dict[str, str]:
    return {"id": number, "permalink": f"/r/pond/comments/p9/x/{number}/", "date": TIME} | {
        "subreddit": "pond",
        "link": "https://www.reddit.com/r/pond/comments/p9/x/",
        "body": body,
        **cells,
    }


def read(data: bytes, name: str) -> list[Item]:
    records, items = read_file_records(data)
    assert records.format == name
    return items


def records_of(data: bytes, name: str) -> list[Record]:
    return records_in(read(data, name))


@pytest.mark.parametrize("header", [COMMENTS, OLDER_COMMENTS])
def test_a_data_request_of_reddit_has_posts_and_comments(header: str) -> None:
    members = {
        "posts.csv": table(POSTS, reddit_post("p1", "Newts, mostly", "Two of\nthem &amp; a frog")),
        "comments.csv": table(header, comment("k1", "&gt; a heron\n\nreally?", parent="t1_k0")),
        "post_headers.csv": table(POSTS.removesuffix(",title,url,body"), {"id": "p1"}),
        "messages.csv": b"id,permalink,date,ip,from,to,subject,body\n1,x,z,,a,b,c,secret\n",
        "statistics.csv": STATISTICS,
    }
    records, items = read_file_records(zip_bytes(members))
    assert records.account == Account("newt_fan", "newt_fan", "reddit")
    said, written = records_in(items)
    assert (written.text, written.source_id) == ("Newts, mostly\n\nTwo of\nthem & a frog", "t3_p1")
    assert written.created_at == datetime(2025, 6, 1, 7, 8, 9, tzinfo=UTC)
    assert (written.kind, written.username, written.media) == ("post", "newt_fan", ())
    assert (said.text, said.source_id) == ("really?", "t1_k1")
    assert (said.kind, said.reply_to) == ("reply", ReplyTarget("t1_k0"))
    assert said.url == "https://www.reddit.com/r/pond/comments/p9/x/k1/"
    assert "192.0.2.7" not in repr(items)


@pytest.mark.parametrize(
    ("parent", "answered"),
    [("", "t3_p9"), ("t1_k0", "t1_k0"), ("t3_p9", "t3_p9"), ("k0", "t1_k0"), ("no id!", "t3_p9")],
)
def test_a_comment_answers_a_comment_or_its_post(parent: str, answered: str) -> None:
    (record,) = records_of(table(COMMENTS, comment("k1", "hi", parent=parent)), "reddit")
    assert record.reply_to == ReplyTarget(answered)


@pytest.mark.parametrize(
    ("address", "media"),
    [
        ("https://i.redd.it/newt.jpg", (Medium("photo", "https://i.redd.it/newt.jpg"),)),
        ("https://e.org/pond", (Medium("link", "https://e.org/pond"),)),
        ("https://www.reddit.com/r/pond/comments/p1/x/", ()),
        ("", ()),
    ],
)
def test_the_title_of_a_post_may_be_all_its_words(address: str, media: tuple[Medium, ...]) -> None:
    (record,) = records_of(table(POSTS, reddit_post("p1", "A newt", url=address)), "reddit")
    assert (record.text, record.media) == ("A newt", media)


@pytest.mark.parametrize("word", ["[removed]", "[deleted]"])
def test_what_reddit_writes_in_place_of_a_text_is_nobodys_words(word: str) -> None:
    assert read(table(COMMENTS, comment("k1", word)), "reddit") == [Skipped(2, "deleted")]
    (record,) = records_of(table(POSTS, reddit_post("p1", "A newt", word)), "reddit")
    assert record.text == "A newt"
    (record,) = records_of(table(COMMENTS, comment("k1", f"it says {word}")), "reddit")
    assert record.text == f"it says {word}"


def test_a_time_that_is_none_costs_the_time_alone() -> None:
    data = table(COMMENTS, comment("k1", "hi", date="registration ip"), comment("k2", "", date=""))
    records, items = read_file_records(data)
    assert [(item.text, item.created_at) for item in records_in(items)] == [("hi", None)]
    assert items[1] == Skipped(3, "empty")
    assert records.notes.unread == [Unread("time", "date", 1)]


def test_a_row_of_another_width_costs_no_other() -> None:
    rows = (
        table(COMMENTS, comment("k1", "hi")) + b"k2,short\n" + table(COMMENTS, comment("k3", "ho"))
    )
    items = read(rows.replace(COMMENTS.encode() + b"\nk3", b"k3"), "reddit")
    assert texts(items) == ["hi", "ho"]
    assert items[1] == BadRecord(3, "the row has 2 fields, the header 10")


def test_a_table_that_breaks_off_keeps_its_rows() -> None:
    data = table(COMMENTS, comment("k1", "hi"), comment("k2", "a, b"))[:-4]
    assert texts(read_broken(data, "never closed")) == ["hi"]


NEW = "Comment ID,Channel ID,Comment Create Timestamp,Price,Parent Comment ID,Post ID,Video ID"
YOUTUBE = [
    "Comment ID,Channel ID,Comment Create Timestamp,Price,Parent Comment ID,Video ID,Comment Text",
    "Channel ID,Comment Create Timestamp,Price,Comment ID,Parent Comment ID,Video ID,Comment Text",
    f"{NEW},Comment Text,Top-Level Comment ID",
    f"{NEW},Comment text,Top-level comment ID".replace("Create Timestamp", "create timestamp"),
]


def video_comment(header: str, number: str, text: str, **cells: str) -> dict[str, str]:
    values = {
        "comment id": number,
        "channel id": "UC1",
        "comment create timestamp": "2025-03-04T05:06:07.890+00:00",
        "video id": "v1",
        "comment text": text,
    } | {name.replace("_", " "): cell for name, cell in cells.items()}
    return {name: values.get(name.casefold(), "") for name in header.split(",")}


@pytest.mark.parametrize("header", YOUTUBE)
def test_comments_of_takeout_are_of_the_channel(header: str) -> None:
    segments = '{"text":"nice kiln"},{"text":"\\n"},{"text":"what glaze?"}'
    members = {
        "Takeout/YouTube/comments/comments.csv": table(
            header,
            video_comment(header, "Ug1", segments),
            video_comment(header, "Ug1.ab", '{"text":"mine"}', parent_comment_id="Ug1"),
            end="\r\n",
        ),
        "Takeout/YouTube/channels/channel.csv": (
            b"Channel ID,Channel Country,Channel Title (Original),Channel Visibility\n"
            b"UC1,KR,Kiln Days,Public\n"
        ),
    }
    records, items = read_file_records(zip_bytes(members))
    assert (records.format, records.account) == (
        *("youtube", Account("Kiln_Days", "Kiln Days", "youtube", "UC1")),
    )
    first, second = records_in(items)
    assert (first.text, first.source_id) == ("nice kiln\nwhat glaze?", "Ug1")
    assert first.created_at == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert first.url == "https://www.youtube.com/watch?v=v1&lc=Ug1"
    assert (first.reply_to, second.reply_to) == (ReplyTarget("v1"), ReplyTarget("Ug1"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('{"takeoutSegments":[{"text":"a"},{"text":"b"}]}', "ab"),
        ('{"takeoutSegments":[]}', ""),
        ('{"text":"@mina ","mention":{"externalChannelId":"UC2"}},{"text":"far?"}', "@mina far?"),
        (
            '{"text":"https://e.org/lo...","link":{"linkUrl":"https://e.org/long"}}',
            "https://e.org/long",
        ),
        ('{"text":"1:23","link":{"linkUrl":"https://www.youtube.com/watch?t=83"}}', "1:23"),
        ("plain words", "plain words"),
        ("{curly} words", "{curly} words"),
        ('{"text": broken', '{"text": broken'),
        ("{}", ""),
    ],
)
def test_texts_stand_in_segments_or_plain(cell: str, text: str) -> None:
    assert text_of(cell) == text


def test_messages_of_live_chats_are_read_too() -> None:
    data = (
        b"Live Chat ID,Channel ID,Live Chat Create Timestamp,Price,Video ID,Live Chat Text\n"
        b'Lc1,UC1,2025-03-04T05:06:07+00:00,0,v1,"{""text"":""hi all""}"\n'
    )
    assert texts(read(data, "youtube")) == ["hi all"]


def test_comments_of_another_channel_are_not_the_accounts() -> None:
    header = YOUTUBE[0]
    other = video_comment(header, "Ug2", "no", channel_id="UC2")
    items = read(table(header, video_comment(header, "Ug1", "yes"), other), "youtube")
    assert texts(items) == ["yes"]
    assert items[1] == BadRecord(
        3, "written by UC2, but the file starts with posts by another author"
    )


def test_other_tables_are_none_of_these() -> None:
    for data in (b"id,date,body\n1,2020-01-01,hi\n", SMALL_FILES["csv"]):
        assert read_file_records(data)[0].format == "csv"


def as_cell(parts: Iterable[str]) -> str:
    return ",".join(json.dumps({"text": part}) for part in parts)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_segments_come_out_joined(parts: list[str]) -> None:
    assert text_of(as_cell(parts)) == "".join(parts)


def test_values_of_any_kind_are_no_traceback() -> None:
    for cell in ("[1]", '{"takeoutSegments":7}', '{"takeoutSegments":[7]}', '{"text":7}', "{]}"):
        assert isinstance(text_of(cell), str)
