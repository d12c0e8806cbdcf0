"""Blogs and newsletters with an export of their own: the published posts.

Ghost (JSON), Medium (pages), Substack (a table beside pages), LiveJournal and Dreamwidth (XML by
month), and the dumps of Stack Exchange (XML). Drafts are left out, posts for few only on request.
Sources: Ghost's docs on its JSON format; real downloads of Medium and Substack that people
published; LiveJournal's `export_do.bml`; the readme of the Stack Exchange data dump.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from html import escape
from itertools import chain
from typing import Final

import msgspec
from msgspec import structs
from selectolax.lexbor import LexborHTMLParser, LexborNode

from saywho.errors import BrokenFileError, Message, UnrecognisedFileError
from saywho.formats.post import ReplyTarget
from saywho.formats.posts.blogs import NOBODY, Byline, post_of, read_xml
from saywho.formats.reading import BadRecord, Skipped, username_for
from saywho.formats.records import Format, Item, ReadOptions, Record, RecordStream, read_each
from saywho.formats.source.file import Content, Source, bare_head, head
from saywho.formats.source.json import Json, as_object, as_word, listed
from saywho.formats.source.members import damaged
from saywho.formats.source.xml import Fields, elements

_HEAD: Final = 16 * 1024
_MOST_BYTES: Final = 64 * 2**20
"""Maximum size of an export of Ghost, and of Substack's table."""
_MOST_OF_PAGE: Final = 2 * 2**20
_MOST_PEOPLE: Final = 1_000_000


def _bytes_of(content: Content, most: int) -> bytes:
    read = bytearray()
    for chunk in content.chunks():
        read += chunk
        if len(read) > most:
            fault = "{name}: longer than {size} MB"
            raise BrokenFileError(fault, name=content.name, size=most >> 20)
    return bytes(read)


def _read_ghost(source: Source, _options: ReadOptions) -> RecordStream | None:
    if not (contents := source.take_wanted(".json", _is_of_ghost)):
        return None
    posts = chain.from_iterable(map(_ghost_posts, contents))
    return RecordStream(GHOST.name, "record", None, read_each(posts, _ghost_item))


def _is_of_ghost(content: Content) -> bool:
    beginning = bare_head(content)
    return '"db":[{' in beginning[:200] and '"exported_on":' in beginning


def _ghost_posts(content: Content) -> Iterator[tuple[int, tuple[Json, Byline]] | BadRecord]:
    try:
        document = as_object(msgspec.json.decode(_bytes_of(content, _MOST_BYTES)))
    except ValueError as error:
        raise damaged(content.name, str(error)) from None
    place = 0
    for part in listed(document, "db"):
        data = as_object(as_object(part).get("data"))
        users = {as_word(user.get("id")): user for user in map(as_object, listed(data, "users"))}
        by_post = {
            as_word(pair.get("post_id")): as_word(pair.get("author_id"))
            for pair in reversed([*map(as_object, listed(data, "posts_authors"))])
        }
        for post in map(as_object, listed(data, "posts")):
            place += 1
            author = by_post.get(as_word(post.get("id"))) or as_word(post.get("author_id"))
            user = users.get(author, {}) if author else {}
            name, shown = as_word(user.get("slug")), as_word(user.get("name"))
            yield place, (post, Byline(name and username_for(name), shown))


def _ghost_item(numbered: tuple[Json, Byline], place: int) -> Item:
    post, author = numbered
    if post.get("status") not in ("published", "sent"):
        return Skipped(place, "deleted")
    fields = {"title": as_word(post.get("title")) or "", "id": str(post.get("id") or "")}
    html = as_word(post.get("html")) or f"<pre>{as_word(post.get('plaintext')) or ''}</pre>"
    time = post.get("published_at") or post.get("created_at")
    # What was only sent is on no page.
    is_public = post.get("status") == "published" and post.get("visibility") == "public"
    return post_of(fields, place, author, time, html, is_restricted=not is_public)


def _read_medium(source: Source, _options: ReadOptions) -> RecordStream | None:
    found = source.contents(lambda name: re.search(r"(?:\A|/)posts/[^/]*\.html\Z", name))
    contents = [content for content in found if _is_of_medium(content)]
    if not contents:
        return None
    source.take(contents)
    items = read_each(enumerate(contents, 1), _medium_item)
    return RecordStream(MEDIUM.name, "record", None, items)


def _is_of_medium(content: Content) -> bool:
    beginning = head(content, 4 * _HEAD)
    return b'class="h-entry"' in beginning and b"p-name" in beginning


def _medium_item(content: Content, place: int) -> Item:
    page = LexborHTMLParser(_bytes_of(content, _MOST_OF_PAGE))
    body, time = page.css_first(".e-content"), page.css_first("time.dt-published")
    if body is None or time is None or "/draft_" in f"/{content.name}":
        return Skipped(place, "deleted")
    by, link = page.css_first(".p-author"), page.css_first(".p-canonical")
    account = re.search(r"medium\.com/@([\w.-]+)", _attribute(by, "href"))
    shown = by.text(strip=True) if by is not None else None
    title = page.css_first(".p-name")
    fields = {"title": title.text(strip=True) if title else "", "link": _attribute(link, "href")}
    name = account[1] if account else shown
    author = Byline(name and username_for(name), shown)
    return post_of(fields, place, author, _attribute(time, "datetime"), body.html or "")


