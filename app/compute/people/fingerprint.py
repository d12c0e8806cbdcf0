"""How a person writes: eleven measures of messages, each tested against chance.

A measure must also differ without the person who adds most to the difference (jackknife): if one
person begins all conversations, everyone else begins fewer.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from math import asin, sqrt
from statistics import fmean
from typing import Annotated, Final, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from app.compute.people.joined_texts import JoinedTexts
from app.compute.people.times import (
    PersonTurns,
    Said,
    WrittenTexts,
    after_silence,
    conversations_of,
    counts_by_hour,
    places_of_each,
    turns_in,
    written_at,
)
from app.compute.significance import (
    CLEAR,
    CLEAR_OF_MANY,
    FEWEST_COMPARED,
    counts_in,
    errors_of_sums,
    lesser,
    share_errors,
    sums_in,
    surplus_errors,
    welch_errors,
)
from app.compute.text import without_addresses
from app.compute.words import emoji_in, laughs_in, plain_laugh

MeasureName = Literal[
    "length",
    "questions",
    "exclamations",
    "laughing",
    "emoji",
    "endings",
    "beginnings",
    "capitals",
    "lengthened",
    "unspaced",
    "turns",
]
MEASURED: Final[tuple[MeasureName, ...]] = get_args(MeasureName)
Sign = tuple[MeasureName | Literal["crying"], str]
"""Trait of messages and its text; empty text means any."""
Ending = Literal[".", "…", "~", "ㅠㅠ", "요", "음·함", "욤"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
Beginning = Literal["small", "silence"]
NEVER: Final = 2**31
"""A conversation after all others."""
BEGUN: Final[Sign] = ("beginnings", "silence")
"""Told as a share of the conversations since a person's first day, not of the messages: someone who
joined late could begin none before.
"""
TURNS: Final[Sign] = ("turns", "")
"""Told as a share of a person's turns, not of the messages."""
_ASKED: Final = re.compile("[?？]")
FEWEST_CAPITALS: Final = 4
"""Letters of a message in capitals; of fewer letters, such as in OK, many are so anyway."""
FEWEST_UNSPACED: Final = 8
"""Syllables of a Korean message without a space, from which spaces are left out: a longer word is
rare.
"""
_SYLLABLE: Final = re.compile("[가-힣]")
_LENGTHENED: Final = re.compile(r"([^\W\d_ㄱ-ㅎㅠㅜ])\1\1")
"""A letter three times in a row, none of a laugh or a cry."""
_LONG_IN_KOREAN: Final = frozenset("아야어여오요와워우유으이애에예ㅏㅑㅓㅕㅗㅛㅡㅣㅐㅔ")
"""Korean letters that lengthen a word: other ones are repeated words, laughs or cries."""
NOT_NOUN_ENDINGS: Final = (
    *(
        "게임",
        "모임",
        "책임",
        "담임",
        "선임",
        "후임",
        "주임",
        "위임",
        "취임",
        "신임",
        "해임",
        "소임",
    ),
    *("타임", "프레임", "라임", "슬라임", "보관함", "사물함", "우편함", "명함", "군함", "결함"),
    *("처음", "다음", "마음", "소음", "얼음", "웃음", "믿음", "걸음", "볶음", "죽음"),
    *("졸음", "물음", "울음", "묶음", "녹음", "방음", "발음", "복음", "젊음", "가슴"),
    *("머슴", "사슴", "강남", "성남", "하남", "호남", "영남", "전남", "경남", "충남", "베트남"),
    *(
        "미남",
        "훈남",
        "차남",
        "장남",
        "썸남",
        "만남",
        "공감",
        "마감",
        "영감",
        "유감",
        "소감",
        "실감",
    ),
    *(
        "호감",
        "예감",
        "교감",
        "독감",
        "단감",
        "물감",
        "옷감",
        "자신감",
        "책임감",
        "대감",
        "곶감",
        "쾌감",
    ),
    *("땡감", "새봄", "올봄", "늦봄", "아줌", "그림", "크림", "드림", "살림", "스트림", "알림"),
    *("튀김", "아침", "점심", "기침", "지침", "방침", "나침", "재침", "도움", "싸움", "마침"),
    *("이름", "여름", "구름", "기름", "주름", "씨름", "필름", "심부름", "보름", "고름", "여드름"),
    *("말씀", "가끔", "느낌", "그럼"),
)
"""Words that end like the noun form of a verb (-음, -함, -임, -됨, -ㅁ), as in 알겠음 and 끝남.

Source: Standard Korean Language Dictionary (표준국어대사전, National Institute of Korean Language):
the ending -음 follows a stem with a final consonant, or -었- and -겠-, and -ㅁ any other stem;
these words are entries.
"""
AFTER_WORDS: Final = " \t\n.,!?…~～∼^;:)(\"'“”‘’ㅋㅎㅠㅜ"
"""Signs after the last word of a Korean message."""


