"""A portrait of a chat: who writes how much and when, who begins, how long answers take."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from statistics import median
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Meta

from app.compute.chat_timing import ChatTiming, Said, timing_of, written_by_each
from app.compute.conversations import WrittenTexts
from app.compute.hours import (
    NIGHT_H,
    BusyFrom,
    ChatHours,
    busiest_hours,
    counts_by_hour,
    days_of,
    hours_of_day,
)
from app.compute.languages import guess_main_language
from app.compute.laughs import LAUGHS
from app.compute.mentions import ScannedPost, count_mentions
from app.compute.phrases import phrases_of_each
from app.compute.ranks import rank_errors
from app.compute.wording import GainedWord

MOST_PORTRAYED: Final = 6
"""People on their own, those with the most messages; all others are taken together."""
FEWEST_COMPARED: Final = 20
"""Messages that a person, and all others together, need for their words to be compared."""
MOST_EMOJI: Final = 5
MOST_GUESSED: Final = 500
"""Newest messages of a person from which their language is guessed."""


class MessagesWith(msgspec.Struct, frozen=True):
    """Something that messages hold, and how many do."""

    text: str
    messages: int


class TypicalOfPerson(
    GainedWord, frozen=True, rename={"posts": "messages", "posts_beside": "messages_elsewhere"}
):
    """A word or phrase that is in clearly more messages of a person than of all others."""

    # Those that are inherited would keep their names.
    posts: int
    posts_beside: Annotated[int, Meta(description="Messages of all others with it.")]


class PersonPortrait(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody writes in a room, or all others together."""

    username: Annotated[str | None, Meta(description="Null for several people together.")]
    display_name: str | None
    people: Annotated[int, Meta(description="How many these are: one, or all others.")]
    messages: int
    share: Annotated[float, Meta(description="Of the messages looked through, from 0 to 1.")]
    words_per_message: Annotated[
        float | None, Meta(description="The mean of the messages with text; between spaces.")
    ]
    hours: ChatHours
    busy_from: BusyFrom
    days: Annotated[int, Meta(description="Days in `tz` on which they wrote.")]
    nights: Annotated[int, Meta(description="Of these those with messages from 0:00 to 5:00.")]
    beginnings: Annotated[int, Meta(description="Messages after more than six hours without any.")]
    answers: Annotated[
        int, Meta(description="Messages right after somebody else's, within six hours.")
    ]
    median_answer_s: Annotated[
        float | None, Meta(description="Seconds from the message before to an answer.")
    ]
    answer_errors: Annotated[
        float,
        Meta(description="Standard errors by which their answers take longer than all others'."),
    ]
    laughs: Annotated[list[MessagesWith], Meta(description="Those that anybody here writes.")]
    emoji: Annotated[list[MessagesWith], Meta(description="At most five.")]
    typical: Annotated[
        list[TypicalOfPerson] | None,
        Meta(description="The clearest first; null where either side has under 20 messages."),
    ]


class SilenceSpan(msgspec.Struct, frozen=True):
    """A time without messages, between two of them."""

    since: datetime
    until: datetime


class ChatPortrait(NamedTuple):
    """How people write in a chat: those with the most messages first, all others last."""

    groups: list[tuple[int, ...]]
    """The authors of each of the people, by id; their names are still to be filled in."""
    people: list[PersonPortrait]
    texts: list[WrittenTexts]
    """Those of each of the people."""
    longest_silence: SilenceSpan | None


def portray(
    messages: Sequence[Said],
    zone: ZoneInfo,
    names: Iterable[str] = (),
    *,
    people: Sequence[int] = (),
) -> ChatPortrait:
    """Return the portrait of a chat from its messages, the oldest first, unknown times last.

    people: who stand for themselves, whether or not they wrote any; else those with the most
    messages. 20,000 messages take a fifth of a second: call it in a thread.
    """
    by_author: dict[int, list[Said]] = defaultdict(list)
    for message in messages:
        by_author[message.author].append(message)
    ranked = sorted(by_author, key=lambda author: (-len(by_author[author]), author))
    alone = people or ranked[:MOST_PORTRAYED]
    groups: list[tuple[int, ...]] = [(author,) for author in alone]
    if others := tuple(author for author in ranked if author not in alone):
        groups.append(others)
    said = [[message for author in group for message in by_author[author]] for group in groups]
    written = written_by_each(messages)
    texts = [WrittenTexts([], []) for _ in groups]
    for of_group, group in zip(texts, groups, strict=True):
        for author in group:
            of_group.extend(written.get(author, WrittenTexts([], [])))
    timing = timing_of(messages)
    silence = timing.longest_silence
    return ChatPortrait(
        groups,
        _people(groups, said, texts, timing, zone, names),
        texts,
        silence and SilenceSpan(*(datetime.fromtimestamp(time, UTC) for time in silence)),
    )


