"""Traits of people in a chat, such as messages, laughs and nights."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta

from app.compute.chat_timing import Said, replies_in
from app.compute.fingerprint import CountedSpeaker, laughs_of
from app.compute.hours import DAY_S, NIGHT_H, days_of, hours_of_day
from app.compute.significance import (
    CLEAR_OF_MANY,
    FEWEST_COMPARED,
    counts_in,
    dispersed_lead_errors,
    errors_of_sums,
    log_odds_errors,
    mean_errors,
    surplus_errors,
    welch_errors,
)

TraitKind = Literal["most", "longest", "laugh", "night", "recognised"]
Judged = tuple[int, int]
"""Number of posts that the model was asked about, and number attributed correctly."""


class Trait(msgspec.Struct, frozen=True):
    """A trait in which a person is clearly ahead of all others."""

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
    """Return up to three traits, each of another person: most messages first, recognition last.

    messages: of the first people; total: of everyone. speakers, judged: of all people in this
    order, the index of a trait. days: see `days_of_first`.
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


def _longest(people: Sequence[tuple[int, CountedSpeaker]]) -> list[Trait]:
    """Return the person with the most words per message, by the larger standard error: of messages
    (Welch) or of conversations.
    """
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
    """Yield the person with the largest share of each laugh, tested as in `_longest`."""
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
    """Return the person with the largest share of nights, each a conversation, among the days with
    messages.
    """
    nights = [
        (place, days_of(speaker.hours, NIGHT_H), days_of(speaker.hours))
        for place, speaker in people
    ]
    (trait,) = _top("night", nights)
    (hours,) = (hours_of_day(speaker.hours) for place, speaker in people if place == trait.person)
    return [msgspec.structs.replace(trait, value=sum(hours[:NIGHT_H]) / max(sum(hours), 1))]


def _top(kind: TraitKind, shares: Sequence[tuple[int, int, int]], sign: str = "") -> list[Trait]:
    # The person with the largest share is tested against the second.
    (place, uses, total), (_, next_uses, next_total) = sorted(shares, key=_share, reverse=True)[:2]
    _, errors = log_odds_errors(
        np.array([uses], np.float64), total, np.array([next_uses], np.float64), next_total
    )
    return [Trait(kind, place, uses / max(total, 1), float(errors[0]), sign)]


def _share(uses: tuple[int, int, int]) -> float:
    _, messages, total = uses
    return messages / max(total, 1)


FEWEST_ANSWERS: Final = 20


def clearest_answers(
    messages: Sequence[Said], people: Sequence[int], written: Sequence[int], total: int
) -> tuple[int, int] | None:
    """Return the places of the person who most clearly prefers to reply to another, and of the
    other.

    people: ids. written: messages of each, of `total`. Tested by days, since a day's replies are
    one conversation.
    """
    places = {author: place for place, author in enumerate(people)}
    replies = [
        reply
        for reply in replies_in(messages)
        if reply.author in places and reply.answered in places
    ]
    best: tuple[float, tuple[int, int]] | None = None
    for author, place in places.items():
        of_one = [reply for reply in replies if reply.author == author]
        if len(of_one) < FEWEST_ANSWERS or total <= written[place]:
            continue
        ((favourite, _),) = Counter(reply.answered for reply in of_one).most_common(1)
        errors = surplus_errors(
            [reply.answered == favourite for reply in of_one],
            [reply.time // DAY_S for reply in of_one],
            written[places[favourite]] / (total - written[place]),
        )
        if best is None or errors > best[0]:
            best = errors, (place, places[favourite])
    return best[1] if best and best[0] >= CLEAR_OF_MANY else None
