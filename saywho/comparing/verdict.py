"""A comparison's answer, as the API returns it, and reasons."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from sys import getsizeof
from typing import Final, Literal, NamedTuple

import msgspec

from saywho import text as writing
from saywho.engine.case import Case, Suspect
from saywho.engine.evidence import PlainPost, PostTexts, marks_of, unwritten_words, used_piece
from saywho.engine.features import CHARACTERS, occurrences
from saywho.engine.judgement import FEWEST_JUDGED, MODEL, SURE, Bound, Conclusion, Judgement, judge


class Usage(msgspec.Struct, frozen=True):
    """How often a piece is in the posts that were searched."""

    uses: int
    posts: int
    """Number of posts searched."""
    authors: int
    """Number of authors of these posts."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A string of the text that speaks for an author, in log-odds; positions are code points.

    With `reasons`: the `piece` that was looked up, how often in 400 posts the author and the
    others use it, on how many uses and posts each rate rests, and up to three posts of the author
    that have it. `others` is null with nobody else of the language here.
    """

    start: int
    end: int
    text: str
    """Piece of the text."""
    username: str
    """Author that the piece is evidence for or against."""
    weight: float
    """Weight in log-odds; below 0 it is evidence against the author."""
    piece: str | msgspec.UnsetType = msgspec.UNSET
    own: float | msgspec.UnsetType = msgspec.UNSET
    others: float | msgspec.UnsetType | None = msgspec.UNSET
    own_usage: Usage | msgspec.UnsetType = msgspec.UNSET
    others_usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    posts: list[int] | msgspec.UnsetType = msgspec.UNSET


MODEL_NAME: Final = f"stacked-counts-{MODEL}"
SHOWN_OF_ALL: Final = 20
EXPLAINED: Final = 4
"""Authors with a colour."""
MOST_SEARCHED: Final = 10_000
"""Posts that are searched for the words of the marks, at most 1,000 of each author."""
NEWEST_ELSEWHERE: Final = 40
"""Posts of each author here that are searched if a single author was asked."""


class RankedAuthor(msgspec.Struct, frozen=True):
    username: str
    probability: float
    """Probability of this author if one of the compared authors wrote the text; all sum to 1."""
    log10_lr: float | None
    """Logarithm (base 10) of the likelihood ratio of this author alone against someone else who
    writes the language, the same whoever else is compared.
    """
    tweets: int
    """Number of the author's posts with words."""
    pieces: int
    """As `tweets`, but a long post counts as so many of some 50 words."""
    characters: int = 0
    """Number of characters in the author's posts; equal posts count once."""
    bound: Bound | None = None
    """Whether the ratio stands at its bound: it is at least (`upper`) or at most (`lower`) this."""


class Model(msgspec.Struct, frozen=True):
    name: str
    version: int
    """Answers with equal versions use the same background and calibration."""
    as_of_event: int
    """The newest event that the answer takes into account."""
    outgrown: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """Present if so many posts came or went that the next version is being made."""


class MessageHead(msgspec.Struct, frozen=True):
    """A piece of a text that an app wrote, which is not judged; places are code points."""

    text_index: int
    """Number of the text, from 0."""
    start: int
    end: int
    name: str | None
    """Author of the message; null for a line of the app."""


class CopiedPerson(msgspec.Struct, frozen=True):
    name: str
    messages: int


class StoredPost(msgspec.Struct, frozen=True):
    username: str
    id: int
    room: str | None = None
    """Name of the chat, if any."""
    posted_at: datetime | None = None
    """UTC; null if unknown."""
    tz: str | None = None
    """Time zone of the chat; null if unknown."""
    count: int | msgspec.UnsetType = msgspec.UNSET
    """How often the author posted it. Absent for several texts."""


Short = Literal["words", "posts", "others", "people"]


class KnownPost(msgspec.Struct, frozen=True):
    id: int
    username: str
    created_at: datetime | None
    url: str | None
    """Address at the source, if known."""


class KnownText(Conclusion, frozen=True):
    """A conclusion about a text, and first who is known to have written it."""

    text: str
    """The text as it was sent: NFC, LF, a blank line between texts."""
    read_of: list[str] | msgspec.UnsetType = msgspec.UNSET
    """Authors with a post that has exactly this text, so that it was read before. With `reasons`,
    also authors who were not compared.
    """
    read_in: list[StoredPost] | msgspec.UnsetType = msgspec.UNSET
    """If `read_of` names anyone, or with `reasons`: a post with exactly this text by each author,
    compared or not.
    """
    known: list[KnownPost] | msgspec.UnsetType = msgspec.UNSET
    """The newest three posts with exactly this text, if any, whoever was compared; of several
    texts, with the longest, by authors of all. For a text of fewer than four words, only by the
    named.
    """


