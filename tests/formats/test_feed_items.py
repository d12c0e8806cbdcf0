"""Feeds and answers of platforms as they are found: any encoding, time, shape and size."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from app.errors import RecordError
from app.runtime.sandbox import encoded
from saywho.formats.post import Medium
from saywho.formats.posts.platform_pages import PageHead, read_author_posts, read_statuses
from saywho.formats.posts.rss import read_rss
from saywho.formats.records import Record
from tests.formats.files import records_in


def read(body: bytes, content_type: str = "application/xml") -> list[Record]:
    """Return the records of a feed with this body."""
    head, *records = read_rss(body, content_type=content_type, name="http://host/feed")
    assert isinstance(head, PageHead)
    return records_in(records)


def only(body: bytes, content_type: str = "application/xml") -> Record:
    (record,) = read(body, content_type)
    return record


def rss(item: str, encoding: str = "utf-8") -> bytes:
    text = f"<rss version='2.0'><channel><title>t</title><item>{item}</item></channel></rss>"
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)


def test_an_atom_entry_is_its_title_and_its_content() -> None:
    record = only(
        b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"><title>t</title><entry>
        <id>tag:1</id><title>A title</title><link href="https://example.org/1"/>
        <updated>2026-01-02T03:04:05+09:00</updated>
        <content type="html">&lt;p&gt;One&lt;/p&gt;&lt;p&gt;T&amp;amp;wo&lt;/p&gt;</content>
        </entry></feed>"""
    )
    assert record.text == "A title\n\nOne\n\nT&wo"
    assert (record.source_id, record.url) == ("tag:1", "https://example.org/1")
    assert record.created_at == datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC)
    assert record.platform == "rss"


