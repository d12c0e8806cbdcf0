"""Own posts and comments in downloads of Instagram, Facebook and Threads, as JSON.

The shape of a post or comment tells the platform:

- Instagram and Threads: `{"media": [{"uri", "creation_timestamp", "title"}], "title"?,
  "creation_timestamp"?}`; with one picture or none, text and time are next to it.
- Facebook: `{"timestamp", "data": [{"post"}], "attachments"}`, and of a comment
  `{"data": [{"comment": {"comment", "author", "timestamp"}}]}`.
- Comments of Instagram: `{"string_map_data": {"Comment": {"value"}, "Time": {"timestamp"}}}`, with
  keys in the account's language.
- Comments of Instagram before 2021: `{"media_comments": [[time, text, owner of the medium]]}`.
- Newer downloads: `{"timestamp", "media", "label_values": [{"label", "value"}]}`, with labels in
  the account's language.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from saywho.errors import Message, RecordError, UnrecognisedFileError
from saywho.formats import records
from saywho.formats.chats.chat_files import KINDS, attachments_of, one_by_one
from saywho.formats.media.file_bytes import START_BYTES, suffix_of
from saywho.formats.post import Medium, MediumKind, Platform, ReplyTarget
from saywho.formats.reading import BROKEN, Skipped, is_broken, username_for
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.json import Json, as_object, first_documents, listed, load, objects
from saywho.formats.source.times import is_time, timed
from saywho.text import clean_title

_LISTS: Final = (
    *("text_post_app_text_posts", "ig_reels_media", "ig_igtv_media", "comments_reels_comments"),
    *("comments_v2", "group_comments_v2", "group_posts_v2"),
)
_FILES: Final = re.compile(
    r"(?:.*/)?(?:threads_and_replies|posts(?:_\d+)?|reels(?:_\d+)?|igtv_videos|post_comments_\d+|reels_comments"
    r"|your_posts(?:__check_ins__photos_and_videos)?_\d+|comments|your_comments_in_groups"
    r"|group_posts_and_comments)\.json"
)
_OF_OTHERS: Final = re.compile(r"(?:^|/)(?:saved|likes|liked_posts|story_interactions)/")
"""Folders with files that list posts of other accounts."""
_USERNAMES: Final = frozenset({"Username", "사용자 이름", "ユーザーネーム", "Benutzername"})
_COMMENTS: Final = frozenset(
    {"Comment", "댓글", "コメント", "Kommentar", "Comentario", "Commentaire"}
)
_CAPTIONS: Final = frozenset(
    {
        *("Caption", "캡션", "문구", "설명", "キャプション", "Bildunterschrift", "Légende"),
        *("Pie de foto", "Descripción", "Legenda", "Didascalia", "Bijschrift", "Podpis", "Подпись"),
        *("Altyazı", "Açıklama", "说明", "說明", "Caption text"),
    }
)
_OLDER: Final = (("Time", "timestamp"), ("Comment", "value"), ("Media Owner", "value"))
"""Places of an older comment's parts in a newer one."""
_PAGES: Final = re.compile(
    r"(?:.*/)?(?:message_\d+|posts_\d+|your_posts.*|post_comments.*|threads_and_replies)\.html"
)


class OwnWords(NamedTuple):
    text: str
    time: object
    is_reply: bool = False
    answered: str = ""