NO_TURNS: Final = PersonTurns()


class Tally(NamedTuple):
    conversations: NDArray[np.intp]  # (n,), of each message
    lengths: NDArray[np.int64]  # (n,), words in each message
    signs: dict[Sign, list[int]]  # conversations of the messages with each sign
    turns: NDArray[np.intp]  # (m,), conversations of the turns
    first_conversation: int

    @classmethod
    def of(
        cls,
        conversations: NDArray[np.intp],
        lengths: NDArray[np.int64],
        signs: dict[Sign, list[int]],
        turns: NDArray[np.intp],
    ) -> "Tally":
        begun = signs.get(BEGUN, ())[:1]
        first = min([*begun, int(conversations.min(initial=NEVER))])
        return cls(conversations, lengths, signs, turns, first)

    @property
    def messages(self) -> int:
        return self.lengths.size

    def with_sign(self, sign: Sign) -> int:
        return len(self.signs.get(sign, ()))

    @property
    def begun(self) -> list[int]:
        """Conversations that began with a message."""
        return self.signs.get(BEGUN, [])

    def without(self, conversation: int) -> "Tally":
        """Return the counts of all other conversations."""
        is_other = self.conversations != conversation
        signs = {sign: [c for c in of if c != conversation] for sign, of in self.signs.items()}
        turns = self.turns[self.turns != conversation]
        return self.of(self.conversations[is_other], self.lengths[is_other], signs, turns)

    @property
    def laughs(self) -> dict[str, list[int]]:
        """Conversations of the messages with each laugh or cry."""
        return {
            text: conversations
            for (name, text), conversations in self.signs.items()
            if text and name in ("laughing", "crying")
        }

    @property
    def words_per_message(self) -> float | None:
        return float(self.lengths.mean()) if self.messages else None


def tally_of(
    texts: Iterable[str],
    conversations: Iterable[int],
    begins: Sequence[bool] = (),
    turns: PersonTurns = NO_TURNS,
) -> Tally:
    """Return the counts of an author's messages; begins: whether each comes after a silence."""
    signs: dict[Sign, list[int]] = defaultdict(list)
    if turns.of_several:
        signs[TURNS] = [*turns.of_several]
    written: list[str] = []
    numbers: list[int] = []
    lengths: list[int] = []
    messages = zip(texts, conversations, begins or repeat(False), strict=False)
    for text, conversation, is_first in messages:
        if is_first:  # A picture begins a conversation, too.
            signs[BEGUN].append(conversation)
        if words := len(text.split()):
            written.append(text)
            numbers.append(conversation)
            lengths.append(words)
    for sign, place in _signs_in(written):
        signs[sign].append(numbers[place])
    counted = np.array(numbers, np.intp), np.array(lengths, np.int64)
    return Tally.of(*counted, signs, np.array(turns.conversations, np.intp))


def together(tallies: Iterable[Tally]) -> Tally:
    several = [*tallies]
    signs: dict[Sign, list[int]] = defaultdict(list)
    for tally in several:
        for sign, conversations in tally.signs.items():
            signs[sign].extend(conversations)
    return Tally(
        np.concatenate([np.array([], np.intp), *(tally.conversations for tally in several)]),
        np.concatenate([np.array([], np.int64), *(tally.lengths for tally in several)]),
        signs,
        np.concatenate([np.array([], np.intp), *(tally.turns for tally in several)]),
        min((tally.first_conversation for tally in several), default=NEVER),
    )


_LAUGH_PARTS: Final = ("ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㅜㅜ", "ㅠㅜ", "ㅜㅠ", "haha", "lol", "ool")
"""What a text in small letters has if `laughs_in` finds a laugh."""


