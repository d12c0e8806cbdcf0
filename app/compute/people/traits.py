"""Traits in which one person of a chat is clearly ahead of all others."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec
import numpy as np

from app.compute.people.fingerprint import CountedSpeaker, Tally
from app.compute.people.times import DAY_S, NIGHT_H, Said, days_of, hours_of_day
from app.compute.significance import (
    CLEAR_OF_MANY,
    FEWEST_COMPARED,
    counts_in,
    dispersed_lead_errors,
    errors_of_sums,
    log_odds_errors,
    mean_errors,
    welch_errors,
)

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


def traits_of(
    messages: Sequence[int],
    total: int,
    speakers: Sequence[CountedSpeaker],
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
        traits += [*_laughing(compared), *_night(hours)]
    return _chosen(trait for trait in traits if trait.errors >= CLEAR_OF_MANY)


def _chosen(traits: Iterable[Trait]) -> list[Trait]:
    always = ("most", "recognised")  # They are reported whenever they are clear.
    ranked = sorted(traits, key=lambda trait: (*map(trait.kind.__ne__, always), -trait.errors))
    chosen: list[Trait] = []
    for trait in ranked:
        if all(trait.person != other.person and trait.kind != other.kind for other in chosen):
            chosen.append(trait)
    return sorted(chosen[:3], key=lambda trait: trait.kind == "recognised")


def days_of_first(messages: Iterable[Said], people: Sequence[int]) -> list[tuple[int, int]]:
    """Return the messages of the first two people on each day."""
    counts: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    places = {author: place for place, author in enumerate(people[:2])}
    for author, time, _ in messages:
        if time is not None and author in places:
            counts[places[author]][time // DAY_S] += 1
    return [(counts[0][day], counts[1][day]) for day in {*counts[0], *counts[1]}]


def _most(messages: Sequence[int], total: int, days: Sequence[tuple[int, int]]) -> list[Trait]:
    # The first person is tested against the second, with the dispersion of the days.
    if len(messages) < 2 or sum(messages[:2]) < 2 * FEWEST_COMPARED:
        return []
    first, second = messages[:2]
    return [Trait("most", 0, first / total, dispersed_lead_errors(first, second, days))]


def _longest(people: Mapping[int, Tally]) -> list[Trait]:
    """Return the person with the most words per message, by the larger standard error."""
    means = [(tally.words_per_message, place) for place, tally in people.items()]
    counted = [(mean, place) for mean, place in means if mean is not None]
    if len(counted) < 2:
        return []
    (mean, place), (_, next_place) = sorted(counted, reverse=True)[:2]
    own, beside = people[place], people[next_place]
    by_message = welch_errors(own.lengths, beside.lengths)
    if not by_message:
        return []
    clustered = mean_errors(own.lengths, own.conversations, beside.lengths, beside.conversations)
    return [Trait("longest", place, mean, min(by_message, clustered))]


FEWEST_LAUGHS: Final = 20
"""Messages with a laugh, from which people of a chat would agree that someone laughs most often,
whose share is the largest.
"""


def _laughing(people: Mapping[int, Tally]) -> Iterator[Trait]:
    """Yield the person with the largest share of each laugh, tested as in `_longest`."""
    laughs = {place: tally.laughs for place, tally in people.items()}
    for laugh in sorted({laugh for of_one in laughs.values() for laugh in of_one}):
        uses = [
            (place, len(of_one.get(laugh, ())), people[place].messages)
            for place, of_one in laughs.items()
        ]
        trait = _top("laugh", uses, laugh)
        counts = {place: count for place, count, _ in uses}
        if counts[trait.person or 0] < max(FEWEST_LAUGHS, max(counts.values()) / 2):
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
        (place, days_of(hours, NIGHT_H), days_of(hours)) for place, hours in hours_of_each.items()
    ]
    ((place, *_), _) = _first_two(nights)
    shares = {
        other: sum(of_day[:NIGHT_H]) / max(sum(of_day), 1)
        for other, hours in hours_of_each.items()
        for of_day in [hours_of_day(hours)]
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
