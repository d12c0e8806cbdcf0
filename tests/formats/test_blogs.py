"""Exports of WordPress and Blogger: published posts by their authors, and nothing by others."""

import pytest

from app.formats.records import Item, Record, Skipped
from tests.archives import zip_bytes
from tests.formats.files import read_broken, read_file_records

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
    restricted = said(read_file_records(data, include_restricted=True)[1])
    assert "for friends" in restricted[-1][1]


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