def _signs_in(texts: Sequence[str]) -> Iterator[tuple[Sign, int]]:
    """Yield each sign with the index of a text that has it."""
    joined = JoinedTexts.of(texts)
    for place in joined.having("?？"):
        if _ASKED.search(without_addresses(texts[place])):
            yield ("questions", ""), place
    for place in joined.having("!！"):
        yield ("exclamations", ""), place
    for place in JoinedTexts.of([*map(str.lower, texts)]).having(_LAUGH_PARTS):
        for sign in _laughs_of_text(texts[place]):
            yield sign, place
    lengthened = {place for place in joined.with_runs() if _is_lengthened(texts[place])}
    for place in sorted(lengthened.union(joined.with_long_syllables())):
        yield ("lengthened", ""), place
    for place, text in enumerate(texts):
        for sign in _signs_of_one(text):
            yield sign, place


def _signs_of_one(text: str) -> list[Sign]:
    """Return the signs for which it is quick to look at a text by itself."""
    signs: list[Sign] = []
    if not text.isascii() and (emoji := emoji_in(text)):
        signs += [("emoji", ""), *(("emoji", one) for one in emoji)]
    if ending := _ending_of(text):
        signs.append(("endings", ending))
    if is_loud(text):
        signs.append(("capitals", ""))
    if _is_unspaced(text):
        signs.append(("unspaced", ""))
    # A link is no word.
    is_small = text.lstrip()[:1].islower()
    if is_small and ("://" not in text or "://" not in text.split(maxsplit=1)[0]):
        signs.append(("beginnings", "small"))
    return signs


def _laughs_of_text(text: str) -> Iterator[Sign]:
    laughs = laughs_in(text)
    if (tears := "ㅠㅠ") in laughs:
        laughs.remove(tears)
        yield "crying", tears
    if laughs:
        yield "laughing", ""
    for laugh in laughs:
        yield "laughing", laugh


def is_loud(text: str) -> bool:
    """Return whether capitals are most letters of a text without small ones: names of stations
    and companies make no Korean message loud.
    """
    if not text.isupper():
        return False
    capitals = sum(map(str.isupper, text))
    return capitals >= FEWEST_CAPITALS and 2 * capitals > sum(map(str.isalpha, text))


def _is_lengthened(text: str) -> bool:
    """Return whether a word has a sign three times in a row: sooooo, 아아아; no laugh, link or
    word of one letter alone, such as III. The other letters of a Korean syllable are looked for in
    all messages at once.
    """
    found = _LENGTHENED.search(text)
    if found is None:  # Most texts have none.
        return False
    if found[1] in _LONG_IN_KOREAN:
        return True
    small = text.lower()
    words = without_addresses(small) if "." in small else small
    return any(map(_is_lengthened_word, words.split()))


def _is_lengthened_word(word: str) -> bool:
    for found in _LENGTHENED.finditer(word):
        letter = found[1]
        if letter in _LONG_IN_KOREAN:
            return True
        if letter < "\u1100" and any(map(str.isalpha, word.replace(letter, ""))):
            return not plain_laugh(word.strip(AFTER_WORDS))
    return False


def _is_unspaced(text: str) -> bool:
    """Return whether a message of some length has no space; a link is none of its words."""
    word = text.strip()
    if len(word) < FEWEST_UNSPACED or " " in word or len(word.split()) > 1:
        return False
    return len(_SYLLABLE.findall(without_addresses(word))) >= FEWEST_UNSPACED


def _ending_of(text: str) -> Ending | None:
    end = text.rstrip()
    last = end[-1:]
    if last == "." or last == "…":
        return "…" if last == "…" or end.endswith("..") else "."
    if last in "~～∼":
        return "~"
    if last in "ㅠㅜ":
        return "ㅠㅠ"
    if last in AFTER_WORDS:
        end = end.rstrip(AFTER_WORDS)
        last = end[-1:]
    if last == "요":
        return "요"
    if last == "욤":
        return "욤"
    return "음·함" if last and last in _NOUN_FORMS and _is_noun_form(end) else None


