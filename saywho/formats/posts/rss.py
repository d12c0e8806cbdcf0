"""RSS and Atom feeds. It runs in `app/runtime/sandbox.py`, since feedparser may take any time."""

import hashlib
import html
import io
import json
import mimetypes
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from saywho.errors import RecordError
from saywho.formats.post import MIME_KINDS, Medium, as_count
from saywho.formats.posts.platform_pages import PageHead, page
from saywho.formats.reading import Skipped, as_username
from saywho.formats.records import MAX_ID_LENGTH, Account, Item, Record, read_each
from saywho.formats.source.html import beginning, html_to_text
from saywho.formats.source.times import Timed, timed
from saywho.formats.tables.own_words import MARK, own_part
from saywho.text import MAX_TEXT_LENGTH, guess_language, language_of, word_set

_BLANKS: Final = re.compile(r"[\s\u200b]+")
_SCHEME: Final = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_QUOTES: Final = "\"'“”„‟«»‹›「」『』‘’ "
_ENDS: Final = " .…"


def is_repost(title: str) -> bool:
    return _pattern("reposts").match(title) is not None


def is_beginning(title: str, body: str, author: str = "") -> bool:
    """Return whether the title begins the body, possibly cut or after a mark."""
    whole = _squeezed(body)
    if whole.startswith(_squeezed(title.rstrip(_ENDS))):
        return True
    marked = _pattern("replies").sub("", _pattern("pinned").sub("", title))
    prefix, colon, rest = marked.partition(":")
    for words, is_sure in ((marked, marked != title), (rest, prefix.strip() == author != "")):
        said = _squeezed(words.rstrip(_ENDS).strip(_QUOTES).rstrip(_ENDS))
        plain = whole.strip(_QUOTES)
        # 20 letters identify the beginning of a text, whatever comes before in its title.
        if said and plain.startswith(said) and (is_sure or said == plain or len(said) >= 20):
            return bool(colon) or is_sure
    return False


def without_frame(text: str) -> str:
    """Return a text without the first and last sentences of its generator."""
    lines = text.strip().split("\n")
    while lines and (not lines[-1].strip() or _is_framing(lines[-1])):
        lines.pop()
    framed = False
    while lines and ((framed and not lines[0].strip()) or _is_framing(lines[0])):
        framed = bool(lines.pop(0)) or framed
    left = "\n".join(lines).rstrip()
    for mark in _sentences()["marks"]:
        left = left.removesuffix(mark).rstrip()
    return left


def _is_framing(line: str) -> bool:
    plain = " ".join(line.split())
    kinds = ("lines", "headings") if 0 < len(plain) <= 2_000 else ()
    return any(_pattern(kind).fullmatch(plain) for kind in kinds)


def _squeezed(text: str) -> str:
    return _BLANKS.sub("", _SCHEME.sub("", unicodedata.normalize("NFKC", text)))


@cache
def _sentences() -> dict[str, Any]:
    path = Path(__file__).with_name("feed_sentences.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    plain = (" ".join(s.split()) if s.endswith(".") else s for s in _sentences()[kind])
    patterns = (
        re.escape(sentence).replace(r"\{\#\}", r"-?\d+").replace(r"\{\}", "[^\n]*?")
        for sentence in plain
    )
    return re.compile("|".join(patterns), re.IGNORECASE)


Entry = Mapping[str, Any]
MOST_ENTRIES: Final = 2_000
"""Maximum number of a feed's entries, which one transaction stores."""
_TAG: Final = re.compile(rb"<([a-z][\w:.-]*)", re.I)
_END: Final = re.compile(rb"</(?:[\w.-]{1,50}:)?(?:rss|feed|rdf)\s*>", re.I)
_DESCRIPTION: Final = re.compile(rb"<(/?)(media|itunes|dc):(?:description|summary)\b[^<>]*?(/?)>")
"""feedparser takes a picture's description for the entry's own text, and of several summaries
some for its content, or none.
"""
_NO_TYPE: Final = re.compile(
    rb"(<(?:atom:)?(?:content|summary|title)\s[^<>]*?\btype\s*=\s*[\"'])"
    rb"(?!(?:text|x?html)[\"'])[^\"'/<>]*(?=[\"'])",
    re.I,
)
"""A type that Atom does not have, such as feedgen's `CDATA`: feedparser takes the text for base64,
which leaves nothing of a text without Latin letters.
"""
_PAGES: Final = frozenset(("text/html", "application/xhtml+xml"))
_MARKUP: Final = re.compile(r"<(?:!|/?[a-z][a-z0-9]*[\s/>])", re.I)
_LINK: Final = re.compile(r"<a\s[^<>]*>", re.I)
_WARNING: Final = re.compile(
    r"\A\s*<p>\s*<strong>[^<>]{1,80}[:：]</strong>(?=[^\s<>][^<>]{0,5000}</p>\s*<hr\b)"
)
"""Mastodon's label of a content warning, in the language of the post."""
FEWEST_SHARING: Final = 3
"""Entries from which what all of them have is nobody's words."""
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.!?…。！？](?=\s)|(?=\n)|\Z)")
_NUMBER: Final = re.compile(r"\d+")
_GAP: Final = re.compile(r"\n{3,}")
_NAME: Final = "\0"
"""Stands for a name in what entries share."""
_NOT_LATIN: Final = word_set(
    "am ar as be bg bn el fa gu he hi hy iw ja ka kk km kn ko ky lo mk ml mn mr my ne or pa ps ru"
    " sd si sr ta te tg th ti uk ur uz yi yue zh"
)


