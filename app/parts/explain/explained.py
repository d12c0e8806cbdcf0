"""What a file is read as and why, and what in it was not understood, without anybody's words.

It is made to be sent to somebody who mends a format: names, letters and digits are masked
(`masks.py`). `explanation.py` makes it.
"""

from typing import Final, Literal

import msgspec

from app.errors import Message
from app.formats.assumptions import NO_NOTES, NotesSummary, decoded_sentence
from app.formats.records import ReadOptions

LINE_KINDS: Final = {
    "heading": Message("before the first message"),
    "message": Message("start a message"),
    "more": Message("continue a message"),
    "day": Message("give the date"),
    "note": Message("written by the app"),
    "stray": Message("have a date or a time, but do not start a message"),
}
RECORD_KINDS: Final = {
    "text": Message("with text"),
    "picture": Message("with only pictures, videos or sounds"),
    "with_media": Message("with pictures, videos or sounds"),
    "reply": Message("that are replies"),
    "app_like": Message("entirely in brackets, like notes by apps"),
    "repost": Message("left out: reposted or forwarded"),
    "restricted": Message("left out: for a limited audience"),
    "deleted": Message("left out: deleted"),
    "like": Message("left out: likes"),
    "media": Message("left out: media without a file"),
    "system": Message("left out: written by the app"),
    "empty": Message("left out: empty"),
    "unwanted": Message("left out: by people who were not chosen"),
    "bad": Message("cannot be read"),
}
"""What is counted, in the order in which it is told; some are parts of others."""


class ExplanationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The file to explain, and how to read it."""

    path: str
    name: str
    options: ReadOptions
    limit_bytes: int
    seconds: float
    """After which no more of the file is read."""
    format: str = "auto"


class UnclearPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place that was not understood."""

    detail: Message
    file: str = ""
    """Its masked name, where it is one of several."""
    unit: Literal["line", "record"]
    place: int
    shape: str = ""
    """What stands there, masked; empty where that is not known."""


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """A format that a file is not in."""

    format: str
    fault: Message | None = None
    """What its reader says itself."""


class Explanation(msgspec.Struct, kw_only=True):
    """What a file was read as; all names in it are masked."""

    name: str
    format: str = ""
    """Empty where nothing is recognised."""
    failure: Message | None = None
    """Why nothing of the file can be imported."""
    tried: list[Attempt] = []
    """Where nothing is recognised, the formats in the order in which they were asked."""
    broken: Message | None = None
    """Why the file cannot be read further."""
    is_whole: bool = True
    """Whether all of the file was read in the time."""
    left_out: list[Message] = []
    files: dict[str, int] = {}
    """Of a folder or an archive how many files have each ending."""
    columns: list[tuple[str, str]] = []
    """Of a table, each with the field that it is taken for."""
    notes: NotesSummary = NO_NOTES
    """What was assumed and not used."""
    app_lines: list[tuple[str, int]] = []
    """The most frequent lines taken for the app's own, with their counts."""
    lines: dict[str, int] = {}
    """Of a chat in text how many lines are of each kind."""
    records: dict[str, int] = {}
    """How many records are of each kind."""
    faults: list[tuple[Message, int]] = []
    """Reasons for which records cannot be read, the most frequent first."""
    unclear: list[UnclearPlace] = []
    """The first places that were not understood."""
    unclear_count: int = 0


def decoded_explanation(line: bytes) -> Explanation:
    """Return the explanation that `explain` yielded."""
    return msgspec.json.decode(line, type=Explanation, dec_hook=decoded_sentence)