_NOUN_FORMS: Final = "음슴함임됨남감옴봄줌짐림킴침김움둠름씀큼냄"
"""Last syllables of noun forms: of 하다, 이다, 되다, 나다, 가다, 오다, 보다, 주다, 지다, -리다,
-키다, -치다, -기다, -ㅂ다, 두다, -르다, 쓰다, 크다 and 내다.
"""
_NOUNS_ALONE: Final = frozenset("봄줌짐림킴침김움름")
"""Syllables that are nouns or names where they are a word of their own."""
_FIRST_SYLLABLE: Final = 0xAC00
_FINALS: Final = 28
"""Hangul syllables of one beginning and vowel, the first without a final consonant."""


def _is_noun_form(text: str) -> bool:
    """Return whether a text ends in the noun form of a verb, such as 했음, 공부함, 학생임."""
    word = text.split()[-1]
    if word.endswith(NOT_NOUN_ENDINGS) or word in _NOUNS_ALONE:
        return False
    if word[-1] not in "음슴":
        return True
    before = ord(word[-2]) - _FIRST_SYLLABLE if len(word) > 1 else 0
    return 0 < before < 11_172 and before % _FINALS != 0


class CountedSpeaker(NamedTuple):
    author: int
    written: WrittenTexts
    tally: Tally
    messages: int
    hours: Counter[int]
    """Number of messages by hour, numbered through days and years."""


def speakers_of(
    messages: Sequence[Said], zone: ZoneInfo, authors: Iterable[int], before: int | None = None
) -> list[CountedSpeaker]:
    """Return what each author wrote; before: see `after_silence`."""
    numbers = conversations_of(message.time for message in messages)
    begins = after_silence(messages, before)
    turns = turns_in(messages, numbers)
    speakers: list[CountedSpeaker] = []
    for author, of_author in places_of_each(messages, authors).items():
        worded = [place for place in of_author if messages[place].text]
        written = written_at(messages, numbers, worded)
        of_all = written_at(messages, numbers, of_author)
        begun = [begins[place] for place in of_author]
        tally = tally_of(*of_all, begun, turns.get(author, NO_TURNS))
        times = (time for place in of_author if (time := messages[place].time) is not None)
        hours = counts_by_hour(times, zone)
        speakers.append(CountedSpeaker(author, written, tally, len(of_author), hours))
    return speakers


def joined(speakers: Sequence[CountedSpeaker]) -> CountedSpeaker:
    """Return several authors, or none, as one with the first author's id."""
    if len(speakers) == 1:
        return speakers[0]
    written = WrittenTexts([], [])
    for speaker in speakers:
        written.extend(speaker.written)
    return CountedSpeaker(
        speakers[0].author if speakers else 0,
        written,
        together(speaker.tally for speaker in speakers),
        sum(speaker.messages for speaker in speakers),
        sum((speaker.hours for speaker in speakers), Counter[int]()),
    )


def laughs_of(tally: Tally) -> Counter[str]:
    return Counter({laugh: len(conversations) for laugh, conversations in tally.laughs.items()})


MOST_BESIDE: Final = 8
"""Largest number of others compared one by one, those with the most messages."""
_CANDIDATES: Final[dict[MeasureName, Sequence[str]]] = {
    "endings": ENDINGS,
    "beginnings": get_args(Beginning),
}
"""Alternatives of a measure, of which only the most distinct is shown."""