def read(source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
    """Return the account's posts and comments. Raises UnrecognisedFileError for pages."""
    contents = posts_in(source)
    if not contents:
        _refuse_pages(source)
        return None
    source.expect(content.name for content in contents)
    files = source if source.has_members else None
    account = _account(source, contents)
    seen = Counter[int]()
    items = one_by_one(_items(content, source, account, seen) for content in contents)
    # Downloads of Facebook do not say for whom a post is, and accounts of Instagram may be private.
    return records.RecordStream(FORMAT.name, "record", account, items, files, tells_audience=False)


def posts_in(source: Source) -> list[Content]:
    """Return the files with posts or comments."""
    contents = source.contents(lambda name: _FILES.fullmatch(name) and not _OF_OTHERS.search(name))
    # The same posts may stand in both shapes; the labelled shape says less of their media.
    found = [content for content in contents if _platform(content)]
    return sorted(found, key=lambda content: any(map(labels_of, _first(content))))


def _platform(content: Content) -> Platform | None:
    first = _first(content)
    if any(map(labels_of, first)) and "facebook" in content.name.lower():
        return "facebook"
    return next(filter(None, map(platform_of, first)), None)


def _first(content: Content) -> list[Json]:
    pages = first_documents(content.uncounted, lists=_LISTS)
    return [value for page in pages for value in _items_of(page)]


def _items_of(page: Json) -> list[Json]:
    """Return a page's older comments in the newer shape, or the page itself."""
    rows = [row for rows in page.values() if isinstance(rows, list) for row in rows]
    comments = [row for row in rows if _is_older_comment(row)]
    if not comments or len(comments) < len(rows):
        return [page]
    said = (zip(_OLDER, row, strict=True) for row in comments)
    return [{"string_map_data": {key: {part: value} for (key, part), value in row}} for row in said]


def _is_older_comment(row: object) -> bool:
    match row:
        case [str() as time, str(), str()]:
            return is_time(time)
    return False


def _account(source: Source, contents: list[Content]) -> records.Account:
    platforms = set(map(_platform, contents))
    ordered: tuple[Platform, ...] = ("facebook", "instagram", "threads")
    platform = next(name for name in ordered if name in platforms)
    owners = ("/personal_information.json", "/profile_information.json")
    file = next((name for name in sorted(source.members) if f"/{name}".endswith(owners)), None)
    name = _owner(load(source.start_of(file))) if file else ""
    if not name:
        comments = (comment_of(value) for content in contents for value in _first(content))
        name = next(filter(None, (repaired(comment.get("author")) for comment in comments)), "")
    display_name = clean_title(name)
    username = username_for(display_name) if display_name else None
    return records.Account(username, display_name, platform, unread=None if username else file)


def _owner(file: object) -> str:
    about = as_object(file)
    for profile in (as_object(about.get(key)) for key in ("profile_v2", "profile")):
        name = profile.get("name")
        if full_name := repaired(as_object(name).get("full_name")) or repaired(name):
            return full_name
    users = about.get("profile_user")
    return entry(as_object(users[0]), _USERNAMES) if isinstance(users, list) and users else ""


def _items(
    content: Content, source: Source, account: records.Account, seen: Counter[int]
) -> Iterator[records.Item]:
    folders = content.name.split("/")[:-1] if source.has_members else []
    around = ["".join(f"{folder}/" for folder in folders[:n]) for n in range(len(folders) + 1)]

    def member(address: str) -> str:
        """Return the file's name in the archive; addresses begin at some folder above."""
        names = (f"{folder}{address}" for folder in around)
        return next((name for name in names if name in source.members), address)

    def kind_of(name: str) -> MediumKind | None:
        return KINDS.get(suffix_of(source.start_of(name, START_BYTES)) or "")

    def read_one(value: Json, place: int) -> records.Item:
        if _is_of_another(value, account.username):
            return Skipped(place, "repost")
        if _is_again(value, seen):
            return Skipped(place, "system")
        return _item(value, place, account=account, member=member, kind_of=kind_of)

    yield from records.read_each(objects(content, lists=_LISTS, items_of=_items_of), read_one)


def _is_of_another(value: Json, username: str | None) -> bool:
    parts = (as_object(part) for label in labels_of(value) for part in listed(label, "dict"))
    owners = {repaired(part.get("value")) for part in parts if part.get("label") in _USERNAMES}
    return bool(owners) and username is not None and username not in owners


def _is_again(value: Json, seen: Counter[int]) -> bool:
    """Return whether a labelled post came in the older shape; `seen` counts these."""
    words = words_of(value)
    media = next(addresses_of(value), "")
    key = hash(repr((words.text, words.time, media)))
    if not labels_of(value):
        seen[key] += 1
        return False
    is_again = seen[key] > 0
    seen[key] -= is_again
    return is_again


def _item(
    value: Json,
    place: int,
    *,
    account: records.Account,
    member: Callable[[str], str],
    kind_of: Callable[[str], MediumKind | None],
) -> records.Item:
    words = words_of(value)
    if is_broken(words.text + words.answered):
        raise RecordError(BROKEN)
    attached = attachments_of(map(member, addresses_of(value)), kind_of=kind_of)
    links = tuple(Medium("link", address) for address in links_of(value))
    if not (words.text.strip() or attached.media or links):
        return Skipped(place, "empty")
    return records.Record(
        place=place,
        text=words.text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind="reply" if words.is_reply else "post",
        **timed(words.time, "timestamp"),
        reply_to=ReplyTarget.of(None, words.answered),
        media=(*attached.media, *links),
        files=attached.files,
    )


def platform_of(value: Json) -> Platform | None:
    medium = _first_medium(value)
    if "text_post_app" in medium:
        return "threads"
    if medium.keys() >= {"uri", "creation_timestamp"} or _entries(value):
        return "instagram"
    if labels_of(value) and "timestamp" in value:
        return "instagram"
    is_post = "timestamp" in value and (
        any("post" in part for part in _data(value)) or bool(_described(value))
    )
    return "facebook" if is_post or comment_of(value) else None


def words_of(value: Json) -> OwnWords:
    """Return a post's or comment's words. Raises RecordError for any other value."""
    if entries := _entries(value):
        text = entry(value, _COMMENTS) or next(map(_value, entries.values()), "")
        times = (as_object(part).get("timestamp") for part in entries.values())
        owner = entry(value, {"Media Owner", "미디어 소유자"})
        return OwnWords(text, next(filter(None, times), None), is_reply=True, answered=owner)
    if comment := comment_of(value):
        return OwnWords(repaired(comment.get("comment")), comment.get("timestamp"), is_reply=True)
    if labels := labels_of(value):
        return OwnWords(_caption(value, labels), value.get("timestamp"))
    if isinstance(value.get("media"), list):
        medium = _first_medium(value)
        text = repaired(value.get("title")) or repaired(medium.get("title"))
        time = value.get("creation_timestamp") or medium.get("creation_timestamp")
        about = as_object(medium.get("text_post_app"))
        return OwnWords(text, time, about.get("is_reply") is True)
    if "timestamp" in value:
        texts = [*filter(None, (repaired(part.get("post")) for part in _data(value)))]
        return OwnWords("\n".join(texts) or _described(value), value["timestamp"])
    raise RecordError("not a post or a comment")


def labels_of(value: Json) -> list[Json]:
    return [as_object(part) for part in listed(value, "label_values")]


def _caption(value: Json, labels: list[Json]) -> str:
    for part in labels:
        if repaired(part.get("label")) in _CAPTIONS and (text := repaired(part.get("value"))):
            return text
    titles = (repaired(medium.get("title")) for medium in _labelled_media(value))
    return next(filter(None, titles), "")


def _labelled_media(value: Json) -> Iterator[Json]:
    for holder in (value, *labels_of(value)):
        yield from map(as_object, listed(holder, "media"))


def _described(value: Json) -> str:
    media = (as_object(part.get("media")) for part in _attached(value))
    return next(filter(None, (repaired(medium.get("description")) for medium in media)), "")


def comment_of(value: Json) -> Json:
    comments = (as_object(part.get("comment")) for part in _data(value))
    return next(filter(None, comments), {})


def entry(value: Json, names: Collection[str]) -> str:
    """Return the value under the first of the names, which depend on the account's language."""
    for name, part in _entries(value).items():
        if repaired(name) in names:
            return _value(part)
    return ""


def addresses_of(value: Json) -> Iterator[str]:
    media = [*_labelled_media(value)]
    media += [as_object(part.get("media")) for part in _attached(value)]
    for medium in media:
        if address := repaired(medium.get("uri")):
            yield address


def links_of(value: Json) -> Iterator[str]:
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

    Other strings stay as they are; any other value becomes empty.
    """
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    try:
        data = value.encode("latin-1")
        return data.decode()
    except UnicodeEncodeError:
        return value
    except UnicodeDecodeError as error:
        whole = data[: error.start]
        # Meta cuts long texts between the bytes of a letter.
        is_cut = error.end == len(data) and error.reason == "unexpected end of data"
        return whole.decode() if is_cut and not whole.isascii() else value


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
            "{name} contains HTML pages; request the download from Meta again, and choose"
            " the format JSON instead of HTML",
            name=source.name,
        )


FORMAT: Final = records.Format(
    "meta", Message("Posts of Instagram, Facebook and Threads"), read, file_name="posts_1.json"
)
