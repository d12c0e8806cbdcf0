"""The habits of writing, and the signs of them in a text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from saywho.people.joined_texts import JoinedTexts
from saywho.people.politeness import last_word, levels_in
from saywho.text import MARKS, UNSPACED, without_addresses
from saywho.words import LAUGH_PARTS, emoji_in, laughs_in, plain_laugh

Ending = Literal[".", "…", "~", "ㅠㅠ", "음·함", "욤"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)


class Habit(NamedTuple):
    """How a person may differ from others in writing."""

    name: str
    """Name in the API, which several habits may share: the most distinct is shown."""
    signs: tuple[str, ...] = ("",)
    """Alternatives, of which only the most distinct is shown; an empty sign stands for any."""
    of: Literal["words", "messages", "sentences", "turns", "conversations"] = "messages"
    """A habit is a share: of the messages, of the sentences that are polite or plain, of a person's
    turns, or of the conversations since the person's first day, since nobody could begin an earlier
    one. For words, it is their mean number.
    """
    is_of_script: bool = False
    """Whether only people of one script are compared: Arabic has no capitals."""
    has_words: bool = False
    """Whether its signs are words that a search finds."""
    told_as: str = ""
    """Name of its sentences, if another habit has its name."""

    @property
    def key(self) -> str:
        return self.told_as or self.name

    @property
    def is_mean(self) -> bool:
        return self.of == "words"

    @property
    def has_signs(self) -> bool:
        return self.signs != ("",)


HABITS: Final = (
    Habit("length", of="words", is_of_script=True),
    Habit("questions"),
    Habit("exclamations"),
    Habit("laughing", has_words=True),
    Habit("emoji", has_words=True),
    Habit("endings", ENDINGS, is_of_script=True),
    Habit("politeness", ("polite",), of="sentences", is_of_script=True),
    Habit("beginnings", ("small",), is_of_script=True),
    Habit("beginnings", ("silence",), of="conversations", told_as="silence"),
    Habit("capitals", is_of_script=True),
    Habit("capital_words", is_of_script=True),
    Habit("lengthened", is_of_script=True),
    Habit("unspaced", is_of_script=True),
    Habit("turns", of="turns"),
)
if TYPE_CHECKING:
    MeasureName = str
else:
    MeasureName = Literal[tuple(dict.fromkeys(habit.name for habit in HABITS))]


Sign = tuple[str, str]
"""A sign of a message: a habit by its name, or crying, and its text; empty for any."""
BEGUN: Final[Sign] = ("beginnings", "silence")
TURNS: Final[Sign] = ("turns", "")
DECIDED: Final[Sign] = ("politeness", "")
"""Of each sentence that is polite or plain."""
POLITE: Final[Sign] = ("politeness", "polite")
WITHOUT_BLANKS: Final = frozenset({"CJK", "THAI", "LAO", "MYANMAR", "KHMER"})
"""Scripts that have no blanks between words, which are not counted."""


class Form(NamedTuple):
    """A habit, and one of its alternatives."""

    habit: Habit
    text: str

    @property
    def sign(self) -> Sign:
        return self.habit.name, self.text


FORMS: Final = {
    name: [Form(habit, text) for habit in HABITS if habit.name == name for text in habit.signs]
    for name in dict.fromkeys(habit.name for habit in HABITS)
}
"""The forms of each name, of which the most distinct is a measure."""


def form_of(name: str, text: str) -> Form:
    """Return the form that a measure with this text is of."""
    return next((form for form in FORMS[name] if form.text == text), FORMS[name][0])


ASKING: Final = "?？؟՞፧"
"""Question marks, also from right to left, Armenian and Ethiopic."""
EXCLAIMING: Final = "!！՜"
# Behind a Greek word, a semicolon asks, unless it is an eye: ;)
_ASKED: Final = re.compile(rf"[{ASKING}]|(?<=[Ͱ-Ͽἀ-῿]);(?!-?[)(DPp*])")
FEWEST_CAPITALS: Final = 4
"""Letters of a message in capitals; of fewer letters, such as in OK, many are so anyway."""
_NUMERAL: Final = re.compile("[IVX]+")
FEWEST_UNSPACED: Final = 8
"""Syllables of a Korean message without spaces that left them out: a longer word is rare."""
_SYLLABLE: Final = re.compile("[가-힣]")
_LENGTHENED: Final = re.compile(rf"([^\W\d_ㄱ-ㅎㅠㅜ]|[{MARKS}])\1\1")
"""A letter or vowel mark three times in a row, none of a laugh or a cry."""
_WITH_THREE: Final = re.compile(r"\w{2,}([bdfglmnprst])\1\1(?!\1)\w{2,}|[xvl]*(iii|xxx)[vi]*")
"""German joins words to Schifffahrt and Brennnessel; XVIII is a number."""
_LONG_IN_KOREAN: Final = frozenset("아야어여오요와워우유으이애에예ㅏㅑㅓㅕㅗㅛㅡㅣㅐㅔ")
"""Korean letters that lengthen a word: other ones are repeated words, laughs or cries."""
_NOUNS: Final = """
    게임 모임 책임 담임 선임 후임 주임 위임 취임 신임 해임 소임 타임 프레임 라임
    슬라임 보관함 사물함 우편함 명함 군함 결함 처음 다음 마음 소음 얼음 웃음 믿음 걸음
    볶음 죽음 졸음 물음 울음 묶음 녹음 방음 발음 복음 젊음 가슴 머슴 사슴 강남 성남
    하남 호남 영남 전남 경남 충남 베트남 미남 훈남 차남 장남 썸남 만남 공감 마감 영감
    유감 소감 실감 호감 예감 교감 독감 단감 물감 옷감 자신감 책임감 대감 곶감 쾌감
    땡감 새봄 올봄 늦봄 아줌 그림 크림 드림 살림 스트림 알림 튀김 아침 점심 기침 지침
    방침 나침 재침 도움 싸움 마침 이름 여름 구름 기름 주름 씨름 필름 심부름 보름 고름
    여드름 말씀 가끔 느낌 그럼