class _Sides(NamedTuple):
    """A person's messages and all others'; counts are by conversation, (n,)."""

    own: Tally
    others: Sequence[Tally]
    beside: Tally
    counts: NDArray[np.float64]
    counts_beside: NDArray[np.float64]
    begun: Sequence[int]
    """All conversations that began with a message, in order."""

    @classmethod
    def of(cls, own: Tally, others: Sequence[Tally]) -> "_Sides":
        beside = together(others)
        sides = own.conversations, beside.conversations
        many = max(int(side.max(initial=-1)) for side in sides) + 1
        counts, counts_beside = (counts_in(side, many) for side in sides)
        begun = sorted([*own.begun, *beside.begun])
        return cls(own, others, beside, counts, counts_beside, begun)

    def without(self, person: Tally, sign: Sign) -> "_Sides":
        """Return both sides without one other person, with the counts of this sign only."""
        counted = [
            Tally(
                one.conversations,
                one.lengths,
                {sign: one.signs.get(sign, [])},
                one.turns,
                one.first_conversation,
            )
            for one in self.others
            if one is not person
        ]
        return self.of(self.own, counted)

    def value(self, tally: Tally, sign: Sign) -> float:
        if sign[0] == "length":
            return tally.words_per_message or 0.0
        if sign == BEGUN:
            before = bisect_left(self.begun, tally.first_conversation)
            return tally.with_sign(sign) / max(len(self.begun) - before, 1)
        if sign == TURNS:
            return tally.with_sign(sign) / max(tally.turns.size, 1)
        return tally.with_sign(sign) / max(tally.messages, 1)

    def beside_value(self, sign: Sign) -> float:
        if sign == BEGUN and self.others:
            return fmean(self.value(one, sign) for one in self.others)
        return self.value(self.beside, sign)

    def begun_since_own(self) -> list[tuple[int, bool]]:
        """Return the conversations that anyone began since the subject's first day, and whether it
        was the subject.
        """
        begun = [(day, side is self.own) for side in (self.own, self.beside) for day in side.begun]
        first = self.own.first_conversation
        return [(day, is_own) for day, is_own in begun if day >= first]

    def has_begun_before(self, tally: Tally) -> bool:
        return min(self.beside.begun, default=NEVER) < tally.first_conversation

    @property
    def are_compared(self) -> bool:
        return min(self.own.messages, self.beside.messages) >= FEWEST_COMPARED


class Measure(msgspec.Struct, frozen=True):
    """How somebody's messages differ from those of others in one thing."""

    name: MeasureName
    sign: Annotated[
        str,
        Meta(
            description=(
                "Which laugh, emoji, ending or beginning (`small` letters, after a"
                " `silence`); empty if none."
            )
        ),
    ]
    own: Annotated[
        float,
        Meta(
            description=(
                "For `length`, words per message; for `silence`, a share of the conversations"
                " begun since the person's first day; for `turns`, the share with several"
                " messages in a row; otherwise a share of the messages."
            )
        ),
    ]
    beside: Annotated[
        float, Meta(description="The value of everyone else combined; for `silence`, their mean.")
    ]
    each: Annotated[list[float], Meta(description="The value of each person in `others`.")]
    errors: Annotated[
        float,
        Meta(
            description=(
                "How many standard errors `own` is above `beside`. It is measured by messages"
                " and by days, with and without the other person who differs most; the"
                " smallest is given. 0 if there is too little data."
            )
        ),
    ]
    distance: Annotated[
        float,
        Meta(
            description=(
                "Effect size: how far `own` is from `beside`, whatever the number of messages"
                " (Cohen's d or h)."
            )
        ),
    ]
    behind: Annotated[
        int,
        Meta(
            description=(
                "Number of all others, also of those outside of `others`, who go less far in the"
                " direction of `errors`."
            )
        ),
    ] = 0
    not_behind: Annotated[
        int, Meta(description="Number of all others with words who go as far, or farther.")
    ] = 0
    joined_late: Annotated[
        bool,
        Meta(
            description="For `silence`, whether conversations began before the person's first day."
        ),
    ] = False

    @property
    def is_clear(self) -> bool:
        """Whether the difference exceeds chance, and hardly anyone else goes as far."""
        if max(self.own, self.beside) < 0.05:
            return False  # No reader notices such a habit.
        if self.behind < self.not_behind:
            return False
        return abs(self.errors) >= CLEAR_OF_MANY and _is_far(self.own, self.each, self.errors)

    @property
    def is_beyond_most(self) -> bool:
        """Whether the difference exceeds chance, and most others go less far; a group may share
        the habit.
        """
        is_noticed = max(self.own, self.beside) >= 0.05
        return is_noticed and self.behind > self.not_behind and abs(self.errors) >= CLEAR_OF_MANY

    @property
    def is_never(self) -> bool:
        return not self.own and self.name != "length"

    @property
    def is_same_for_all(self) -> bool:
        return {self.own, self.beside, *self.each} == {self.own}


def positive_first(measures: Iterable[Measure]) -> list[Measure]:
    """Return the measures, with "less than others" last, and `is_never` only if alone."""
    in_order = sorted(measures, key=lambda one: (one.is_never, _is_less(one.name, one.distance)))
    return [one for one in in_order if not one.is_never] or in_order


def _is_less(name: MeasureName, distance: float) -> bool:
    return distance < 0 and name != "length"


