"""What sets the people of a chat apart: who writes most or longest, laughs or is up at night most,
and whom the model knows best."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta

from app.compute.chat_timing import Said
from app.compute.hours import DAY_S, NIGHT_H, days_of, hours_of_day
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
from app.compute.tally import CountedSpeaker, laughs_of

TraitKind = Literal["most", "longest", "laugh", "night", "recognised"]
Judged = tuple[int, int]
"""Of how many posts the model was asked who wrote them, and how many it gave to who did."""
MOST_TRAITS: Final = 3
_FIRST: Final = ("most", "recognised")
"""What is told in any case, if it is clear."""


class Trait(msgspec.Struct, frozen=True):
    """Something that one person clearly does more than all others."""

    kind: TraitKind
    person: Annotated[
        int | None,
        Meta(description="Index in `people`; null for a person who is counted among the others."),
    ]
    value: Annotated[
        float,
        Meta(
            description="Share of the messages of all, words a message, share of own ones; of "
            "somebody recognised, the share of hidden posts that the model gave to them."
        ),
    ]
    errors: Annotated[
        float, Meta(description="How many standard errors the value is above the others’.")
    ]
    sign: Annotated[str, Meta(description="Which laugh; empty if none.")] = ""
    username: str | None = None


def traits_of(
    messages: Sequence[int],
    total: int,
    speakers: Sequence[CountedSpeaker],
    judged: Sequence[Judged],
    days: Sequence[tuple[int, int]] = (),
) -> list[Trait]:
    """Return up to three traits, each of another person: who writes most, the clearest others, and
    last who is easiest to recognise, if anybody is.

    messages: how many each of the first people wrote, the most first, of the total of all.
    speakers: how all write, these first; a trait has a place among them. judged: how well each of
    them is recognised. days: see `days_of_first`.
    """
    compared = [
        (place, speaker)
        for place, speaker in enumerate(speakers)
        if speaker.tally.messages >= FEWEST_COMPARED
    ]
    traits = _most(messages, total, days)
    shares = [(place, right, posts) for place, (posts, right) in enumerate(judged) if posts]
    if len(shares) > 1:
        traits += _top("recognised", shares)
    if len(compared) > 1:
        traits += [*_longest(compared), *_laughing(compared), *_night(compared)]
    return _chosen(trait for trait in traits if trait.errors >= CLEAR_OF_MANY)


def _chosen(traits: Iterable[Trait]) -> list[Trait]:
    """Return who writes most, others with what is clearest of them, and who is recognised."""
    ranked = sorted(traits, key=lambda trait: (*map(trait.kind.__ne__, _FIRST), -trait.errors))
    chosen: list[Trait] = []
    for trait in ranked:
        if all(trait.person != other.person and trait.kind != other.kind for other in chosen):
            chosen.append(trait)
    return sorted(chosen[:MOST_TRAITS], key=lambda trait: trait.kind == "recognised")


def days_of_first(messages: Iterable[Said], people: Sequence[int]) -> list[tuple[int, int]]:
    """Return how many messages of each day the first two of the people (ids) wrote."""
    counts: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    places = {author: place for place, author in enumerate(people[:2])}
    for author, time, _ in messages:
        if time is not None and author in places:
            counts[places[author]][time // DAY_S] += 1
    return [(counts[0][day], counts[1][day]) for day in {*counts[0], *counts[1]}]


def _most(messages: Sequence[int], total: int, days: Sequence[tuple[int, int]]) -> list[Trait]:
    """Return the person with the most messages, tested against the second one by days."""
    if len(messages) < 2 or sum(messages[:2]) < 2 * FEWEST_COMPARED:
        return []
    first, second = messages[:2]
    return [Trait("most", 0, first / total, dispersed_lead_errors(first, second, days))]


def _longest(people: Sequence[tuple[int, CountedSpeaker]]) -> list[Trait]:
    """Return whose messages are longer than the next one's, in words: in standard errors of single
    messages (Welch), or of conversations where these are larger."""
    means = [(speaker.tally.words_per_message or 0.0, place) for place, speaker in people]
    (mean, place), (_, next_place) = sorted(means, reverse=True)[:2]
    tallies = [dict(people)[one].tally for one in (place, next_place)]
    lengths = [tally.lengths for tally in tallies]
    by_message = welch_errors(*lengths)
    if not by_message:
        return []
    clustered = mean_errors(
        lengths[0], tallies[0].conversations, lengths[1], tallies[1].conversations
    )
    return [Trait("longest", place, mean, min(by_message, clustered))]


def _laughing(people: Sequence[tuple[int, CountedSpeaker]]) -> Iterator[Trait]:
    """Yield who writes each laugh more often than the next one: in standard errors of single
    messages, or of conversations where these are larger."""
    counts = [(place, speaker.tally, laughs_of(speaker.tally)) for place, speaker in people]
    for laugh in sorted({laugh for _, _, laughs in counts for laugh in laughs}):
        uses = [(place, laughs[laugh], tally.messages) for place, tally, laughs in counts]
        (trait,) = _top("laugh", uses, laugh)
        pair = [
            dict(people)[place].tally for place, *_ in sorted(uses, key=_share, reverse=True)[:2]
        ]
        many = int(max(tally.conversations.max() for tally in pair)) + 1
        sides = (
            side for tally in pair for side in (tally.laughs.get(laugh, ()), tally.conversations)
        )
        errors = min(trait.errors, errors_of_sums(*(counts_in(side, many) for side in sides)))
        yield msgspec.structs.replace(trait, errors=errors)


def _night(people: Sequence[tuple[int, CountedSpeaker]]) -> list[Trait]:
    """Return who wrote on more nights than the next one, of the days on which each of them wrote.

    The messages of one night are one conversation, and no proof each.
    """
    nights = [
        (place, days_of(speaker.hours, NIGHT_H), days_of(speaker.hours))
        for place, speaker in people
    ]
    (trait,) = _top("night", nights)
    (hours,) = (hours_of_day(speaker.hours) for place, speaker in people if place == trait.person)
    return [msgspec.structs.replace(trait, value=sum(hours[:NIGHT_H]) / max(sum(hours), 1))]


def _top(kind: TraitKind, shares: Sequence[tuple[int, int, int]], sign: str = "") -> list[Trait]:
    """Return who has something in the largest share of the messages, against the next one."""
    (place, uses, total), (_, next_uses, next_total) = sorted(shares, key=_share, reverse=True)[:2]
    _, errors = log_odds_errors(
        np.array([uses], np.float64), total, np.array([next_uses], np.float64), next_total
    )
    return [Trait(kind, place, uses / max(total, 1), float(errors[0]), sign)]


def _share(uses: tuple[int, int, int]) -> float:
    _, messages, total = uses
    return messages / max(total, 1)
