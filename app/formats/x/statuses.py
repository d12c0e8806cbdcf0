"""One post of the API of X (Twitter), version 1.1 or 2, as a record."""

from typing import Final

from app.formats.records import Item
from app.formats.source.json import Json, as_object
from app.formats.source.times import read_time
from app.formats.x import posts

# Fields that only a post of version 2 has, by their old and new names.
_V2_MARKS: Final = frozenset(
    (
        *("__twarc", "author_id", "conversation_id", "edit_controls", "public_metrics"),
        *("edit_history_post_ids", "edit_history_tweet_ids", "note_post", "note_tweet"),
        *("referenced_posts", "referenced_tweets", "reply_settings"),
    )
)
_REPOSTS: Final = frozenset({"retweeted", "reposted"})


def is_v1(value: Json) -> bool:
    """Return whether this is a post of version 1.1, with its user inside."""
    user = value.get("user")
    if not isinstance(user, dict) or not ("screen_name" in user or "id_str" in value):
        return False
    return "full_text" in value or "text" in value


def is_v2(value: Json) -> bool:
    """Return whether this is a post of version 2 that shows it by itself."""
    is_named = "username" in as_object(value.get("author"))
    return "text" in value and "id" in value and (is_named or not _V2_MARKS.isdisjoint(value))


def to_item(status: Json, place: int, *, include_restricted: bool) -> Item:
    """Return the record of a post. Raises RecordError."""
    seen_at = as_object(status.get("__twarc")).get("retrieved_at")
    return posts.to_item(
        status if is_v1(status) else _as_v1(status),
        place,
        include_restricted=include_restricted,
        as_of=read_time(seen_at) if seen_at else None,
    )


def _as_v1(status: Json) -> Json:
    """Return a post of version 2 with the fields of version 1.1."""
    found = status.get("referenced_tweets") or status.get("referenced_posts")
    references = [as_object(each) for each in (found if isinstance(found, list) else [found])]
    kinds = {str(each.get("type")) for each in references}
    answered = next((each for each in references if each.get("type") == "replied_to"), {})
    author = as_object(status.get("author"))
    names = (
        as_object(status.get("in_reply_to_user")).get("username"),
        as_object(answered.get("author")).get("username"),
    )
    note = as_object(status.get("note_tweet") or status.get("note_post"))
    return status | {
        "user": {
            "screen_name": author.get("username"),
            "id_str": status.get("author_id"),
            "id": author.get("id"),
            "name": author.get("name"),
            "protected": author.get("protected"),
        },
        "extended_tweet": {"full_text": note.get("text"), "entities": note.get("entities")},
        "retweeted_status": not _REPOSTS.isdisjoint(kinds),
        "is_quote_status": "quoted" in kinds,
        "in_reply_to_status_id": answered.get("id") or "replied_to" in kinds,
        "in_reply_to_screen_name": names[0] or names[1],
    }