def read_rss(body: bytes, *, name: str, content_type: str) -> Iterator[PageHead | Record]:
    """Read the feed of the address `name`. Raises RecordError."""
    parsed = _parsed(body, content_type)
    entries = parsed.entries[:MOST_ENTRIES]
    if not entries and not parsed.get("version"):
        raise RecordError("there is no RSS or Atom feed at this address")
    if not _END.search(_without_nul(body)):
        raise RecordError("the feed is truncated")  # Its last post could be half of one.
    is_atom = str(parsed.get("version")).startswith("atom")
    has_many = _has_many_authors(entries, _named(parsed.feed) if is_atom else None)
    language = parsed.feed.get("language")
    of_feed = {_named(parsed.feed), parsed.feed.get("title")}
    parts = [_parts(entry, of_feed) for entry in entries]
    nobodys = _nobodys([part for part in parts if not part.is_repost], name)
    read = partial(_record, nobodys=nobodys, language=language, address=name, has_many=has_many)
    return page(
        # The newest is stored last: entries without a time get that of their arrival.
        read_each(enumerate(reversed(parts), 1), read),
        ids=[_source_id(entry) for entry in entries],
        account=Account(None, parsed.feed.get("title"), "rss"),
        has_many_authors=has_many,
        left_out={bare[:MAX_ID_LENGTH]: said[:MAX_ID_LENGTH] for bare, said in nobodys.items()},
    )


def _parsed(body: bytes, content_type: str) -> Any:
    # A server imports all formats, but reads no feed itself.
    import feedparser
    from feedparser.encodings import convert_to_utf8

    plain, headers = _without_nul(body), {"content-type": content_type}
    # In UTF-7 or EBCDIC a declaration has other bytes; so it is looked for in what is parsed, too.
    decoded = convert_to_utf8(headers, body, feedparser.FeedParserDict())
    if b"<!ENTITY" in plain or b"<!ENTITY" in decoded:
        raise RecordError(
            "the feed declares XML entities, which saywho does not read because they could"
            " exhaust the memory"
        )
    # As a file: feedparser would take bytes for an address or the name of a file.
    body = _NO_TYPE.sub(rb"\1html", _DESCRIPTION.sub(rb"<\1\2:text\3>", body))
    return feedparser.parse(io.BytesIO(body), response_headers=headers)


def read_rss_address(body: bytes, *, name: str, content_type: str) -> Iterator[str]:
    """Read the address of a page's first feed; a feed names its own, `name`. Raises RecordError."""
    root = _TAG.search(_without_nul(body))
    if root and root[1].lower() in {b"rss", b"feed", b"rdf:rdf"}:
        return iter((name,))
    page = LexborHTMLParser(body)
    base = page.css_first("base[href]")
    base_address = _joined(name, (base and base.attributes.get("href")) or "")
    for link in page.css("link[rel~=alternate][href]"):
        content_type = (link.attributes.get("type") or "").partition(";")[0].strip().lower()
        address = _joined(base_address, link.attributes.get("href") or "")
        if content_type in {"application/rss+xml", "application/atom+xml"} and address:
            return iter((address,))
    raise RecordError("the page does not link to an RSS or Atom feed")


def _without_nul(body: bytes) -> bytes:
    return body.replace(b"\0", b"")


class _Parts(NamedTuple):
    """An entry, and what it says."""

    entry: Entry
    title: str
    body: str
    pictures: list[dict[str, str]]
    names: list[str]
    """Of the author and the feed, case-folded, the longest first."""
    is_repost: bool


