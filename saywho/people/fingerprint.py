"""How a person writes: measures of messages, each tested against chance.

A measure must also differ without the person who adds most to the difference (jackknife): if one
person begins all conversations, everyone else begins fewer.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from itertools import chain, repeat
from math import asin, sqrt
from statistics import fmean
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho import significance
from saywho.people import times
from saywho.people.signs import (
    BEGUN,
    DECIDED,
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

NEVER: Final = 2**31
"""A conversation after all others."""
Stay = tuple[int, int]
"""The first and the last conversation of a time in which a person was there."""
NO_TURNS: Final = times.PersonTurns()


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
        has_words = self.messages and _has_blanks(self.scripts)
        return float(self.lengths.mean()) if has_words else None


def _has_blanks(scripts: Counter[str]) -> bool:
    """Return whether most of the texts that `scripts_of` counts have blanks between words."""
    return 5 * sum(map(scripts.__getitem__, WITHOUT_BLANKS)) <= scripts.total()


def tally_of(
    texts: Iterable[str],
    conversations: Iterable[int],
    begins: Sequence[bool] = (),
    turns: times.PersonTurns = NO_TURNS,
    *,
    is_chat: bool = True,
) -> Tally:
    """Return the counts of an author's messages.

    begins: whether each comes after a silence. is_chat: see `signs_in`.
    """
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
    for sign, place in signs_in(written, is_chat=is_chat):
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


def together(tallies: Iterable[Tally]) -> Tally:
    """Return the counts of several people."""
    several = [*tallies]
    signs: dict[Sign, list[int]] = defaultdict(list)
    scripts = Counter[str]()
    for tally in several:
        scripts.update(tally.scripts)
        for sign, conversations in tally.signs.items():
            signs[sign].extend(conversations)
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
    written: times.WrittenTexts
    tally: Tally
    messages: int
    hours: Counter[int]
    """Number of messages by hour, numbered through days and years."""


def speakers_of(
    messages: Sequence[times.Said],
    zone: ZoneInfo,
    authors: Iterable[int],
    before: int | None = None,
) -> list[CountedSpeaker]:
    """Return what each author wrote; before: see `after_silence`."""
    numbers = times.conversations_of(message.time for message in messages)
    begins = times.after_silence(messages, before)
    turns = times.turns_in(messages, numbers)
    speakers: list[CountedSpeaker] = []
    for author, of_author in times.places_of_each(messages, authors).items():
        worded = [place for place in of_author if messages[place].text]
        written = times.written_at(messages, numbers, worded)
        of_all = times.written_at(messages, numbers, of_author)
        begun = [begins[place] for place in of_author]
        tally = tally_of(*of_all, begun, turns.get(author, NO_TURNS))
        dated = (time for place in of_author if (time := messages[place].time) is not None)
        hours = times.counts_by_hour(dated, zone)
        speakers.append(CountedSpeaker(author, written, tally, len(of_author), hours))
    return speakers


def joined(speakers: Sequence[CountedSpeaker]) -> CountedSpeaker:
    """Return several authors, or none, as one with the first author's id."""
    if len(speakers) == 1:
        return speakers[0]
    written = times.WrittenTexts([], [])
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


