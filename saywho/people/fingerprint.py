"""How a person writes: measures of messages, each tested against chance.

A measure must also differ without the person who adds most to the difference (jackknife): if one
person begins all conversations, everyone else begins fewer.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from math import asin, sqrt
from statistics import fmean
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.people.signs import (
    BEGUN,
    FORMS,
    TURNS,
    WITHOUT_BLANKS,
    Form,
    Habit,
    MeasureName,
    Sign,
    form_of,
    script_of,
    scripts_of,
    signs_in,
)
from saywho.people.times import (
    PersonTurns,
    Said,
    WrittenTexts,
    after_silence,
    conversations_of,
    counts_by_hour,
    places_of_each,
    turns_in,
    written_at,
)
from saywho.significance import (
    CLEAR_OF_MANY,
    FEWEST_CLUSTERS,
    FEWEST_COMPARED,
    are_most,
    counts_in,
    errors_of_sums,
    lesser,
    most_frequent,
    share_errors,
    sums_in,
    surplus_errors,
    welch_errors,
)

NEVER: Final = 2**31
"""A conversation after all others."""
Stay = tuple[int, int]
"""The first and the last conversation of a time in which a person was there."""
Stays = dict[tuple[int, int], tuple[NDArray[np.intp], list[Stay]]]
"""What was found of people, by the id of the array of a person's conversations, which it keeps, and
the last conversation of all.
"""
NO_TURNS: Final = PersonTurns()


class Tally(NamedTuple):
    conversations: NDArray[np.intp]  # (n,), of each message
    lengths: NDArray[np.int64]  # (n,), words in each message
    signs: dict[Sign, list[int]]  # conversations of the messages with each sign
    turns: NDArray[np.intp]  # (m,), conversations of the turns
    there: NDArray[np.intp]  # (k,), conversations with any message; of one person ascending
    scripts: Counter[str]  # messages by script, of a sample
    script: str  # see `script_of`

    @property
    def first_conversation(self) -> int:
        return int(self.there.min(initial=NEVER))

    @property
    def last_conversation(self) -> int:
        return int(self.there.max(initial=-1))

    @property
    def messages(self) -> int:
        return self.lengths.size

    def with_sign(self, sign: Sign) -> int:
        return len(self.signs.get(sign, ()))

    @property
    def begun(self) -> list[int]:
        """Conversations that began with a message."""
        return self.signs.get(BEGUN, [])

    def without(self, conversation: int) -> "Tally":
        """Return the counts of all other conversations."""
        is_other = self.conversations != conversation
        signs = {sign: [c for c in of if c != conversation] for sign, of in self.signs.items()}
        turns = self.turns[self.turns != conversation]
        kept = self.conversations[is_other], self.lengths[is_other]
        return Tally(*kept, signs, turns, self.there, self.scripts, self.script)

    @property
    def laughs(self) -> dict[str, list[int]]:
        """Conversations of the messages with each laugh or cry."""
        return {
            text: conversations
            for (name, text), conversations in self.signs.items()
            if text and name in ("laughing", "crying")
        }

    @property
    def words_per_message(self) -> float | None:
        without = sum(map(self.scripts.__getitem__, WITHOUT_BLANKS))
        has_words = self.messages and 5 * without <= self.scripts.total()
        return float(self.lengths.mean()) if has_words else None


def tally_of(
    texts: Iterable[str],
    conversations: Iterable[int],
    begins: Sequence[bool] = (),
    turns: PersonTurns = NO_TURNS,
) -> Tally:
    """Return the counts of an author's messages; begins: whether each comes after a silence."""
    signs: dict[Sign, list[int]] = defaultdict(list)
    if turns.of_several:
        signs[TURNS] = [*turns.of_several]
    written: list[str] = []
    there: set[int] = set()
    numbers: list[int] = []
    lengths: list[int] = []
    messages = zip(texts, conversations, begins or repeat(False), strict=False)
    for text, conversation, is_first in messages:
        there.add(conversation)
        if is_first:  # A picture begins a conversation, too.
            signs[BEGUN].append(conversation)
        if words := len(text.split()):
            written.append(text)
            numbers.append(conversation)
            lengths.append(words)
    for sign, place in signs_in(written):
        signs[sign].append(numbers[place])
    scripts = scripts_of(written)
    return Tally(
        np.array(numbers, np.intp),
        np.array(lengths, np.int64),
        signs,
        np.array(turns.conversations, np.intp),
        np.array(sorted(there), np.intp),
        scripts,
        script_of(scripts),
    )