def fingerprint(own: Tally, others: Sequence[Tally], rest: Sequence[Tally] = ()) -> list[Measure]:
    """Return the measures that differ, the most distinct first; others: compared one by one."""
    sides = _Sides.of(own, [*others, *rest])
    measures = [_measure(name, sides, others) for name in MEASURED]
    different = [measure for measure in measures if not measure.is_same_for_all]
    return sorted(
        different, key=lambda measure: (measure.is_clear, abs(measure.distance)), reverse=True
    )


def changes(own: Tally, before: Tally) -> list[Measure]:
    """Return the measures that differ from those of an earlier time, the most distinct first.

    A change is clear only if it still is without the conversation, such as a week, that adds most
    to it: a single feast is no habit.
    """
    sides = _Sides.of(own, [before])
    measures = [_lasting(measure, sides) for measure in fingerprint(own, [], [before])]
    return sorted(measures, key=lambda one: (one.is_clear, abs(one.distance)), reverse=True)


def _lasting(measure: Measure, sides: _Sides) -> Measure:
    if not measure.is_clear:
        return measure
    sign = measure.name, measure.sign if measure.name in _CANDIDATES else ""
    conversation = _farthest_conversation(sign, sides, 1 if measure.errors > 0 else -1)
    fewer = _Sides.of(sides.own.without(conversation), [sides.beside.without(conversation)])
    rest = lesser(measure.errors, _errors(sign, fewer))
    return measure if abs(rest) >= CLEAR else msgspec.structs.replace(measure, errors=rest)


def _farthest_conversation(sign: Sign, sides: _Sides, side: int) -> int:
    many, parts = sides.counts.size, np.zeros(sides.counts.size)
    mean = sides.value(together([sides.own, sides.beside]), sign)
    for tally, counts, lead in (
        (sides.own, sides.counts, side),
        (sides.beside, sides.counts_beside, -side),
    ):
        parts += lead * (_sums(sign, tally, many) - mean * counts) / max(tally.messages, 1)
    return int(parts.argmax())


def clear_measures(
    own: Tally, others: Sequence[Tally], rest: Sequence[Tally] = (), *, may_be_shared: bool = False
) -> Iterator[Measure]:
    """Yield the clear ones of `positive_first(fingerprint(…))`, each in a millisecond.

    may_be_shared: yield also what a group of people does, see `is_beyond_most`.
    """
    if own.messages < FEWEST_COMPARED:
        return
    sides = _Sides.of(own, [*others, *rest])
    if not sides.are_compared:
        return
    signs = [(name, sign) for name in MEASURED for sign in _CANDIDATES.get(name, ("",))]
    distances = {sign: _distance(sign, sides) for sign in signs}

    def order(sign: tuple[MeasureName, str]) -> tuple[bool, bool, float]:
        is_less = _is_less(sign[0], distances[sign])
        return is_less and not own.with_sign(sign), is_less, -abs(distances[sign])

    for sign in sorted(signs, key=order):
        by_message = _by_messages(sign, sides)
        value = partial(sides.value, sign=sign)
        if abs(by_message) < CLEAR_OF_MANY:
            continue  # To compare days takes longest.
        if not (may_be_shared or _is_far(value(own), [*map(value, others)], by_message)):
            continue
        measure = _measure_of(sign, sides, others)
        if measure.is_clear or (may_be_shared and measure.is_beyond_most):
            yield measure


def _is_far(own: float, each: Sequence[float], errors: float) -> bool:
    # One of four others may be as far in the direction of the errors.
    side = 1 if errors > 0 else -1
    return sum((value - own) * side >= 0 for value in each) <= len(each) // 4


def _measure(name: MeasureName, sides: _Sides, others: Sequence[Tally]) -> Measure:
    measures = (_measure_of((name, sign), sides, others) for sign in _CANDIDATES.get(name, ("",)))
    *_, first = sorted(measures, key=lambda one: (one.is_clear, one.errors > 0, abs(one.distance)))
    return first


