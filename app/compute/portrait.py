"""A portrait of a chat: who writes how much and when, who begins, how long answers take."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, pairwise
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.compute.languages import guess_main_language
from app.compute.mentions import Mention, ScannedPost, count_mentions
from app.compute.wording import GainedWord, gained_words, posts_with_words

SILENCE_S: Final = 6 * 3600
"""Within this time of another's message it is an answer; after a longer one it is a beginning."""
DAY_H: Final = 24
MOST_PORTRAYED: Final = 6
"""People on their own, those with the most messages; all others are taken together."""
FEWEST_COMPARED: Final = 20
"""Messages that a person, and all others together, need for their words to be compared."""
MOST_TYPICAL: Final = 8
MOST_EMOJI: Final = 5
LAUGHS: Final = {
    "ㅋㅋ": re.compile("ㅋㅋ"),
    "ㅎㅎ": re.compile("ㅎㅎ"),
    "ㅠㅠ": re.compile("[ㅠㅜ]{2}"),
    "haha": re.compile("(?<![a-z])a?(?:ha){2,}h?(?![a-z])", re.IGNORECASE),
    "lol": re.compile("(?<![a-z])lo+l(?![a-z])", re.IGNORECASE),
}
"""What is laughed and cried with, by its plainest form."""
_MAY_LAUGH: Final = re.compile("[ㅋㅎㅠㅜ]{2}|haha|lo+l", re.IGNORECASE)
"""Most messages have nothing of it; they are looked through once, not five times."""
MOST_GUESSED: Final = 500
"""Newest messages of a person from which their language is guessed."""


class Said(NamedTuple):
    """A message."""

    author: int
    time: int | None
    """Seconds since 1970; None where it is unknown."""
    text: str


class Silence(NamedTuple):
    """A time without messages, between two of them, in seconds since 1970."""

    since: int
    until: int


class SpeakerPortrait(NamedTuple):
    """How somebody writes in a chat, or all others together."""

    authors: tuple[int, ...]
    messages: int
    words_per_message: float | None
    """Of those with text; None where there are none."""
    hours: list[int]
    """Messages of each hour of the day."""
    beginnings: int
    answers: int
    median_answer_s: float | None
    laughs: dict[str, int]
    """Messages with each of `LAUGHS`."""
    emoji: list[Mention]
    typical: list[GainedWord] | None
    """Words beside those of all others; None where either side has too few messages."""


class ChatPortrait(NamedTuple):
    """How people write in a chat: those with the most messages first, all others last."""

    speakers: list[SpeakerPortrait]
    longest_silence: Silence | None


class _Timing(NamedTuple):
    """What the times of messages tell, by author."""

    beginnings: Counter[int]
    answers_s: dict[int, list[int]]
    longest_silence: Silence | None


def portray(messages: Sequence[Said], zone: ZoneInfo) -> ChatPortrait:
    """Return the portrait of a chat from its messages, the oldest first, unknown times last.

    20,000 messages take a fifth of a second: call it in a thread.
    """
    by_author: dict[int, list[Said]] = defaultdict(list)
    for message in messages:
        by_author[message.author].append(message)
    ranked = sorted(by_author, key=lambda author: (-len(by_author[author]), author))
    groups: list[tuple[int, ...]] = [(author,) for author in ranked[:MOST_PORTRAYED]]
    if others := tuple(ranked[MOST_PORTRAYED:]):
        groups.append(others)
    said = [[message for author in group for message in by_author[author]] for group in groups]
    timing = _timing_of(messages)
    typical = _typical_of([[message.text for message in of_group] for of_group in said])
    speakers = [
        _speaker(group, of_group, words, timing, zone)
        for group, of_group, words in zip(groups, said, typical, strict=True)
    ]
    return ChatPortrait(speakers, timing.longest_silence)


def _timing_of(messages: Iterable[Said]) -> _Timing:
    """Return who begins after a silence, how long answers take, and the first longest silence."""
    timing = _Timing(Counter(), defaultdict(list), None)
    longest: Silence | None = None
    dated = [(message.author, message.time) for message in messages if message.time is not None]
    for (author_before, before), (author, time) in pairwise(dated):
        waited_s = time - before
        if waited_s > SILENCE_S:
            timing.beginnings[author] += 1
        elif author != author_before:
            timing.answers_s[author].append(waited_s)
        if waited_s > (longest.until - longest.since if longest else 0):
            longest = Silence(before, time)
    return timing._replace(longest_silence=longest)


def _speaker(
    group: tuple[int, ...],
    said: Sequence[Said],
    typical: list[GainedWord] | None,
    timing: _Timing,
    zone: ZoneInfo,
) -> SpeakerPortrait:
    texts = [message.text for message in said]
    lengths = [len(words) for text in texts if (words := text.split())]
    answers_s = list(chain.from_iterable(timing.answers_s.get(author, ()) for author in group))
    return SpeakerPortrait(
        authors=group,
        messages=len(said),
        words_per_message=sum(lengths) / len(lengths) if lengths else None,
        hours=_hours_of(said, zone),
        beginnings=sum(timing.beginnings[author] for author in group),
        answers=len(answers_s),
        median_answer_s=float(median(answers_s)) if answers_s else None,
        laughs=_laughs_in(texts),
        emoji=count_mentions(map(_only_text, texts), most=MOST_EMOJI).emoji,
        typical=typical,
    )


def _only_text(text: str) -> ScannedPost:
    return ScannedPost(text, None, None)


def _laughs_in(texts: Iterable[str]) -> dict[str, int]:
    laughing = [text for text in texts if _MAY_LAUGH.search(text)]
    return {
        name: sum(pattern.search(text) is not None for text in laughing)
        for name, pattern in LAUGHS.items()
    }


def _hours_of(said: Iterable[Said], zone: ZoneInfo) -> list[int]:
    """Return how many messages each hour of the day has in the zone."""
    hours = [0] * DAY_H
    for message in said:
        if message.time is not None:
            hours[datetime.fromtimestamp(message.time, zone).hour] += 1
    return hours


def _typical_of(texts: Sequence[Sequence[str]]) -> list[list[GainedWord] | None]:
    """Return the words that are in clearly more messages of each group than of all others."""
    spreads = [posts_with_words(of_group) for of_group in texts]
    total = sum(spreads, Counter[str]())
    message_count = sum(map(len, texts))

    def typical(of_group: Sequence[str], spread: Counter[str]) -> list[GainedWord] | None:
        if min(len(of_group), message_count - len(of_group)) < FEWEST_COMPARED:
            return None
        language = guess_main_language(of_group[-MOST_GUESSED:])
        return gained_words(spread, total - spread, language=language, most=MOST_TYPICAL)

    return [typical(*group) for group in zip(texts, spreads, strict=True)]