def together(tallies: Iterable[Tally], only: Sign | None = None) -> Tally:
    """Return the counts of several people, of all signs and scripts or of a single sign."""
    several = [*tallies]
    signs: dict[Sign, list[int]] = defaultdict(list)
    scripts = Counter[str]()
    for tally in several:
        if only is None:
            scripts.update(tally.scripts)
        for sign in tally.signs if only is None else (only,):
            signs[sign].extend(tally.signs.get(sign, ()))
    return Tally(
        np.concatenate([np.array([], np.intp), *(tally.conversations for tally in several)]),
        np.concatenate([np.array([], np.int64), *(tally.lengths for tally in several)]),
        signs,
        np.concatenate([np.array([], np.intp), *(tally.turns for tally in several)]),
        np.concatenate([np.array([], np.intp), *(tally.there for tally in several)]),
        scripts,
        script_of(scripts),
    )


class CountedSpeaker(NamedTuple):
    author: int
    written: WrittenTexts
    tally: Tally
    messages: int
    hours: Counter[int]
    """Number of messages by hour, numbered through days and years."""


def speakers_of(
    messages: Sequence[Said], zone: ZoneInfo, authors: Iterable[int], before: int | None = None
) -> list[CountedSpeaker]:
    """Return what each author wrote; before: see `after_silence`."""
    numbers = conversations_of(message.time for message in messages)
    begins = after_silence(messages, before)
    turns = turns_in(messages, numbers)
    speakers: list[CountedSpeaker] = []
    for author, of_author in places_of_each(messages, authors).items():
        worded = [place for place in of_author if messages[place].text]
        written = written_at(messages, numbers, worded)
        of_all = written_at(messages, numbers, of_author)
        begun = [begins[place] for place in of_author]
        tally = tally_of(*of_all, begun, turns.get(author, NO_TURNS))
        times = (time for place in of_author if (time := messages[place].time) is not None)
        hours = counts_by_hour(times, zone)
        speakers.append(CountedSpeaker(author, written, tally, len(of_author), hours))
    return speakers


def joined(speakers: Sequence[CountedSpeaker]) -> CountedSpeaker:
    """Return several authors, or none, as one with the first author's id."""
    if len(speakers) == 1:
        return speakers[0]
    written = WrittenTexts([], [])
    for speaker in speakers:
        written.extend(speaker.written)
    return CountedSpeaker(
        speakers[0].author if speakers else 0,
        written,
        together(speaker.tally for speaker in speakers),
        sum(speaker.messages for speaker in speakers),
        hours_of_all(speakers),
    )


def hours_of_all(speakers: Iterable[CountedSpeaker]) -> Counter[int]:
    """Return the number of all messages by hour."""
    hours = Counter[int]()
    for speaker in speakers:  # Their sum would copy all hours for each of many people.
        hours.update(speaker.hours)
    return hours


MOST_BESIDE: Final = 8
"""Largest number of others compared one by one, those with the most messages."""


