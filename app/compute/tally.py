"""What is counted of somebody's messages: their words, and the signs that they have."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from app.compute.laughs import laughs_in
from app.compute.links import without_addresses
from app.compute.mentions import emoji_in

MeasureName = Literal[
    "length", "questions", "exclamations", "laughing", "emoji", "endings", "beginnings"
]
MEASURED: Final[tuple[MeasureName, ...]] = get_args(MeasureName)
Sign = tuple[MeasureName | Literal["crying"], str]
"""Something that messages have; an empty text is any of a measure that has several."""
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
"""What may follow the last word of a Korean message."""


class Tally(NamedTuple):
    """What is counted of somebody's messages with text."""

    conversations: NDArray[np.intp]
    """The number of the one that each message is in (n,)."""
    lengths: NDArray[np.int64]
    """The words of each (n,)."""
    signs: dict[Sign, list[int]]
    """The conversations of the messages with each sign."""

    @property
    def messages(self) -> int:
        """How many have text."""
        return self.lengths.size

    def with_sign(self, sign: Sign) -> int:
        """Return how many messages have a sign."""
        return len(self.signs.get(sign, ()))

    @property
    def laughs(self) -> dict[str, list[int]]:
        """The conversations of the messages with each laugh, and of those that cry."""
        return {
            text: conversations
            for (name, text), conversations in self.signs.items()
            if text and name in ("laughing", "crying")
        }

    @property
    def words_per_message(self) -> float | None:
        """The mean; None where no message has text."""
        return float(self.lengths.mean()) if self.messages else None


def tally_of(
    texts: Iterable[str], conversations: Iterable[int], begins: Sequence[bool] = ()
) -> Tally:
    """Return what is counted of somebody's messages.

    conversations: the number of the one that each is in. begins: whether each comes after a
    silence; empty where they are no chat.
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
    """Return what is counted of the messages of several people."""
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
    """Return what a message has."""
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
    # To look for the letter first takes a quarter of the time.
    return "요" if "요" in end and end.rstrip(AFTER_WORDS)[-1:] == "요" else None


def _begins_small(text: str) -> bool:
    """Return whether the first word begins with a small letter; an address or a name is no word."""
    if not text.lstrip()[:1].islower():
        return False
    return "://" not in text or "://" not in text.split(maxsplit=1)[0]