def _parts(entry: Entry, of_feed: Iterable[str | None]) -> _Parts:
    pictures, quoting = list[dict[str, str]](), list[str]()
    author = _author(entry) or ""
    body = without_frame(_body(entry, pictures, quoting))
    title = _text(entry.get("title_detail") or {"value": entry.get("title")}, [], []).strip()
    is_other = is_repost(title) or bool(quoting and not body and not pictures)
    for said in (body, *quoting):  # A title may begin what is only quoted.
        title = "" if said and is_beginning(title, said, author) else title
    names = {name.casefold() for name in (author, *of_feed) if name and len(name) > 1}
    return _Parts(entry, title, body, pictures, sorted(names, key=len, reverse=True), is_other)


def _body(entry: Entry, pictures: list[dict[str, str]], quoting: list[str]) -> str:
    contents = entry.get("content") or ()
    pages = [each for each in contents if each.get("type") in _PAGES]
    briefs = [entry.get("summary_detail") or {}, *(each for each in contents if each not in pages)]
    briefs += [{"value": entry.get(name)} for name in ("itunes_text", "dc_text")]
    for details in (*([each] for each in pages), briefs, [{"value": entry.get("media_text")}]):
        # The text is longer than its excerpt.
        if said := max((_text(detail, pictures, quoting) for detail in details), key=len):
            return said
    return ""


def _nobodys(parts: Sequence[_Parts], address: str) -> dict[str, str]:
    """Return titles and sentences that all entries have, but for a name or number, by `_bare`.

    A title with a name may also be that of some entries only. Where nothing else is there, they are
    what the author says.
    """
    titled = [(_bare(part.title, part), part.title) for part in parts if part.title]
    counts = Counter(bare for bare, _ in titled)
    titles = {
        bare: title
        for bare, title in titled
        if counts[bare] >= FEWEST_SHARING and (len(counts) == 1 or _NAME in bare)
    }
    bodies = [part for part in parts if part.body]
    common, longest = dict[str, str](), 0
    for part in bodies if len(bodies) >= FEWEST_SHARING else ():
        said = {_bare(each, part): each.strip() for each in _SENTENCE.findall(part.body)}
        is_first = part is bodies[0]
        common = said if is_first else {bare: common[bare] for bare in common if bare in said}
        longest = max(longest, len(said))
        if not common:
            break
    sentences = {bare: common[bare] for bare in common if " " in bare or len(bare) > 7}
    if any(_media_of(part.entry, part.pictures, address) for part in parts):
        return titles | sentences
    return (titles if bodies else {}) | (sentences if longest > len(sentences) else {})


def _bare(said: str, part: _Parts) -> str:
    said = " ".join(said.casefold().split())
    for name in part.names:
        said = said.replace(name, _NAME)
    return _NUMBER.sub("0", said)


def _own_words(part: _Parts, nobodys: Mapping[str, str]) -> str:
    def own(said: str) -> str:
        return "" if _bare(said, part) in nobodys else said

    body = part.body
    if nobodys:
        body = _SENTENCE.sub(lambda sentence: own(sentence[0]), body)
        body = _GAP.sub("\n\n", "\n".join(map(str.rstrip, body.splitlines()))).strip()
    title = "" if _pattern("headings").fullmatch(part.title) else own(part.title)
    return "\n\n".join(filter(None, (title, body)))


def _record(
    parts: _Parts,
    place: int,
    *,
    nobodys: Mapping[str, str],
    language: str | None,
    address: str,
    has_many: bool,
) -> Item | None:
    entry = parts.entry
    if parts.is_repost:
        return Skipped(place, "repost")
    text = _own_words(parts, nobodys)
    media = _media_of(entry, parts.pictures, address)
    if not text and not media:
        return None
    author = _author(entry) if has_many else None
    return Record(
        place=place,
        text=text[:MAX_TEXT_LENGTH],
        username=author and as_username("_".join(author.split())),
        display_name=author,
        platform="rss",
        **_time(entry),
        lang=entry.get("language") or _fitting(language, text),
        source_id=_source_id(entry),
        url=_link(entry, address),
        media=media,
    )


def _text(detail: Entry, pictures: list[dict[str, str]], quoting: list[str]) -> str:
    """Return the words; those together with other people's are added to `quoting`."""
    value = detail.get("value") or ""
    is_plain = detail.get("type") == "text/plain"
    if is_plain or ("\n" in value and not _MARKUP.search(value)):
        lines = (value if is_plain else html.unescape(value)).strip().splitlines()
        return "\n".join(map(str.strip, lines))
    value = _WARNING.sub("<p>", beginning(value))
    try:
        said = html_to_text(value, pictures)
        if (own := own_part(said)) != said:
            quoting.append(MARK.sub("", html_to_text(_LINK.sub("<a>", value), [])).strip())
        return own or ""
    except RecordError:  # Its elements grow to too many. No other entry is lost by that.
        return ""