def _attribute(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "") if node is not None else ""


def _read_substack(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the posts of a publication; the files do not say who wrote them."""
    tables = [name for name in source.members if f"/{name}".endswith("/posts.csv")]
    for name in tables:
        beginning = head(source.member(name), _HEAD)
        if b"post_id" in beginning and b"is_published" in beginning:
            break
    else:
        return None
    folder = name.removesuffix("posts.csv")
    pages = {
        member.removeprefix(f"{folder}posts/").removesuffix(".html"): member
        for member in source.members
        if member.startswith(f"{folder}posts/") and member.endswith(".html")
    }
    if not pages:
        raise UnrecognisedFileError(
            "{name} is the list of posts of Substack without their words; import the whole export,"
            " which has a folder posts",
            name=source.name,
        )
    source.take([source.member(name), *map(source.member, pages.values())])
    source.notes.is_author_open = True
    text = _bytes_of(source.member(name), _MOST_BYTES).decode("utf-8-sig", "replace")
    rows = enumerate(csv.DictReader(io.StringIO(text, newline="")), 1)
    items = read_each(rows, partial(_substack_item, source, pages))
    return RecordStream(SUBSTACK.name, "record", None, items)


def _substack_item(
    source: Source, pages: Mapping[str, str], row: Mapping[str, str], place: int
) -> Item:
    number = row.get("post_id") or ""
    page = pages.get(number) or pages.get(number.partition(".")[0])
    if (row.get("is_published") or "").casefold() != "true":
        return Skipped(place, "deleted")
    if page is None:
        return Skipped(place, "empty")
    html = _bytes_of(source.member(page), _MOST_OF_PAGE).decode("utf-8", "replace")
    fields = {"title": row.get("title") or "", "id": number}
    time, is_restricted = row.get("post_date"), row.get("audience") != "everyone"
    return post_of(fields, place, NOBODY, time, html, is_restricted=is_restricted)


_LIVEJOURNAL: Final = re.compile(rb"<livejournal\b[^<>]*>\s*<entry\b")


def _read_livejournal(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the entries of a journal; the files do not name the author."""
    names = frozenset({"entry"})
    records = read_xml(source, LIVEJOURNAL.name, _LIVEJOURNAL, names, _livejournal_item)
    source.notes.is_author_open |= records is not None
    return records


def _livejournal_item(fields: Fields, place: int) -> Item:
    html = fields.get("event", "").replace("\n", "<br>")
    named = {"title": fields.get("subject", ""), "id": fields.get("itemid", "")}
    time, is_restricted = fields.get("eventtime"), fields.get("security") != "public"
    return post_of(named, place, NOBODY, time, html, is_restricted=is_restricted)


_ROWS: Final = re.compile(rb"<(?:posts|comments)>\s*<row\s")
_PEOPLE: Final = re.compile(rb"<users>\s*<row\s")
_ROW: Final = frozenset({"row"})


def _read_stack_exchange(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return questions, answers and comments; without `Users.xml` people are called by number."""
    found = list(source.contents(lambda name: name.lower().endswith(".xml")))
    contents = [content for content in found if _ROWS.search(head(content, _HEAD))]
    if not contents:
        return None
    people = [content for content in found if _PEOPLE.search(head(content, _HEAD))]
    source.take([*contents, *people])
    read = partial(_row_item, dict(_named(people)))
    rows = (row for content in contents for row in elements(content, _ROW))
    return RecordStream(STACK_EXCHANGE.name, "record", None, read_each(rows, read))


def _named(contents: Iterable[Content]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for content in contents:
        for row in elements(content, _ROW):
            if isinstance(row, BadRecord) or len(taken) > _MOST_PEOPLE:
                continue
            number, shown = row[1].get("@Id", ""), row[1].get("@DisplayName", "")
            name = username_for(shown, f"user{number}") if shown else f"user{number}"
            name = f"{name}_{number}" if name.casefold() in taken else name
            taken.add(name.casefold())
            yield number, name


def _row_item(people: Mapping[str, str], fields: Fields, place: int) -> Item:
    is_comment = "@PostId" in fields
    number = fields.get("@UserId" if is_comment else "@OwnerUserId", "")
    # Beside posts stand descriptions of tags, which many people write.
    if not number or fields.get("@PostTypeId", "1") not in {"1", "2"}:
        return Skipped(place, "deleted")
    author = Byline(people.get(number, f"user{number}"), None)
    answered = fields.get("@PostId") or fields.get("@ParentId")
    prefix = "comment-" if is_comment else ""
    named = {"title": fields.get("@Title", ""), "id": f"{prefix}{fields.get('@Id', '')}"}
    html = escape(fields.get("@Text", "")) if is_comment else fields.get("@Body", "")
    item = post_of(named, place, author, fields.get("@CreationDate"), html)
    if not isinstance(item, Record) or not answered:
        return item
    return structs.replace(item, kind="reply", reply_to=ReplyTarget(answered))


GHOST: Final = Format("ghost", Message("Ghost"), _read_ghost)
MEDIUM: Final = Format("medium", Message("Medium"), _read_medium)
SUBSTACK: Final = Format("substack", Message("Substack"), _read_substack)
LIVEJOURNAL: Final = Format("livejournal", Message("LiveJournal"), _read_livejournal)
STACK_EXCHANGE: Final = Format("stack-exchange", Message("Stack Exchange"), _read_stack_exchange)
