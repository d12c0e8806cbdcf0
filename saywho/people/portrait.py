"""The portrait of a chat: who writes how much and when, begins, replies, and is ahead of all."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, islice
from statistics import median
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from saywho.people import fingerprint, times
from saywho.people.alike import kind_of, people_of_kind
from saywho.people.phrases import WordedTexts, phrases_apart
from saywho.people.politeness import FEWEST_CHANGED, SpeechChange, change_of_speech
from saywho.people.signs import DECIDED, POLITE
from saywho.people.typical_words import GainedWord
from saywho.significance import (
    CLEAR_OF_MANY,
    FEWEST_COMPARED,
    Moments,
    counts_in,
    dispersed_lead_errors,
    errors_of_sums,
    log_odds_errors,
    mean_errors,
    rank_errors,
    welch_errors,
)
from saywho.text import guess_main_language
from saywho.words import LAUGHS, Written, count_emoji, written_as

MOST_PORTRAYED: Final = 6
"""Number of people shown on their own; others are counted together."""
MOST_GUESSED: Final = 500


class MessagesWith(msgspec.Struct, frozen=True):
    """Something that messages hold, and how many do."""

    text: str
    messages: int


class TypicalOfPerson(
    GainedWord,
    frozen=True,
    rename={
        "posts": "messages",
        "posts_beside": "messages_elsewhere",
        "share_beside": "share_elsewhere",
    },
):
    """A word or phrase in a clearly larger share of a person's messages than of anyone else's."""

    # Those that are inherited would keep their names.
    posts: int
    posts_beside: int
    """Number of everyone else’s messages with the term."""
    share: float
    """Share of the person's messages with text."""
    share_beside: float
    """Share of everyone else's messages with text."""
    not_behind: int
    """Number of people with fewer than 20 messages whose share is as large; no one with more
    messages has as large a share.
    """