def _time(entry: Entry) -> Timed:
    """Return an entry's time; None and the field's name if it is unreadable.

    feedparser mistakes many times for another day, loses their zone, or takes the month from today.
    """
    # A plain dict: feedparser's own warns where the second one is missing.
    fields = dict(entry)
    read = [timed(fields.get(name) or None, name) for name in ("published", "updated")]
    known = next((each for each in read if each["created_at"]), None)
    return known or next((each for each in read if each["unread_time"]), read[0])


def _author(entry: Entry) -> str | None:
    """Return an entry's own author, or the author of the feed that it was copied from."""
    return _named(entry) or _named(entry.get("source") or {})


def _named(element: Entry) -> str | None:
    # Of several authors, feedparser takes the last one of Atom as the author.
    detail = next(filter(None, element.get("authors") or ()), element.get("author_detail") or {})
    name = str(detail.get("name") or element.get("author") or detail.get("email") or "").strip()
    if name.startswith(("http://", "https://")):
        name = urlsplit(name).path.rstrip("/").rpartition("/")[2]
    return name.removeprefix("/u/").removeprefix("@").partition("@")[0].strip() or None


def _has_many_authors(entries: Sequence[Entry], feeds: str | None) -> bool:
    """Return whether entries differ in their author; `feeds` wrote those that name nobody."""
    own = (entry for entry in entries if not is_repost(str(entry.get("title") or "")))
    return len({name.casefold() for entry in own if (name := _author(entry) or feeds)}) > 1


def _fitting(language: str | None, text: str) -> str | None:
    stated = language_of(language or "")
    if language is None or stated is None:
        return None
    if guess_language(text) not in {None, stated}:
        return None
    letters = list(filter(str.isalpha, text))
    is_latin = 2 * sum(letter <= "\u024f" for letter in letters) >= len(letters)
    return language if is_latin or stated in _NOT_LATIN else None


def _link(entry: Entry, address: str) -> str | None:
    """Return the address of an entry's page; a relative one is resolved by the feed's address."""
    link = entry.get("link") or ""
    # Without a link, feedparser takes the id, which leads to no page if it is no address.
    is_stated = any(each.get("href") == link for each in entry.get("links") or ())
    return _joined(address if is_stated else "", link) or None


def _source_id(entry: Entry) -> str:
    entry_id = str(entry.get("id") or entry.get("link") or "").strip()
    if entry_id and len(entry_id) <= MAX_ID_LENGTH:
        return entry_id
    content = entry_id or [entry.get(name) for name in ("title", "summary", "published", "links")]
    return hashlib.sha256(str(content).encode(errors="replace")).hexdigest()


def _media_of(entry: Entry, pictures: Sequence[Entry], address: str) -> tuple[Medium, ...]:
    """Return an entry's distinct media; `pictures` are the attributes of pictures in its text.

    Relative addresses are resolved by the entry's address, or else the feed's.
    """
    base = _joined(address, entry.get("link") or "")
    enclosures = [
        element for element in entry.get("links") or () if element.get("rel") == "enclosure"
    ]
    images = [{**element, "medium": "image"} for element in pictures]
    media: dict[str | None, Medium] = {}
    for element in (*(entry.get("media_content") or ()), *enclosures, *images):
        medium = _medium(element, base)
        if medium and (medium.alt or medium.source_url not in media):
            media[medium.source_url] = medium
    return tuple(media.values())


def _medium(element: Entry, base: str) -> Medium | None:
    address = element.get("url") or element.get("href") or element.get("src")
    url = _joined(base, address) if address else ""
    width, height = as_count(element.get("width")), as_count(element.get("height"))
    is_counter = width == 1 and height == 1  # Counts readers, and shows nothing.
    stated_type = (
        element.get("medium") or element.get("type") or mimetypes.guess_type(urlsplit(url).path)[0]
    )
    kind = MIME_KINDS.get(str(stated_type).partition("/")[0].lower())
    if not url or is_counter or kind is None:
        return None
    return Medium(kind, url, element.get("alt"), width, height)


def _joined(base: str, address: str) -> str:
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return ""
    return joined if joined.startswith(("http://", "https://")) else ""
