"""WordPress, Blogger and Tumblr: published posts by their authors, and nothing by others."""

import json

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.reading import Skipped
from saywho.formats.records import Item, Record
from tests.archives import zip_bytes
from tests.formats.files import lines, read_broken, read_file_records

WXR = """<?xml version="1.0" encoding="UTF-8"?>
<!-- generator="WordPress/6.4" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Quay</title><link>https://quay.example</link>
<wp:author><wp:author_login>mina</wp:author_login>
<wp:author_email>mina@quay.example</wp:author_email>
<wp:author_display_name><![CDATA[미나 Lee]]></wp:author_display_name></wp:author>
{items}</channel></rss>"""


def item(number: int, body: str, **fields: str) -> str:
    values = {"post_type": "post", "status": "publish", "post_password": "", **fields}
    inner = "".join(f"<wp:{name}><![CDATA[{value}]]></wp:{name}>" for name, value in values.items())
    return (
        f"<item><title><![CDATA[Fog & rain {number}]]></title>"
        f"<link>https://quay.example/fog-{number}/</link><dc:creator>mina</dc:creator>"
        f"<guid isPermaLink='false'>https://quay.example/?p={number}</guid>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded>"
        f"<excerpt:encoded>An excerpt</excerpt:encoded><wp:post_id>{number}</wp:post_id>"
        "<wp:post_date>2024-01-05 19:00:00</wp:post_date>"
        f"<wp:post_date_gmt>2024-01-05 10:00:00</wp:post_date_gmt>{inner}"
        "<wp:comment><wp:comment_author>Jun</wp:comment_author>"
        "<wp:comment_content>What others say</wp:comment_content></wp:comment></item>"
    )


EXPORT = WXR.format(
    items=item(7, "First.\n\nSecond\nline [gallery ids='1,2']")
    + item(8, "<!-- wp:paragraph --><p>A <b>block</b></p><!-- /wp:paragraph -->", post_type="page")
    + item(9, "unfinished", status="draft")
    + item(10, "for friends", post_password="sea")
    + item(11, "", post_type="attachment")
)
META = "<wp:postmeta><wp:meta_key>{}</wp:meta_key><wp:meta_value>{}</wp:meta_value></wp:postmeta>"
OTHER_META = META.format("_edit_last", "1")
TAKEOUT = """<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-1.archive</id><title>Quay</title>
<entry><id>tag:blogger.com,1999:blog-1.post-2</id><blogger:type>POST</blogger:type>
<blogger:status>LIVE</blogger:status><author><name>미나 Lee</name><uri></uri>
<blogger:type>BLOGGER</blogger:type></author><title>Fog</title>
<content type='html'>&lt;p&gt;Wind &amp;amp; fog&lt;/p&gt;</content>
<published>2024-01-05T10:00:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-3</id><blogger:type>COMMENT</blogger:type>
<blogger:status>LIVE</blogger:status><author><name>Jun</name></author><title></title>
<content type='html'>What others say</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-4</id><blogger:type>POST</blogger:type>
<blogger:status>DRAFT</blogger:status><author><name>미나 Lee</name></author>
<title>Not yet</title><content type='html'>unfinished</content></entry></feed>"""
KIND = (
    "<category scheme='http://schemas.google.com/g/2005#kind'"
    " term='http://schemas.google.com/blogger/2008/kind#{}'/>"
)
OLD_EXPORT = (
    TAKEOUT.replace(" xmlns:blogger='http://schemas.google.com/blogger/2018'", "")
    .replace("<blogger:type>POST</blogger:type>", KIND.format("post"))
    .replace("<blogger:type>COMMENT</blogger:type>", KIND.format("comment"))
    .replace(
        "<blogger:status>DRAFT</blogger:status>",
        "<app:control xmlns:app='http://purl.org/atom/app#'><app:draft>yes</app:draft></app:control>",
    )
    .replace("<blogger:status>LIVE</blogger:status>", "")
    .replace("<blogger:type>BLOGGER</blogger:type>", "")
)


def said(items: list[Item]) -> list[tuple[str | None, str, str, str | None]]:
    return [
        (item.username, item.text, str(item.created_at)[:19], item.source_id)
        for item in items
        if isinstance(item, Record)
    ]


@pytest.mark.parametrize("is_in_zip", [False, True])
def test_wordpress_has_published_posts_without_comments(*, is_in_zip: bool) -> None:
    data = zip_bytes({"quay.xml": EXPORT.encode()}) if is_in_zip else EXPORT.encode()
    stream, items = read_file_records(data)
    assert stream.format == "wordpress"
    assert said(items) == [
        (
            *("mina", "Fog & rain 7\n\nFirst.\n\nSecond\nline", "2024-01-05 10:00:00"),
            "https://quay.example/?p=7",
        ),
        (*("mina", "Fog & rain 8\n\nA block", "2024-01-05 10:00:00"), "https://quay.example/?p=8"),
    ]
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["deleted", "restricted"]
    assert {item.display_name for item in items if isinstance(item, Record)} == {"미나 Lee"}
    assert "for friends" in said(read_file_records(data, include_restricted=True)[1])[-1][1]


