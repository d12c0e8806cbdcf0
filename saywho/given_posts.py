"""Posts as a program has them: a chat, a table, authors with their texts, or pairs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import isnan
from typing import Any, Final

from saywho.chat import Post
from saywho.formats.long_texts import pieces_of_long
from saywho.text import MAX_TEXT_LENGTH, clean_text, composed, drop_controls, guess_language

Posts = Iterable[Post | tuple[str, str]] | Mapping[str, str | Iterable[str]] | Any
"""A `Chat`, posts, pairs, authors with their texts, or a table."""
_GIVE: Final = (
    "give a Chat, a table with the columns author and text, a mapping of authors to texts, or pairs"
    " of author and text"
)


def posts_of(given: Any) -> Iterator[tuple[int, Post]]:
    """Yield posts with the places of their texts; a long text becomes several posts of one place.

    Raises TypeError and ValueError, in one sentence, for what has no authors and texts.
    """
    for number, each in enumerate(_each(given)):
        if isinstance(each, Post):
            yield number, each.counted()
        elif isinstance(each, Mapping):
            yield from ((number, post) for post in _of_row(number, each))
        elif isinstance(each, str | bytes) or not hasattr(each, "__getitem__") or len(each) != 2:
            raise TypeError(f"{_GIVE}, not {each!r:.40}")
        else:
            row = {"author": each[0], "text": each[1]}
            yield from ((number, post) for post in _of_row(number, row))


def _each(given: Any) -> Iterable[Any]:
    is_table = hasattr(given, "columns")
    if is_table or (isinstance(given, Mapping) and {"author", "text"} <= {*given}):
        return _rows(given, [*map(str, given.columns if is_table else given)])
    if isinstance(given, Mapping):
        return (
            (author, text)
            for author, texts in given.items()
            for text in ([texts] if isinstance(texts, str) else _listed(texts))
        )
    return _listed(given)


def _listed(given: Any) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{_GIVE}, not {given!r:.40}")
    return given


def _rows(table: Any, columns: list[str]) -> Iterator[dict[str, Any]]:
    names = [name for name in Post._fields if columns.count(name) == 1]
    if names[:2] != ["author", "text"]:
        listed = ", ".join(columns[:20])
        raise TypeError(f"a table needs the columns author and text, once each; this has {listed}")
    for row in zip(*(table[name] for name in names), strict=True):
        yield dict(zip(names, row, strict=True))


def _time(value: Any) -> datetime:
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "created_at": _time,
    "media": lambda value: tuple(value.split() if isinstance(value, str) else value),
    **dict.fromkeys(Post._fields[3:7] + Post._fields[8:], str),
}
"""What makes a value of a row one of a post."""


def _of_row(number: int, row: Mapping[str, Any]) -> Iterator[Post]:
    author, text = row.get("author"), row.get("text")
    if not (isinstance(author, str) and isinstance(text, str)):
        raise TypeError(f"author and text must be strings, not {author!r:.40} and {text!r:.40}")
    known = {}
    for name, read in _READERS.items():
        if not _is_missing(value := row.get(name)):
            try:
                known[name] = read(value)
            except (TypeError, ValueError):
                raise TypeError(f"{name} cannot be {value!r:.40}") from None
    if len(text) > MAX_TEXT_LENGTH:
        text = drop_controls(composed(text))
        known.setdefault("source", f"{number + 1}")
    spans = [*pieces_of_long(text)] if len(text) > MAX_TEXT_LENGTH else [(0, len(text))]
    for start, end in spans:
        piece = clean_text(text[start:end]) if text.strip() else ""
        post = Post(author, piece, None, None, None, None, "post", (), None, "local")
        yield post._replace(**{"lang": guess_language(piece)} | known).counted()


def _is_missing(value: object) -> bool:
    is_nothing = value is None or type(value).__name__ in {"NAType", "NaTType"}  # of pandas
    return is_nothing or (isinstance(value, float) and isnan(value))
