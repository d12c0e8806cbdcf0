"""Own posts and comments in downloads of Instagram, Facebook and Threads, as JSON.

The shape of a post or comment tells the platform:

- Instagram and Threads: `{"media": [{"uri", "creation_timestamp", "title"}], "title"?,
  "creation_timestamp"?}`; of one picture or none, text and time stand beside it.
- Facebook: `{"timestamp", "data": [{"post"}], "attachments"}`, and of a comment
  `{"data": [{"comment": {"comment", "author", "timestamp"}}]}`.
- Comments of Instagram: `{"string_map_data": {"Comment": {"value"}, "Time": {"timestamp"}}}`, whose
  keys are in the language of the account.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Final, NamedTuple

from app.compute.text import clean_title
from app.errors import Message, RecordError, UnrecognisedFileError
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import one_by_one
from app.formats.chats.people import as_username
from app.formats.post import Medium, Platform, ReplyTarget
from app.formats.records import (
    BROKEN,
    Account,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    is_broken,
    read_each,
)
from app.formats.source.file import Content, Source, head
from app.formats.source.json import as_object, first_documents, listed, objects
from app.formats.source.times import read_time
from app.formats.source.window import Json, load

_LISTS: Final = (
    "text_post_app_text_posts",
    "ig_reels_media",
    "ig_igtv_media",
    "comments_reels_comments",
    "comments_v2",
    "group_comments_v2",
    "group_posts_v2",
)
_FILES: Final = re.compile(
    r"(?:.*/)?(?:threads_and_replies|posts_\d+|reels|igtv_videos|post_comments_\d+|reels_comments"
    r"|your_posts(?:__check_ins__photos_and_videos)?_\d+|comments|your_comments_in_groups"
    r"|group_posts_and_comments)\.json"
)
_PLATFORMS: Final[tuple[Platform, ...]] = ("facebook", "instagram", "threads")
"""Platforms in the order in which the account of a download is of them."""
_OWNERS: Final = ("/personal_information.json", "/profile_information.json")
_USERNAMES: Final = frozenset({"Username", "사용자 이름", "ユーザーネーム", "Benutzername"})
"""Labels of an account's name, by the language of the account."""
_COMMENTS: Final = frozenset(
    {"Comment", "댓글", "コメント", "Kommentar", "Comentario", "Commentaire"}
)
_MEDIA_OWNERS: Final = frozenset({"Media Owner", "미디어 소유자"})
_PAGES: Final = re.compile(
    r"(?:.*/)?(?:message_\d+|posts_\d+|your_posts.*|post_comments.*|threads_and_replies)\.html"
)


class OwnWords(NamedTuple):
    """The words of a post or comment, and its time."""

    text: str
    time: object
    is_reply: bool = False
    answered: str = ""
    """Name of the person whom it answers."""


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the account's posts and comments. Raises UnrecognisedFileError for pages."""
    contents = posts_in(source)
    if not contents:
        _refuse_pages(source)
        return None
    files = None
    if source.has_members:
        source.expect(content.name for content in contents)
        files = source
    account = _account(source, contents)
    items = one_by_one(_items(content, source, account) for content in contents)
    return RecordStream(FORMAT.name, "record", account, items, files)


def posts_in(source: Source) -> list[Content]:
    """Return the files that hold posts or comments: the one file itself, or some of an archive."""
    if not source.has_members:
        return [source] if _platform(source) else []
    names = sorted(name for name in source.members if _FILES.fullmatch(name))
    contents = [source.member(name) for name in names]
    return [content for content in contents if _platform(content)]


def _platform(content: Content) -> Platform | None:
    """Return the platform of a file, by the first of its posts; None for another file."""
    return next(filter(None, map(platform_of, _first(content))), None)


def _first(content: Content) -> list[Json]:
    return first_documents(content.uncounted, lists=_LISTS)


def _account(source: Source, contents: list[Content]) -> Account:
    """Return the owner, as their own file says; a lone file of posts names nobody."""
    platforms = set(map(_platform, contents))
    platform = next(name for name in _PLATFORMS if name in platforms)
    file = next((name for name in sorted(source.members) if f"/{name}".endswith(_OWNERS)), None)
    name = _owner(load(source.start_of(file))) if file else ""
    if not name:
        comments = (comment_of(value) for content in contents for value in _first(content))
        name = next(filter(None, (repaired(comment.get("author")) for comment in comments)), "")
    display_name = clean_title(name)
    username = as_username(display_name) if display_name else None
    return Account(username, display_name, platform, unread=None if username else file)


def _owner(file: object) -> str:
    """Return the name of the account in the file about it, of which nothing else is read."""
    about = as_object(file)
    for profile in (as_object(about.get(key)) for key in ("profile_v2", "profile")):
        name = profile.get("name")
        if full_name := repaired(as_object(name).get("full_name")) or repaired(name):
            return full_name
    users = about.get("profile_user")
    return entry(as_object(users[0]), _USERNAMES) if isinstance(users, list) and users else ""


