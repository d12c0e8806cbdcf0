"""How somebody writes beside others: seven measures of messages, each with a test of chance."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import asin, sqrt
from typing import Annotated, Final, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta

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

    messages: int
    words: int
    squares: int
    """The sum of the squares of each message's words."""
    signs: Counter[Sign]
    """Messages with each sign."""


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
        float, Meta(description="Standard errors by which it is more than theirs; 0 for too few.")
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


def tally_of(texts: Iterable[str], after_silence: int | None = None) -> Tally:
    """Return what is counted of somebody's messages.

    after_silence: how many of them come after a silence; None where they are no chat.
    """
    written = [text for text in texts if text.strip()]
    lengths = [len(text.split()) for text in written]
    signs = Counter(chain.from_iterable(map(_signs_of, written)))
    if after_silence is not None:
        signs["beginnings", "silence"] = min(after_silence, len(written))
    return Tally(len(written), sum(lengths), sum(length**2 for length in lengths), signs)


def together(tallies: Iterable[Tally]) -> Tally:
    """Return what is counted of the messages of several people."""
    messages = words = squares = 0
    signs = Counter[Sign]()
    for tally in tallies:
        messages += tally.messages
        words += tally.words
        squares += tally.squares
        signs.update(tally.signs)
    return Tally(messages, words, squares, signs)


def fingerprint(own: Tally, others: Sequence[Tally], rest: Tally) -> list[Measure]:
    """Return the measures that are not the same for all, the most distinct first.

    others: those who are compared one by one; rest: everybody else who counts among all others.
    """
    beside = together([*others, rest])
    measures = [_measure(name, own, others, beside) for name in MEASURED]
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


def _measure(name: MeasureName, own: Tally, others: Sequence[Tally], beside: Tally) -> Measure:
    if name == "length":
        each = [_length(other) for other in others]
        errors, distance = _longer(own, beside)
        return Measure(name, "", _length(own), _length(beside), each, errors, distance)
    measures = [
        Measure(
            name,
            sign,
            _share(own, (name, sign)),
            _share(beside, (name, sign)),
            [_share(other, (name, sign)) for other in others],
            _more_often((name, sign), own, beside),
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
    counts = {sign: count for (of, sign), count in own.signs.items() if of == name and sign}
    return min(counts, key=lambda sign: (-counts[sign], sign), default="")


def _length(tally: Tally) -> float:
    return tally.words / max(tally.messages, 1)


def _share(tally: Tally, sign: Sign) -> float:
    return tally.signs[sign] / max(tally.messages, 1)


def _longer(own: Tally, beside: Tally) -> tuple[float, float]:
    """Return how much longer messages are than those of others: in standard errors of the means
    (Welch), and in standard deviations."""
    if min(own.messages, beside.messages) < FEWEST_COMPARED:
        return 0.0, 0.0
    difference = _length(own) - _length(beside)
    error = sqrt(_variance(own) / own.messages + _variance(beside) / beside.messages)
    deviation = sqrt((_variance(own) + _variance(beside)) / 2)
    return (difference / error, difference / deviation) if error else (0.0, 0.0)


def _variance(tally: Tally) -> float:
    """Return the variance of the numbers of words."""
    mean_square = tally.squares / tally.messages - _length(tally) ** 2
    return max(mean_square, 0.0) * tally.messages / (tally.messages - 1)


def _height(share: float) -> float:
    """Return a share on the scale on which equal distances are equally far (Cohen's h)."""
    return 2 * asin(sqrt(share))


def _more_often(sign: Sign, own: Tally, beside: Tally) -> float:
    """Return by how many standard errors a sign is in a larger share of the messages."""
    if min(own.messages, beside.messages) < FEWEST_COMPARED:
        return 0.0
    return more_often(own.signs[sign], own.messages, beside.signs[sign], beside.messages)
