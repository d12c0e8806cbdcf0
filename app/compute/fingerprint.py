"""How somebody writes beside others: seven measures of messages, each with a test of chance."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import asin, sqrt
from typing import Annotated, Final, Literal, NamedTuple, get_args

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.compute.conversations import counts_in, errors_of_sums, sums_in
from app.compute.laughs import laughs_in
from app.compute.links import without_addresses
from app.compute.mentions import emoji_in
from app.compute.portrait import FEWEST_COMPARED
from app.compute.shares import more_often

MeasureName = Literal[
    "length", "questions", "exclamations", "laughing", "emoji", "endings", "beginnings"
]
MEASURED: Final[tuple[MeasureName, ...]] = get_args(MeasureName)
Sign = tuple[MeasureName, str]
"""Something that messages have; an empty text is any of a measure that has several."""
Ending = Literal[".", "…", "~", "ㅠㅠ", "요"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
Beginning = Literal["small", "silence"]
BEGINNINGS: Final[tuple[Beginning, ...]] = get_args(Beginning)
CLEAR: Final = 2.9
"""Standard errors from which a measure sets somebody apart. Of twelve that are tested, the
clearest one is as far by chance in fewer than one of twenty portraits."""
LEAST_SHARE: Final = 0.05
"""What is in fewer messages, of both sides, is not seen by anybody who reads them."""
AS_FAR: Final = 4
"""Of so many others, one may be as far in the same direction."""
_QUESTION: Final[Sign] = ("questions", "")
_EXCLAMATION: Final[Sign] = ("exclamations", "")
_LAUGHING: Final[Sign] = ("laughing", "")
_WITH_EMOJI: Final[Sign] = ("emoji", "")
_SMALL: Final[Sign] = ("beginnings", "small")
_AFTER_SILENCE: Final[Sign] = ("beginnings", "silence")
_ASKED: Final = re.compile("[?？]")
_CRYING: Final = frozenset({"ㅠㅠ"})
_CANDIDATES: Final[dict[MeasureName, Sequence[str]]] = {
    "endings": ENDINGS,
    "beginnings": BEGINNINGS,
}
"""Of these the most distinct one is shown."""
AFTER_WORDS: Final = " \t\n.,!?…~～∼^;:)(\"'“”‘’ㅋㅎㅠㅜ"
"""What may follow the last word of a Korean message."""


class Tally(NamedTuple):
    """What is counted of somebody's messages with text."""

    conversations: list[int]
    """The number of the one that each message is in."""
    lengths: list[int]
    """The words of each."""
    signs: dict[Sign, list[int]]
    """The conversations of the messages with each sign."""

    @property
    def messages(self) -> int:
        """How many have text."""
        return len(self.lengths)

    def with_sign(self, sign: Sign) -> int:
        """Return how many messages have a sign."""
        return len(self.signs.get(sign, ()))


class _Sides(NamedTuple):
    """Somebody's messages and all others', and how many are in each conversation (n,)."""

    own: Tally
    beside: Tally
    counts: NDArray[np.float64]
    counts_beside: NDArray[np.float64]

    @property
    def are_compared(self) -> bool:
        """Whether both have enough messages."""
        return min(self.own.messages, self.beside.messages) >= FEWEST_COMPARED


class Measure(msgspec.Struct, frozen=True):
    """How somebody's messages differ from those of others in one thing."""

    name: MeasureName
    sign: Annotated[
        str,
        Meta(
            description="Which laugh, emoji, ending or beginning (`small` letters, after a "
            "`silence`); empty for none."
        ),
    ]
    own: Annotated[float, Meta(description="Words a message of `length`, else a share of them.")]
    beside: Annotated[float, Meta(description="The same of all others together.")]
    each: Annotated[list[float], Meta(description="The same of each of `others`.")]
    errors: Annotated[
        float,
        Meta(
            description="Standard errors by which it is more than theirs, the lesser of those by "
            "messages and by days; 0 for too few."
        ),
    ]
    distance: Annotated[
        float,
        Meta(description="How far it is from theirs, whatever the numbers (Cohen's d, and h)."),
    ]

    @property
    def is_clear(self) -> bool:
        """Whether it sets them apart: by more than chance, where hardly anybody goes as far."""
        if max(self.own, self.beside) < LEAST_SHARE:
            return False
        side = 1 if self.errors > 0 else -1
        as_far = sum((value - self.own) * side >= 0 for value in self.each)
        return abs(self.errors) >= CLEAR and as_far <= len(self.each) // AS_FAR

    @property
    def is_same_for_all(self) -> bool:
        return {self.own, self.beside, *self.each} == {self.own}


def tally_of(
    texts: Iterable[str], conversations: Iterable[int], begins: Sequence[bool] = ()
) -> Tally:
    """Return what is counted of somebody's messages.

    conversations: the number of the one that each is in. begins: whether each comes after a
    silence; empty where they are no chat.
    """
    tally = Tally([], [], defaultdict(list))
    messages = zip(texts, conversations, begins or repeat(False), strict=False)
    for text, conversation, is_first in messages:
        if not (words := text.split()):
            continue
        tally.conversations.append(conversation)
        tally.lengths.append(len(words))
        for sign in _signs_of(text):
            tally.signs[sign].append(conversation)
        if is_first:
            tally.signs[_AFTER_SILENCE].append(conversation)
    return tally


