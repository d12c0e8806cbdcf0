"""Texts that were copied out of a chat: judged without heads, answered in the places as sent."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, structs

from saywho.comparing.verdict import Comparison, CopiedPerson, MessageHead, RankedAuthor
from saywho.engine.judgement import Verdict
from saywho.errors import InvalidInputError
from saywho.formats.chats.copied import CopiedChat, CopiedPiece, copied_chat
from saywho.text import BETWEEN, Gap, joined_gaps

MOST_TEXTS: Final = 50
"""Texts by the same person in a question; of more messages, some are joined."""


@dataclass(frozen=True, slots=True)
class TakenApart:
    """The messages in copied texts, and the way back to the texts."""

    texts: Sequence[str]
    """Words to be judged, each once."""
    gaps: Sequence[Gap]
    """Pieces of these texts, joined, that the question leaves out."""
    whole: str
    """The texts as sent, joined."""
    heads: list[MessageHead]
    people: list[CopiedPerson]
    person: str
    """The chosen one of the people; empty for all."""
    left_out: Sequence[Gap]
    """Pieces of `whole` that are not judged."""
    segments: Sequence[tuple[int, int, int]]
    """Start and end in `texts`, joined, and the start in `whole`."""

    @property
    def is_mixed(self) -> bool:
        """Whether several people wrote the texts, so that they are not by one person."""
        return len(self.people) > 1 and not self.person

    def about_people(self, comparison: Comparison) -> Comparison:
        """Return the answer about `texts` with their people; several are not one author."""
        answer = structs.replace(
            comparison, people=self.people or UNSET, person=self.person or UNSET
        )
        return _undecided(answer) if self.is_mixed else answer

    def restored(self, comparison: Comparison) -> Comparison:
        """Return the answer about `texts` as an answer about `whole`."""
        comparison = self.about_people(comparison)
        gaps = comparison.without or ()
        unjudged = [*self.left_out, *self._sent(comparison.unjudged or ())]
        return structs.replace(
            comparison,
            text=self.whole,
            evidence=[
                structs.replace(mark, start=start, end=end, text=self.whole[start:end])
                for mark in comparison.evidence
                # A mark in two messages is shown in the first.
                for start, end in self._sent([(mark.start, mark.end)])[:1]
            ],
            without=self._sent(gaps) or UNSET,
            unjudged=list(joined_gaps(unjudged)) or UNSET,
            heads=self.heads,
        )

    def _sent(self, gaps: Iterable[Gap]) -> list[Gap]:
        starts = [start for start, _, _ in self.segments]
        places = []
        for start, end in gaps:
            number = max(bisect_right(starts, start) - 1, 0)
            while number < len(starts) and starts[number] < end:
                first, last, sent = self.segments[number]
                piece = sent + max(start, first) - first, sent + min(end, last) - first
                places += [piece] if piece[0] < piece[1] else []
                number += 1
        return places


def undecided_verdict(verdict: Verdict, ranking: Sequence[RankedAuthor]) -> Verdict:
    """Return the verdict on a text by several people."""
    return "short" if verdict == "short" or len(ranking) == 1 else "close"


def without_ratios(ranking: Iterable[RankedAuthor]) -> list[RankedAuthor]:
    return [structs.replace(ranked, log10_lr=None, bound=None) for ranked in ranking]


def _undecided(comparison: Comparison) -> Comparison:
    verdict = undecided_verdict(comparison.verdict, comparison.ranking)
    return structs.replace(
        comparison,
        verdict=verdict,
        short=(comparison.short or "people") if verdict == "short" else None,
        none=None,
        ranking=without_ratios(comparison.ranking),
        evidence=[],
        strangers=None,
        more=None,
        unwritten=UNSET,
        read_of=UNSET,
        read_in=UNSET,
        known=UNSET,
    )


def take_apart(
    given: Sequence[str], without: Sequence[Gap] = (), *, person: str = ""
) -> TakenApart | None:
    """Return the messages of copied texts; None if no text has a head.

    given: texts by `composed`. without: gaps of them joined, each text once. person: whose messages
    are chosen; all without a name. Raises InvalidInputError for a person without messages.
    """
    texts = [*dict.fromkeys(given)]
    chats = {text: chat for text in texts if (chat := copied_chat(text))}
    counts = Counter(piece.name for chat in chats.values() for piece in chat.messages if piece.name)
    if person and person not in counts:
        raise _unknown(person, counts)
    if not chats:
        return None
    pieces, left_out = _split(texts, chats, person)
    judged, segments = _joined(pieces)
    return TakenApart(
        texts=judged,
        gaps=_within(without, segments),
        whole=BETWEEN.join(texts),
        heads=[
            MessageHead(number, *head)
            for number, text in enumerate(given)
            if text in chats
            for head in chats[text].heads
        ],
        people=[CopiedPerson(name, count) for name, count in counts.items()],
        person=person,
        left_out=left_out,
        segments=segments,
    )


def _unknown(person: str, names: Iterable[str]) -> InvalidInputError:
    if listed := ", ".join(names):
        template = "No message is by '{person}'; choose from: {names}"
        return InvalidInputError(template, loc="person", person=person, names=listed)
    return InvalidInputError(
        "No message is by '{person}': no names of a chat are in front of them",
        loc="person",
        person=person,
    )


def _split(
    texts: Sequence[str], chats: dict[str, CopiedChat], person: str
) -> tuple[list[tuple[int, str]], list[Gap]]:
    """Return the chosen words with their places in the joined texts, and the places of the rest."""
    pieces, left_out, place = list[tuple[int, str]](), list[Gap](), 0
    for text in texts:
        chat = chats.get(text, CopiedChat([], [CopiedPiece(0, len(text), None)]))
        for start, end, name in chat.messages:
            if person in ("", name):
                pieces.append((place + start, text[start:end]))
            else:
                left_out.append((place + start, place + end))
        left_out += [(place + start, place + end) for start, end, _ in chat.heads]
        place += len(text) + len(BETWEEN)
    return pieces, left_out


def _joined(pieces: Sequence[tuple[int, str]]) -> tuple[list[str], list[tuple[int, int, int]]]:
    """Return the pieces as texts, each once, and where each piece is in the joined texts."""
    size = -(-len(pieces) // MOST_TEXTS)
    texts, segments, place = dict[str, None](), list[tuple[int, int, int]](), 0
    for first in range(0, len(pieces), size or 1):
        group = pieces[first : first + size]
        text = "\n".join(words for _, words in group)
        if text in texts:
            continue
        texts[text] = None
        for sent, words in group:
            segments.append((place, place + len(words), sent))
            place += len(words) + 1
        place += len(BETWEEN) - 1
    return list(texts), segments


def _within(gaps: Iterable[Gap], segments: Iterable[tuple[int, int, int]]) -> list[Gap]:
    def places() -> Iterator[Gap]:
        for start, end in gaps:
            for first, last, sent in segments:
                left, right = max(start, sent), min(end, sent + last - first)
                if left < right:
                    yield first + left - sent, first + right - sent

    return sorted(places())