"""
"""Words that end like the noun form of a verb (-음, -함, -임, -됨, -ㅁ), as in 알겠음 and 끝남.

Source: Standard Korean Language Dictionary (표준국어대사전, National Institute of Korean Language):
the ending -음 follows a stem with a final consonant, or -었- and -겠-, and -ㅁ any other stem;
these words are entries.
"""
_NOUN_ENDINGS: Final = tuple(_NOUNS.split())
AFTER_WORDS: Final = " \t\n.,!?…~～∼^;:)(\"'“”‘’ㅋㅎㅠㅜ"
"""Signs after the last word of a Korean message."""


def signs_in(texts: Sequence[str], *, is_chat: bool = True) -> Iterator[tuple[Sign, int]]:
    """Yield each sign with the index of a text that has it.

    is_chat: whether sentences in -다 are plain; in posts they are neither plain nor polite.
    """
    joined = JoinedTexts.of(texts)
    for place in joined.having(f"{ASKING};"):
        if _ASKED.search(without_addresses(texts[place])):
            yield ("questions", ""), place
    for place in joined.having(EXCLAIMING):
        yield ("exclamations", ""), place
    small = JoinedTexts.of([*map(str.lower, texts)])
    letters = frozenset(small.text)
    # Most laughs are of scripts that nobody here writes; to look for each takes half of the time.
    for place in small.having(filter(letters.issuperset, LAUGH_PARTS)):
        for sign in _laughs_of_text(texts[place]):
            yield sign, place
    lengthened = {place for place in joined.with_runs() if _is_lengthened(texts[place])}
    for place in sorted(lengthened.union(joined.with_long_syllables())):
        yield ("lengthened", ""), place
    for place, text in enumerate(texts):
        for sign in _signs_of_one(text, is_chat=is_chat):
            yield sign, place


def _signs_of_one(text: str, *, is_chat: bool) -> list[Sign]:
    signs: list[Sign] = []
    if not text.isascii():
        if emoji := emoji_in(text):
            signs += [("emoji", ""), *(("emoji", one) for one in emoji)]
        if _is_unspaced(text):
            signs.append(("unspaced", ""))
    signs += [("endings", ending) for ending in _endings_of(text)]
    if not text.isascii():
        for level in filter(None, levels_in(text, is_chat=is_chat)):
            signs += [DECIDED, *([POLITE] if level == "polite" else ())]
    if is_loud(text):
        signs.append(("capitals", ""))
    elif _has_loud_word(text):
        signs.append(("capital_words", ""))
    # A link is no word.
    is_small = text.lstrip()[:1].islower()
    if is_small and ("://" not in text or "://" not in text.split(maxsplit=1)[0]):
        signs.append(("beginnings", "small"))
    return signs


def scripts_of(texts: Sequence[str]) -> Counter[str]:
    """Return the number of texts by the script of most letters outside of links, in a sample of
    100.
    """
    sample = map(without_addresses, texts[:: len(texts) // 100 + 1])
    return Counter(script for text in sample if (script := _main_script(text)) is not None)


def _main_script(text: str) -> str | None:
    if text.isascii():  # To count the letters takes longer than to find all signs.
        return "LATIN" if any(map(str.isalpha, text)) else None
    scripts = Counter(map(script_of_letter, filter(str.isalpha, text)))
    return max(scripts, key=scripts.__getitem__, default=None)


def script_of(scripts: Counter[str]) -> str:
    """Return the script of most of the texts that `scripts_of` counts; empty if they are mixed."""
    first, count = next(iter(scripts.most_common(1)), ("", 0))
    # Habits of lowercase letters are shares of all messages.
    fewest = 0.95 if first in {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN"} else 0.8
    return first if count >= fewest * scripts.total() else ""


@lru_cache(maxsize=5_000)
def script_of_letter(letter: str) -> str:
    """Return the script as Unicode calls it; CJK for all letters of Japanese."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if script in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} else script


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