def _people(
    groups: Sequence[tuple[int, ...]],
    said: Sequence[Sequence[Said]],
    written: Sequence[WrittenTexts],
    timing: ChatTiming,
    zone: ZoneInfo,
    names: Iterable[str],
) -> list[PersonPortrait]:
    """Return how each group of authors writes, by the messages of each."""
    total = sum(map(len, said))
    answers_s = [_joined(timing.answers_s, group) for group in groups]
    answered_on = [_joined(timing.answered_on, group) for group in groups]
    return [
        PersonPortrait(
            username=None,
            display_name=None,
            people=len(group),
            messages=len(of_group),
            share=len(of_group) / total,
            words_per_message=_words_per_message(texts),
            hours=hours_of_day(hours),
            busy_from=busiest_hours(hours),
            days=days_of(hours),
            nights=days_of(hours, NIGHT_H),
            beginnings=sum(timing.beginnings[author] for author in group),
            answers=len(waits_s),
            median_answer_s=float(median(waits_s)) if waits_s else None,
            answer_errors=round(errors, 2),
            laughs=laughs,
            emoji=_emoji_in(texts.texts),
            typical=typical,
        )
        for group, of_group, texts, hours, waits_s, errors, laughs, typical in zip(
            groups,
            said,
            written,
            [hour_counts(of_group, zone) for of_group in said],
            answers_s,
            rank_errors(answers_s, answered_on),
            _laughs_of(written),
            _typical_of(written, names),
            strict=True,
        )
    ]


def _joined(lists: Mapping[int, list[int]], group: Iterable[int]) -> list[int]:
    """Return one list of those of a group of authors."""
    return [*chain.from_iterable(lists.get(author, ()) for author in group)]


def _words_per_message(written: WrittenTexts) -> float | None:
    """Return the mean of those with text; None where there are none."""
    worded = int(np.count_nonzero(written.lengths))
    return round(int(written.lengths.sum()) / worded, 2) if worded else None


def _emoji_in(texts: Iterable[str]) -> list[MessagesWith]:
    posts = (ScannedPost(text, None, None) for text in texts)
    emoji = count_mentions(posts, most=MOST_EMOJI).emoji
    return [MessagesWith(counted.name, counted.posts) for counted in emoji]


def _laughs_of(written: Sequence[WrittenTexts]) -> list[list[MessagesWith]]:
    """Return the laughs of each group: those that anybody writes, the most frequent first."""
    counts = [
        Counter({laugh: len(places) for laugh, places in of_group.laughs.items()})
        for of_group in written
    ]
    totals = sum(counts, Counter[str]())
    ranked = sorted(totals, key=lambda name: (-totals[name], LAUGHS.index(name)))
    return [[MessagesWith(name, of_group[name]) for name in ranked] for of_group in counts]


def hour_counts(said: Iterable[Said], zone: ZoneInfo) -> Counter[int]:
    """Return how many messages each hour of each day has in the zone."""
    return counts_by_hour((message.time for message in said if message.time is not None), zone)


def _typical_of(
    written: Sequence[WrittenTexts], names: Iterable[str]
) -> list[list[TypicalOfPerson] | None]:
    """Return the phrases that are in clearly more messages of each group than of all others."""
    texts = [of_group.texts for of_group in written]
    message_count = sum(map(len, texts))
    languages = {
        place: guess_main_language(of_group[-MOST_GUESSED:])
        for place, of_group in enumerate(texts)
        if min(len(of_group), message_count - len(of_group)) >= FEWEST_COMPARED
    }
    phrases = phrases_of_each(written, languages, names)
    return [
        [
            TypicalOfPerson(phrase.text, phrase.messages, phrase.messages_elsewhere)
            for phrase in phrases[place]
        ]
        if place in languages
        else None
        for place in range(len(texts))
    ]