class PersonPortrait(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody writes in a room, or all others together."""

    username: str | None
    """Null for several people combined."""
    display_name: str | None
    people: int
    """Number of people: 1, or all the others combined."""
    messages: int
    share: float
    """Share of the analysed messages, from 0 to 1."""
    share_there: float | None = None
    """Share of the messages from the time in which they were in the chat; null if no line of the
    file says that they came or left.
    """
    words_per_message: float | None
    """Mean number of words, split at spaces, in the messages with text; null if their script has no
    spaces, as in Japanese.
    """
    script: str | None
    """Script of nearly all of their messages as Unicode names it, such as HANGUL; null if mixed."""
    hours: times.ChatHours
    busy_from: times.BusyFrom
    days: int
    """Number of days in `tz` with messages."""
    nights: int
    """Number of these days with messages from 0:00 to 5:00."""
    beginnings: int
    """Number of messages after more than six hours without any message."""
    answers: int
    """Number of messages right after someone else's, within six hours."""
    median_answer_s: float | None
    """Median time of a reply, in seconds after the message before it."""
    answer_errors: float
    """How many standard errors longer their replies take than everyone else's, with and without the
    other person who differs most.
    """
    laughs: list[MessagesWith]
    """The laughs that anyone in the chat writes."""
    emoji: list[MessagesWith]
    """At most five emoji."""
    typical: list[TypicalOfPerson] | None
    """Clearest first; null for several people, and if either side has fewer than 20 messages. Only
    others who seem to write the same language are compared.
    """
    trait: fingerprint.Measure | None
    """Clearest difference from up to eight other people with the most messages; null without one,
    or if several of more than six people share it.
    """

    def with_words(self, written: Written) -> Self:
        typical = self.typical and written_as(self.typical, written)
        return structs.replace(self, typical=typical)


class PersonInShort(msgspec.Struct, frozen=True):
    """How one of the others writes in a room, in short."""

    username: str
    messages: int
    """Number of this person's messages in the chat."""
    words_per_message: float | None
    trait: fingerprint.Measure | None
    """As in `people`."""


class SilenceSpan(msgspec.Struct, frozen=True):
    """A time without messages, between two of them."""

    since: datetime
    until: datetime

    def whole_days(self, zone: ZoneInfo) -> tuple[date, date]:
        """Return the first and the last whole day without a message; without any, the last is
        before the first.
        """
        before, after = (time.astimezone(zone).date() for time in (self.since, self.until))
        return before + timedelta(1), after - timedelta(1)


class ChatPortrait(msgspec.Struct, frozen=True):
    """Portraits of the people with the most messages, and of all others last."""

    groups: list[tuple[int, ...]]
    """Author ids of each portrait, which has no names yet."""
    people: list[PersonPortrait]
    speakers: list[fingerprint.CountedSpeaker]
    longest_silence: SilenceSpan | None
    habits: list[list[fingerprint.Measure]]
    """Habits that set each person apart, the clearest first; none of several together."""
    speech: list[SpeechChange]
    """Of those who are shown on their own."""


def portray(
    messages: Sequence[times.Said],
    zone: ZoneInfo,
    names: Iterable[str] | None = (),
    *,
    people: Sequence[int] = (),
    has_others: bool = False,
    before: int | None = None,
) -> ChatPortrait:
    """Return the portrait of a chat from its messages, oldest first, unknown times last.

    names: of people, which are no words; None to look for no typical words, which take a third of
    the time (0.2 s for 20,000 messages, in a thread). people: ids to show on their own; by default,
    those with the most messages. has_others: whether there are others, even without messages.
    before: see `after_silence`.
    """
    counts = Counter(message.author for message in messages)
    ranked = sorted(counts, key=lambda author: (-counts[author], author))
    alone = people or ranked[:MOST_PORTRAYED]
    groups: list[tuple[int, ...]] = [(author,) for author in alone]
    crowd = tuple(author for author in ranked if author not in alone)
    if crowd or has_others:
        groups.append(crowd)
    speakers = fingerprint.speakers_of(messages, zone, [*alone, *crowd], before)
    timing = times.timing_of(messages, before)
    silence = timing.longest_silence
    by_author = {speaker.author: speaker for speaker in speakers}
    of_one = partial(_habits_of, speakers=speakers, counted=fingerprint.CountedGroups())
    habits = [
        [*islice(of_one(by_author[group[0]]), 4)] if len(group) == 1 else [] for group in groups
    ]
    return ChatPortrait(
        groups,
        _people(groups, speakers, timing, names, habits),
        speakers,
        silence and SilenceSpan(*(datetime.fromtimestamp(time, UTC) for time in silence)),
        habits,
        [*_changes_of_speech(messages, groups, by_author)],
    )


def _changes_of_speech(
    messages: Sequence[times.Said],
    groups: Sequence[Sequence[int]],
    speakers: Mapping[int, fingerprint.CountedSpeaker],
) -> Iterator[SpeechChange]:
    for place, group in enumerate(groups):
        tally = speakers[group[0]].tally if len(group) == 1 else None
        polite = tally.with_sign(POLITE) if tally else 0
        if tally and min(polite, tally.with_sign(DECIDED) - polite) >= FEWEST_CHANGED:
            own = ((one.time, one.text) for one in messages if one.author == group[0])
            if change := change_of_speech(place, own, len(groups)):
                yield change


def silences_among(moments: NDArray[np.int64]) -> list[SilenceSpan]:
    """Return the 1,000 longest silences, longest first; moments: in seconds since 1970, (n,)."""
    ordered = np.sort(moments)
    lengths = np.diff(ordered)
    longest = np.argsort(-lengths, kind="stable")[:1_000]
    return [
        SilenceSpan(
            datetime.fromtimestamp(ordered[place], UTC),
            datetime.fromtimestamp(ordered[place + 1], UTC),
        )
        for place in longest[lengths[longest] > 0].tolist()
    ]


def in_short(
    portrait: ChatPortrait,
    messages: Mapping[int, tuple[str, int]],
    habits: Mapping[int, Sequence[fingerprint.Measure]],
) -> list[PersonInShort]:
    """Return these people in short.

    messages: name and number of messages by author id. habits: of `habits_of_each`.
    """
    speakers = {speaker.author: speaker for speaker in portrait.speakers}
    found = {author: speakers.get(author) for author in messages}
    return [
        PersonInShort(
            *messages[author],
            words_per_message=_rounded(speaker.tally.words_per_message) if speaker else None,
            trait=next((one for one in habits.get(author, ()) if one.is_clear), None),
        )
        for author, speaker in found.items()
    ]


def habits_of_each(
    portrait: ChatPortrait, authors: Iterable[int]
) -> dict[int, Sequence[fingerprint.Measure]]:
    """Return what sets each person apart, also if a group shares it, by author id, the clearest
    first, in some milliseconds each: call it in a thread.
    """
    speakers = {speaker.author: speaker for speaker in portrait.speakers}
    found = partial(
        _habits_of,
        speakers=portrait.speakers,
        may_be_shared=True,
        counted=fingerprint.CountedGroups(),
    )
    return {author: [*found(speakers[author])] for author in authors if author in speakers}


def without_shared(
    portrait: ChatPortrait, habits: Mapping[int, Sequence[fingerprint.Measure]]
) -> tuple[ChatPortrait, dict[int, list[fingerprint.Measure]]]:
    """Return a portrait and each person's habits without those that several people share."""
    shared = {kind for kind, people in people_of_kind(habits).items() if len(people) > 1}

    def own(of_one: Sequence[fingerprint.Measure]) -> list[fingerprint.Measure]:
        return [habit for habit in of_one if kind_of(habit) not in shared]

    apart = [*map(own, portrait.habits)]
    people = [
        structs.replace(person, trait=next(iter(of_one), None))
        for person, of_one in zip(portrait.people, apart, strict=True)
    ]
    kept = structs.replace(portrait, people=people, habits=apart)
    return kept, {author: own(of_one) for author, of_one in habits.items()}


def _people(
    groups: Sequence[tuple[int, ...]],
    speakers: Sequence[fingerprint.CountedSpeaker],
    timing: times.ChatTiming,
    names: Iterable[str] | None,
    habits: Sequence[Sequence[fingerprint.Measure]],
) -> list[PersonPortrait]:
    by_author = {speaker.author: speaker for speaker in speakers}
    people = [fingerprint.joined([by_author[author] for author in group]) for group in groups]
    total = sum(speaker.messages for speaker in speakers)
    answers_s = [_joined(timing.answers_s, group) for group in groups]
    answered_on = [_joined(timing.answered_on, group) for group in groups]
    typical: Mapping[int, list[TypicalOfPerson]] = {}
    if names is not None:
        alone = [group[0] for group in groups if len(group) == 1]
        typical = _typical_of(alone, speakers, names)
    return [
        PersonPortrait(
            username=None,
            display_name=None,
            people=len(group),
            messages=person.messages,
            share=person.messages / total,
            words_per_message=_rounded(person.tally.words_per_message),
            script=person.tally.script or None,
            hours=times.hours_of_day(person.hours),
            busy_from=times.busiest_hours(person.hours),
            days=times.days_of(person.hours),
            nights=times.days_of(person.hours, times.NIGHT_H),
            beginnings=sum(timing.beginnings[author] for author in group),
            answers=len(waits_s),
            median_answer_s=float(median(waits_s)) if waits_s else None,
            answer_errors=round(errors, 2),
            laughs=laughs,
            emoji=_emoji_in(person.written.texts),
            typical=typical.get(group[0]) if len(group) == 1 else None,
            trait=next(iter(of_group), None),
        )
        for group, person, waits_s, errors, laughs, of_group in zip(
            groups,
            people,
            answers_s,
            rank_errors(answers_s, answered_on, sum(len(group) == 1 for group in groups)),
            _laughs_of(people),
            habits,
            strict=True,
        )
    ]


def _habits_of(
    speaker: fingerprint.CountedSpeaker,
    speakers: Sequence[fingerprint.CountedSpeaker],
    *,
    may_be_shared: bool = False,
    counted: fingerprint.CountedGroups | None = None,
) -> Iterator[fingerprint.Measure]:
    beside = sorted(
        (one for one in speakers if one.author != speaker.author),
        key=lambda one: (-one.messages, one.author),
    )
    able = sum(one.messages >= FEWEST_COMPARED for one in beside[: fingerprint.MOST_BESIDE])
    tallies = [one.tally for one in beside]
    return fingerprint.clear_measures(
        speaker.tally, tallies[:able], tallies[able:], may_be_shared=may_be_shared, groups=counted
    )


def _rounded(mean: float | None) -> float | None:
    return None if mean is None else round(mean, 4)


def _joined(lists: Mapping[int, list[int]], group: Iterable[int]) -> list[int]:
    return [*chain.from_iterable(lists.get(author, ()) for author in group)]


def _emoji_in(texts: Iterable[str]) -> list[MessagesWith]:
    return [MessagesWith(counted.name, counted.posts) for counted in count_emoji(texts, most=5)]


def _laughs_of(people: Sequence[fingerprint.CountedSpeaker]) -> list[list[MessagesWith]]:
    tallies = (person.tally.laughs for person in people)
    counts = [Counter({laugh: len(of) for laugh, of in laughs.items()}) for laughs in tallies]
    totals = sum(counts, Counter[str]())
    ranked = sorted(totals, key=lambda name: (-totals[name], LAUGHS.index(name)))
    return [[MessagesWith(name, laughs[name]) for name in ranked] for laughs in counts]


def _typical_of(
    people: Sequence[int], speakers: Sequence[fingerprint.CountedSpeaker], names: Iterable[str]
) -> dict[int, list[TypicalOfPerson]]:
    texts = [speaker.written.texts for speaker in speakers]
    total = sum(map(len, texts))
    languages = {
        place: guess_main_language(of_one[-MOST_GUESSED:])
        for place, (speaker, of_one) in enumerate(zip(speakers, texts, strict=True))
        if speaker.author in people and min(len(of_one), total - len(of_one)) >= FEWEST_COMPARED
    }
    worded = [WordedTexts.of(speaker.written) for speaker in speakers]
    return {
        speakers[place].author: [
            TypicalOfPerson(
                phrase.text,
                phrase.messages,
                phrase.messages_elsewhere,
                share=round(phrase.messages / own, 4),
                share_beside=round(phrase.messages_elsewhere / (total - own), 4),
                not_behind=phrase.not_behind,
            )
            for phrase in phrases
        ]
        for place, phrases in phrases_apart(worded, languages, names, are_people=True).items()
        for own in [len(texts[place])]
    }


# --- Traits in which one person is clearly ahead of all others ---


TraitKind = Literal["most", "longest", "laugh", "night", "recognised"]
Judged = tuple[int, int]
"""Number of posts that the model was asked about, and number attributed correctly."""


class Trait(msgspec.Struct, frozen=True):
    """A trait in which a person is clearly ahead of all others."""

    kind: TraitKind
    person: int | None
    """Index in `people`; null for a person who is counted among the others."""
    value: float
    """Share of the messages of all, words a message, share of own ones; of somebody recognised, the
    share of hidden posts that the model gave to them.
    """
    errors: float
    """How many standard errors the value is above the others’."""
    sign: str = ""
    """Which laugh; empty if none."""
    username: str | None = None
    is_only: bool = False
    """Whether nobody else writes the laugh."""


def traits_of(
    messages: Sequence[int],
    total: int,
    speakers: Sequence[fingerprint.CountedSpeaker],
    judged: Sequence[Judged],
    days: Sequence[tuple[int, int]] = (),
) -> list[Trait]:
    """Return up to three traits, each of another person: most messages first, recognition last.

    messages: of the first people; total: of everyone. speakers, judged: of all people in this
    order, the index of a trait. days: see `days_of_first`.
    """
    compared = {
        place: speaker.tally
        for place, speaker in enumerate(speakers)
        if speaker.tally.messages >= FEWEST_COMPARED
    }
    traits = _most(messages, total, days)
    shares = [(place, right, posts) for place, (posts, right) in enumerate(judged) if posts]
    if len(shares) > 1:
        traits.append(_top("recognised", shares))
    if len(compared) > 1:
        hours = {place: speakers[place].hours for place in compared}
        scripts = {tally.script for tally in compared.values()}
        if len(scripts) == 1 and all(scripts):  # Another language takes more words or fewer.
            longest = max(speaker.tally.words_per_message or 0.0 for speaker in speakers)
            traits += [one for one in _longest(compared) if one.value >= longest]
        laughing = [
            structs.replace(one, is_only=_is_only(one, speakers)) for one in _laughing(compared)
        ]
        traits += [*laughing, *_night(hours)]
    return _chosen(trait for trait in traits if trait.errors >= CLEAR_OF_MANY)


def _is_only(laugh: Trait, speakers: Sequence[fingerprint.CountedSpeaker]) -> bool:
    others = (one for place, one in enumerate(speakers) if place != laugh.person)
    return not any(one.tally.laughs.get(laugh.sign) for one in others)


def _chosen(traits: Iterable[Trait]) -> list[Trait]:
    always = ("most", "recognised")  # They are reported whenever they are clear.
    ranked = sorted(traits, key=lambda trait: (*map(trait.kind.__ne__, always), -trait.errors))
    chosen: list[Trait] = []
    for trait in ranked:
        if all(trait.person != other.person and trait.kind != other.kind for other in chosen):
            chosen.append(trait)
    return sorted(chosen[:3], key=lambda trait: trait.kind == "recognised")


def days_of_first(messages: Iterable[times.Said], people: Sequence[int]) -> list[tuple[int, int]]:
    """Return the messages of the first two people on each day."""
    counts: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    places = {author: place for place, author in enumerate(people[:2])}
    for author, time, _ in messages:
        if time is not None and author in places:
            counts[places[author]][time // times.DAY_S] += 1
    return [(counts[0][day], counts[1][day]) for day in {*counts[0], *counts[1]}]


def _most(messages: Sequence[int], total: int, days: Sequence[tuple[int, int]]) -> list[Trait]:
    # The first person is tested against the second, with the dispersion of the days.
    if len(messages) < 2 or sum(messages[:2]) < 2 * FEWEST_COMPARED:
        return []
    first, second = messages[:2]
    return [Trait("most", 0, first / total, dispersed_lead_errors(first, second, days))]


def _longest(people: Mapping[int, fingerprint.Tally]) -> list[Trait]:
    """Return the person with the most words per message, by the larger standard error."""
    means = [(tally.words_per_message, place) for place, tally in people.items()]
    counted = [(mean, place) for mean, place in means if mean is not None]
    if len(counted) < 2:
        return []
    (mean, place), (_, next_place) = sorted(counted, reverse=True)[:2]
    own, beside = people[place], people[next_place]
    by_message = welch_errors(Moments.of(own.lengths), Moments.of(beside.lengths))
    if not by_message:
        return []
    clustered = mean_errors(own.lengths, own.conversations, beside.lengths, beside.conversations)
    return [Trait("longest", place, mean, min(by_message, clustered))]


def _laughing(people: Mapping[int, fingerprint.Tally]) -> Iterator[Trait]:
    """Yield the person with the largest share of each laugh, tested as in `_longest`."""
    laughs = {place: tally.laughs for place, tally in people.items()}
    for laugh in sorted({laugh for of_one in laughs.values() for laugh in of_one}):
        uses = [
            (place, len(of_one.get(laugh, ())), people[place].messages)
            for place, of_one in laughs.items()
        ]
        trait = _top("laugh", uses, laugh)
        counts = {place: count for place, count, _ in uses}
        # From 20 on, people of a chat would agree that someone laughs most often.
        if counts[trait.person or 0] < max(20, max(counts.values()) / 2):
            continue
        pair = [people[place] for place, *_ in _first_two(uses)]
        many = int(max(tally.conversations.max() for tally in pair)) + 1
        sides = (
            side for tally in pair for side in (tally.laughs.get(laugh, ()), tally.conversations)
        )
        errors = min(trait.errors, errors_of_sums(*(counts_in(side, many) for side in sides)))
        yield msgspec.structs.replace(trait, errors=errors)


def _night(hours_of_each: Mapping[int, Counter[int]]) -> Iterator[Trait]:
    """Yield the person with the largest share of nights, each a conversation, among the days with
    messages, if the share of messages at night is the largest too.
    """
    nights = [
        (place, times.days_of(hours, times.NIGHT_H), times.days_of(hours))
        for place, hours in hours_of_each.items()
    ]
    ((place, *_), _) = _first_two(nights)
    shares = {
        other: sum(of_day[: times.NIGHT_H]) / max(sum(of_day), 1)
        for other, hours in hours_of_each.items()
        for of_day in [times.hours_of_day(hours)]
    }
    if shares[place] == max(shares.values()):
        yield msgspec.structs.replace(_top("night", nights), value=shares[place])


Share = tuple[int, int, int]
"""Place of a person, and how many of their messages count, of all."""


def _top(kind: TraitKind, shares: Sequence[Share], sign: str = "") -> Trait:
    # The person with the largest share is tested against the second.
    (place, uses, total), (_, next_uses, next_total) = _first_two(shares)
    _, errors = log_odds_errors(
        np.array([uses], np.float64), total, np.array([next_uses], np.float64), next_total
    )
    return Trait(kind, place, uses / max(total, 1), float(errors[0]), sign)


def _first_two(shares: Sequence[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: share[1] / max(share[2], 1), reverse=True)[:2]