@pytest.mark.parametrize(
    ("more", "is_public"),
    [
        (META.format("_jetpack_newsletter_access", "everybody"), True),
        (META.format("_jetpack_newsletter_access", "subscribers"), False),
        (META.format("_jetpack_newsletter_access", "paid_subscribers"), False),
        (META.format("_members_access_role", "editor"), False),
        ("<!-- wp:premium-content/container -->", False),
    ],
)
def test_a_post_for_subscribers_is_for_few(more: str, is_public: bool) -> None:
    post = item(7, "for them" + ("" if more.startswith("<wp:") else more))
    if more.startswith("<wp:"):
        post = post.replace("<wp:comment>", OTHER_META + more + OTHER_META + "<wp:comment>")
    data = WXR.format(items=post).encode()
    assert isinstance(next(iter(read_file_records(data)[1])), Record) == is_public
    (kept,) = read_file_records(data, include_restricted=True)[1]
    assert isinstance(kept, Record)
    assert kept.visibility == ("public" if is_public else "restricted")


@pytest.mark.parametrize("data", [TAKEOUT, OLD_EXPORT], ids=["takeout", "old"])
def test_blogger_has_published_posts_without_comments(data: str) -> None:
    stream, items = read_file_records(data.encode())
    assert stream.format == "blogger"
    assert said(items) == [
        (
            *("미나_Lee", "Fog\n\nWind & fog", "2024-01-05 10:00:00"),
            "tag:blogger.com,1999:blog-1.post-2",
        )
    ]
    assert sum(isinstance(item, Skipped) for item in items) == 1


def test_a_copied_post_has_an_id_of_its_own() -> None:
    copied = item(12, "Other words").replace("?p=12", "?p=7")
    ids = [post[3] for post in said(read_file_records(WXR.format(items=copied).encode())[1])]
    assert ids == ["https://quay.example/fog-12/"]


def test_a_long_post_is_read_whole() -> None:
    body = "<p>The ferry waits.</p>" * 4_000
    posts = said(read_file_records(WXR.format(items=item(7, body)).encode())[1])
    assert sum(text.count("The ferry waits.") for _, text, *_ in posts) == 4_000


def test_posts_before_damage_are_kept() -> None:
    cut = EXPORT.encode().rpartition(b"<wp:comment_author>")[0]
    assert len(said(read_broken(cut, "truncated or damaged"))) == 2
    bomb = EXPORT.replace("<rss", '<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss', 1).encode()
    assert read_broken(bomb, "entities are declared") == []


@pytest.mark.parametrize(
    ("login", "shown", "read", "is_assumed"),
    [
        ("admin", "admin", "admin@quay.example", True),
        ("Admin", "관리자", "Admin@quay.example", True),
        ("admin", "미나 Lee", "미나_Lee", True),
        ("mina", "admin", "mina", False),
    ],
)
def test_an_account_of_many_sites_is_told_by_its_name_or_site(
    login: str, shown: str, read: str, *, is_assumed: bool
) -> None:
    changed = EXPORT.replace(">mina<", f">{login}<").replace("미나 Lee", shown).encode()
    records, items = read_file_records(changed)
    assert {name for name, *_ in said(items)} == {read}
    assumed = [(part.kind, part.value) for part in records.notes.assumptions]
    assert assumed == ([("person", read)] if is_assumed else [])
    _, items = read_file_records(changed, username="ari")
    assert {name for name, *_ in said(items)} == ({None} if is_assumed else {read})


