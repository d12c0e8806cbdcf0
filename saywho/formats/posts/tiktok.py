"""TikTok's download of an account as JSON: `user_data.json`, later `user_data_tiktok.json`.

It is an object of sections, each of which has lists by their parts. The keys are English in every
language, but sections have other names in other years, so that a list is known by its items: own
comments, captions of own videos with who can view them, comments below live videos, reviews. What
others wrote is only in chats, in lists that are named `Chat History with NAME:`. Sources: RLEAPP,
the extractors of d3i-infra and of what-if-horizon, and downloads of 2024 and 2025.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from saywho.errors import BrokenFileError, Message
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip, without_posts
from saywho.formats.post_shapes import PostShape
from saywho.formats.reading import username_for
from saywho.formats.records import Account, FileRoom, ReadOptions, RecordStream, read_each
from saywho.formats.source.file import Content, Source, bare_head
from saywho.formats.source.json import Json, Window, as_object, as_word
from saywho.formats.tables.cells import plain_column
from saywho.formats.tables.limits import OPEN_WORDS

_BEGIN: Final = re.compile(
    r'\{"[A-Z][A-Za-z]*":\{"[A-Z][A-Za-z-]*":\{"(?:App|ProfileMap|[A-Z][A-Za-z]+(?:List|Summary|Map'
    r'|Categories|History|Histories))":'
)
"""A section, its part and a list or map: how the file begins, without blanks."""
_WORDS: Final = ("comment", "Comment", "Title", "ReviewText", "CommentContent", "QuestionContent")
_TIMES: Final = ("date", "Date", "CommentTime", "QuestionTime")
_OF_VIDEO: Final = frozenset({"WhoCanView", "DateDeleted"})
"""What only own videos have beside a title; other lists may have titles of others' videos."""
_NOTHING: Final = frozenset({"N/A", "None"})
_MAPS: Final = ("ProfileMap", "SettingsMap")
_OFF: Final = frozenset({"Disabled", "Off", "No"})
_CHATS: Final = "ChatHistory"
_WITH: Final = "Chat History with "
_DEPTH: Final = 6
"""Levels of objects that are looked into; a download has three."""


def _is_download(content: Content) -> bool:
    return _BEGIN.match(bare_head(content)) is not None


def _lists(window: Window, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the keys above each list or map in the object here; take each immediately."""
    for key in window.each_key() if window.mark() == "{" else ():
        mark = window.mark()
        if mark == "[" or key in _MAPS:
            yield (*path, key)
        elif mark == "{" and len(path) < _DEPTH:
            yield from _lists(window, (*path, key))
        else:
            window.raw()


def _posts(content: Content) -> Iterator[tuple[int, Json]]:
    window, number = Window(content), 0
    for path in _lists(window):
        if path[-1] in _MAPS or _CHATS in path or path[-1].startswith("Favorite"):
            window.raw()
            continue
        for item in window.items():
            if not (isinstance(item, dict) and any(name in item for name in _WORDS)):
                continue
            if "Title" not in item or not _OF_VIDEO.isdisjoint(item):
                number += 1
                yield number, item


def _has_posts(content: Content) -> bool:
    with suppress(BrokenFileError):
        return any(_text(post) for _, post in _posts(content.uncounted))
    return False


def _account(content: Content) -> tuple[Account, bool]:
    """Return whose download it is, and whether only followers can view the videos."""
    maps: Json = {}
    with suppress(BrokenFileError):
        window = Window(content.uncounted)
        for path in _lists(window):
            if path[-1] in _MAPS:
                maps |= as_object(window.value())
            else:
                window.raw()
    name, privacy = as_word(maps.get("userName")), as_word(maps.get("Private Account"))
    account = Account(username_for(name) if name else None, name, "local")
    return account, privacy is not None and privacy not in _OFF


def _text(post: Json) -> str:
    words = (as_word(post.get(name)) for name in _WORDS)
    return next((text for text in words if text and text not in _NOTHING), "")


def _is_restricted(post: Json, *, is_private: bool = False) -> bool | None:
    if is_private and "WhoCanView" in post:
        return True
    audience = as_word(post.get("WhoCanView"))
    # Whoever sees the video that a comment is on can read it.
    return None if audience is None else plain_column(audience) not in OPEN_WORDS


_SHAPE: Final = PostShape(
    name="tiktok",
    label=Message("TikTok download"),
    platform="local",
    text=_text,
    time=_TIMES,
    id=(),
    kind=lambda post: "post" if "Title" in post or "ReviewText" in post else "reply",
    is_restricted=_is_restricted,
    left_out=lambda post: "deleted" if "DateDeleted" in post else None,
)


def _read(source: Source, _options: ReadOptions) -> RecordStream | None:
    if not (contents := source.take_wanted(".json", _is_download)):
        return None
    account, is_private = _account(contents[0])
    shape = replace(_SHAPE, is_restricted=partial(_is_restricted, is_private=is_private))
    items = read_each(_posts(contents[0]), partial(shape.item, account=account))
    return RecordStream(shape.name, "record", account, items)


class TikTokChats(JsonChat[FileRoom]):
    name = "tiktok-chats"
    label = Message("TikTok chats")
    file_name = "user_data_tiktok.json"
    reactions_key = ""
    is_in_order = False

    def files(self, source: Source) -> list[Content]:
        return source.take_wanted(".json", self.recognises)

    def recognises(self, content: Content) -> bool:
        with suppress(BrokenFileError):
            return _is_download(content) and any(True for _ in self.found(content.uncounted))
        return False

    def found(self, content: Content) -> Generator[Found[FileRoom], None, None]:
        window = Window(content)
        for path in _lists(window):
            if window.mark() != "[" or _CHATS not in path:
                window.raw()
                continue
            title = path[-1].removeprefix(_WITH).rstrip(": ")
            for message in window.items():
                yield Found(self.room(title), message)

    def said(self, message: Json, chat: FileRoom) -> ChatMessage | Skip:
        name, text = as_word(message.get("From")), as_word(message.get("Content"))
        if name is None:
            return "deleted"
        return ChatMessage(text=text or "", name=name, time=message.get("Date"), room=chat)

    def read(self, source: Source, options: ReadOptions) -> RecordStream | None:
        stream = super().read(source, options)
        if stream is None or not any(map(_has_posts, source.take_wanted(".json", _is_download))):
            return stream
        return without_posts(stream, source, _SHAPE.name)


FORMAT: Final = replace(_SHAPE.format(), read=_read, file_name="user_data_tiktok.json")
CHATS_FORMAT: Final = TikTokChats().format()