class _Sides(NamedTuple):
    """A person's messages and all others'; counts are by conversation, (n,)."""

    own: Tally
    others: Sequence[Tally]
    beside: Tally
    counts: NDArray[np.float64]
    counts_beside: NDArray[np.float64]
    begun: Sequence[int]
    """All conversations that began with a message, in order."""
    last: int
    """The last conversation."""
    stays: "Stays"

    @classmethod
    def of(
        cls, own: Tally, others: Sequence[Tally], stays: "Stays", only: Sign | None = None
    ) -> "_Sides":
        beside = together(others, only)
        sides = own.conversations, beside.conversations
        many = max(int(side.max(initial=-1)) for side in sides) + 1
        counts, counts_beside = (counts_in(side, many) for side in sides)
        begun = sorted([*own.begun, *beside.begun])
        last = max(own.last_conversation, beside.last_conversation)
        return cls(own, others, beside, counts, counts_beside, begun, last, stays)

    def without(self, person: Tally, sign: Sign) -> "_Sides":
        """Return both sides without one other person, with the others' counts of this sign only."""
        return self.of(
            self.own, [one for one in self.others if one is not person], self.stays, sign
        )

    def value(self, tally: Tally, form: Form) -> float:
        match form.habit.of:
            case "words":
                return tally.words_per_message or 0.0
            case "conversations":
                total = self.begun_in(self.stays_of(tally))
            case "turns":
                total = tally.turns.size
            case "messages":
                total = tally.messages
        return tally.with_sign(form.sign) / max(total, 1)

    def beside_value(self, form: Form) -> float:
        if form.habit.of == "conversations" and self.others:
            return fmean(self.value(one, form) for one in self.others)
        return self.value(self.beside, form)

    def begun_in(self, stays: Sequence[Stay]) -> int:
        return sum(
            bisect_right(self.begun, last) - bisect_left(self.begun, first) for first, last in stays
        )

    def stays_of(self, tally: Tally) -> list[Stay]:
        """Return when a person was there: to `NEVER` for somebody who is silent at the end for
        less than seven conversations, or no longer than before.
        """
        there = tally.there
        if not there.size:
            return []
        if (known := self.stays.get((id(there), self.last))) is not None:
            return known[1]
        gaps = np.diff(there)
        missed = np.where(gaps > FEWEST_CLUSTERS, gaps - 1, 0)
        share = there.size / (there[-1] - there[0] + 1 - missed)
        # By chance, fewer than one person of a hundred would once be silent for so long.
        (away,) = (there.size * (1 - share) ** missed < 0.01).nonzero()
        silence = self.last - int(there[-1])
        has_left = silence >= max(FEWEST_CLUSTERS, int(gaps.max(initial=0)))
        end = int(there[-1]) if has_left else NEVER
        firsts, lasts = [there[0], *there[away + 1]], [*there[away], end]
        found = [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
        self.stays[id(there), self.last] = there, found
        return found

    @property
    def are_compared(self) -> bool:
        return min(self.own.messages, self.beside.messages) >= FEWEST_COMPARED


class _Compared(NamedTuple):
    everyone: _Sides
    of_script: _Sides
    """Without people of other scripts than the person's."""

    @classmethod
    def of(cls, own: Tally, others: Sequence[Tally], stays: "Stays | None" = None) -> "_Compared":
        stays = {} if stays is None else stays
        everyone = _Sides.of(own, others, stays)
        writing = [one for one in others if one.messages]
        like = [one for one in writing if one.script == own.script != ""]
        return cls(everyone, everyone if len(like) == len(writing) else _Sides.of(own, like, stays))

    def sides_of(self, habit: Habit) -> _Sides:
        return self.of_script if habit.is_of_script else self.everyone

    def has(self, habit: Habit) -> bool:
        """Return whether somebody is there to compare a habit with, if anybody is at all."""
        if habit.is_mean and self.everyone.own.words_per_message is None:
            return False
        return self.sides_of(habit).beside.messages > 0 or not self.everyone.beside.messages


class Measure(msgspec.Struct, frozen=True):
    """How somebody's messages differ from those of others in one thing."""

    name: MeasureName
    sign: str
    """Which laugh, emoji, ending or beginning (`small` letter, after a `silence`); or empty."""
    own: float
    """For `length`, words per message; for `silence`, a share of the conversations begun while the
    person was there; for `turns`, the share with several messages in a row; otherwise a share of
    the messages.
    """
    beside: float
    """The value of everyone else combined; for `silence`, their mean."""
    each: list[float | None]
    """The value of each person in `others`; null if `script` is given and they write in another."""
    errors: float
    """How many standard errors `own` is above `beside`. It is measured by messages and by days,
    with and without the other person who differs most; the smallest is given. 0 if there is too
    little data.
    """
    distance: float
    """Effect size: distance of `own` from `beside`, for any number of messages (Cohen's d, h)."""
    behind: int = 0
    """Number of other people, also outside of `others`, who go less far (direction of `errors`)."""
    not_behind: int = 0
    """Number of all others with words who go as far, or farther."""
    joined_late: bool = False
    """For `silence`, whether conversations began before the person's first day."""
    left_early: bool = False
    """For `silence`, whether conversations began after the last day of a person who left, or while
    a person was away.
    """
    script: str = ""
    """The first word of the Unicode names of their letters, such as LATIN, if only people who write
    in this script are compared, of several; or empty.
    """

    @property
    def is_of_time_there(self) -> bool:
        return self.joined_late or self.left_early

    @property
    def habit(self) -> Habit:
        return form_of(self.name, self.sign).habit

    @property
    def is_clear(self) -> bool:
        """Whether the difference exceeds chance, and hardly anyone else goes as far."""
        if max(self.own, self.beside) < 0.05:
            return False  # No reader notices such a habit.
        if self.not_behind and not are_most(self.behind, self.behind + self.not_behind):
            return False
        return abs(self.errors) >= CLEAR_OF_MANY and _is_far(self.own, self.each, self.errors)

    @property
    def is_beyond_most(self) -> bool:
        """Whether the difference exceeds chance, and most others go less far; a group may share
        the habit.
        """
        is_noticed = max(self.own, self.beside) >= 0.05
        is_most = are_most(self.behind, self.behind + self.not_behind)
        return is_noticed and is_most and abs(self.errors) >= CLEAR_OF_MANY

    @property
    def is_never(self) -> bool:
        return not self.own and not self.habit.is_mean

    @property
    def is_same_for_all(self) -> bool:
        return {self.own, self.beside, *self.each} - {None} == {self.own}


def positive_first(measures: Iterable[Measure]) -> list[Measure]:
    """Return the measures, with "less than others" last, and `is_never` only if alone."""
    in_order = sorted(measures, key=lambda one: (one.is_never, _is_less(one.habit, one.distance)))
    return [one for one in in_order if not one.is_never] or in_order


def _is_less(habit: Habit, distance: float) -> bool:
    return distance < 0 and not habit.is_mean


def fingerprint(own: Tally, others: Sequence[Tally], rest: Sequence[Tally] = ()) -> list[Measure]:
    """Return the measures that differ, the most distinct first; others: compared one by one."""
    compared = _Compared.of(own, [*others, *rest])
    measures = [_measure(forms, compared, others) for forms in FORMS.values()]
    different = [measure for measure in measures if not measure.is_same_for_all]
    return sorted(
        different, key=lambda measure: (measure.is_clear, abs(measure.distance)), reverse=True
    )


def changes(own: Tally, before: Tally) -> list[Measure]:
    """Return the measures that differ from those of an earlier time, the most distinct first.

    A change is clear only if it still is without the conversation, such as a week, that adds most
    to it: a single feast is no habit.
    """
    sides = _Sides.of(own, [before], {})
    measures = [_lasting(measure, sides) for measure in fingerprint(own, [], [before])]
    return sorted(measures, key=lambda one: (one.is_clear, abs(one.distance)), reverse=True)


def _lasting(measure: Measure, sides: _Sides) -> Measure:
    if not measure.is_clear:
        return measure
    form = form_of(measure.name, measure.sign)
    conversation = _farthest_conversation(form, sides, 1 if measure.errors > 0 else -1)
    beside = [sides.beside.without(conversation)]
    fewer = _Sides.of(sides.own.without(conversation), beside, sides.stays)
    rest = lesser(measure.errors, _errors(form, fewer))
    return measure if abs(rest) >= CLEAR_OF_MANY else msgspec.structs.replace(measure, errors=rest)


def _farthest_conversation(form: Form, sides: _Sides, side: int) -> int:
    many, parts = sides.counts.size, np.zeros(sides.counts.size)
    mean = sides.value(together([sides.own, sides.beside]), form)
    for tally, counts, lead in (
        (sides.own, sides.counts, side),
        (sides.beside, sides.counts_beside, -side),
    ):
        parts += lead * (_sums(form, tally, many) - mean * counts) / max(tally.messages, 1)
    return int(parts.argmax())


def clear_measures(
    own: Tally,
    others: Sequence[Tally],
    rest: Sequence[Tally] = (),
    *,
    may_be_shared: bool = False,
    stays: Stays | None = None,
) -> Iterator[Measure]:
    """Yield the clear ones of `positive_first(fingerprint(…))`, each in a millisecond.

    may_be_shared: yield also what a group of people does, see `is_beyond_most`. stays: what is
    found of all these people, for the next of them.
    """
    if own.messages < FEWEST_COMPARED:
        return
    compared = _Compared.of(own, [*others, *rest], stays)
    if not compared.everyone.are_compared:
        return
    distances = {
        form: _distance(form, compared.sides_of(form.habit))
        for form in chain(*FORMS.values())
        if compared.has(form.habit)
    }

    def order(form: Form) -> tuple[bool, bool, float]:
        is_less = _is_less(form.habit, distances[form])
        return is_less and not own.with_sign(form.sign), is_less, -abs(distances[form])

    for form in sorted(distances, key=order):
        sides = compared.sides_of(form.habit)
        by_message = _by_messages(form, sides)
        if abs(by_message) < CLEAR_OF_MANY:
            continue  # To compare days takes longest.
        each = _values_of(form, sides, others)
        if not (may_be_shared or _is_far(sides.value(own, form), each, by_message)):
            continue
        measure = _measure_of(form, compared, others)
        if measure.is_clear or (may_be_shared and measure.is_beyond_most):
            yield measure


def _values_of(form: Form, sides: _Sides, others: Sequence[Tally]) -> list[float | None]:
    compared = {*map(id, sides.others)}
    return [sides.value(one, form) if id(one) in compared else None for one in others]


def _is_far(own: float, each: Sequence[float | None], errors: float) -> bool:
    # One of four others may be further in the direction of the errors, which sentences say; a tie
    # sets no one apart.
    side = 1 if errors > 0 else -1
    leads = [(value - own) * side for value in each if value is not None]
    return 0 not in leads and sum(lead > 0 for lead in leads) <= len(leads) // 4


def _measure(forms: Sequence[Form], compared: _Compared, others: Sequence[Tally]) -> Measure:
    measures = (_measure_of(form, compared, others) for form in forms)
    *_, first = sorted(measures, key=lambda one: (one.is_clear, one.errors > 0, abs(one.distance)))
    return first


def _measure_of(form: Form, compared: _Compared, others: Sequence[Tally]) -> Measure:
    if not compared.has(form.habit):
        return Measure(form.habit.name, form.text, 0, 0, [None for _ in others], 0, 0)
    sides = compared.sides_of(form.habit)
    own, *values = [sides.value(one, form) for one in (sides.own, *sides.others)]
    errors = _errors(form, sides)
    if abs(errors) >= CLEAR_OF_MANY and len(sides.others) > 1:
        lead = 1 if errors > 0 else -1
        # The one who adds most to the difference.
        leads = [
            lead * (own - value) * one.messages
            for one, value in zip(sides.others, values, strict=True)
        ]
        fewer = sides.without(sides.others[leads.index(max(leads))], form.sign)
        if fewer.are_compared:
            errors = lesser(errors, _errors(form, fewer))
    side = 1 if errors > 0 else -1
    of_others = zip(sides.others, values, strict=True)
    are_behind = [(own - value) * side > 0 for one, value in of_others if one.messages]
    is_of_time = form.habit.of == "conversations" and bool(sides.begun)
    stays = sides.stays_of(sides.own) if is_of_time else []
    since = len(sides.begun) - bisect_left(sides.begun, sides.own.first_conversation)
    return Measure(
        form.habit.name,
        form.text or _favourite(form.habit.name, sides.own),
        own,
        sides.beside_value(form),
        _values_of(form, sides, others),
        errors,
        _distance(form, sides),
        behind=sum(are_behind),
        not_behind=len(are_behind) - sum(are_behind),
        joined_late=is_of_time and sides.begun[0] < sides.own.first_conversation,
        left_early=is_of_time and sides.begun_in(stays) < since,
        script="" if sides is compared.everyone else sides.own.script,
    )


def _favourite(name: str, own: Tally) -> str:
    counts = {text: len(of) for (habit, text), of in own.signs.items() if habit == name and text}
    return most_frequent(counts) or ""


def _distance(form: Form, sides: _Sides) -> float:
    if not form.habit.is_mean:
        return _height(sides.value(sides.own, form)) - _height(sides.beside_value(form))
    if not sides.are_compared:
        return 0.0
    own, beside = sides.own.lengths, sides.beside.lengths
    deviation = sqrt((float(own.var(ddof=1)) + float(beside.var(ddof=1))) / 2)
    return float(own.mean() - beside.mean()) / deviation if deviation else 0.0


def _errors(form: Form, sides: _Sides) -> float:
    """Return the lead of a value in standard errors of messages or days, the smaller."""
    if not (sides.are_compared and (by_message := _by_messages(form, sides))):
        return 0.0
    if form.habit.of == "conversations":  # Each is a conversation of its own.
        return by_message
    counts, counts_beside, many = sides.counts, sides.counts_beside, sides.counts.size
    if form.habit.of == "turns":
        turns = sides.own.turns, sides.beside.turns
        many = max(many, *(int(of_side.max(initial=-1)) + 1 for of_side in turns))
        counts, counts_beside = (counts_in(of_side, many) for of_side in turns)
    clustered = errors_of_sums(
        _sums(form, sides.own, many), counts, _sums(form, sides.beside, many), counts_beside
    )
    return min(by_message, clustered, key=abs)


def _sums(form: Form, tally: Tally, many: int) -> NDArray[np.float64]:
    if form.habit.is_mean:
        return sums_in(tally.conversations, tally.lengths, many)
    return counts_in(tally.signs.get(form.sign, ()), many)


def _by_messages(form: Form, sides: _Sides) -> float:
    own, beside, sign = sides.own, sides.beside, form.sign
    if form.habit.is_mean:
        return welch_errors(own.lengths, beside.lengths)
    if form.habit.of == "conversations":
        stays = sides.stays_of(own)
        begun = [
            (day, side is own)
            for side in (own, beside)
            for day in side.begun
            if any(first <= day <= last for first, last in stays)
        ]
        if len(begun) < FEWEST_COMPARED:
            return 0.0
        of_others = [*chain.from_iterable(map(sides.stays_of, sides.others))]
        came, gone = (sorted(edges) for edges in zip(*of_others, strict=True))
        chances = [1 / (1 + bisect_right(came, day) - bisect_left(gone, day)) for day, _ in begun]
        return surplus_errors([is_own for _, is_own in begun], range(len(begun)), chances)
    if form.habit.of == "turns":
        return _by_turns(own, beside)
    return share_errors(own.with_sign(sign), own.messages, beside.with_sign(sign), beside.messages)


def _by_turns(own: Tally, beside: Tally) -> float:
    """Return the lead of the share of turns, the smaller of against others and a random order."""
    if min(own.turns.size, beside.turns.size) < FEWEST_COMPARED:
        return 0.0
    several, several_beside = own.with_sign(TURNS), beside.with_sign(TURNS)
    lead = share_errors(several, own.turns.size, several_beside, beside.turns.size)
    days = own.signs.get(TURNS, [])
    of_one = Counter(own.turns.tolist())
    of_one.subtract(days)
    surplus = surplus_errors(
        [True] * len(days) + [False] * of_one.total(),
        [*days, *of_one.elements()],
        own.messages / (own.messages + beside.messages),
    )
    return lesser(lead, surplus)


def _height(share: float) -> float:
    return 2 * asin(sqrt(share))
