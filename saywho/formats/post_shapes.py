"""Posts that are objects of JSON or rows of a table, with the places of their contents as data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from saywho.errors import Message
from saywho.formats import records
from saywho.formats.post import Kind, Medium, Reactions, ReplyTarget, audience
from saywho.formats.reading import Skipped, SkipReason
from saywho.formats.source.file import Source
from saywho.formats.source.json import as_word, first_documents, objects, unit_of, value_at
from saywho.formats.source.times import timed

Post = Any
"""An object of JSON, or the cells of a row by their columns."""
Where = Sequence[str] | Callable[[Post], str | None]
"""Paths, of which the first filled one counts, or a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostShape:
    """An app's posts, and the places of their contents; paths are those of `values_at`."""

    name: str
    label: Message
    is_post: Callable[[Post], bool] = lambda _: True
    lists: tuple[str, ...] = ()
    """Keys of lists that an object stands for."""
    platform: str
    username: Where = ()
    """The author; empty for the owner of the file."""
    shown: Where = ()
    """The author's shown name."""
    text: Callable[[Post], str]
    media: Callable[[Post], Iterable[Medium]] = lambda _: ()
    time: tuple[str, ...]
    id: Where
    url: Where = ()
    lang: Where = ()
    kind: Callable[[Post], Kind] | None = None
    """By default a reply if it answers, else a post."""
    answered: Callable[[Post], ReplyTarget | None] = lambda _: None
    counts: Callable[[Post], Iterable[object]] | None = None
    is_restricted: Callable[[Post], bool | None] | None = None
    """None of a post that does not say who may read it."""
    handles: Callable[[Post], str | None] = lambda _: None
    left_out: Callable[[Post], SkipReason | None] = lambda _: None
    """Why a post is left out, whatever words it has."""
    empty: Callable[[Post], SkipReason] = lambda _: "empty"
    """Why a post without words and media is left out."""

    def read(self, source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
        """Return the posts of a file of JSON, if one of its first objects is such a post."""
        if not any(map(self.is_post, first_documents(source, lists=self.lists))):
            return None
        return self.stream(source, None)

    def stream(self, source: Source, account: records.Account | None) -> records.RecordStream:
        items = records.read_each(
            objects(source, lists=self.lists), partial(self.item, account=account)
        )
        return records.RecordStream(self.name, unit_of(source), account, items)

    def format(self) -> records.Format:
        return records.Format(self.name, self.label, self.read)

    def item(
        self, post: Post, place: int, *, account: records.Account | None = None
    ) -> records.Item:
        """Return a post's record. Raises RecordError."""
        if reason := self.left_out(post):
            return Skipped(place, reason)
        text, media = self.text(post), tuple(self.media(post))
        if not (text.strip() or media):
            return Skipped(place, self.empty(post))
        answered, owner = self.answered(post), account or records.Account(None, None, self.platform)
        name = next((name for name in self.time if post.get(name)), self.time[0])
        stated = post.get(name)
        is_restricted = self.is_restricted and self.is_restricted(post)
        return records.Record(
            place=place,
            text=text,
            username=word_of(post, self.username) or owner.username,
            display_name=word_of(post, self.shown) or owner.display_name,
            platform=self.platform,
            kind=self.kind(post) if self.kind else "reply" if answered else "post",
            **timed(stated.strip() if isinstance(stated, str) else stated, name),
            lang=word_of(post, self.lang),
            source_id=word_of(post, self.id),
            url=word_of(post, self.url),
            reply_to=answered,
            media=media,
            counts=Reactions.read(self.counts(post)) if self.counts else None,
            visibility=None if is_restricted is None else audience(is_restricted=is_restricted),
            handles=self.handles(post) or None,
        )


def word_of(post: Post, where: Where) -> str | None:
    if callable(where):
        return where(post)
    for path in where:
        value = value_at(post, path) if "/" in path else post.get(path)
        if word := as_word(value):
            return word
    return None