def _has_loud_word(text: str) -> bool:
    """Return whether a word stands in capitals beside small letters: "PLEASE come". Next to Korean
    alone, such a word is a name.
    """
    if not any(map(str.isupper, text.split())):
        return False
    own = without_addresses(text)
    if own.isupper():
        return False
    loud = (word.strip(AFTER_WORDS) for word in own.split() if word.isupper())
    # UK and TV are so for everybody.
    return any(sum(map(str.isalpha, word)) >= 3 and not _NUMERAL.fullmatch(word) for word in loud)


def _is_lengthened(text: str) -> bool:
    """Return whether a word has a sign three times in a row: sooooo, 아아아; no laugh, link,
    number or word of one letter alone, such as III. The other letters of a Korean syllable are
    looked for in all messages at once.
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
    if _WITH_THREE.fullmatch(word.strip(AFTER_WORDS)):
        return False
    for found in _LENGTHENED.finditer(word):
        letter = found[1]
        if letter in _LONG_IN_KOREAN:
            return True
        if letter < "\u1100" and any(map(str.isalpha, word.replace(letter, ""))):
            # No blank divides a Japanese word from a laugh: すごいwww, wwwすごい.
            pieces = [piece for piece in UNSPACED.split(word) if letter in piece]
            return not any(plain_laugh(piece.strip(AFTER_WORDS)) for piece in pieces)
    return False


def _is_unspaced(text: str) -> bool:
    """Return whether a message of some length has no space; a link is none of its words."""
    word = text.strip()
    if len(word) < FEWEST_UNSPACED or " " in word or len(word.split()) > 1:
        return False
    return len(_SYLLABLE.findall(without_addresses(word))) >= FEWEST_UNSPACED


def _endings_of(text: str) -> Iterator[Ending]:
    """Yield the mark at the end of a text, and the ending of its last Korean word."""
    end = text.rstrip()
    last = end[-1:]
    if last == "." or last == "…":
        yield "…" if last == "…" or end.endswith("..") else "."
    elif last in "~～∼":
        yield "~"
    elif last in "ㅠㅜ":
        yield "ㅠㅠ"
    if text.isascii():
        return
    if end.rstrip(AFTER_WORDS)[-1:] == "욤":
        yield "욤"
    elif (word := last_word(end)[0]) and word[-1] in _NOUN_FORMS and _is_noun_form(word):
        yield "음·함"


_NOUN_FORMS: Final = "음슴함임됨남감옴봄줌짐림킴침김움둠름씀큼냄쏨쉼켬튐댐"
"""Last syllables of noun forms: of 하다, 이다, 되다, 나다, 가다, 오다, 보다, 주다, 지다, -리다,
-키다, -치다, -기다, -ㅂ다, 두다, -르다, 쓰다, 크다, 내다, 쏘다, 쉬다, 켜다, 튀다 and 대다.
"""
_NOUNS_ALONE: Final = frozenset("봄줌짐림킴침김움름")
"""Syllables that are nouns or names where they are a word of their own."""
_FIRST_SYLLABLE: Final = 0xAC00
_FINALS: Final = 28
"""Hangul syllables of one beginning and vowel, the first without a final consonant."""


def _is_noun_form(word: str) -> bool:
    """Return whether a word is the noun form of a verb, such as 했음, 공부함, 학생임."""
    if word.endswith(_NOUN_ENDINGS) or word in _NOUNS_ALONE:
        return False
    if word[-1] not in "음슴":
        return True
    before = ord(word[-2]) - _FIRST_SYLLABLE if len(word) > 1 else 0
    return 0 < before < 11_172 and before % _FINALS != 0
