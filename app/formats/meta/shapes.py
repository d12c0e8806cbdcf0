"""One post or comment of Instagram, Facebook or Threads, by the shape of its JSON.

- Instagram and Threads: `{"media": [{"uri", "creation_timestamp", "title"}], "title"?,
  "creation_timestamp"?}`; of one picture or none, text and time stand beside it.
- Facebook: `{"timestamp", "data": [{"post"}], "attachments"}`, and of a comment
  `{"data": [{"comment": {"comment", "author", "timestamp"}}]}`.
- Comments of Instagram: `{"string_map_data": {"Comment": {"value"}, "Time": {"timestamp"}}}`, whose
  keys are in the language of the account.
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from app.errors import RecordError
from app.formats.meta.strings import repaired
from app.formats.post import Platform
from app.formats.source.json import as_object, listed
from app.formats.source.window import Json

_COMMENTS: Final = frozenset(
    {"Comment", "댓글", "コメント", "Kommentar", "Comentario", "Commentaire"}
)
_MEDIA_OWNERS: Final = frozenset({"Media Owner", "미디어 소유자"})


class OwnWords(NamedTuple):
    """What somebody wrote, and when."""

    text: str
    time: object
    is_reply: bool = False
    answered: str = ""
    """The name of whom it answers."""


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