class _Everyone:
    """Counts of all people, which are made once for each of them who is compared with the rest."""

    def __init__(self, tallies: Sequence[Tally]) -> None:
        self.tallies = tallies
        self.lengths = {id(one): significance.Moments.of(one.lengths) for one in tallies}
        self.all_lengths = reduce(significance.Moments.plus, self.lengths.values())
        self.scripts = Counter[str]()
        for one in tallies:
            self.scripts.update(one.scripts)
        numbers = chain.from_iterable((one.conversations, one.turns) for one in tallies)
        self.many = max(int(of.max(initial=-1)) for of in numbers) + 1
        self.begun = sorted(chain.from_iterable(one.begun for one in tallies))
        """All conversations that began with a message."""
        self.last = {id(one): one.last_conversation for one in tallies}
        self._stays: dict[tuple[int, int], list[Stay]] = {}
        self._values: dict[Form, dict[int, float]] = {}
        self._totals: dict[Form, tuple[int, int]] = {}
        self._sums: dict[Form, NDArray[np.float64]] = {}
        self._counts: dict[str, NDArray[np.float64]] = {}

    def values(self, form: Form) -> dict[int, float]:
        """Return the value of each person by the id of the tally."""
        if form not in self._values:
            self._values[form] = {id(one): self._value(one, form) for one in self.tallies}
        return self._values[form]

    def _value(self, tally: Tally, form: Form) -> float:
        match form.habit.of:
            case "words":
                return tally.words_per_message or 0.0
            case "conversations":
                stays = self.stays_of(tally, max(self.last.values()))
                return tally.with_sign(form.sign) / max(self.begun_in(stays), 1)
            case _:
                return tally.with_sign(form.sign) / max(_base(form, tally), 1)

    def begun_in(self, stays: Sequence[Stay]) -> int:
        return sum(
            bisect_right(self.begun, last) - bisect_left(self.begun, first) for first, last in stays
        )

    def stays_of(self, tally: Tally, last: int) -> list[Stay]:
        """Return when a person was there, in conversations up to the last: to `NEVER` for somebody
        who is silent at the end for less than seven conversations, or no longer than before.
        """
        if (known := self._stays.get((id(tally), last))) is None:
            known = self._stays[id(tally), last] = _stays_of(tally.there, last)
        return known

    def totals(self, form: Form) -> tuple[int, int]:
        """Return how many messages, sentences or turns have a sign, and how many there are."""
        if form not in self._totals:
            with_sign = sum(one.with_sign(form.sign) for one in self.tallies)
            self._totals[form] = with_sign, sum(_base(form, one) for one in self.tallies)
        return self._totals[form]

    def sums(self, form: Form) -> NDArray[np.float64]:
        """Return the messages with a sign, or their words, by conversation: (many,)."""
        if form not in self._sums:
            self._sums[form] = self._of_all(partial(_sums, form))
        return self._sums[form]

    def counts(self, form: Form) -> NDArray[np.float64]:
        """Return the messages, sentences or turns by conversation: (many,)."""
        if form.habit.of not in self._counts:
            self._counts[form.habit.of] = self._of_all(partial(_counts, form))
        return self._counts[form.habit.of]

    def _of_all(self, of_one: Callable[[Tally, int], NDArray[np.float64]]) -> NDArray[np.float64]:
        found = np.zeros(self.many)
        for tally in self.tallies:
            found += of_one(tally, self.many)
        return found


def _stays_of(there: NDArray[np.intp], last: int) -> list[Stay]:
    if not there.size:
        return []
    gaps = np.diff(there)
    missed = np.where(gaps > significance.FEWEST_CLUSTERS, gaps - 1, 0)
    share = there.size / (there[-1] - there[0] + 1 - missed)
    # By chance, fewer than one person of a hundred would once be silent for so long.
    (away,) = (there.size * (1 - share) ** missed < 0.01).nonzero()
    silence = last - int(there[-1])
    has_left = silence >= max(significance.FEWEST_CLUSTERS, int(gaps.max(initial=0)))
    end = int(there[-1]) if has_left else NEVER
    firsts, lasts = [there[0], *there[away + 1]], [*there[away], end]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _base(form: Form, tally: Tally) -> int:
    """Return the number of messages, sentences or turns of which a habit is a share."""
    return _units(form, tally).size


def _sums(form: Form, tally: Tally, many: int) -> NDArray[np.float64]:
    if form.habit.is_mean:
        return significance.sums_in(tally.conversations, tally.lengths, many)
    return significance.counts_in(tally.signs.get(form.sign, ()), many)


def _counts(form: Form, tally: Tally, many: int) -> NDArray[np.float64]:
    return significance.counts_in(_units(form, tally), many)


def _units(form: Form, tally: Tally) -> NDArray[np.intp]:
    """Return the conversations of all that a habit is a share of."""
    match form.habit.of:
        case "turns":
            return tally.turns
        case "sentences":
            return np.array(tally.signs.get(DECIDED, ()), np.intp)
        case _:
            return tally.conversations


class CountedGroups(dict[frozenset[int], _Everyone]):
    """Counts of groups of people by the ids of their tallies, which are kept with them."""

    def of(self, tallies: Sequence[Tally]) -> _Everyone:
        ids = frozenset(map(id, tallies))
        if ids not in self:
            self[ids] = _Everyone(tallies)
        return self[ids]


