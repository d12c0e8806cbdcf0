"""Names and contact details in texts, which reveal the author.

Usernames and display names are found anywhere; words of display names, as whole words (“Joe” of
“Grandad Joe”). Korean given names are found without the family name, even with a particle or call
(지호야 of 김지호).
"""

import functools
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from saywho.korean import is_hangul
from saywho.last_sound import last_sound
from saywho.people.typical_words import FUNCTION_WORDS
from saywho.text import MARKS, UNSPACED, VISIBLE_LINK, Gap, normalized
from saywho.words import is_ending

HIDDEN: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Replacement of a name; masked texts contain it nowhere else."""
SHOWN_HIDDEN: Final = "[…]"
"""Replacement of a name in pictures, and in texts for programs."""
_BRACKETED: Final = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]?")
"""Note in brackets in a display name: 민준 (회사)."""
_ONE_SCRIPT: Final = re.compile(rf"[가-힣]+|[^\W\d_가-힣](?:[^\W\d_가-힣]|[{MARKS}])*")
_FAMILIES: Final = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길"
) | {"남궁", "황보", "제갈", "선우", "사공", "서문", "독고"}
_TITLE: Final = (
    "(?:누나|누님|언니|오빠|형님|형|엄마|아빠|어머니|아버지|이모|고모|삼촌|할머니|할아버지|선생님|쌤|샘"
    "|선배님?|후배|대표님?|팀장님?|부장님?|과장님?|차장님?|대리님?|사장님?|님|씨|군|양|네)"
)
_BEFORE_TITLE: Final = re.compile(f"(.{{2,}}?){_TITLE}")
_BEHIND: Final = re.compile(f"이?{_TITLE}?[들이]?")
"""Suffixes of a name other than the endings of all words."""
_COMMON: Final = FUNCTION_WORDS | frozenset(
    re.findall(
        r"\S+",
        """
        account admin big bot boss business club company crew day dear family free friend friends
        fun game girl good group happy hello home house job just king life like little live lord
        love mobile mrs music new news night office official old online page phone queen real
        school see sir son star sun support team test the time user way west work world year young
        가족 감사 건강 공지 관리 관리자 교수 나라 내일 담당 대리 대박 대표 대화 동네 마음 모임
        미안 부산 부장 사람 사랑 사장 생각 서울 선배 선생 선생님 세상 소리 수정 시간 아침 여행
        오늘 우리 이름 인생 일상 저녁 정도 정말 주말 주인 지금 직장 진짜 최고 친구 팀장 하나 하루
        학교 학생 한국 행복 회사 후배
        """,
    )
)
"""Words of display names that are usually not a person in texts."""
_ALSO_NOUNS: Final = frozenset({"하나", "수정", "사랑", "하루", "나라", "소리"})
"""Given names that are also nouns, and name a person only in other forms."""
_OF_PERSON: Final = r"(?:씨|언니|누나|오빠|쌤|샘|선생님|이모|고모|삼촌|선배)"
_BEHIND_PERSON: Final = re.compile(
    f"이(?:가|는|를|도|랑|하고|한테|에게|와)[는도]?|(?:한테|에게)서?[는도만]?|{_OF_PERSON}[가-힣]*"
)
"""Suffixes of a person's name that no noun has: 수정이가; 수정이 may be the noun 수정."""
_NEXT_TO_PERSON: Final = re.compile(
    rf"\s{_OF_PERSON}(?:[이가은는을를도의과와랑]|한테|에게)?(?![가-힣])"
)
_GOES_ON: Final = re.compile(r"[,~!]*\s+[^\W_]")
_ALSO_WORDS: Final = frozenset(
    re.findall(
        r"\S+",
        """
        amber angel april art august bill chance chase chuck daisy dawn dean dick don drew eve
        faith frank gene grace guy hope hunter iris ivy jack joy june lane lily mark max may miles
        nick olive page pat pearl ray reed rich rob rose ruby rusty sandy sky skip sue summer will
        """,
    )
)
"""First names that are also words: only with a capital they name a person."""


class HiddenText(NamedTuple):
    text: str
    gaps: tuple[Gap, ...] = ()
    """In order, without overlaps."""

    @property
    def masked(self) -> str:
        pieces, place = list[str](), 0
        for start, end in self.gaps:
            pieces += [self.text[place:start], HIDDEN]
            place = end
        return "".join([*pieces, self.text[place:]])

    @property
    def shown(self) -> str:
        """The text for pictures and programs."""
        return self.masked.replace(HIDDEN, SHOWN_HIDDEN)


