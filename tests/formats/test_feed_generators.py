"""Feeds as their generators write them: whose words they are, and in which words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, strategies as st

from saywho.formats.posts.platform_pages import PageHead
from saywho.formats.posts.rss import is_beginning, is_repost, read_rss, without_frame
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
def test_any_title_may_begin_any_text(title: str, body: str, author: str) -> None:
    assert is_repost(title) in {True, False}
    assert is_beginning(title, without_frame(body), author) in {True, False}


NOTES = ("내일은 눈이 온대", "The boats lie in the mud", "三番線", "")
PICTURE = '<media:content url="https://a.example/{}.jpg" medium="image"/>'
ATOM, MEDIA = '"http://www.w3.org/2005/Atom"', 'xmlns:media="http://search.yahoo.com/mrss/"'
ENCODED = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'


def shared(form: str, title: str, *notes: str) -> tuple[PageHead, list[Record]]:
    """Return what is read of a feed of Misskey's form, a picture in each entry."""
    entry, key, body, head = (
        ("entry", "id", 'content type="html"', f"<feed xmlns={ATOM} {MEDIA}>")
        if form == "atom"
        else ("item", "guid", "content:encoded", f'<rss version="2.0" {ENCODED} {MEDIA}><channel>')
    )
    items = (
        f"<{entry}><title>{title.format(place)}</title><{key}>{place}</{key}>{PICTURE}"
        f"<{body}>{note}</{body.split()[0]}></{entry}>".replace("{}", str(place))
        for place, note in enumerate(notes)
    )
    name, end = "<author><name>미나</name></author>", "</feed>"
    name, end = ("", "</channel></rss>") if form == "rss" else (name, end)
    return read(f"{head}<title>미나 (@mina@host)</title>{name}{''.join(items)}{end}".encode())


@pytest.mark.parametrize("form", ["rss", "atom"])
@pytest.mark.parametrize(
    "title",
    ["New note by 미나", "미나님의 새 글", "mina shared a photo", "Beitrag {}", "(ohne Titel)"],
)
def test_a_title_that_all_entries_share_is_nobodys_words(form: str, title: str) -> None:
    head, records = shared(form, title, *NOTES)
    assert [record.text for record in records] == list(NOTES)
    assert [*head.left_out.values()] == [title.format(3)]


def test_a_title_with_a_name_that_some_entries_share_is_nobodys_words() -> None:
    authors = ("Mina", "지우", "Sora Kim", "Mina", "Mina")
    titles = [f"Words of {author}" for author in authors[:3]] + ["A low tide", "Words of mud"]
    items = (
        item(f"note {'abcde'[place]}", title, author=author, guid=str(place))
        for place, (title, author) in enumerate(zip(titles, authors, strict=True))
    )
    notes = ["note a", "note b", "note c"]
    assert texts(*items) == [*notes, "A low tide\n\nnote d", "Words of mud\n\nnote e"]


@pytest.mark.parametrize("title", ["Weeknotes {}", "Fog", "mina"])
def test_a_title_that_stands_alone_is_what_the_author_says(title: str) -> None:
    items = [item("", title.format(place), guid=str(place)) for place in range(4)]
    assert texts(*items) == [title.format(place) for place in range(4)]


WORDS = st.text("abcdefghij가나다라 ", min_size=3, max_size=30).filter(lambda said: said.strip())


@given(
    st.lists(WORDS, min_size=3, max_size=6, unique_by=lambda said: " ".join(said.split())),
    st.sampled_from(
        ["Follow {} for more fog!", "{}의 글을 더 읽어 보세요.", "Number {} of 12 letters"]
    ),
    st.sampled_from(
        ["{1} {0}", "<p>{1}</p><p>{0}</p>", "<p>{0}</p><p>{1}</p>", "{1}.<br>{0}<br>K."]
    ),
)
def test_a_sentence_of_each_entry_is_told_and_left_out(
    notes: list[str], sentence: str, form: str
) -> None:
    said = [sentence.format("Ida" if "12" not in sentence else n) for n in range(len(notes))]
    # A sentence ends, so that what follows it in the same line is another one.
    own = [f"{note} {place}z{'!' if form[0] == '{' else ''}" for place, note in enumerate(notes)]
    items = [
        item(form.format(each, note), author="Ida", guid=str(place))
        for place, (each, note) in enumerate(zip(said, own, strict=True))
    ]
    head, records = read(feed(*items))
    assert [" ".join(record.text.split()).split("z")[0] for record in records] == [
        " ".join(note.split()).split("z")[0] for note in own
    ]
    assert not any(each in record.text for each, record in zip(said, records, strict=True))
    assert said[0] in head.left_out.values()


ELEMENTS = {
    "description": "<description>{}</description>",
    "itunes": "<itunes:summary>{}</itunes:summary>",
    "dc": "<dc:description xml:lang='en'>{}</dc:description>",
    "content": "<content:encoded>{}</content:encoded>",
    "media": "<media:description type='{plain}'>{}</media:description>",
}
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
)
EMPTY = ("", " \n ", "<![CDATA[<img src='https://a.example/1.jpg'>]]>")