class _Sides(NamedTuple):
    """A person's messages, and those of all others, who are everyone less those apart."""

    everyone: _Everyone
    apart: Sequence[Tally]
    """The person, and perhaps one of the others who is left out."""
    others: Sequence[Tally]

    @classmethod
    def of(cls, own: Tally, others: Sequence[Tally], groups: CountedGroups) -> "_Sides":
        return cls(groups.of([own, *others]), [own], others)

    @property
    def own(self) -> Tally:
        return self.apart[0]

    def without(self, person: Tally) -> "_Sides":
        """Return both sides without one other person."""
        others = [one for one in self.others if one is not person]
        return self._replace(apart=[self.own, person], others=others)

    def value(self, form: Form) -> float:
        return self.everyone.values(form)[id(self.own)]

    def values_beside(self, form: Form) -> list[float]:
        values = self.everyone.values(form)
        return [values[id(one)] for one in self.others]

    def beside_value(self, form: Form) -> float:
        if form.habit.of == "conversations":
            return fmean(self.values_beside(form)) if self.others else 0.0
        if form.habit.is_mean:
            scripts = self.everyone.scripts - self.own.scripts
            return self.lengths_beside.mean if _has_blanks(scripts) else 0.0
        with_sign, total = self.totals_beside(form)
        return with_sign / max(total, 1)

    def totals_beside(self, form: Form) -> tuple[int, int]:
        with_sign, total = self.everyone.totals(form)
        for one in self.apart:
            with_sign, total = with_sign - one.with_sign(form.sign), total - _base(form, one)
        return with_sign, total

    def sums_beside(self, form: Form) -> NDArray[np.float64]:
        apart = [_sums(form, one, self.everyone.many) for one in self.apart]
        return self.everyone.sums(form) - sum(apart)

    def counts_beside(self, form: Form) -> NDArray[np.float64]:
        apart = [_counts(form, one, self.everyone.many) for one in self.apart]
        return self.everyone.counts(form) - sum(apart)

    @property
    def lengths(self) -> significance.Moments:
        return self.everyone.lengths[id(self.own)]

    @property
    def lengths_beside(self) -> significance.Moments:
        apart = (self.everyone.lengths[id(one)] for one in self.apart)
        return reduce(significance.Moments.minus, apart, self.everyone.all_lengths)

    @property
    def last(self) -> int:
        """The last conversation."""
        return max(self.everyone.last[id(one)] for one in (self.own, *self.others))

    def stays_of(self, tally: Tally) -> list[Stay]:
        return self.everyone.stays_of(tally, self.last)

    @property
    def has_beside(self) -> bool:
        return self.lengths_beside.size > 0

    @property
    def are_compared(self) -> bool:
        return min(self.lengths.size, self.lengths_beside.size) >= significance.FEWEST_COMPARED


class _Compared(NamedTuple):
    everyone: _Sides
    of_script: _Sides
    """Without people of other scripts than the person's."""

    @classmethod
    def of(
        cls, own: Tally, others: Sequence[Tally], groups: CountedGroups | None = None
    ) -> "_Compared":
        groups = CountedGroups() if groups is None else groups
        everyone = _Sides.of(own, others, groups)
        writing = [one for one in others if one.messages]
        like = [one for one in writing if one.script == own.script != ""]
        is_same = len(like) == len(writing)
        return cls(everyone, everyone if is_same else _Sides.of(own, like, groups))

    def sides_of(self, habit: Habit) -> _Sides:
        return self.of_script if habit.is_of_script else self.everyone

    def has(self, habit: Habit) -> bool:
        """Return whether somebody is there to compare a habit with, if anybody is at all."""
        if habit.is_mean and self.everyone.own.words_per_message is None:
            return False
        return self.sides_of(habit).has_beside or not self.everyone.has_beside


