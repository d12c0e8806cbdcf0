"""Exports of WordPress (WXR) and of Blogger (Atom): the published posts of a blog.

Both are feeds with more posts than a feed, and with drafts and other people's comments, which are
left out.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Final, NamedTuple
from xml.parsers import expat

from app.errors import Message, RecordError, message_of
from app.formats.assumptions import ReadNotes
from app.formats.chats.chat_files import one_by_one
from app.formats.post import audience
from app.formats.posts.mastodon import host_of
from app.formats.posts.platform_pages import MAX_ID_LENGTH
from app.formats.reading import BadRecord, Skipped, read_each, username_for
from app.formats.records import Format, Item, ReadOptions, Record, RecordStream
from app.formats.source.file import Content, Source, head
from app.formats.source.html import MAX_LENGTH, MAX_TAGS, html_to_text
from app.formats.source.members import damaged
from app.formats.source.times import timed

Fields = Mapping[str, str]
"""First text of each element of a post, by its path, such as `author/name`, and its attributes."""
_HEAD: Final = 64 * 1024
_MOST_LETTERS: Final = 8 * 2**20
"""Maximum number of characters of one post, markup included."""
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
_PARTS: Final = re.compile(r"(?=<(?:p|div|h[1-6]|ul|ol|blockquote|pre|table|br)\b)", re.IGNORECASE)
_KIND: Final = re.compile(r"/blogger/20\d\d/kind#(?P<kind>\w+)")
_WRITER: Final = "137"
"""Type of the address of who wrote a text message."""
_NO_TIME: Final = "0000-00-00 00:00:00"


def read_xml(
    source: Source,
    name: str,
    mark: re.Pattern[bytes],
    names: frozenset[str],
    item: Callable[[Fields, int], Item | None],
) -> RecordStream | None:
    """Return the items of the elements with such names in the files of XML with the mark."""
    found = source.contents(lambda name: name.lower().endswith((".xml", ".atom")))
    contents = [content for content in found if mark.search(head(content, _HEAD))]
    if not contents:
        return None
    source.take(contents)
    items = one_by_one(read_each(elements(content, names), item) for content in contents)
    return RecordStream(name, "record", None, items)


def xml_parser(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> expat.XMLParserType:
    """Return a parser that raises RecordError for entities, and calls these for all else."""

    def refuse(*_: object) -> None:
        raise RecordError("entities are declared")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = data, refuse
    return parser


class _Reader:
    """Collects the texts of the elements with such names."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._path: list[str] = []
        """Names of the open elements from the wanted element on."""
        self._fields: dict[str, str] = {}
        self._text: list[str] = []
        self._size = 0
        self.found: list[Fields | Message] = []
        self._parser = xml_parser(self._start, self._end, self._data)

    def feed(self, data: bytes, *, is_last: bool = False) -> list[Fields | Message]:
        """Return the elements that end here. Raises expat.ExpatError, RecordError."""
        self._parser.Parse(data, is_last)
        found, self.found = self.found, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name not in self._names:
            return
        self._path.append(name)
        if len(self._path) == 1:
            self._fields = {"": name} | {f"@{key}": value for key, value in attributes.items()}
            self._size = 0
        elif len(self._path) < 4:
            self._text = []
            if name == "category" and (kind := _KIND.search(attributes.get("term", ""))):
                self._fields["kind"] = kind["kind"]
            if name == "link" and attributes.get("rel") == "alternate":
                self._fields["link"] = attributes.get("href", "")
            if attributes.get("ct") == "text/plain":  # A part of a text message.
                self._fields["text"] = attributes.get("text", "")
            if name == "addr" and attributes.get("type") == _WRITER:
                self._fields["from"] = attributes.get("address", "")

    def _data(self, text: str) -> None:
        if 1 < len(self._path) < 4:
            self._size += len(text)
            if self._size <= _MOST_LETTERS:
                self._text.append(text)

    def _end(self, _name: str) -> None:
        if not self._path:
            return
        if len(self._path) == 1:
            fault = Message("longer than {size} MB", size=_MOST_LETTERS >> 20)
            self.found.append(self._fields if self._size <= _MOST_LETTERS else fault)
        elif len(self._path) < 4:
            if text := "".join(self._text).strip():
                path = "/".join(self._path[1:])
                if path == "wp:postmeta/wp:meta_value":
                    path = f"wp:postmeta/{self._fields.pop('wp:postmeta/wp:meta_key', '')}"
                self._fields.setdefault(path, text)
            self._text = []
        self._path.pop()