@pytest.mark.parametrize(
    "said", ["안녕하세요", "おはよう。", "Привет, как дела?", "I like 차", "tea"]
)
@pytest.mark.parametrize("kind", ["CDATA", "markdown", "", "HTML5", "html"])
def test_an_atom_text_of_an_unknown_type_is_no_base64(kind: str, said: str) -> None:
    """feedgen writes `CDATA`, which is no type of Atom."""
    record = only(
        f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>tag:1</id>
        <updated>2026-01-02T03:04:05Z</updated><content type='{kind}'><![CDATA[{said}]]></content>
        </entry></feed>""".encode()
    )
    assert record.text == said


@pytest.mark.parametrize(
    ("link", "base", "url"),
    [
        ('<link href="/posts/1"/>', "", "http://host/posts/1"),
        (
            '<link href="posts/1"/>',
            ' xml:base="https://example.org/blog/"',
            "https://example.org/blog/posts/1",
        ),
        ('<link rel="self" href="1.atom"/><link href="1.html"/>', "", "http://host/1.html"),
        ("", "", None),
    ],
)
def test_a_link_is_relative_to_the_address_of_the_feed(
    link: str, base: str, url: str | None
) -> None:
    feed = f"""<feed xmlns="http://www.w3.org/2005/Atom"{base}><title>t</title><entry><id>1</id>
        <title>Fog</title>{link}<updated>2026-01-02T03:04:05Z</updated></entry></feed>"""
    assert only(feed.encode()).url == url


def test_a_link_of_rss_is_relative_to_the_address_of_the_feed() -> None:
    record = only(rss("<title>Fog</title><guid isPermaLink='false'>1</guid><link>/posts/1</link>"))
    assert (record.source_id, record.url) == ("1", "http://host/posts/1")


@pytest.mark.parametrize("encoding", ["utf-8", "euc-kr", "utf-16"])
def test_korean_in_any_encoding(encoding: str) -> None:
    record = only(rss("<title>안녕하세요 여러분</title><guid>1</guid>", encoding))
    assert record.text == "안녕하세요 여러분"


def test_a_wrong_encoding_in_the_header_loses_nothing() -> None:
    body = rss("<description>안녕하세요</description>")
    assert (only(body, "text/xml; charset=nonsense")).text == "안녕하세요"


@pytest.mark.parametrize(
    "item",
    [
        "<description>no id</description><pubDate>nonsense</pubDate>",
        "<enclosure url='https://example.org/1.jpg' type='image/jpeg'/>",
    ],
)
def test_an_entry_without_an_id_is_known_again(item: str) -> None:
    once, again = only(rss(item)), only(rss(item))
    other = only(rss(item.replace("no id", "other").replace("1.jpg", "2.jpg")))
    assert once.source_id == again.source_id != other.source_id
    assert once.created_at is None


def test_a_long_entry_is_cut_and_an_empty_one_left_out() -> None:
    assert len((only(rss(f"<description>{'word ' * 9_000}</description>"))).text) == 25_000
    assert read(rss("<guid>1</guid>")) == []


WHOLE = {
    "rss": """<?xml version="1.0"?><rss version="2.0"><channel><title>글</title><item><title>하나
        </title><description>첫 이야기</description></item><item><title>둘</title><description>둘째
        &lt;b&gt;이야기&lt;/b&gt;</description></item></channel></rss>""",
    "atom": """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>하나</title>
        <content type="html"><![CDATA[<p>첫</p> 이야기]]></content></entry><entry><id>2</id>
        <title>둘</title><summary>둘째 이야기</summary></entry></feed>""",
    "rdf": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/"><channel><title>글</title></channel><item><title>하나
        </title></item><item><title>둘</title><description>이야기</description></item></rdf:RDF>""",
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_a_feed_that_breaks_off_is_refused(whole: str) -> None:
    body = whole.encode()
    assert len(read(body, "")) == 2
    for end in range(len(body) - 3, 0, -3):
        with pytest.raises(RecordError):
            read(body[:end], "")


@pytest.mark.parametrize(
    "body",
    [
        rss("<title>fish & chips &nbsp; &copy;</title>"),
        rss("<title>a</title><media:x>b</media:x>"),
        rss("<title>a</title></b>").replace(b"</rss>", b"</RSS ><!-- cached -->"),
        b"\n" + rss("<title>a</title>"),
        rss("<title>안녕</title>").replace(b"utf-8", b"us-ascii"),
    ],
    ids=["entities", "namespace", "tags", "blank", "encoding"],
)
def test_a_sloppy_feed_is_no_broken_one(body: bytes) -> None:
    assert len(read(body, "")) == 1


LAMP = "https://example.org/lamp.jpg"
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
MEDIA = {
    "an enclosure": (
        f"<enclosure url='{LAMP}' type='image/jpeg' length='9'/>",
        "",
        [Medium("photo", LAMP)],
    ),
    "a content": (
        f"""<title>Own</title><description>Words</description><media:content url='{LAMP}'
        medium='image' width='10' height='20'><media:description>A lamp</media:description>
        </media:content>""",
        "Own\n\nWords",
        [Medium("photo", LAMP, None, 10, 20)],
    ),
    "in the text": (
        """<description><![CDATA[Out<img src="/lamp.jpg" alt="A lamp"><img src="/1.gif" width="1"
        height="1"><img class="wp-smiley" src="/s.png" alt=":)">]]></description>"""
        f"<link>https://example.org/1</link><media:content url='{LAMP}' type='image/jpeg'/>",
        "Out:)",
        [Medium("photo", LAMP, "A lamp")],
    ),
    "loaded late": (
        f"""<description><![CDATA[Words<img src="{DOT}" alt="A lamp"><noscript><img src="{LAMP}"
        alt="A lamp"></noscript>]]></description>""",
        "Words",
        [Medium("photo", LAMP, "A lamp")],
    ),
    "films and sounds": (
        """<title>T</title><enclosure url='https://e.org/a.mp3' type='audio/mpeg'/>
        <media:content url='https://e.org/b.mp4'/><enclosure url='https://e.org/c.pdf'/>
        <enclosure url='ftp://e.org/d.jpg' type='image/jpeg'/>""",
        "T",
        [Medium("video", "https://e.org/b.mp4"), Medium("audio", "https://e.org/a.mp3")],
    ),
    "about a film": (
        """<title>T</title><media:group><media:description>Words</media:description>
        </media:group>""",
        "T\n\nWords",
        [],
    ),
}


@pytest.mark.parametrize(("item", "text", "media"), MEDIA.values(), ids=MEDIA)
def test_media_come_with_their_descriptions(item: str, text: str, media: list[Medium]) -> None:
    space = b"<rss xmlns:media='http://search.yahoo.com/mrss/' "
    record = only(rss(f"<guid>1</guid>{item}").replace(b"<rss ", space))
    assert (record.text, list(record.media)) == (text, media)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"/etc/hostname", "no RSS or Atom feed"),
        (b"<!DOCTYPE r [<!ENTITY e 'x'>]><rss><channel>&e;</channel></rss>", "XML entities"),
        ("<!DOCTYPE r [<!ENTITY e 'x'>]><rss/>".encode("utf-16"), "XML entities"),
        (
            b"<?xml version='1.0' encoding='utf-7'?><!DOCTYPE r [+ADwAIQ-ENTITY e 'x'>]><rss/>",
            "XML entities",
        ),
        (
            "<?xml version='1.0' encoding='cp037'?><!DOCTYPE r [<!ENTITY e 'x'>]><rss/>".encode(
                "cp037"
            ),
            "XML entities",
        ),
    ],
)
def test_a_feed_that_is_none_or_declares_entities_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read(body)