class Comparison(KnownText, frozen=True, kw_only=True):
    """Whether one of some authors wrote the text, and which."""

    sure: float
    """The given starting belief that one of the authors wrote it."""
    taken_for_granted: bool | msgspec.UnsetType = msgspec.UNSET
    """True if `sure` is 1: it was one of them, and `none` is 0. Absent otherwise."""
    ranking: list[RankedAuthor]
    """The first 20 authors, if the request names none."""
    evidence: list[Evidence]
    """Empty if `explain` is false."""
    model: Model
    words: int
    """Number of words that were judged."""
    texts: int = 1
    """Number of texts that were judged."""
    short: Short | None = None
    """Why the verdict is `short`: `words`, the text has fewer than four; `posts`, an author has
    fewer than ten with words; `others`, no one else here writes the language; `people`, several
    people wrote it, and one author is asked about.
    """
    compared: int = 0
    """Number of authors compared."""
    without: list[writing.Gap] | msgspec.UnsetType = msgspec.UNSET
    """Pieces of `text` that were left out, if any."""
    unwritten: list[str] | msgspec.UnsetType = msgspec.UNSET
    """With `reasons`, if the text reads like none of the authors: up to three words of the text
    that none of the authors whose posts were searched writes.
    """
    quoted: int | msgspec.UnsetType = msgspec.UNSET
    """Number of words in quoted lines, which were not judged, if any."""
    heads: list[MessageHead] | msgspec.UnsetType = msgspec.UNSET
    """Heads of messages that were copied from a chat, if any."""
    people: list[CopiedPerson] | msgspec.UnsetType = msgspec.UNSET
    """The people in the heads, if any; of several, `person` chooses one."""
    person: str | msgspec.UnsetType = msgspec.UNSET
    """The person whose messages were judged, if any."""
    unjudged: list[writing.Gap] | msgspec.UnsetType = msgspec.UNSET
    """Pieces of `text` that were not judged: heads, quoted lines, and other people's messages."""

    @property
    def is_mixed(self) -> bool:
        """Whether several people wrote the text, so that it is not by one person."""
        return len(self.people or ()) > 1 and not self.person

    @property
    def judged_text(self) -> str:
        """The text with blanks for the pieces that were not judged, so that places stay."""
        return writing.rest_of(self.text, self.unjudged or ())


def _short(case: Case, shown: Iterable[Suspect]) -> Short:
    if case.words < writing.FEWEST_WORDS:
        return "words"
    return "posts" if any(each.pieces < FEWEST_JUDGED for each in shown) else "others"


def answer_of(case: Case, sure: float = SURE, explain: bool = True) -> Comparison:
    """Return the answer of a case; long texts and many suspects take long."""
    appearances = occurrences(case.text, case.gaps) if explain else None
    is_plain = bool(case.gaps) or writing.own_words(case.text) == case.text
    if appearances and len(case.texts) == 1 and is_plain:
        # The features of a text without quotations are known already. What else the case has
        # computed, such as its language, is kept.
        vars(case).setdefault("ranking", case.known_ranking or case.rank(appearances.counts))
    judgement = judge(case, sure)
    shown = [case.suspects[place] for place in _shown(case, judgement)]
    best = [case.suspects[place] for place in judgement.order[:EXPLAINED]]
    marks = marks_of(case, best, appearances, judgement.ground) if appearances else []
    quoted, quoted_words = _quoted(case.texts)
    decided = {field: getattr(judgement, field) for field in Conclusion.__struct_fields__}
    return Comparison(
        **decided,
        text=(text := writing.released(case.text)),
        sure=sure,
        taken_for_granted=sure == 1 or msgspec.UNSET,
        ranking=ranked_authors(case, judgement),
        evidence=[
            Evidence(start, end, text[start:end], username, round(weight, 3))
            for start, end, username, weight in marks
        ],
        model=Model(
            MODEL_NAME,
            case.fitted.version,
            case.as_of_event,
            True if case.fitted.is_outgrown else msgspec.UNSET,
        ),
        words=case.words,
        texts=len(case.parts),
        short=_short(case, shown) if judgement.verdict == "short" else None,
        compared=len(case.suspects),
        without=list(case.gaps) or msgspec.UNSET,
        quoted=quoted_words or msgspec.UNSET,
        unjudged=quoted or msgspec.UNSET,
        read_of=[suspect.username for suspect in shown if case.is_read_of(suspect)]
        or msgspec.UNSET,
    )


