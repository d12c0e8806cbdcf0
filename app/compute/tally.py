"""Counts of each author's messages: words, signs, and the hours of a chat."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.compute.chat_timing import Said, after_silence
from app.compute.conversations import WrittenTexts, conversations_of
from app.compute.hours import counts_by_hour, hour_numbers
from app.compute.links import without_addresses
from app.compute.mentions import emoji_in, laughs_in

MeasureName = Literal[
    "length", "questions", "exclamations", "laughing", "emoji", "endings", "beginnings"
]
MEASURED: Final[tuple[MeasureName, ...]] = get_args(MeasureName)
Sign = tuple[MeasureName | Literal["crying"], str]
"""Trait of messages and its text; an empty text means any text of the trait."""
Ending = Literal[".", "…", "~", "ㅠㅠ", "요"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
Beginning = Literal["small", "silence"]
BEGINNINGS: Final[tuple[Beginning, ...]] = get_args(Beginning)
_QUESTION: Final[Sign] = ("questions", "")
_EXCLAMATION: Final[Sign] = ("exclamations", "")
_LAUGHING: Final[Sign] = ("laughing", "")
_WITH_EMOJI: Final[Sign] = ("emoji", "")
_SMALL: Final[Sign] = ("beginnings", "small")
_AFTER_SILENCE: Final[Sign] = ("beginnings", "silence")
_ASKED: Final = re.compile("[?？]")
_TEARS: Final = "ㅠㅠ"
_CRYING: Final[Sign] = ("crying", _TEARS)
AFTER_WORDS: Final = " \t\n.,!?…~～∼^;:)(\"'“”‘’ㅋㅎㅠㅜ"
"""Signs after the last word of a Korean message."""


class Tally(NamedTuple):
    """Counts of an author's messages with text."""

    conversations: NDArray[np.intp]
    """Number of each message's conversation, (n,)."""
    lengths: NDArray[np.int64]
    """Number of words in each message, (n,)."""
    signs: dict[Sign, list[int]]
    """Conversations of the messages with each sign."""

    @property
    def messages(self) -> int:
        """Number of messages with text."""
        return self.lengths.size

    def with_sign(self, sign: Sign) -> int:
        """Return the number of messages with a sign."""
        return len(self.signs.get(sign, ()))

    @property
    def laughs(self) -> dict[str, list[int]]:
        """Conversations of the messages with each laugh, and of the messages that cry."""
        return {
            text: conversations
            for (name, text), conversations in self.signs.items()
            if text and name in ("laughing", "crying")
        }

    @property
    def words_per_message(self) -> float | None:
        """Mean number of words; None if no message has text."""
        return float(self.lengths.mean()) if self.messages else None


def tally_of(
    texts: Iterable[str], conversations: Iterable[int], begins: Sequence[bool] = ()
) -> Tally:
    """Return the counts of an author's messages.

    conversations: number of each message's conversation. begins: whether each message comes after a
    silence; empty outside chats.
    """
    numbers: list[int] = []
    lengths: list[int] = []
    signs: dict[Sign, list[int]] = defaultdict(list)
    messages = zip(texts, conversations, begins or repeat(False), strict=False)
    for text, conversation, is_first in messages:
        if not (words := text.split()):
            continue
        numbers.append(conversation)
        lengths.append(len(words))
        for sign in _signs_of(text):
            signs[sign].append(conversation)
        if is_first:
            signs[_AFTER_SILENCE].append(conversation)
    return Tally(np.array(numbers, np.intp), np.array(lengths, np.int64), signs)


def together(tallies: Iterable[Tally]) -> Tally:
    """Return the tallies of several people as one."""
    several = [*tallies]
    signs: dict[Sign, list[int]] = defaultdict(list)
    for tally in several:
        for sign, conversations in tally.signs.items():
            signs[sign].extend(conversations)
    return Tally(
        np.concatenate([np.array([], np.intp), *(tally.conversations for tally in several)]),
        np.concatenate([np.array([], np.int64), *(tally.lengths for tally in several)]),
        signs,
    )


