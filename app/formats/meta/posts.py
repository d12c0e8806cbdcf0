"""Own posts and comments in downloads of Instagram, Facebook and Threads, as JSON."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from app.compute.text import clean_title
from app.errors import Message, RecordError
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import one_by_one
from app.formats.chats.people import as_username
from app.formats.meta.shapes import addresses_of, comment_of, entry, links_of, platform_of, words_of
from app.formats.meta.strings import refuse_pages, repaired
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
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, first_documents, objects
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
"""In a download with several, the first of these is that of its account."""
_OWNERS: Final = ("/personal_information.json", "/profile_information.json")
_USERNAMES: Final = frozenset({"Username", "사용자 이름", "ユーザーネーム", "Benutzername"})
"""What the name of an account is called, in the language of the account."""


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the account's posts and comments. Raises UnrecognisedFileError for pages."""
    contents = posts_in(source)
    if not contents:
        refuse_pages(source)
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


FORMAT: Final = Format(
    "meta",
    Message("Posts of Instagram, Facebook and Threads"),
    read,
    file_name="posts_1.json",
    mark=Message("JSON of posts with media, or with timestamp and data, or of comments"),
)