class ManyNames:
    def __init__(self, people: Iterable[tuple[str, str | None]]) -> None:
        self._people = [*people]

    def __len__(self) -> int:
        return len(self._people)

    def find(self, text: str, *, without: Collection[str] = ()) -> list[Gap]:
        folded, places = _folded(text), list[Gap]()
        for username, display_name in self._people:
            if username in without:
                continue
            # A single pattern of thousands of names would be slow at every place of a text.
            if any(form in folded for form in _folded_forms(username, display_name)):
                display_names = [display_name] if display_name else []
                places += find_names(text, [username, *display_names])
                places += find_name_words(text, display_names)
        return places


def _folded(text: str) -> str:
    return text.casefold().replace("\u0307", "").replace("ı", "i")


@functools.lru_cache(maxsize=10_000)
def _folded_forms(username: str, display_name: str | None) -> tuple[str, ...]:
    """Return folded strings, one of which is in every folded text with this person's name."""
    names = [username, *([display_name] if display_name else [])]
    words = _name_words(display_name) if display_name else ()
    forms = [*(name.partition("@")[0] or name for name in names), *words]
    return tuple({_folded(form) for form in forms})


def find_names(text: str, names: Iterable[str]) -> list[Gap]:
    """Return the places of each name in any case, with an @ before it; also of `name@host`."""
    pattern = _pattern_of(tuple(names))
    return [match.span() for match in pattern.finditer(text)] if pattern else []


def find_name_words(text: str, display_names: Iterable[str]) -> list[Gap]:
    """Return the places of words of display names that name a person, as whole words."""
    latin, hangul = _word_patterns(tuple(display_names))
    places = [match.span() for match in latin.finditer(text)] if latin else []
    for match in hangul.finditer(text) if hangul else ():
        behind = match["behind"]
        if match["name"] in _ALSO_NOUNS and not _is_person(text, match):
            continue
        if behind in {"야", "아"}:  # A call.
            places.append(match.span())
        elif _BEHIND.fullmatch(behind) or is_ending(behind.removeprefix("이")) or is_ending(behind):
            places.append(match.span("name"))
    return places


def _is_person(text: str, match: re.Match[str]) -> bool:
    """Return whether a word that is also a noun names a person, given its form.

    “하나야” is “Hana!” at the beginning of a longer sentence, otherwise mostly “it is one”.
    """
    behind = match["behind"]
    if not behind:
        return _NEXT_TO_PERSON.match(text, match.end()) is not None
    if behind == "아":
        return last_sound(match["name"]) != "vowel"
    if behind == "야":
        before = text[max(match.start() - 10, 0) : match.start()].rstrip(" ")
        begins = not before or before[-1] in ".!?~…\nㅋㅎㅠㅜ"
        return begins and _GOES_ON.match(text, match.end()) is not None
    return _BEHIND_PERSON.fullmatch(behind) is not None