def _items(content: Content, source: Source, account: Account) -> Iterator[Item]:
    folders = content.name.split("/")[:-1] if source.has_members else []
    around = ["".join(f"{folder}/" for folder in folders[:n]) for n in range(len(folders) + 1)]

    def member(address: str) -> str:
        """Return the name of a file in the archive; addresses begin at some folder around."""
        names = (f"{folder}{address}" for folder in around)
        return next((name for name in names if name in source.members), address)

    read_one = partial(_item, account=account, member=member)
    yield from read_each(objects(content, lists=_LISTS), read_one)


def _item(value: Json, place: int, *, account: Account, member: Callable[[str], str]) -> Item:
    words = words_of(value)
    if is_broken(words.text + words.answered):
        raise RecordError(BROKEN)
    attached = attachments_of(map(member, addresses_of(value)))
    links = tuple(Medium("link", address) for address in links_of(value))
    if not (words.text.strip() or attached.media or links):
        return Skipped(place, "empty")
    return Record(
        place=place,
        text=words.text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind="reply" if words.is_reply else "post",
        created_at=read_time(words.time) if words.time else None,
        reply_to=ReplyTarget.of(None, words.answered),
        media=(*attached.media, *links),
        files=attached.files,
    )


def platform_of(value: Json) -> Platform | None:
    """Return the platform of a post or comment; None for anything else."""
    medium = _first_medium(value)
    if "text_post_app" in medium:
        return "threads"
    if medium.keys() >= {"uri", "creation_timestamp"} or _entries(value):
        return "instagram"
    is_post = "timestamp" in value and any("post" in part for part in _data(value))
    return "facebook" if is_post or comment_of(value) else None


def words_of(value: Json) -> OwnWords:
    """Return the words of a post or comment. Raises RecordError for anything else."""
    if entries := _entries(value):
        text = entry(value, _COMMENTS) or next(map(_value, entries.values()), "")
        times = (as_object(part).get("timestamp") for part in entries.values())
        return OwnWords(text, next(filter(None, times), None), True, entry(value, _MEDIA_OWNERS))
    if comment := comment_of(value):
        return OwnWords(repaired(comment.get("comment")), comment.get("timestamp"), is_reply=True)
    if isinstance(value.get("media"), list):
        medium = _first_medium(value)
        text = repaired(value.get("title")) or repaired(medium.get("title"))
        time = value.get("creation_timestamp") or medium.get("creation_timestamp")
        about = as_object(medium.get("text_post_app"))
        return OwnWords(text, time, about.get("is_reply") is True)
    if "timestamp" in value:
        texts = filter(None, (repaired(part.get("post")) for part in _data(value)))
        return OwnWords("\n".join(texts), value["timestamp"])
    raise RecordError("neither a post nor a comment")


def comment_of(value: Json) -> Json:
    """Return the comment of Facebook in a value; empty if there is none."""
    comments = (as_object(part.get("comment")) for part in _data(value))
    return next(filter(None, comments), {})


def entry(value: Json, names: Collection[str]) -> str:
    """Return what stands under one of the names, which are in the language of the account."""
    for name, part in _entries(value).items():
        if repaired(name) in names:
            return _value(part)
    return ""


def addresses_of(value: Json) -> Iterator[str]:
    """Yield the addresses of pictures, videos and sounds, inside of the archive or on the web."""
    media = [as_object(medium) for medium in listed(value, "media")]
    media += [as_object(part.get("media")) for part in _attached(value)]
    for medium in media:
        if address := repaired(medium.get("uri")):
            yield address


def links_of(value: Json) -> Iterator[str]:
    """Yield the addresses that a post of Facebook shows a card of."""
    for part in _attached(value):
        if address := repaired(as_object(part.get("external_context")).get("url")):
            yield address


def _first_medium(value: Json) -> Json:
    return next(map(as_object, listed(value, "media")), {})


def _data(value: Json) -> Iterator[Json]:
    return map(as_object, listed(value, "data"))


def _attached(value: Json) -> Iterator[Json]:
    for attachment in map(as_object, listed(value, "attachments")):
        yield from _data(attachment)


def _entries(value: Json) -> Json:
    return as_object(value.get("string_map_data"))


def _value(part: object) -> str:
    return repaired(as_object(part).get("value"))


def repaired(value: object) -> str:
    """Return a string with its letters; Meta writes each byte of UTF-8 as a character.

    Other strings stay as they are; anything else becomes empty.
    """
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value


def _refuse_pages(source: Source) -> None:
    """Raise UnrecognisedFileError for a download as pages, which say too little."""
    if source.has_members:
        is_page = any(map(_PAGES.fullmatch, source.members))
    else:
        start = head(source, 64 * 1024)
        is_page = start.lstrip()[:1] == b"<" and any(
            name in start for name in (b"_a6-g", b"uiBoxWhite noborder")
        )
    if is_page:
        raise UnrecognisedFileError(
            "{name} holds pages; ask Meta for the download again, and choose JSON as its format"
            " in place of HTML",
            name=source.name,
        )


FORMAT: Final = Format(
    "meta",
    Message("Posts of Instagram, Facebook and Threads"),
    read,
    file_name="posts_1.json",
    mark=Message("JSON of posts with media, or with timestamp and data, or of comments"),
)
