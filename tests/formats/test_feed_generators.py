"""Feeds as their generators write them: whose words they are, and in which words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, strategies as st

from saywho.formats.posts.platform_pages import PageHead
from saywho.formats.posts.rss import entry_text, is_beginning, is_repost, read_rss, without_frame
from saywho.formats.records import Record

CASES = Path(__file__).with_name("cases")


def read(body: bytes) -> tuple[PageHead, list[Record]]:
    head, *records = read_rss(body, content_type="application/xml", name="http://host/feed")
    assert isinstance(head, PageHead)
    return head, [record for record in records if isinstance(record, Record)][::-1]


def item(body: str, title: str = "", *, author: str = "", date: str = "", guid: str = "1") -> str:
    creator = f"<dc:creator>{escape(author)}</dc:creator>" if author else ""
    return (
        f"<item><title>{escape(title)}</title>{creator}<description>{escape(body)}</description>"
        f"<pubDate>{date}</pubDate><guid>{guid}</guid></item>"
    )


def feed(*items: str, language: str = "") -> bytes:
    about = f"<title>Pier notes</title><language>{language}</language>"
    namespace = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    rss = f'<rss version="2.0" {namespace}><channel>{about}{"".join(items)}</channel></rss>'
    return f'<?xml version="1.0" encoding="utf-8"?>{rss}'.encode()


def texts(*items: str) -> list[str]:
    return [record.text for record in read(feed(*items))[1]]


def test_times_of_entries_keep_their_zones() -> None:
    _, records = read((CASES / "rss_dates_kst_korean_dotted.xml").read_bytes())
    times = [record.created_at for record in records]
    one, ten = datetime(2024, 1, 5, 1, tzinfo=UTC), datetime(2024, 1, 5, 10, tzinfo=UTC)
    assert times[:7] == [one, one, ten.replace(hour=9), one, ten, ten, one]
    assert times[7:9] == [ten, one]
    assert {time.date() for time in times if time} == {ten.date()}


def test_titles_that_repeat_the_text_and_reposts() -> None:
    _, records = read((CASES / "rss_title_is_the_cut_beginning.xml").read_bytes())
    assert [" ".join(record.text.split()) for record in records] == [
        "Fog again on the pier. Wind NW 4, visibility two miles, and the ferry waits for us.",
        "And the second line of the thread.",
        "A post of Mastodon, with a quote",
    ]
    assert {record.username for record in records} == {None}


FRAMED = {
    "wordpress": '<p>Low tide.</p><p>The post <a href="https://a.example/1">Tide</a> appeared'
    ' first on <a href="https://a.example">Pier notes</a>.</p>',
    "german": '<p>Low tide.</p><p>Der Beitrag <a href="https://a.example/1">Tide</a> erschien'
    ' zuerst auf <a href="https://a.example">Pier notes</a>.</p>',
    "french": '<p>Low tide.</p><p>L’article <a href="https://a.example/1">Tide</a> est apparu en'
    ' premier sur <a href="https://a.example">Pier notes</a>.</p>',
    "excerpt": "Low tide. [&#8230;]",
    "more": '<p>Low tide.</p><p><a href="https://a.example/1">Read more</a></p>',
    "continue": '<p>Low tide. </p><p><a href="https://a.example/1">Continue reading Tide</a></p>',
    "reddit": '<!-- SC_OFF --><div class="md"><p>Low tide.</p> </div><!-- SC_ON --> &#32; submitted'
    ' by &#32; <a href="https://www.reddit.com/user/ida"> /u/ida </a> <br/> <span><a href="https://'
    'www.reddit.com/r/fog/1">[link]</a></span> &#32; <span><a href="https://www.reddit.com/r/fog/1'
    '">[comments]</a></span>',
    "lemmy": 'submitted by <a href="https://l.example/u/ida">ida</a> to <a href="https://l.example/'
    'c/fog">fog</a><br>12 points | <a href="https://l.example/post/1">3 comments</a><p>Low'
    " tide.</p>",
    "medium": '<p>Low tide.</p><hr><p><a href="https://medium.com/1">Tide</a> was originally'
    ' published in <a href="https://medium.com/p">Pier notes</a> on Medium, where people are'
    " continuing the conversation by highlighting and responding to this story.</p>",
}


@pytest.mark.parametrize("name", FRAMED)
def test_sentences_of_the_generator_are_nobodys_words(name: str) -> None:
    assert texts(item(FRAMED[name], "Tide")) == ["Tide\n\nLow tide."]


def test_entry_of_the_generators_words_alone_keeps_its_title() -> None:
    body = (
        "<p>Article URL: <a href='https://a.example/1'>https://a.example/1</a></p><p>Points: 7</p>"
    )
    assert texts(item(body, "Low tide")) == ["Low tide"]


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Low tide, and the boats lie in the m...", "Low tide, and the boats lie in the mud."),
        ("Low tide at the pier… ", "Low tide<br>at the pier&nbsp;and the mud"),
        ("R to @jun: Low tide.", "Low tide."),
        ("Pinned: Low tide at the pier", "Low tide at the pier today"),
        ("Ida: “Low tide”", "Low tide"),
        (
            "See example.org/a/long/addre…",
            "See <a href='https://example.org/a/long/address'>example.org/a/long/a…</a>",
        ),
    ],
)
def test_title_that_begins_the_text_stands_once(title: str, body: str) -> None:
    (text,) = texts(item(body, title, author="Ida"))
    assert text.count("ide") + text.count("See") == 1


@pytest.mark.parametrize(
    ("title", "body"),
    [("Review: Fog", "Fog is a film."), ("Tide", "A low tide."), ("Notes: Low", "Low tide")],
)
def test_title_of_its_own_stays(title: str, body: str) -> None:
    assert texts(item(body, title)) == [f"{title}\n\n{body}"]


@pytest.mark.parametrize("title", ["RT by @ida: Low tide", "RT @jun: Low tide"])
def test_reposts_are_not_stored(title: str) -> None:
    head, records = read(feed(item("Low tide", title, author="@jun"), item("Own", guid="2")))
    assert [record.text for record in records] == ["Own"]
    assert not head.has_many_authors


def test_entries_of_several_authors_keep_their_authors() -> None:
    head, records = read(
        feed(
            item("One", author="Ida Moss", guid="1"),
            item("Two", author="/u/jun", guid="2"),
            item("Three", author="https://l.example/u/heron", guid="3"),
            item("Four", guid="4"),
        )
    )
    assert head.has_many_authors
    assert [record.username for record in records] == ["Ida_Moss", "jun", "heron", None]
    assert records[0].display_name == "Ida Moss"


def test_feed_of_one_author_names_nobody_else() -> None:
    head, records = read(feed(item("One", author="Ida"), item("Two", author="@ida", guid="2")))
    assert not head.has_many_authors
    assert [record.username for record in records] == [None, None]


def atom(entries: Sequence[tuple[str | None, str | None]], feeds: str | None = None) -> bytes:
    """Return an Atom feed of entries with their own authors and the authors of their sources."""

    def author(name: str | None) -> str:
        return f"<author><name>{name}</name></author>" if name else ""

    items = (
        f"<entry><id>{place}</id><title>Low tide</title>{author(own)}<content>No boat.</content>"
        f"<source><id>s</id><title>t</title>{author(source)}</source></entry>"
        for place, (own, source) in enumerate(entries)
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title>{author(feeds)}'
        f"{''.join(items)}</feed>"
    ).encode()


def test_entry_of_a_collected_feed_is_by_the_author_of_its_source() -> None:
    head, records = read(atom([(None, "Ida"), ("Jun", "Heron"), (None, "Mina")], "The editors"))
    assert head.has_many_authors
    assert [record.username for record in records] == ["Ida", "Jun", "Mina"]


def test_of_several_authors_the_first_one_wrote_the_entry() -> None:
    _, records = read(atom([("Ida</name></author><author><name>Jun", None), ("Heron", None)]))
    assert [record.username for record in records] == ["Ida", "Heron"]


def test_guest_of_a_feed_with_an_author_keeps_the_own_name() -> None:
    head, records = read(atom([(None, None), ("Jun", None)], "Ida"))
    assert head.has_many_authors
    assert [record.username for record in records] == [None, "Jun"]
    head, _ = read(atom([(None, None), ("ida", None)], "Ida"))
    assert not head.has_many_authors


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en-us", "Low tide at the pier", "en-us"),
        ("en-us", "썰물이라 배가 없어요", None),
        ("en-us", "Сегодня отлив", None),
        ("ko", "썰물이라 배가 없어요", "ko"),
        ("ru", "Сегодня отлив", "ru"),
        ("und", "Low tide", None),
        ("", "Low tide", None),
    ],
)
def test_language_of_a_feed_holds_for_texts_in_it(
    language: str, text: str, expected: str | None
) -> None:
    (record,) = read(feed(item(text), language=language))[1]
    assert record.lang == expected


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=10))
def test_no_word_of_a_body_is_lost_but_a_frame(title: str, body: str, author: str) -> None:
    text = entry_text(title, body, author)
    assert without_frame(body) in text
    assert is_repost(title) in {True, False}
    if without_frame(body) and not is_beginning(title, without_frame(body), author):
        assert title.strip() in text


def test_a_time_that_cannot_be_read_names_its_field() -> None:
    dated = item("one", date="Fri, 05 Jan 2024 09:00:00 GMT", guid="1")
    _, records = read(
        feed(dated, item("two", date="the day after", guid="2"), item("three", guid="3"))
    )
    fields = {record.text: record.unread_time for record in records}
    assert fields == {"one": None, "two": "published", "three": None}


@pytest.mark.parametrize(
    "written",
    [
        "2025年1月7日 上午10點01分",
        "2025年1月7日 10點01分",
        "2025.01.07 10:01 입력",
        "최종수정 2025.01.07 오전 10:01",
        "2025년 1월 7일 10:01 수정",
        "2025年1月7日 10:01 発行",
        "公開日 2025年1月7日 10:01",
        "2025. január 7. 10:01",
        "7 Ιανουαρίου 2025 10:01",
    ],
)
def test_times_with_words_of_news_sites_are_read(written: str) -> None:
    (record,) = read(feed(item("hello", date=written)))[1]
    assert record.created_at == datetime(2025, 1, 7, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2025(令和7)年1月7日", "2025 оны 1 сарын 7", "2025年正月七日"])
def test_a_date_that_begins_with_a_year_has_no_month_of_today(written: str) -> None:
    (record,) = read(feed(item("hello", date=written)))[1]
    assert (record.created_at, record.unread_time) == (None, "published")
