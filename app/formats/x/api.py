"""Answers of the API of X (Twitter), versions 1.1 and 2, as twarc and twarc2 write them.

Each line is a post or a page, flattened or not.
"""

from functools import partial
from typing import Final

from app.errors import Message
from app.formats.assumptions import ToldReposts
from app.formats.records import Format, Item, ReadOptions, RecordStream, Skipped
from app.formats.source.file import Source
from app.formats.source.json import as_object, first_documents, listed, objects
from app.formats.source.times import time_or_field
from app.formats.source.window import Json
from app.formats.x import posts
from app.formats.x.posts import Versions

_SEARCH: Final = "statuses"
# Fields that only a post of version 2 has, by their old and new names.
_V2_MARKS: Final = frozenset(
    (
        *("__twarc", "author_id", "conversation_id", "edit_controls", "public_metrics"),
        *("edit_history_post_ids", "edit_history_tweet_ids", "note_post", "note_tweet"),
        *("referenced_posts", "referenced_tweets", "reply_settings"),
    )
)
_OTHERS: Final = frozenset({"username", "timestamp", "from", "message", "user"})
"""Fields of other platforms' posts in such pages, which version 2 does not have."""


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    documents = first_documents(source, lists=(_SEARCH,))
    if not any(is_v1(item) or is_v2(item) or _is_page(item) for item in documents):
        return None
    statuses = objects(source, lists=(_SEARCH,), items_of=_statuses)
    told, versions = ToldReposts(source.notes), Versions()
    read_one = partial(to_item, include_restricted=options.include_restricted, told=told)
    items = versions.sifted(statuses, read_one)
    return RecordStream(FORMAT.name, "record", None, items)


def _is_page(value: Json) -> bool:
    """Return whether this is a page of version 2, perhaps empty, or a search of 1.1."""
    if isinstance(value.get(_SEARCH), list):
        return not value[_SEARCH] or any(isinstance(item, dict) for item in listed(value, _SEARCH))
    data = value.get("data")
    if data is None or data == []:
        return "result_count" in as_object(value.get("meta"))
    items = data if isinstance(data, list) else [data]
    return any(
        isinstance(item, dict) and {"id", "text"} <= item.keys() and _OTHERS.isdisjoint(item)
        for item in items
    )


def _statuses(value: Json) -> list[object]:
    if is_v1(value) or is_v2(value):
        return [value]
    for name in (_SEARCH, "data"):
        if name in value:
            statuses = value[name]
            return _with_authors(statuses if isinstance(statuses, list) else [statuses], value)
    return [] if {"errors", "meta"} & value.keys() else [value]


def _with_authors(statuses: list[object], page: Json) -> list[object]:
    includes, about = as_object(page.get("includes")), page.get("__twarc")

    def listed_by(name: str, key: str) -> dict[str, Json]:
        return {str(entry.get(key)): entry for entry in map(as_object, listed(includes, name))}

    users, attached = listed_by("users", "id"), listed_by("media", "media_key")

    def named(status: object) -> object:
        if not isinstance(status, dict) or is_v1(status):
            return status
        names = ("author", "in_reply_to_user")
        authors = {name: users.get(str(status.get(f"{name}_id"))) for name in names}
        attachments = as_object(status.get("attachments"))
        media = [attached.get(str(key)) for key in listed(attachments, "media_keys")]
        extra = {name: user for name, user in authors.items() if user} | {"__twarc": about}
        if any(media):
            status = status | {"attachments": {"media": list(filter(None, media))} | attachments}
        return extra | status

    return [named(status) for status in statuses]


def is_v1(value: Json) -> bool:
    user = value.get("user")
    if not isinstance(user, dict) or not ("screen_name" in user or "id_str" in value):
        return False
    return "full_text" in value or "text" in value


def is_v2(value: Json) -> bool:
    is_named = "username" in as_object(value.get("author"))
    return "text" in value and "id" in value and (is_named or not _V2_MARKS.isdisjoint(value))


def to_item(
    status: Json, place: int, *, include_restricted: bool, told: ToldReposts | None = None
) -> Item:
    if len(status) == 1 and all(isinstance(value, dict) for value in status.values()):
        return Skipped(place, "system")  # A stream's notice: `{"delete": {…}}`.
    seen_at = as_object(status.get("__twarc")).get("retrieved_at")
    return posts.to_item(
        status if is_v1(status) else _as_v1(status),
        place,
        include_restricted=include_restricted,
        as_of=time_or_field(seen_at, "retrieved_at")[0],
        told=told,
    )


def _as_v1(status: Json) -> Json:
    referenced = status.get("referenced_tweets") or status.get("referenced_posts")
    references = [
        as_object(reference)
        for reference in (referenced if isinstance(referenced, list) else [referenced])
    ]
    kinds = {str(reference.get("type")) for reference in references}
    answered = next(
        (reference for reference in references if reference.get("type") == "replied_to"), {}
    )
    author = as_object(status.get("author"))
    names = (
        as_object(status.get("in_reply_to_user")).get("username"),
        as_object(answered.get("author")).get("username"),
    )
    note = as_object(status.get("note_tweet") or status.get("note_post"))
    marks: Json = {}
    if referenced is not None:
        marks["retweeted_status"] = not kinds.isdisjoint({"retweeted", "reposted"})
    return (
        status
        | marks
        | {
            "user": {
                "screen_name": author.get("username"),
                "id_str": status.get("author_id"),
                "id": author.get("id"),
                "name": author.get("name"),
                "protected": author.get("protected"),
            },
            "extended_tweet": {"full_text": note.get("text"), "entities": note.get("entities")},
            "is_quote_status": "quoted" in kinds,
            "in_reply_to_status_id": answered.get("id") or "replied_to" in kinds,
            "in_reply_to_screen_name": names[0] or names[1],
        }
    )


FORMAT: Final = Format(
    "x-api",
    Message("X API"),
    read,
    mark=Message(
        "JSON posts with `id_str` and `user`, or with `author_id` and `created_at`; or"
        " pages of such posts"
    ),
)
