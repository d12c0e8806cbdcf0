"""What is counted of each author of a chat."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.compute.chat_timing import Said, after_silence
from app.compute.conversations import WrittenTexts, conversations_of
from app.compute.hours import counts_by_hour, hour_numbers
from app.compute.tally import Tally, tally_of, together


class CountedSpeaker(NamedTuple):
    """An author in a chat."""

    author: int
    written: WrittenTexts
    """The messages with text, in their order."""
    tally: Tally
    """Of these."""
    messages: int
    """With and without text."""
    hours: Counter[int]
    """Messages of each hour, numbered through days and years."""


def speakers_of(
    messages: Sequence[Said], zone: ZoneInfo, authors: Iterable[int]
) -> list[CountedSpeaker]:
    """Return what is counted of each of the authors."""
    places: dict[int, list[int]] = {author: [] for author in authors}
    for place, message in enumerate(messages):
        places[message.author].append(place)
    hours = _hours_of_each(messages, zone)
    numbers = conversations_of(message.time for message in messages)
    begins = after_silence(messages)
    speakers: list[CountedSpeaker] = []
    for author, of_author in places.items():
        worded = [place for place in of_author if messages[place].text]
        written = WrittenTexts(
            [messages[place].text for place in worded], [numbers[place] for place in worded]
        )
        tally = tally_of(*written, [begins[place] for place in worded])
        of_hours = Counter(hours[author])
        speakers.append(CountedSpeaker(author, written, tally, len(of_author), of_hours))
    return speakers


def joined(speakers: Sequence[CountedSpeaker]) -> CountedSpeaker:
    """Return several authors as if they were the first one."""
    if len(speakers) == 1:
        return speakers[0]
    written = WrittenTexts([], [])
    for speaker in speakers:
        written.extend(speaker.written)
    return CountedSpeaker(
        speakers[0].author,
        written,
        together(speaker.tally for speaker in speakers),
        sum(speaker.messages for speaker in speakers),
        sum((speaker.hours for speaker in speakers), Counter[int]()),
    )


def laughs_of(tally: Tally) -> Counter[str]:
    """Return the number of messages with each of `LAUGHS` that is in any."""
    return Counter({laugh: len(conversations) for laugh, conversations in tally.laughs.items()})


def _hours_of_each(messages: Sequence[Said], zone: ZoneInfo) -> defaultdict[int, list[int]]:
    """Return the hours in which each author wrote; those of all are looked up in one go."""
    dated = [(author, time) for author, time, _ in messages if time is not None]
    numbers = hour_numbers((time for _, time in dated), zone)
    hours = defaultdict[int, list[int]](list)
    for (author, _), hour in zip(dated, numbers, strict=True):
        hours[author].append(hour)
    return hours


def hour_counts(said: Iterable[Said], zone: ZoneInfo) -> Counter[int]:
    """Return how many messages each hour of each day has in the zone."""
    return counts_by_hour((message.time for message in said if message.time is not None), zone)