def _measure_of(sign: tuple[MeasureName, str], sides: _Sides, others: Sequence[Tally]) -> Measure:
    name, text = sign
    own, *values = [sides.value(one, sign) for one in (sides.own, *sides.others)]
    errors = _errors(sign, sides)
    if abs(errors) >= CLEAR_OF_MANY and len(sides.others) > 1:
        lead = 1 if errors > 0 else -1
        # The one who adds most to the difference.
        leads = [
            lead * (own - value) * one.messages
            for one, value in zip(sides.others, values, strict=True)
        ]
        fewer = sides.without(sides.others[leads.index(max(leads))], sign)
        if fewer.are_compared:
            errors = lesser(errors, _errors(sign, fewer))
    side = 1 if errors > 0 else -1
    of_others = zip(sides.others, values, strict=True)
    are_behind = [(own - value) * side > 0 for one, value in of_others if one.messages]
    return Measure(
        name,
        text or _favourite(name, sides.own),
        own,
        sides.beside_value(sign),
        values[: len(others)],
        errors,
        _distance(sign, sides),
        behind=sum(are_behind),
        not_behind=len(are_behind) - sum(are_behind),
        joined_late=sign == BEGUN and sides.has_begun_before(sides.own),
    )


def _favourite(name: MeasureName, own: Tally) -> str:
    counts = {sign: own.with_sign((of, sign)) for of, sign in own.signs if of == name and sign}
    return min(counts, key=lambda sign: (-counts[sign], sign), default="")


def _distance(sign: Sign, sides: _Sides) -> float:
    """Return Cohen's d of lengths, or Cohen's h of shares."""
    if sign[0] != "length":
        return _height(sides.value(sides.own, sign)) - _height(sides.beside_value(sign))
    if not sides.are_compared:
        return 0.0
    own, beside = sides.own.lengths, sides.beside.lengths
    deviation = sqrt((float(own.var(ddof=1)) + float(beside.var(ddof=1))) / 2)
    return float(own.mean() - beside.mean()) / deviation if deviation else 0.0


def _errors(sign: Sign, sides: _Sides) -> float:
    """Return the lead of a value in standard errors of messages or days, the smaller."""
    if not (sides.are_compared and (by_message := _by_messages(sign, sides))):
        return 0.0
    if sign == BEGUN:  # Each is a conversation of its own.
        return by_message
    counts, counts_beside, many = sides.counts, sides.counts_beside, sides.counts.size
    if sign == TURNS:
        turns = sides.own.turns, sides.beside.turns
        many = max(many, *(int(of_side.max(initial=-1)) + 1 for of_side in turns))
        counts, counts_beside = (counts_in(of_side, many) for of_side in turns)
    clustered = errors_of_sums(
        _sums(sign, sides.own, many), counts, _sums(sign, sides.beside, many), counts_beside
    )
    return min(by_message, clustered, key=abs)


def _sums(sign: Sign, tally: Tally, many: int) -> NDArray[np.float64]:
    if sign[0] == "length":
        return sums_in(tally.conversations, tally.lengths, many)
    return counts_in(tally.signs.get(sign, ()), many)


def _by_messages(sign: Sign, sides: _Sides) -> float:
    own, beside = sides.own, sides.beside
    if sign[0] == "length":
        return welch_errors(own.lengths, beside.lengths)
    if sign == BEGUN:
        begun = sides.begun_since_own()
        if len(begun) < FEWEST_COMPARED:
            return 0.0
        came = sorted(one.first_conversation for one in sides.others)
        chances = [1 / (1 + bisect_right(came, day)) for day, _ in begun]
        return surplus_errors([is_own for _, is_own in begun], range(len(begun)), chances)
    if sign == TURNS:
        return _by_turns(own, beside)
    return share_errors(own.with_sign(sign), own.messages, beside.with_sign(sign), beside.messages)


def _by_turns(own: Tally, beside: Tally) -> float:
    """Return the lead of the share of turns with several messages, over the others' or over that
    in a random order of all messages, the smaller: who writes much has more of them by chance.
    """
    if min(own.turns.size, beside.turns.size) < FEWEST_COMPARED:
        return 0.0
    several, several_beside = own.with_sign(TURNS), beside.with_sign(TURNS)
    lead = share_errors(several, own.turns.size, several_beside, beside.turns.size)
    days = own.signs.get(TURNS, [])
    of_one = Counter(own.turns.tolist())
    of_one.subtract(days)
    surplus = surplus_errors(
        [True] * len(days) + [False] * of_one.total(),
        [*days, *of_one.elements()],
        own.messages / (own.messages + beside.messages),
    )
    return lesser(lead, surplus)


def _height(share: float) -> float:
    return 2 * asin(sqrt(share))