JUN = "<p><a class='tumblr_blog' href='x'>jun</a>:</p><blockquote><p>Words of Jun</p></blockquote>"
OWN = {"blog_name": "mina", "type": "text", "timestamp": 1704448800, "state": "published"}
REBLOG = OWN | {"title": "Of Jun", "reblogged_from_name": "jun"}
POSTS = [
    OWN
    | {"id": 1, "title": "Fog", "body": "<p>Wind &amp; fog</p>", "tags": ["sea"]}
    | {"reblog": {"comment": "<p>Wind &amp; fog</p>", "tree_html": ""}, "trail": []},
    REBLOG | {"id": 2, "body": f"{JUN}<p>I agree</p>", "reblog": {"comment": "<p>I agree</p>"}},
    REBLOG | {"id": 3, "body": JUN, "reblog": {"comment": ""}},
    REBLOG | {"id": 4, "body": f"{JUN}<p>So do I</p>"},
    OWN | {"id": 5, "type": "photo", "caption": "<p>The quay</p>", "reblog_key": "k"},
    OWN | {"id": 6, "type": "answer", "question": "Of Jun?", "answer": "Yes", "reblog_key": "k"},
    OWN | {"id": 7, "type": "quote", "text": "Of a book", "reblog_key": "k"},
    OWN | {"id": 8, "type": "chat", "body": "Jun: hi", "reblog_key": "k"},
    OWN | {"id": 9, "body": "unfinished", "state": "draft", "reblog_key": "k"},
    OWN | {"id": 10, "body": "for me", "state": "private", "reblog_key": "k"},
    OWN
    | {"id": "11", "type": "blocks", "trail": [{"blog": {"name": "jun"}}]}
    | {
        "content": [
            {"type": "text", "text": "Is it foggy?"},
            {"type": "text", "subtype": "heading1", "text": "안개"},
            {"type": "text", "subtype": "quote", "text": "Of a book"},
            {"type": "image"},
        ],
        "layout": [{"type": "ask", "blocks": [0]}],
    },
]
OWN_WORDS = [
    *(("1", "post", "Fog\n\nWind & fog"), ("2", "quote", "I agree"), ("4", "quote", "So do I")),
    *(("5", "post", "The quay"), ("6", "post", "Yes"), ("11", "quote", "안개")),
]
ANSWER = {"meta": {"status": 200}, "response": {"blog": {"name": "mina"}, "posts": POSTS}}
BACKUP = {f"mina/json/{post['id']}.json": json.dumps(post).encode() for post in POSTS}


@pytest.mark.parametrize(
    "data",
    [json.dumps(ANSWER).encode(), lines(*POSTS), zip_bytes(BACKUP)],
    ids=["answer", "lines", "backup"],
)
def test_posts_of_tumblr_have_no_words_of_others(data: bytes) -> None:
    records, items = read_file_records(data)
    assert records.format == "tumblr"
    said = [record for record in items if isinstance(record, Record)]
    assert sorted((post.source_id or "", post.kind, post.text) for post in said) == sorted(
        OWN_WORDS
    )
    assert {(post.username, str(post.created_at)[:19]) for post in said} == {
        ("mina", "2024-01-05 10:00:00")
    }
    skipped = sorted(item.reason for item in items if isinstance(item, Skipped))
    assert skipped == ["deleted", *3 * ["repost"], "restricted"]


POST = "<post id='{}' url='https://mina.example/post/{}' tumblelog='mina' {}</post>"
MADE = "unix-timestamp='1704448800' state='published'"
XML = "".join(
    POST.format(number, number, rest)
    for number, rest in enumerate(
        (
            f"{MADE} type='regular'><regular-title>Fog</regular-title>"
            "<regular-body>&lt;p>Wind &amp;amp; fog&lt;/p></regular-body><tag>sea</tag>",
            f"{MADE} type='photo' is_reblog='true'><photo-caption><![CDATA[{JUN}<p>I agree</p>]]>"
            "</photo-caption><photo-url max-width='75'>x.jpg</photo-url>",
            f"{MADE} type='photo' is_reblog='true'><photo-caption>안개</photo-caption>",
            f"{MADE} type='quote'><quote-text>Of a book</quote-text>",
            f"{MADE} type='answer'><question>Of Jun?</question><answer>Yes</answer>",
            "state='draft' type='regular'><regular-body>unfinished</regular-body>",
        ),
        start=1,
    )
)
TUMBLR = f"<?xml version='1.0'?><tumblr version='1.0'><posts>{XML}</posts></tumblr>".encode()


def test_the_export_of_a_tumblr_doubts_reblogs_without_a_quotation() -> None:
    packed = zip_bytes({"posts/posts.xml": TUMBLR, "posts/html/1.html": b"<p>Fog</p>"})
    for data in (TUMBLR, packed):
        records, items = read_file_records(data)
        assert (records.format, said(items)[0]) == (
            *("tumblr", ("mina", "Fog\n\nWind & fog", "2024-01-05 10:00:00", "1")),
        )
        assert [text for _, text, *_ in said(items)[1:]] == ["I agree", "안개", "Yes"]
        reasons = [item.reason for item in items if isinstance(item, Skipped)]
        assert sorted(reasons) == ["deleted", "repost"]
        ((kind, _), doubted), *_ = records.notes.odd.items()
        assert (kind, doubted.count, doubted.examples) == ("words", 1, ["안개"])


def test_an_archive_in_an_archive_is_to_be_unpacked() -> None:
    packed = zip_bytes({"posts.zip": zip_bytes({"posts.xml": TUMBLR}), "messages.xml": b"<a/>"})
    with pytest.raises(UnrecognisedFileError, match=r"another archive: posts\.zip"):
        read_file_records(packed)