@functools.lru_cache(maxsize=500)
def _pattern_of(names: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = {form for name in names for form in (name, name.partition("@")[0]) if form}
    patterns = [
        rf"(?<!\w){re.escape(form)}(?!\w)"
        # Short names are parts of too many words.
        if (form.isascii() and len(form) < 4) or len(form) == 1
        # Korean particles follow a name without a space, so a name may end inside a word.
        else re.escape(form)
        for form in sorted(forms, key=len, reverse=True)
    ]
    return re.compile(f"@?(?:{'|'.join(patterns)})", re.IGNORECASE) if patterns else None


@functools.lru_cache(maxsize=500)
def _word_patterns(
    display_names: tuple[str, ...],
) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    words = {word for name in display_names for word in _name_words(name)}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    latin = [_latin(word) for word in longest_first if not is_hangul(word)]
    hangul = [word for word in longest_first if is_hangul(word)]
    letter = rf"(?:[^\W\d_가-힣]|[{MARKS}])"
    return (
        re.compile(rf"@?(?<!{letter})(?:{'|'.join(latin)})(?!{letter})") if latin else None,
        re.compile(rf"(?<![가-힣])(?P<name>{'|'.join(hangul)})(?P<behind>[가-힣]*)")
        if hangul
        else None,
    )


def _latin(word: str) -> str:
    return re.escape(word) if word.casefold() in _ALSO_WORDS else f"(?i:{re.escape(word)})"


def _name_words(display_name: str) -> Iterator[str]:
    most_words = 8  # A longer display name is a sentence.
    for word in _ONE_SCRIPT.findall(_BRACKETED.sub(" ", display_name))[:most_words]:
        if is_hangul(word):
            yield from (
                form for form in _korean_forms(word) if form not in _COMMON or form in _ALSO_NOUNS
            )
        elif len(word) >= 3 and _is_name(word):
            yield word


def _is_name(word: str) -> bool:
    folded = word.casefold()
    if folded in _ALSO_WORDS:
        return word != folded
    return not UNSPACED.search(word) and folded not in _COMMON


def _korean_forms(word: str) -> Iterator[str]:
    titled = _BEFORE_TITLE.fullmatch(word)
    for name in {word, titled[1]} if titled else {word}:
        if len(name) > 1:
            yield name
        # Nearly all given names have two syllables; a single syllable is in many words.
        if name[:-2] in _FAMILIES:
            yield name[-2:]


_LINK: Final = re.compile(VISIBLE_LINK)
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0f\ufeff]")
"""Invisible characters between digits: marks of direction, and parts of emoji."""
_MAIL: Final = re.compile(
    r"(?<![\w.+%@-])[\w.+%-]{1,64}(?:@| ?(?:[(\[]at[)\]]|골뱅이) ?)\w", re.IGNORECASE
)
"""Mail address, even with an incomplete host; `@name@host` of Mastodon is not one."""
_BETWEEN: Final = r"[ .\-\u2010-\u2015\u2212/()·]"
_DIGITS: Final = re.compile(rf"\+?\d(?:{_BETWEEN}{{0,3}}\d){{6,}}")
_LOCAL: Final = re.compile(
    rf"(?<!\d)(?!(?:19|20)\d\d{_BETWEEN}(?:19|20)\d\d)\d{{3,4}}{_BETWEEN}\d{{4}}(?!\d)"
)
"""Phone number without its area code, such as 1588-1234; two years are not one."""
_SPELLED: Final = re.compile("공일공|영일영")
_MEASURED: Final = r"(?:[시분초일월년주개명번살원장회차층도점대%](?!지|길|호)|k?m\b|cm\b|k?g\b)"
"""Units after a number that counts something: 버스로 10분."""
_POSTAL: Final = re.compile(
    "|".join(
        (
            # 테헤란로 152, 테헤란로4길 12, but not 앞으로 3.
            r"(?<![가-힣])[가-힣\d]{2,12}(?<!으)[로길] ?\d{1,4}(?:-\d{1,4})?"
            rf"(?!\d| ?{_MEASURED})",
            r"[가-힣\d][동리가] ?\d{1,4}(?:-\d{1,4}| ?번지)",  # 역삼동 123-45
            r"\d{1,4}동 ?\d{1,4}호|우편번호|〒|丁目|番地",
            r"\d{1,5}[a-z]? (?:(?!(?:the|an?|on|in|my|our|of|this|that|to|per)\b)"
            r"[a-z][\w'.-]{0,20} ){1,3}"
            r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|square|terrace)\b",
            r"\bp\.? ?o\.? ?box \d|\bpostfach \d",
            r"(?:straße|strasse|str\.|gasse|weg|platz|allee) ?\d{1,4}\b",
            r"\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|chemin|impasse|allée|quai) ",
        )
    ),
    re.IGNORECASE,
)


def tells_contact(text: str) -> bool:
    """Return whether the text contains a phone number, a mail address or a postal address."""
    plain = _UNSEEN.sub("", text if text.isascii() else normalized(normalized(text, "NFKD")))
    return (
        _MAIL.search(plain) is not None
        or _has_phone_number(_LINK.sub("\n", plain))
        or _POSTAL.search(plain) is not None
    )


def _has_phone_number(text: str) -> bool:
    return _SPELLED.search(text) is not None or any(
        run[0][0] in "+0"
        or sum(map(str.isdigit, run[0])) >= 9  # A phone number in any grouping.
        or _LOCAL.search(run[0]) is not None
        for run in _DIGITS.finditer(text)
    )
