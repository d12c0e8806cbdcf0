"""What sets the people of a chat apart: who writes most or longest, laughs or is up at night most,
and whom the model knows best."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta

from app.compute.chat_timing import Said
from app.compute.conversations import WrittenTexts, mean_errors
from app.compute.hours import DAY_S, NIGHT_H
from app.compute.portrait import FEWEST_COMPARED, PersonPortrait
from app.compute.wording import leads

TraitKind = Literal["most", "longest", "laugh", "night", "recognised"]
Judged = tuple[int, int]
"""Of how many posts the model was asked who wrote them, and how many it gave to who did."""
CLEAR: Final = 2.9
"""Standard errors from which a trait counts. Of the ten or so that are tested in a chat, one is as
clear by chance in fewer than one of twenty chats."""
MOST_TRAITS: Final = 3
_FIRST: Final = ("most", "recognised")
"""What is told in any case, if it is clear."""


class Trait(msgspec.Struct, frozen=True):
    """Something that one person clearly does more than all others."""

    kind: TraitKind
    person: Annotated[int, Meta(description="The place among the people.")]
    value: Annotated[
        float,
        Meta(
            description="Share of the messages of all, words a message, share of own ones; of "
            "somebody recognised, the share of hidden posts that the model gave to them."
        ),
    ]
    errors: Annotated[float, Meta(description="By how many standard errors it is more.")]
    sign: Annotated[str, Meta(description="Which laugh.")] = ""


def traits_of(
    messages: Sequence[int],
    total: int,
    writing: Sequence[PersonPortrait | None],
    texts: Sequence[WrittenTexts],
    judged: Sequence[Judged],
    days: Sequence[tuple[int, int]] = (),
) -> list[Trait]:
    """Return up to three traits, each of another person: who writes most, the clearest others, and
    last who is easiest to recognise, if anybody is.

    messages: how many each person wrote, the most first, of the total of all. writing, texts: how
    they write; None where nothing of a person was read. judged: how well each is recognised. days:
    see `days_of_first`.
    """
    compared = [
        (place, person)
        for place, person in enumerate(writing)
        if person is not None and person.messages >= FEWEST_COMPARED
    ]
    traits = [*_most(messages, total, days), *_longest(texts)]
    shares = [(place, right, posts) for place, (posts, right) in enumerate(judged) if posts]
    if len(shares) > 1:
        traits += _top("recognised", shares)
    if len(compared) > 1:
        traits += [*_laughing(compared, texts), *_night(compared)]
    return _chosen(trait for trait in traits if trait.errors >= CLEAR)


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
    for message in messages:
        if message.time is not None and message.author in places:
            counts[places[message.author]][message.time // DAY_S] += 1
    return [(counts[0][day], counts[1][day]) for day in {*counts[0], *counts[1]}]


def _most(messages: Sequence[int], total: int, days: Sequence[tuple[int, int]]) -> list[Trait]:
    """Return who wrote more than the second one, of all messages.

    Whoever has the word writes on, so messages are no proof each: as much more as the leads of the
    days vary than single messages would, the error is larger (clustered: Liang and Zeger 1986).
    """
    if len(messages) < 2 or sum(messages[:2]) < 2 * FEWEST_COMPARED:
        return []
    first, second = messages[:2]
    leads = sum((day[0] - day[1]) ** 2 for day in days)
    burst = max(leads / max(sum(map(sum, days)), 1), 1.0)
    errors = (first - second) / sqrt((first + second) * burst)
    return [Trait("most", 0, first / total, errors)]


def _longest(texts: Sequence[WrittenTexts]) -> list[Trait]:
    """Return whose messages are longer than the next one's, in words: in standard errors of single
    messages (Welch), or of conversations where these are larger."""
    lengths = [own.lengths for own in texts]
    worded = [own > 0 for own in lengths]
    means = [
        (float(own[has].mean()), place)
        for place, (own, has) in enumerate(zip(lengths, worded, strict=True))
        if has.sum() >= FEWEST_COMPARED
    ]
    if len(means) < 2:
        return []
    (mean, place), (next_mean, next_place) = sorted(means, reverse=True)[:2]
    pair = [
        (lengths[one][worded[one]], np.array(texts[one].conversations)[worded[one]])
        for one in (place, next_place)
    ]
    error = sqrt(sum(float(own.var(ddof=1)) / own.size for own, _ in pair))
    if not error:
        return []
    errors = min((mean - next_mean) / error, mean_errors(*pair[0], *pair[1]))
    return [Trait("longest", place, mean, errors)]


def _laughing(
    people: Sequence[tuple[int, PersonPortrait]], texts: Sequence[WrittenTexts]
) -> Iterator[Trait]:
    """Yield who writes each laugh more often than the next one: in standard errors of single
    messages, or of conversations where these are larger."""
    for number, laugh in enumerate(people[0][1].laughs):
        uses = [(place, one.laughs[number].messages, one.messages) for place, one in people]
        (first, *_), (second, *_) = sorted(uses, key=_share, reverse=True)[:2]
        (trait,) = _top("laugh", uses, laugh.text)
        if trait.errors < CLEAR:
            continue
        pair = [
            (texts[one].laughing(laugh.text), texts[one].conversations) for one in (first, second)
        ]
        errors = min(trait.errors, mean_errors(*pair[0], *pair[1]))
        yield msgspec.structs.replace(trait, errors=errors)


def _night(people: Sequence[tuple[int, PersonPortrait]]) -> list[Trait]:
    """Return who wrote on more nights than the next one, of the days on which each of them wrote.

    The messages of one night are one conversation, and no proof each.
    """
    (trait,) = _top("night", [(place, person.nights, person.days) for place, person in people])
    hours = dict(people)[trait.person].hours
    return [msgspec.structs.replace(trait, value=sum(hours[:NIGHT_H]) / max(sum(hours), 1))]


def _top(kind: TraitKind, shares: Sequence[tuple[int, int, int]], sign: str = "") -> list[Trait]:
    """Return who has something in the largest share of the messages, against the next one."""
    (place, uses, total), (_, next_uses, next_total) = sorted(shares, key=_share, reverse=True)[:2]
    _, errors = leads(
        np.array([uses], np.float64), total, np.array([next_uses], np.float64), next_total
    )
    return [Trait(kind, place, uses / max(total, 1), float(errors[0]), sign)]


def _share(uses: tuple[int, int, int]) -> float:
    _, messages, total = uses
    return messages / max(total, 1)
