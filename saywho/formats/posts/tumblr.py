"""Posts of Tumblr: the blog's own export, and API v2 as answers, lines, and backups have it.

Other people's words are left out: the posts that a reblog shows, quotations, chats, and questions.
Sources: https://www.tumblr.com/docs/en/api/v2 and https://www.tumblr.com/docs/npf. The export has
the XML of API v1.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.post import audience
from saywho.formats.posts.blogs import read_xml
from saywho.formats.reading import Skipped, required_text
from saywho.formats.records import Format, Item, ReadOptions, Record, RecordStream, read_each
from saywho.formats.source import json
from saywho.formats.source.file import Content, Source, is_hidden
from saywho.formats.source.html import html_to_text
from saywho.formats.source.times import timed
from saywho.formats.source.xml import Fields
from saywho.formats.tables.cells import as_id

_LISTS: Final = ("response.posts", "posts")
_MARKS: Final = frozenset({"post_url", "reblog_key", "reblogged_from_name", "trail"})
_LOOKED_AT: Final = 20
_EXPORT: Final = re.compile(rb"<tumblr\b[^<>]*>.{0,4000}?<posts?\b", re.DOTALL)
_FIELDS: Final = {
    "text": ("title", "body"),
    "photo": ("caption",),
    "video": ("caption",),
    "audio": ("caption",),
    "link": ("description",),
    "answer": ("answer",),
}
"""Fields of the API with the words of the author, by kind of post."""
_ELEMENTS: Final = {
    "regular": ("regular-title", "regular-body"),
    "photo": ("photo-caption",),
    "video": ("video-caption",),
    "audio": ("audio-caption",),
    "link": ("link-description",),
    "answer": ("answer",),
}
"""The same in an export."""
_OF_OTHERS: Final = frozenset({"quote", "chat", "conversation"})
_UNQUOTED: Final = Message("Reblogs without a quotation: the words may be another person's")


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    reader = _Reader(source.notes, include_restricted=options.include_restricted)
    ends = (".json", ".jsonl", ".ndjson")
    contents = [*source.contents(lambda name: name.lower().endswith(ends) and not is_hidden(name))]
    step = max(1, len(contents) // _LOOKED_AT)
    if not contents or not all(map(_has_posts, islice(contents, 0, None, step))):
        return read_xml(source, FORMAT.name, _EXPORT, frozenset({"post"}), reader.exported)
    source.take(contents)
    items = (
        read_each(json.objects(content, lists=_LISTS), reader.answered) for content in contents
    )
    return RecordStream(FORMAT.name, "record", None, chain.from_iterable(items))


def _has_posts(content: Content) -> bool:
    return any(map(_is_post, json.first_documents(content, lists=_LISTS)))


def _is_post(value: json.Json) -> bool:
    return isinstance(value.get("blog_name"), str) and not _MARKS.isdisjoint(value)


class _Reader:
    def __init__(self, notes: ReadNotes, *, include_restricted: bool) -> None:
        self._notes = notes
        self._include_restricted = include_restricted

    def answered(self, post: json.Json, place: int) -> Item | None:
        """Return a post of API v2."""
        if not _is_post(post):
            return None  # Facts about the blog.
        kind, is_reblog = str(post.get("type")), _is_reblog(post)
        if isinstance(post.get("content"), list):
            words = _blocks(post)
        elif is_reblog and isinstance(
            comment := json.as_object(post.get("reblog")).get("comment"), str
        ):
            words = map(html_to_text, [comment])
        else:
            words = self._words(_FIELDS.get(kind, ()), post, is_reblog=is_reblog)
        number = post.get("id_string") or post.get("id")
        return self._said(post | {"id": number}, place, words, kind, is_reblog=is_reblog)

    def exported(self, fields: Fields, place: int) -> Item | None:
        """Return a post of the blog's export."""
        kind, is_reblog = fields.get("@type", "").lower(), fields.get("@is_reblog") == "true"
        words = self._words(_ELEMENTS.get(kind, ()), fields, is_reblog=is_reblog)
        names = {"blog_name": "@tumblelog", "id": "@id", "post_url": "@url", "state": "@state"}
        post: json.Json = {name: fields.get(stated) for name, stated in names.items()}
        post["timestamp"] = fields.get("@unix-timestamp") or fields.get("@date-gmt")
        return self._said(post, place, words, kind, is_reblog=is_reblog)

    def _said(
        self, post: json.Json, place: int, words: Iterator[str], kind: str, *, is_reblog: bool
    ) -> Item:
        state = post.get("state")
        if state == "private" and not self._include_restricted:
            return Skipped(place, "restricted")
        if state not in {"published", "private", None}:
            return Skipped(place, "deleted")
        if not (text := "\n\n".join(filter(None, words))):
            return Skipped(place, "repost" if is_reblog or kind in _OF_OTHERS else "empty")
        return Record(
            place=place,
            text=required_text(text),
            username=json.as_word(post.get("blog_name")),
            kind="quote" if is_reblog else "post",
            **timed(post.get("timestamp"), "timestamp"),
            source_id=as_id(post.get("id")),
            url=json.as_word(post.get("post_url")),
            visibility=audience(is_restricted=state == "private"),
        )

    def _words(
        self, names: Sequence[str], post: json.Json | Fields, *, is_reblog: bool
    ) -> Iterator[str]:
        texts = [html for name in names if isinstance(html := post.get(name), str) and html]
        if not is_reblog:
            yield from map(html_to_text, texts)
            return
        for html in texts[-1:]:
            own = html_to_text(html)
            if own and "<blockquote" not in html:
                self._notes.look_odd("words", _UNQUOTED, [own])
            yield own


def _is_reblog(post: json.Json) -> bool:
    if any(json.has_value(post.get(name)) for name in ("reblogged_from_id", "reblogged_from_name")):
        return True
    first = json.as_object(next(iter(json.listed(post, "trail")), None))
    name = json.as_word(json.as_object(first.get("blog")).get("name"))
    return name is not None and name != post.get("blog_name")


def _blocks(post: json.Json) -> Iterator[str]:
    """Yield the paragraphs in Tumblr's new format, but not a question by someone else."""
    asked = {
        place
        for layout in map(json.as_object, json.listed(post, "layout"))
        if layout.get("type") == "ask"
        for place in json.listed(layout, "blocks")
    }
    for place, block in enumerate(map(json.as_object, json.listed(post, "content"))):
        is_own = block.get("subtype") not in {"quote", "chat"} and place not in asked
        if is_own and block.get("type") == "text":
            yield json.as_word(block.get("text")) or ""


FORMAT: Final = Format("tumblr", Message("Tumblr"), read)