_PAIR: Final = re.compile(rb"&#(5[5-6]\d{3});&#(5[6-7]\d{3});")
_CUT_PAIR: Final = re.compile(rb"&(?:#(?:5[5-6]\d{0,3}(?:;(?:&(?:#\d{0,5})?)?)?)?)?\Z")


def _in_unicode(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield XML with a character in place of two halves, which old phones write as references."""
    before = b""
    for chunk in chunks:
        data = before + chunk
        cut = _CUT_PAIR.search(data) if chunk else None
        before = data[cut.start() :] if cut else b""
        whole = data[: cut.start()] if cut else data
        if whole or not chunk:
            yield _PAIR.sub(_character, whole)


def _character(match: re.Match[bytes]) -> bytes:
    halves = b"".join(int(half).to_bytes(2, "big") for half in match.groups())
    return halves.decode("utf-16-be", "replace").encode()


def elements(content: Content, names: frozenset[str]) -> Iterator[tuple[int, Fields] | BadRecord]:
    """Yield the numbered elements. Raises BrokenFileError behind the last one before damage."""
    reader, place = _Reader(names), 0
    try:
        for data in _in_unicode(chain(content.chunks(), [b""])):
            for found in reader.feed(data, is_last=not data):
                place += 1
                yield BadRecord(place, found) if isinstance(found, Message) else (place, found)
    except (expat.ExpatError, RecordError) as error:
        raise damaged(content.name, message_of(error)) from None


class _WordPress:
    """Reads the posts of an export. Its heading names their authors."""

    def __init__(self, authors: "Authors") -> None:
        self._names: dict[str, str] = {}
        self._authors = authors

    def __call__(self, fields: Fields, place: int) -> Item | None:
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

    def __init__(self, notes: ReadNotes, options: ReadOptions) -> None:
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


def _blogger_item(authors: Authors, fields: Fields, place: int) -> Item | None:
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
) -> Item:
    """Return a post of a blog: its title above its words, by the fields title, link, guid or id.

    Raises RecordError for HTML that is too long.
    """
    title, body = html_to_text(fields.get("title", "")), _text_of(html)
    text = body if body.startswith(title) else "\n\n".join(filter(None, (title, body)))
    if not text:
        return Skipped(place, "empty")
    link, source_id = fields.get("link", ""), fields.get("guid") or fields.get("id", "")
    # A copied post may have the guid of the post that it was copied from.
    is_own = source_id.endswith(f"p={fields['wp:post_id']}") if "wp:post_id" in fields else True
    source_id = source_id if source_id and (is_own or not link) else link
    return Record(
        place=place,
        text=text,
        username=author.username,
        display_name=author.shown,
        platform="rss",
        **timed(time, "published"),
        source_id=source_id if 0 < len(source_id) <= MAX_ID_LENGTH else None,
        url=link if link.startswith(("http://", "https://")) else None,
        visibility=None if is_restricted is None else audience(is_restricted=is_restricted),
    )


def _text_of(html: str) -> str:
    parts = [""]
    for part in _PARTS.split(html):
        whole = f"{parts[-1]}{part}"
        if len(whole) > MAX_LENGTH or whole.count("<") > MAX_TAGS // 2:
            parts.append(part)
        else:
            parts[-1] = whole
    return "\n\n".join(filter(None, map(html_to_text, parts)))


def _read_wordpress(source: Source, options: ReadOptions) -> RecordStream | None:
    read_one = _WordPress(Authors(source.notes, options))
    elements = frozenset({"item", "wp:author"})
    return read_xml(source, WORDPRESS.name, _WORDPRESS, elements, read_one)


def _read_blogger(source: Source, options: ReadOptions) -> RecordStream | None:
    read_one = partial(_blogger_item, Authors(source.notes, options))
    return read_xml(source, BLOGGER.name, _BLOGGER, frozenset({"entry"}), read_one)


WORDPRESS: Final = Format(
    "wordpress",
    Message("WordPress"),
    _read_wordpress,
    mark=Message("XML with the namespace of exports of WordPress"),
    shows_code=True,
)
BLOGGER: Final = Format(
    "blogger",
    Message("Blogger"),
    _read_blogger,
    mark=Message("XML (Atom) with the ID of a blog of Blogger"),
    shows_code=True,
)
