"""A question as it is judged: its texts, cleaned and each once, and what of them is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from saywho import text as writing
from saywho.comparing.copied_texts import MOST_TEXTS, TakenApart, take_apart
from saywho.engine.case import Suspect
from saywho.engine.judgement import SURE
from saywho.errors import InvalidInputError

MOST_GAPS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Did one of these authors write texts by one hand, or someone else?"""

    texts: Sequence[str]
    usernames: Sequence[str] = ()
    """Possible authors; none for all with posts."""
    of_own: bool = False
    """Whether to leave samples out if no author is named."""
    sure: float = SURE
    """Prior probability that one of the authors wrote the texts, 0 to 1; 1: nobody else did."""
    explain: bool = True
    reasons: bool = False
    """Whether evidence has frequencies and places."""
    without: Sequence[writing.Gap] = ()
    """Uncounted pieces of the joined texts."""
    hidden_post: int | None = None
    """A post that the model must not know."""
    heads: bool = True
    """Whether to take off the heads of messages that were copied from a chat."""
    person: str = ""
    """Name in the heads whose messages alone are judged; all without a name."""

    def __post_init__(self) -> None:
        """Raise InvalidInputError if it is granted that the only named author wrote them."""
        check_belief(self.sure, self.usernames)

    @property
    def is_long(self) -> bool:
        """Whether other comparisons should not wait for it."""
        return sum(map(len, self.texts)) > 50_000  # It takes 0.5 to some 5 s.


def check_belief(sure: float, usernames: Sequence[str]) -> None:
    if sure == 1 and len(usernames) == 1:
        raise InvalidInputError("If it was one of them, name two or more", loc="usernames")


def comparable_texts(texts: Sequence[str], most: int = MOST_TEXTS) -> tuple[str, ...]:
    """Return one hand's texts as judged, each once. Raises InvalidInputError."""
    loc = "text" if len(texts) == 1 else "texts"
    if not texts or len(texts) > most:
        raise InvalidInputError("Give 1 to {count} texts", loc=loc, count=most)
    try:
        cleaned = tuple(dict.fromkeys(map(writing.clean_text, texts)))
    except ValueError as error:
        raise InvalidInputError(str(error), loc=loc) from None
    if not any(map(writing.letter_count, cleaned)):
        raise InvalidInputError("The text contains no letters, so it cannot be compared", loc=loc)
    return cleaned


def messages_of(question: Question, most: int = MOST_TEXTS) -> TakenApart | None:
    """Return the messages of copied texts; None if they are judged as they are.

    A stored post is judged with its heads, since its author's posts were counted with theirs.
    """
    is_plain = not question.heads or question.hidden_post is not None
    if (is_plain and not question.person) or len(question.texts) > most:
        return None
    texts = [] if is_plain else list(map(writing.composed, question.texts))
    if any(writing.drop_controls(text) != text for text in texts):
        return None  # Such a text is refused.
    gaps = judged_gaps(question.texts, question.without) if question.without else ()
    return take_apart(texts, gaps, person=question.person)


def cleaned(question: Question, most: int = MOST_TEXTS) -> Question:
    """Return the question with its texts as they are judged, each once, and their gaps.

    Raises InvalidInputError.
    """
    texts, without = question.texts, question.without
    gaps = judged_gaps(texts, without) if without else ()
    return replace(question, texts=comparable_texts(texts, most), without=gaps)


def judged_gaps(texts: Sequence[str], without: Sequence[writing.Gap]) -> tuple[writing.Gap, ...]:
    """Return left-out pieces as gaps of the joined texts, without pieces of repeated texts.

    without: places as sent, perhaps neither NFC nor apart. Raises InvalidInputError.
    """
    size = len(writing.BETWEEN.join(texts))
    if len(without) > MOST_GAPS:
        raise InvalidInputError(
            "At most {count} parts of the text can be left out", loc="without", count=MOST_GAPS
        )
    for start, end in without:
        if not 0 <= start < end <= size:
            raise InvalidInputError(
                "{start}-{end} is not inside the text", loc="without", start=start, end=end
            )
    gaps, earlier, place = list[writing.Gap](), set[str](), 0
    for text, struck in zip(
        texts, writing.gaps_of_each(texts, writing.joined_gaps(without)), strict=True
    ):
        cleaned = writing.composed(text)
        for start, end in struck if cleaned not in earlier else ():
            if cleaned != text:
                start, end = len(writing.composed(text[:start])), len(writing.composed(text[:end]))
            gaps += [(place + start, place + end)] if start < end else []
        place += 0 if cleaned in earlier else len(cleaned) + len(writing.BETWEEN)
        earlier.add(cleaned)
    return writing.joined_gaps(gaps)


def check_words(suspects: Sequence[Suspect]) -> None:
    """Raise InvalidInputError if none of these authors has own words."""
    if not any(suspect.profile.counts.keys.size for suspect in suspects):
        raise InvalidInputError(
            "These authors' posts contain only other people's words, so nothing can be compared",
            loc="usernames",
        )