def test_the_text_is_never_the_title_alone() -> None:
    cases = [
        (order, filled)
        for order in permutations(ELEMENTS)
        for filled in (set(ELEMENTS), *({*ELEMENTS} - {name} for name in ELEMENTS), {order[0]})
    ]
    items = (
        f"<item><title>Heading {place}</title>"
        + "".join(
            ELEMENTS[name].replace("{}", f"words of {name}" if name in filled else EMPTY[place % 3])
            for name in order
        )
        + f"<guid>{place}</guid></item>"
        for place, (order, filled) in enumerate(cases)
    )
    # The title of one is another, so that no title is shared.
    whole = "".join(items).replace("Heading 0<", "Own<")
    rss = f'<rss version="2.0" {SPACES}><channel>{whole}</channel></rss>'
    records = read(rss.replace("{plain}", "plain").encode())[1]
    for record, (_, filled) in zip(records, cases, strict=True):
        best = next(
            name for name in ("content", "description", "itunes", "dc", "media") if name in filled
        )
        summaries = [name for name in ("description", "itunes", "dc") if name in filled]
        best = best if best in {"content", "media"} else max(summaries, key=len)
        assert record.text.endswith(f"words of {best}")


def test_an_atom_entry_with_a_sound_has_the_words_of_its_summary() -> None:
    entries = "".join(
        f"<entry><id>{place}</id><title>Heading {'abc'[place]}</title><summary>Words of {place}"
        f"</summary>{content}</entry>"
        for place, content in enumerate(
            (
                '<content type="audio/mpeg" src="https://a.example/a.mp3"/>',
                "<content/>",
                '<content type="text">More words than there are in the summary</content>',
            )
        )
    )
    _, records = read(f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode())
    assert [record.text for record in records] == [
        "Heading a\n\nWords of 0",
        "Heading b\n\nWords of 1",
        "Heading c\n\nMore words than there are in the summary",
    ]


OF_SERVERS = {
    "bluesky": ("Low tide.\n\n[contains quote post or other embedded content]", "Low tide."),
    "mastodon": ("<p><strong>열람 주의:</strong>fog</p><hr /><p>Low tide.</p>", "fog\n\nLow tide."),
    "a note of one's own": (
        "<p><strong>Note:</strong> fog</p><hr><p>Low tide.</p>",
        "Note: fog\n\nLow tide.",
    ),
    "discourse": (
        '<aside class="quote no-group" data-username="jiu"><div class="title">jiu:</div>'
        "<blockquote><p>Is there fog?</p></blockquote></aside><p>Low tide.</p><p><small>2 posts - 2"
        ' participants</small></p><p><a href="https://d.example/t/1">Read full topic</a></p>',
        "Low tide.",
    ),
    "tumblr": (
        '<p><a href="https://jiu.example">jiu</a>:</p><blockquote><p>Is there fog?</p></blockquote>'
        "<p>Low tide.</p>",
        "Low tide.",
    ),
    "a quotation of a blog": (
        "<blockquote>Is there fog?</blockquote><p>Low tide.</p>",
        "Low tide.",
    ),
    "letterboxd": ("<p>Watched on Tuesday January 7, 2025.</p><p>Low tide.</p>", "Low tide."),
}


@pytest.mark.parametrize("server", OF_SERVERS)
def test_words_of_servers_are_nobodys(server: str) -> None:
    written, text = OF_SERVERS[server]
    assert texts(item(written)) == [text]


def test_a_reblog_alone_is_a_repost_whatever_its_title() -> None:
    reblog = '<p><a href="https://jiu.example">jiu</a>:</p><blockquote>Is there fog?</blockquote>'
    assert texts(item(reblog, "Is there fog?"), item("Own", guid="2")) == ["Own"]
    assert texts(item(f"{reblog}<p>No.</p>", "jiu: Is there fog?")) == ["No."]


@pytest.mark.parametrize(
    "title",
    [
        "Answer by mina for Where is the fog?",
        "Comment on Fog by mina",
        "New note by 미나",
        "Untitled",
    ],
)
def test_headings_of_known_programs_are_nobodys_words(title: str) -> None:
    assert texts(item("Low tide.", title)) == ["Low tide."]


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("<description>one &amp;amp; two&#xA;three</description>", "one & two\nthree"),
        ("<media:description>to &lt;a@b.c>\n  d &lt;3</media:description>", "to <a@b.c>\nd <3"),
        ("<media:description type='html'>a &lt;b>c&lt;/b>\nd</media:description>", "a c d"),
        ("<description><![CDATA[<p>one\ntwo</p>]]></description>", "one two"),
    ],
)
def test_line_breaks_of_plain_texts_stay(element: str, text: str) -> None:
    body = f'<rss version="2.0" {SPACES}><channel><item>{element}</item></channel></rss>'
    assert [record.text for record in read(body.encode())[1]] == [text]


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