def _signs_of(text: str) -> list[Sign]:
    signs: list[Sign] = []
    if ("?" in text or "？" in text) and _ASKED.search(without_addresses(text)):
        signs.append(_QUESTION)
    if "!" in text or "！" in text:
        signs.append(_EXCLAMATION)
    laughs = laughs_in(text)
    if _TEARS in laughs:
        laughs.remove(_TEARS)
        signs.append(_CRYING)
    if laughs:
        signs.append(_LAUGHING)
        signs += [("laughing", laugh) for laugh in laughs]
    if not text.isascii() and (emoji := emoji_in(text)):
        signs.append(_WITH_EMOJI)
        signs += [("emoji", one) for one in emoji]
    if ending := _ending_of(text):
        signs.append(("endings", ending))
    if _begins_small(text):
        signs.append(_SMALL)
    return signs


def _ending_of(text: str) -> Ending | None:
    end = text.rstrip()
    last = end[-1:]
    if last == "." or last == "…":
        return "…" if last == "…" or end.endswith("..") else "."
    if last in "~～∼":
        return "~"
    if last in "ㅠㅜ":
        return "ㅠㅠ"
    # Looking for the letter first takes a quarter of the time.
    return "요" if "요" in end and end.rstrip(AFTER_WORDS)[-1:] == "요" else None


def _begins_small(text: str) -> bool:
    # A link is no word.
    if not text.lstrip()[:1].islower():
        return False
    return "://" not in text or "://" not in text.split(maxsplit=1)[0]


class CountedSpeaker(NamedTuple):
    """An author in a chat, and the counts of their messages."""

    author: int
    written: WrittenTexts
    """Messages with text, in order."""
    tally: Tally
    messages: int
    """Number of messages with and without text."""
    hours: Counter[int]
    """Number of messages in each hour, numbered through days and years."""


def speakers_of(
    messages: Sequence[Said], zone: ZoneInfo, authors: Iterable[int]
) -> list[CountedSpeaker]:
    """Return the counts of each author's messages."""
    places: dict[int, list[int]] = {author: [] for author in authors}
    for place, message in enumerate(messages):
        places[message.author].append(place)
    hours = _hours_of_each(messages, zone)
    numbers = conversations_of(message.time for message in messages)
    begins = after_silence(messages)
    speakers: list[CountedSpeaker] = []
    for author, of_author in places.items():
        worded = [place for place in of_author if messages[place].text]
        written = WrittenTexts(
            [messages[place].text for place in worded], [numbers[place] for place in worded]
        )
        tally = tally_of(*written, [begins[place] for place in worded])
        of_hours = Counter(hours[author])
        speakers.append(CountedSpeaker(author, written, tally, len(of_author), of_hours))
    return speakers


def joined(speakers: Sequence[CountedSpeaker]) -> CountedSpeaker:
    """Return several authors as a single author with the first author's id."""
    if len(speakers) == 1:
        return speakers[0]
    written = WrittenTexts([], [])
    for speaker in speakers:
        written.extend(speaker.written)
    return CountedSpeaker(
        speakers[0].author,
        written,
        together(speaker.tally for speaker in speakers),
        sum(speaker.messages for speaker in speakers),
        sum((speaker.hours for speaker in speakers), Counter[int]()),
    )


def laughs_of(tally: Tally) -> Counter[str]:
    """Return the number of messages with each laugh that is in any message."""
    return Counter({laugh: len(conversations) for laugh, conversations in tally.laughs.items()})


def _hours_of_each(messages: Sequence[Said], zone: ZoneInfo) -> defaultdict[int, list[int]]:
    """Return the hours in which each author wrote, computed for all authors together."""
    dated = [(author, time) for author, time, _ in messages if time is not None]
    numbers = hour_numbers((time for _, time in dated), zone)
    hours = defaultdict[int, list[int]](list)
    for (author, _), hour in zip(dated, numbers, strict=True):
        hours[author].append(hour)
    return hours


def hour_counts(said: Iterable[Said], zone: ZoneInfo) -> Counter[int]:
    """Return the number of messages in each hour of each day of the zone."""
    return counts_by_hour((message.time for message in said if message.time is not None), zone)