def _quoted(texts: Sequence[str]) -> tuple[list[writing.Gap], int]:
    places, words, begin = list[writing.Gap](), 0, 0
    for text in texts:
        if writing.may_quote(text) and (own := writing.own_words(text)) != text:
            spans = [quote.span() for quote in writing.QUOTED.finditer(text)]
            places += [(begin + start, begin + end) for start, end in spans]
            words += writing.word_count(text) - writing.word_count(own)
        begin += len(text) + len(writing.BETWEEN)
    return places, words


def _shown(case: Case, judgement: Judgement) -> list[int]:
    return judgement.order if case.is_named else judgement.order[:SHOWN_OF_ALL]


def ranked_authors(case: Case, judgement: Judgement) -> list[RankedAuthor]:
    """Return the suspects, likeliest first; the first 20 if none is named."""
    shares = case.ranking.probabilities.tolist()
    ranked = [
        RankedAuthor(
            suspect.username,
            share,
            log10,
            suspect.worded_posts,
            suspect.pieces,
            int(suspect.profile.totals[CHARACTERS]),
            bound,
        )
        for suspect, share, log10, bound in zip(
            case.suspects, shares, judgement.log10, judgement.bounds, strict=True
        )
    ]
    return [ranked[place] for place in _shown(case, judgement)]


class SearchedPosts(NamedTuple):
    """Posts as they are and as they are searched."""

    posts: list[tuple[int, str]]
    """ID and text of each."""
    plain: list[PlainPost]

    @property
    def size_bytes(self) -> int:
        return sum(2 * getsizeof(text) for _, text in self.posts)


def searched_authors(comparison: Comparison) -> Sequence[RankedAuthor]:
    """Return the authors whose posts are searched: all compared, of more than 20 the likeliest."""
    is_of_all = comparison.compared <= SHOWN_OF_ALL
    return comparison.ranking if is_of_all else comparison.ranking[:EXPLAINED]


def without_hidden(read: SearchedPosts, hidden: Collection[int]) -> SearchedPosts:
    if not hidden:
        return read
    posts = [(post_id, text) for post_id, text in read.posts if post_id not in hidden]
    return SearchedPosts(posts, [post for post in read.plain if post[0] not in hidden])


def explained_by(
    comparison: Comparison,
    text: str,
    posts: dict[str, SearchedPosts],
    population: list[list[PlainPost]],
    whole: Collection[str],
) -> Comparison:
    """whole: authors of whom all posts were read."""
    # Each author is compared with the others, so the slow work is done once for each post.
    plain = {name: authored.plain for name, authored in posts.items()}
    texts = dict(chain.from_iterable(authored.posts for authored in posts.values()))
    explained = msgspec.structs.replace(
        comparison, evidence=_with_uses(comparison.evidence, text, texts, plain, population)
    )
    # What an author never wrote is no evidence for the author.
    used = [
        mark
        for mark in explained.evidence
        if mark.weight < 0 or mark.own or mark.username not in whole
    ]
    if used or comparison.verdict != "likely":
        explained = msgspec.structs.replace(explained, evidence=used)
    if comparison.verdict != "unfamiliar":
        return explained
    words = unwritten_words(text, PostTexts([*chain.from_iterable(plain.values())]))
    return msgspec.structs.replace(explained, unwritten=words)


def _with_uses(
    marks: Sequence[Evidence],
    text: str,
    texts: dict[int, str],
    plain: dict[str, list[PlainPost]],
    elsewhere: list[list[PlainPost]],
) -> list[Evidence]:
    searched: dict[str, tuple[PostTexts, PostTexts, int]] = {}
    for name in {mark.username for mark in marks}:
        compared = [*elsewhere, *(plain[rival] for rival in plain if rival != name)]
        others = PostTexts([*chain.from_iterable(compared)])
        searched[name] = PostTexts(plain[name]), others, sum(map(bool, compared))
    explained = []
    for mark in marks:
        own, others, authors = searched[mark.username]
        # Evidence against an author is the others' words.
        is_against = mark.weight < 0 and authors > 0
        marked = writing.bare(text[mark.start : mark.end])
        piece, uses = used_piece(marked, others if is_against else own)
        if is_against:
            uses = own.find(piece)
        unlike: dict[str, int] = {}  # The first of posts with the same text.
        for post_id in uses:
            unlike.setdefault(texts[post_id], post_id)
        count = len(others.find(piece))
        explained.append(
            msgspec.structs.replace(
                mark,
                piece=piece,
                own=own.times(len(uses)),
                own_usage=Usage(len(uses), len(own), 1),
                others=others.times(count) if authors else None,
                others_usage=Usage(count, len(others), authors) if authors else None,
                posts=[*unlike.values()][:3],
            )
        )
    return explained