class Measure(msgspec.Struct, frozen=True):
    """How somebody's messages differ from those of others in one thing."""

    name: MeasureName
    sign: str
    """Which laugh, emoji, ending or beginning (`small` letter, after a `silence`); or empty."""
    own: float
    """For `length`, words per message; for `silence`, a share of the conversations begun while the
    person was there; for `turns`, the share with several messages in a row; for `politeness`, a
    share of the Korean sentences that are polite or plain; otherwise a share of the messages.
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
        """Whether the difference exceeds chance, and nobody in `each` comes near."""
        if max(self.own, self.beside) < 0.05:
            return False  # No reader notices such a habit.
        if self.not_behind and not significance.are_most(
            self.behind, self.behind + self.not_behind
        ):
            return False
        if abs(self.errors) < significance.CLEAR_OF_MANY:
            return False
        return _is_apart(self.own, self.beside, self.each, is_more=self.errors > 0)

    @property
    def is_beyond_most(self) -> bool:
        """Whether the difference exceeds chance, and most others go less far; a group may share
        the habit.
        """
        is_noticed = max(self.own, self.beside) >= 0.05
        is_most = significance.are_most(self.behind, self.behind + self.not_behind)
        return is_noticed and is_most and abs(self.errors) >= significance.CLEAR_OF_MANY

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
    measures = [_lasting(measure, own, before) for measure in fingerprint(own, [], [before])]
    return sorted(measures, key=lambda one: (one.is_clear, abs(one.distance)), reverse=True)


def _lasting(measure: Measure, own: Tally, before: Tally) -> Measure:
    if not measure.is_clear:
        return measure
    form = form_of(measure.name, measure.sign)
    # The conversation that adds most to the change.
    side = 1 if measure.errors > 0 else -1
    both = _Everyone([together([own, before])])
    parts = np.zeros(both.many)
    (mean,) = both.values(form).values()
    for tally, lead in ((own, side), (before, -side)):
        counts = significance.counts_in(tally.conversations, both.many)
        parts += lead * (_sums(form, tally, both.many) - mean * counts) / max(tally.messages, 1)
    conversation = int(parts.argmax())
    fewer = _Sides.of(own.without(conversation), [before.without(conversation)], CountedGroups())
    rest = significance.lesser(measure.errors, _errors(form, fewer))
    return (
        measure
        if abs(rest) >= significance.CLEAR_OF_MANY
        else msgspec.structs.replace(measure, errors=rest)
    )


def clear_measures(
    own: Tally,
    others: Sequence[Tally],
    rest: Sequence[Tally] = (),
    *,
    may_be_shared: bool = False,
    groups: CountedGroups | None = None,
) -> Iterator[Measure]:
    """Yield the clear ones of `positive_first(fingerprint(…))`, each in a millisecond.

    may_be_shared: yield also what a group of people does, see `is_beyond_most`. groups: what is
    counted of all these people, for the next of them.
    """
    if own.messages < significance.FEWEST_COMPARED:
        return
    compared = _Compared.of(own, [*others, *rest], groups)
    distances = {
        form: _distance(form, sides)
        for form in chain(*FORMS.values())
        for sides in [compared.sides_of(form.habit)]
        # Of a person's script, the others may have written a message or two.
        if sides.are_compared and compared.has(form.habit)
    }

    def order(form: Form) -> tuple[bool, bool, float]:
        is_less = _is_less(form.habit, distances[form])
        return is_less and not own.with_sign(form.sign), is_less, -abs(distances[form])

    for form in sorted(distances, key=order):
        sides = compared.sides_of(form.habit)
        by_message = _by_messages(form, sides)
        if abs(by_message) < significance.CLEAR_OF_MANY:
            continue  # To compare days takes longest.
        each = _values_of(form, sides, others)
        value, beside = sides.value(form), sides.beside_value(form)
        if not (may_be_shared or _is_apart(value, beside, each, is_more=by_message > 0)):
            continue
        measure = _measure_of(form, compared, others)
        if measure.is_clear or (may_be_shared and measure.is_beyond_most):
            yield measure


def _values_of(form: Form, sides: _Sides, others: Sequence[Tally]) -> list[float | None]:
    values, compared = sides.everyone.values(form), {*map(id, sides.others)}
    return [values[id(one)] if id(one) in compared else None for one in others]


def _is_apart(own: float, beside: float, each: Iterable[float | None], *, is_more: bool) -> bool:
    """Return whether nobody is nearer than half of the distance to the mean: that of two camps is
    far from everybody, although each of a camp shares its habit.
    """
    side = 1 if is_more else -1
    leads = [(own - value) * side for value in each if value is not None]
    return all(lead > 0 and 2 * lead >= abs(own - beside) for lead in leads)


def _measure(forms: Sequence[Form], compared: _Compared, others: Sequence[Tally]) -> Measure:
    measures = (_measure_of(form, compared, others) for form in forms)
    *_, first = sorted(measures, key=lambda one: (one.is_clear, one.errors > 0, abs(one.distance)))
    return first


def _measure_of(form: Form, compared: _Compared, others: Sequence[Tally]) -> Measure:
    if not compared.has(form.habit):
        return Measure(form.habit.name, form.text, 0, 0, [None for _ in others], 0, 0)
    sides = compared.sides_of(form.habit)
    own, values = sides.value(form), sides.values_beside(form)
    errors = _errors(form, sides)
    if abs(errors) >= significance.CLEAR_OF_MANY and len(sides.others) > 1:
        lead = 1 if errors > 0 else -1
        # The one who adds most to the difference.
        leads = [
            lead * (own - value) * one.messages
            for one, value in zip(sides.others, values, strict=True)
        ]
        fewer = sides.without(sides.others[leads.index(max(leads))])
        if fewer.are_compared:
            errors = significance.lesser(errors, _errors(form, fewer))
    side = 1 if errors > 0 else -1
    of_others = zip(sides.others, values, strict=True)
    are_behind = [(own - value) * side > 0 for one, value in of_others if one.messages]
    begun, first = sides.everyone.begun, sides.own.first_conversation
    is_of_time = form.habit.of == "conversations" and bool(begun)
    stays = sides.stays_of(sides.own) if is_of_time else []
    since = len(begun) - bisect_left(begun, first)
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
        joined_late=is_of_time and begun[0] < first,
        left_early=is_of_time and sides.everyone.begun_in(stays) < since,
        script="" if sides is compared.everyone else sides.own.script,
    )


def _favourite(name: str, own: Tally) -> str:
    counts = {text: len(of) for (habit, text), of in own.signs.items() if habit == name and text}
    return significance.most_frequent(counts) or ""


def _distance(form: Form, sides: _Sides) -> float:
    if not form.habit.is_mean:
        return _height(sides.value(form)) - _height(sides.beside_value(form))
    if not sides.are_compared:
        return 0.0
    own, beside = sides.lengths, sides.lengths_beside
    deviation = sqrt((own.variance + beside.variance) / 2)
    return (own.mean - beside.mean) / deviation if deviation else 0.0


def _errors(form: Form, sides: _Sides) -> float:
    """Return the lead of a value in standard errors of messages or days, the smaller."""
    if not (sides.are_compared and (by_message := _by_messages(form, sides))):
        return 0.0
    if form.habit.of == "conversations":  # Each is a conversation of its own.
        return by_message
    own, many = sides.own, sides.everyone.many
    clustered = significance.errors_of_sums(
        _sums(form, own, many),
        _counts(form, own, many),
        sides.sums_beside(form),
        sides.counts_beside(form),
    )
    return min(by_message, clustered, key=abs)


def _by_messages(form: Form, sides: _Sides) -> float:
    own = sides.own
    if form.habit.is_mean:
        return significance.welch_errors(sides.lengths, sides.lengths_beside)
    if form.habit.of == "conversations":
        stays = sides.stays_of(own)
        begun = [
            (day, one is own)
            for one in (own, *sides.others)
            for day in one.begun
            if any(first <= day <= last for first, last in stays)
        ]
        if len(begun) < significance.FEWEST_COMPARED:
            return 0.0
        of_others = [*chain.from_iterable(map(sides.stays_of, sides.others))]
        came, gone = (sorted(edges) for edges in zip(*of_others, strict=True))
        chances = [1 / (1 + bisect_right(came, day) - bisect_left(gone, day)) for day, _ in begun]
        return significance.surplus_errors(
            [is_own for _, is_own in begun], range(len(begun)), chances
        )
    if form.habit.of == "turns":
        return _by_turns(form, sides)
    many, (with_sign, many_beside) = _base(form, own), sides.totals_beside(form)
    if form.habit.of == "sentences" and min(many, many_beside) < 30:
        return 0.0
    return significance.share_errors(own.with_sign(form.sign), many, with_sign, many_beside)


def _by_turns(form: Form, sides: _Sides) -> float:
    """Return the lead of the share of turns, the smaller of against others and a random order."""
    own, (several_beside, turns_beside) = sides.own, sides.totals_beside(form)
    if min(own.turns.size, turns_beside) < significance.FEWEST_COMPARED:
        return 0.0
    days = own.signs.get(TURNS, [])
    lead = significance.share_errors(len(days), own.turns.size, several_beside, turns_beside)
    of_one = Counter(own.turns.tolist())
    of_one.subtract(days)
    surplus = significance.surplus_errors(
        [True] * len(days) + [False] * of_one.total(),
        [*days, *of_one.elements()],
        own.messages / (own.messages + sides.lengths_beside.size),
    )
    return significance.lesser(lead, surplus)


def _height(share: float) -> float:
    return 2 * asin(sqrt(share))
