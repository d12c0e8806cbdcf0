"""Exports of WordPress (WXR) and of Blogger (Atom): the published posts of a blog.

Both are feeds with more posts than a feed, and with drafts and other people's comments, which are
left out.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from saywho.errors import Message
from saywho.formats import records
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.chat_files import one_by_one
from saywho.formats.post import audience
from saywho.formats.posts.mastodon import host_of
from saywho.formats.reading import Skipped, username_for
from saywho.formats.source.file import Source, head
from saywho.formats.source.html import html_to_text, page_to_text
from saywho.formats.source.times import timed
from saywho.formats.source.xml import Fields, elements

_HEAD: Final = 64 * 1024
_MOST_AUTHORS: Final = 10_000
_WORDPRESS: Final = re.compile(rb"<rss\b[^<>]*\bxmlns:wp=[\"']https?://wordpress\.org/export/")
_BLOGGER: Final = re.compile(
    rb"<feed\b.{0,4000}?(?:tag:blogger\.com,1999:blog|schemas\.google\.com/blogger/20\d\d)",
    re.DOTALL,
)
_SHORTCODE: Final = re.compile(
    r"\[/?(?:caption|gallery|audio|video|playlist|embed|contact-form|youtube|vimeo|tweet|soundcloud"
    r"|code|sourcecode|more|columns?|button)(?:[\s=][^\[\]\n]{0,1000})?/?\]"
)
_OF_MANY_SITES: Final = frozenset(
    (
        *("admin", "administrator", "webmaster", "root", "owner", "wordpress", "wpadmin", "test"),
        *("author", "editor", "user", "blog", "unknown", "anonymous"),
        *("관리자", "운영자", "사이트 관리자", "글쓴이", "작성자", "편집자", "익명"),
    )
)
"""Names of accounts that do not say who writes."""
_PARAGRAPHS: Final = re.compile(r"(?<![ \t\r])[ \t\r]*+\n[ \t\r]*+\n\s*+")
_KIND: Final = re.compile(r"/blogger/20\d\d/kind#(?P<kind>\w+)")
_NO_TIME: Final = "0000-00-00 00:00:00"


def _said_by(name: str, attributes: Mapping[str, str]) -> Fields:
    if name == "category" and (kind := _KIND.search(attributes.get("term", ""))):
        return {"kind": kind["kind"]}
    if name == "link" and attributes.get("rel") == "alternate":
        return {"link": attributes.get("href", "")}
    return {}


def read_xml(
    source: Source,
    name: str,
    mark: re.Pattern[bytes],
    names: frozenset[str],
    item: Callable[[Fields, int], records.Item | None],
) -> records.RecordStream | None:
    """Return the items of the elements with such names in the files of XML with the mark."""
    contents = source.take_wanted((".xml", ".atom"), lambda each: mark.search(head(each, _HEAD)))
    if not contents:
        return None
    items = one_by_one(
        records.read_each(elements(content, names, _said_by), item) for content in contents
    )
    return records.RecordStream(name, "record", None, items)


class _WordPress:
    """Reads the posts of an export. Its heading names their authors."""

    def __init__(self, authors: "Authors") -> None:
        self._names: dict[str, str] = {}
        self._authors = authors

    def __call__(self, fields: Fields, place: int) -> records.Item | None:
        if fields[""] == "wp:author":
            login, shown = fields.get("wp:author_login"), fields.get("wp:author_display_name")
            if login and shown and len(self._names) < _MOST_AUTHORS:
                self._names[login] = shown
            return None
        if fields.get("wp:post_type", "post") not in {"post", "page"}:
            return None  # Menus, pictures, earlier versions.
        status = fields.get("wp:status", "publish")
        is_restricted = (
            status == "private" or "wp:post_password" in fields or _is_for_members(fields)
        )
        if status not in {"publish", "private"}:
            return Skipped(place, "deleted")
        author = fields.get("dc:creator")
        times = (fields.get(name) for name in ("wp:post_date_gmt", "wp:post_date", "pubDate"))
        time = next((time for time in times if time and time != _NO_TIME), None)
        html = _SHORTCODE.sub("", fields.get("content:encoded", ""))
        if "<p" not in html and "<!-- wp:" not in html:
            html = _PARAGRAPHS.sub("<p>", html).replace("\n", "<br>")
        shown = self._names.get(author or "", author)
        by = self._authors.of(fields, author, shown)
        return post_of(fields, place, by, time, html, is_restricted=is_restricted)


def _is_for_members(fields: Fields) -> bool:
    """Return whether only members can read a part of a post (Jetpack, the plugin Members)."""
    access = fields.get("wp:postmeta/_jetpack_newsletter_access", "everybody")
    is_premium = "<!-- wp:premium-content/" in fields.get("content:encoded", "")
    return access != "everybody" or "wp:postmeta/_members_access_role" in fields or is_premium


class Authors:
    """Names the authors; an account of many sites by the name that is shown, or by its site."""

    def __init__(self, notes: ReadNotes, options: records.ReadOptions) -> None:
        self._notes = notes
        self._has_name = options.username is not None
        self._posts: Counter[str] = Counter()

    def of(self, fields: Fields, name: str | None, shown: str | None) -> "Byline":
        if not name:
            return NOBODY
        if name.strip().casefold() not in _OF_MANY_SITES:
            return Byline(username_for(name, name), shown)
        if self._has_name:
            return NOBODY
        if shown and shown.strip().casefold() not in _OF_MANY_SITES:
            author = Byline(username_for(shown), shown)
        elif host := host_of(fields.get("link")):
            author = Byline(f"{name.strip()}@{host}", None)
        else:
            author = Byline(username_for(name), shown)
        username = author.username or ""
        self._posts[username] += 1
        evidence = Message(
            "many sites have an account {name}; posts: {count}",
            name=name,
            count=f"{self._posts[username]:,}",
        )
        self._notes.assume("person", username, evidence=evidence)
        return author


class Byline(NamedTuple):
    """Account and shown name of who wrote a post; None if a file does not say."""

    username: str | None
    shown: str | None


NOBODY: Final = Byline(None, None)


def _blogger_item(authors: Authors, fields: Fields, place: int) -> records.Item | None:
    kind = fields.get("blogger:type") or fields.get("kind") or "post"
    if kind.lower() not in {"post", "page"}:
        return None  # Comments, settings and the design.
    is_live = fields.get("blogger:status", "LIVE") == "LIVE"
    if not is_live or fields.get("app:control/app:draft") == "yes":
        return Skipped(place, "deleted")
    author = fields.get("author/name")
    html = fields.get("content") or fields.get("summary", "")
    by = authors.of(fields, author, author)
    return post_of(fields, place, by, fields.get("published"), html)


def post_of(
    fields: Fields,
    place: int,
    author: Byline,
    time: object,
    html: str,
    *,
    is_restricted: bool | None = None,
) -> records.Item:
    """Return a post of a blog: its title above its words, by the fields title, link, guid or id.

    Raises RecordError for HTML that is too long.
    """
    title, body = html_to_text(fields.get("title", "")), page_to_text(html)
    text = body if body.startswith(title) else "\n\n".join(filter(None, (title, body)))
    if not text:
        return Skipped(place, "empty")
    link, source_id = fields.get("link", ""), fields.get("guid") or fields.get("id", "")
    # A copied post may have the guid of the post that it was copied from.
    is_own = source_id.endswith(f"p={fields['wp:post_id']}") if "wp:post_id" in fields else True
    source_id = source_id if source_id and (is_own or not link) else link
    return records.Record(
        place=place,
        text=text,
        username=author.username,
        display_name=author.shown,
        platform="rss",
        **timed(time, "published"),
        source_id=source_id if 0 < len(source_id) <= records.MAX_ID_LENGTH else None,
        url=link if link.startswith(("http://", "https://")) else None,
        visibility=None if is_restricted is None else audience(is_restricted=is_restricted),
    )


def _read_wordpress(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    read_one = _WordPress(Authors(source.notes, options))
    elements = frozenset({"item", "wp:author"})
    return read_xml(source, WORDPRESS.name, _WORDPRESS, elements, read_one)


def _read_blogger(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    read_one = partial(_blogger_item, Authors(source.notes, options))
    return read_xml(source, BLOGGER.name, _BLOGGER, frozenset({"entry"}), read_one)


WORDPRESS: Final = records.Format(
    "wordpress", Message("WordPress"), _read_wordpress, shows_code=True
)
BLOGGER: Final = records.Format("blogger", Message("Blogger"), _read_blogger, shows_code=True)