@given(
    st.binary(max_size=300)
    | st.text(alphabet="<>/&;![]\"'= abrstilencodgpuDTCA\x00é", max_size=200).map(
        lambda inner: rss(inner.replace("\x00", "")) + inner.encode()
    )
)
def test_any_bytes_are_records_or_a_reason(body: bytes) -> None:
    try:
        read(body, "text/xml")
    except RecordError:
        return


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def shaped(names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of the fields that mean something, of any type."""
    fields = {name: ANY | st.text(max_size=30) for name in names.split()}
    return st.fixed_dictionaries({}, optional=fields)


STATUS = shaped(
    "id created_at visibility content spoiler_text language url uri account reblog poll quote"
    " mentions media_attachments in_reply_to_id in_reply_to_account_id favourites_count"
).flatmap(
    lambda status: shaped("id acct display_name").map(
        lambda account: {"visibility": "public", "id": "1"} | status | {"account": account}
    )
)
FEED_POST = shaped("text createdAt langs facets reply embed $type").flatmap(
    lambda record: shaped("indexedAt likeCount author").map(
        lambda post: {
            "post": {"uri": "at://did:plc:a/app.bsky.feed.post/1", "record": record} | post
        }
    )
)


def read_any(
    function: Callable[..., Iterator[object]], value: object, **options: str
) -> list[Record]:
    """Return the records of a page; a value that is no page gives none."""
    try:
        head, *records = function(json.dumps(value).encode(), **options)
    except RecordError:
        return []
    assert isinstance(head, PageHead)
    assert all(isinstance(identifier, str) for identifier in head.ids)
    assert all(msgspec.json.decode(encoded(record), type=Record) for record in records)
    return records  # type: ignore[return-value]


@given(st.lists(STATUS | ANY, max_size=4) | ANY)
def test_statuses_of_any_shape(value: object) -> None:
    read_any(read_statuses, value, name="sky@host")


@given(st.lists(FEED_POST | ANY, max_size=4).map(lambda feed: {"feed": feed}) | ANY)
def test_feeds_of_any_shape(value: object) -> None:
    read_any(read_author_posts, value, name="sky")


def test_a_status_has_media_a_poll_and_counts() -> None:
    picture = {
        "type": "image",
        "url": "https://files.example/a.png",
        "description": "a cat",
        "meta": {"original": {"width": 10, "height": 20}},
    }
    status = {
        "id": "9",
        "created_at": "2026-01-01T00:00:00.000Z",
        "visibility": "unlisted",
        "content": "",
        "media_attachments": [picture],
        "poll": {"options": [{"title": "yes"}, {"title": "no"}]},
        "favourites_count": 3,
        "reblogs_count": 2,
        "replies_count": 1,
    }
    (record,) = read_any(read_statuses, [status], name="sky@host")
    assert (record.text, record.source_id) == ("yes\nno", "9")
    (medium,) = record.media
    assert (medium.kind, medium.alt, medium.width, medium.height) == ("photo", "a cat", 10, 20)
    assert record.counts is not None
    assert (record.counts.likes, record.counts.reposts, record.counts.replies) == (3, 2, 1)