def together(tallies: Iterable[Tally]) -> Tally:
    """Return what is counted of the messages of several people."""
    all_of_them = Tally([], [], defaultdict(list))
    for tally in tallies:
        all_of_them.conversations.extend(tally.conversations)
        all_of_them.lengths.extend(tally.lengths)
        for sign, conversations in tally.signs.items():
            all_of_them.signs[sign].extend(conversations)
    return all_of_them


def fingerprint(own: Tally, others: Sequence[Tally], rest: Tally) -> list[Measure]:
    """Return the measures that are not the same for all, the most distinct first.

    others: those who are compared one by one; rest: everybody else who counts among all others.
    """
    beside = together([*others, rest])
    many = max(own.conversations + beside.conversations, default=-1) + 1
    sides = _Sides(own, beside, *(counts_in(side.conversations, many) for side in (own, beside)))
    measures = [_measure(name, sides, others) for name in MEASURED]
    different = [measure for measure in measures if not measure.is_same_for_all]
    return sorted(different, key=_distinction, reverse=True)


def _distinction(measure: Measure) -> tuple[bool, float]:
    return measure.is_clear, abs(measure.distance)


def _signs_of(text: str) -> list[Sign]:
    """Return what a message has."""
    signs: list[Sign] = []
    if ("?" in text or "？" in text) and _ASKED.search(without_addresses(text)):
        signs.append(_QUESTION)
    if "!" in text or "！" in text:
        signs.append(_EXCLAMATION)
    if laughs := laughs_in(text) - _CRYING:
        signs.append(_LAUGHING)
        signs.extend(("laughing", laugh) for laugh in laughs)
    if emoji := emoji_in(text):
        signs.append(_WITH_EMOJI)
        signs.extend(("emoji", one) for one in emoji)
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


def _measure(name: MeasureName, sides: _Sides, others: Sequence[Tally]) -> Measure:
    own, beside = sides.own, sides.beside
    if name == "length":
        each = [_length(other) for other in others]
        errors, distance = _longer(sides)
        return Measure(name, "", _length(own), _length(beside), each, errors, distance)
    measures = [
        Measure(
            name,
            sign,
            _share(own, (name, sign)),
            _share(beside, (name, sign)),
            [_share(other, (name, sign)) for other in others],
            _more_often((name, sign), sides),
            _height(_share(own, (name, sign))) - _height(_share(beside, (name, sign))),
        )
        for sign in _CANDIDATES.get(name, ("",))
    ]
    best = max(measures, key=_distinction)
    if best.sign:
        return best
    return msgspec.structs.replace(best, sign=_favourite(name, own))


def _favourite(name: MeasureName, own: Tally) -> str:
    """Return the laugh or emoji of most messages; empty where there is none."""
    counts = {sign: own.with_sign((of, sign)) for of, sign in own.signs if of == name and sign}
    return min(counts, key=lambda sign: (-counts[sign], sign), default="")


def _length(tally: Tally) -> float:
    return sum(tally.lengths) / max(tally.messages, 1)


def _share(tally: Tally, sign: Sign) -> float:
    return tally.with_sign(sign) / max(tally.messages, 1)


def _longer(sides: _Sides) -> tuple[float, float]:
    """Return how much longer messages are than those of others: in standard errors of the means
    (of single messages Welch's), and in standard deviations."""
    if not sides.are_compared:
        return 0.0, 0.0
    own, beside = (np.array(tally.lengths) for tally in (sides.own, sides.beside))
    variance, variance_beside = float(own.var(ddof=1)), float(beside.var(ddof=1))
    difference = float(own.mean() - beside.mean())
    error = sqrt(variance / own.size + variance_beside / beside.size)
    if not error:
        return 0.0, 0.0
    many = sides.counts.size
    clustered = errors_of_sums(
        sums_in(sides.own.conversations, own, many),
        sides.counts,
        sums_in(sides.beside.conversations, beside, many),
        sides.counts_beside,
    )
    deviation = sqrt((variance + variance_beside) / 2)
    return min(difference / error, clustered, key=abs), difference / deviation


def _more_often(sign: Sign, sides: _Sides) -> float:
    """Return by how many standard errors a sign is in a larger share of the messages."""
    if not sides.are_compared:
        return 0.0
    own, beside, many = sides.own, sides.beside, sides.counts.size
    errors = more_often(own.with_sign(sign), own.messages, beside.with_sign(sign), beside.messages)
    clustered = errors_of_sums(
        counts_in(own.signs.get(sign, ()), many),
        sides.counts,
        counts_in(beside.signs.get(sign, ()), many),
        sides.counts_beside,
    )
    return min(errors, clustered, key=abs)


def _height(share: float) -> float:
    """Return a share on the scale on which equal distances are equally far (Cohen's h)."""
    return 2 * asin(sqrt(share))
