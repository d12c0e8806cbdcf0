"""Whether Korean sentences are polite (존댓말) or plain (반말), by how they end.

A sentence is judged by its end alone: 반말 about a teacher has 께서 in it and stays 반말, and -시-
decides nothing. What has no ending of either, such as a noun, 했음 or 하고, says nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.korean import VERB, final_of, stems_of
from saywho.significance import clear_of_people, counts_in, errors_of_sums
from saywho.text import own_words, without_addresses, word_set

Level = Literal["polite", "plain"]

_SENTENCE_END: Final = re.compile(r"\n|(?<=[가-힣ㄱ-ㅣ])\s?(?:[.?!…~～∼]|\^\^)+")
_LAUGHTER: Final = re.compile(r"k{2,}|lo+l|lmao|x+d|(?:h[aei]){2,}h?", re.I)
"""In Latin letters."""
_LONGEST_END: Final = 12
"""Syllables of a word, from its end, that are looked at."""
_QUOTED: Final = re.compile(
    r"“[^”\n]{0,300}”|\"[^\"\n]{0,300}\"|‘[^’\n]{0,300}’|「[^」\n]{0,300}」"
)
_HANGUL: Final = re.compile("[가-힣]")
_NIEUN, _RIEUL, _BIEUP, _BIEUP_SIOS, _SIOS, _SIOS_SIOS = 4, 8, 17, 18, 19, 20
"""Final consonants, by `final_of`."""
_MELTED_LAUGH: Final = {24, 27}
_MELTED: Final = {16, *_MELTED_LAUGH}
"""ㅁ, ㅋ and ㅎ that have melted into the last syllable: 그래욤, 알겠어욬."""
_PLAIN_BEHIND: Final = (
    ("게께래까걸껄", {_RIEUL}),
    ("대데", {_NIEUN}),
    ("네노", {_BIEUP}),
    ("어아", {_SIOS_SIOS, _BIEUP_SIOS}),
    # ㄶ, ㄺ, ㄾ, ㅀ, ㅄ, ㅆ, ㅈ, ㅌ and ㅎ, which nearly only verbs have.
    ("지네니냐나노대군", {6, 9, 14, 15, 18, 20, 22, 25, 27}),
)
"""Last syllables, and the final consonants behind which they are plain ends."""

_SAYS_NOTHING: Final = re.compile(
    r"(?:감사|죄송|축하|송구)(?:합니다|합니당|해요|해용|드립니다|드려요)|안녕하(?:세요|십니까)"
    r"|수고하(?:셨습니다|셨어요|세요|십시오)|잘?먹겠습니다|잘?먹었습니다"
)
"""What friends say to each other, too."""
_ALONE: Final[dict[Level, re.Pattern[str]]] = {
    "polite": re.compile(r"(?:네|넵|넹|옙|예|넴)+|아뇨|아니요|아니오"),
    "plain": re.compile(r"(?:응|엉|웅)+|어|아니|아냐"),
}
_NOUNS_IN_YO: Final = (
    *("필요", "중요", "수요", "개요", "주요", "소요", "동요", "강요", "민요", "담요", "긴요"),
    *("대중가요", "인기가요", "한국가요", "요요"),
)
_MELTED_EUNG: Final = "엉앙행랭징넹뎅당줭낭댕셩"
"""Last syllables of plain ends into which ㅇ has melted: 그랭; most nouns in ㅇ are none."""
_BEFORE_MUST: Final = "해가봐돼줘와써켜져려셔나사자타파커퍼서어아여야"
"""What stands before the -야 of a duty, which says nothing: 해야."""
_INFINITIVES: Final = "어아해돼되봐줘져려켜쳐셔세네데래에예든까게께나와워"
"""What stands before -욤, -용, -염, -여 and -유 that mean -요: 했어염; not 내용, 참여."""
_BEFORE_YO: Final = ("다구", "라구", "자구", "냐구", "다고", "라고", "는가", "인가", "건가", "은가")
_NEVER_PLAIN: Final = word_set(
    """
    둘다 셋다 근대 예를들어 부엌 원가 단가 본가 전가 친가 한가 인가 뭔가 누군가 무언가
    언젠가 어딘가 동네 그네 우리네 언니 어머니 할머니 주머니 엄니 비구니 여자 남자 혼자 과자 피자
    모자 의자 환자 부자 글자 숫자 문자 사자 타자 주자 독자 기자 저자 제자 작자 후자
    전자 감자 이자 투자 학자 각자 편지 휴지 아버지 강아지 돼지 바지 잡지 가지 반지
    먼지 단지 정지 방지 금지 까지 오지 공지 유지 성지 페이지 메시지 패키지 이미지
    소시지 올해 이해 오해 피해 방해 공해 동해 서해 남해 북해 새해 손해 침해 지난해
    다음해 고려 염려 우려 배려 격려 독려 고구려 샤워 파워 타워 플라워 슈퍼 점퍼 미래
    노래 아래 모래 고래 빨래 본래 원래 장래 유래 거래 분야 시야 평야 심야 근데
    그런데 가운데 바다 마다 보다 판다 다 하나 누구나 언제나 어디나 그러니까
    아니면
    """
)
_PLAIN: Final = re.compile(
    "|".join(
        (
            r".*(?:잖아|거든|거등|더라|더라[고구]|[구쿠]나|구만|는데|은데|던데|을게|을께|을래|을까|는가|나봐|텐데|을걸|냐고|야지|려나|[이하많않있]자나)",
            r".+(?:아니야|이야|거야|뭐야|누구야|어디야|왜야|라고)|[뭐머모]야|아니야|거야",
            r".*싶[지네니냐]|.*[는렇]군",
            r".*(?:하|되|이|알|모르|아니|거|뭐|그러|먹|오|그렇|어떻|괜찮|그렇겠|누구|어디|머|모|주|르|프|어쩌|왜)지|그치|그지|글치",
            r".*(?:하|되|가|오|보|사|나|아니|크|쁘|프|지|리|시|르|치|쓰|주|이|기|끼|키|오래)네|그러네|그렇네",
            r".*(?:하|가|보|놀|자|오|두|치|마시|만나|먹|찾|걷|읽|쉬|시키|나가|들어가|말)자",
            r".*(?:하|뭐|어디|누구|인|거|되|가|오|먹|알|모르)(?:니|냐)|.+[냐뇨]",
            r".*(?:어|아|해|가|봐|줘|와|돼|져|려|켜|켜|둬|마|지마)라|.+지마|.*(?:해|어|아|봐|줘)봐",
            r".*되나|.+시나|.+[하되가오나리르기끼주뭐프쁘드먹묵]노|.*(?:으로|일로|이리)와",
            r".*(?:이|아니|하|싶|웃기|프|쁘|크|르|시|지|리|치)다",
            r".*(?:그래|이래|저래|어때|어째|몰라|같아|싶어|좋아|싫어|맞아|알아|괜찮아|고마워|미안해|아파)",
            r".*(?:들어와|나와|내려와|올라와|다녀와|갔다와|가져와|돌아와|들어가|나가|올라가|가져가|돌아가|빨리와|다녀)",
            r"(?:.*[하되가오보주])?(?:봐|줘|돼|놔|둬|가|와|자|해|마)",
        )
    )
)
_CONTRACTED: Final = "봐줘돼놔둬려켜셔워퍼뻐해져쳐"
"""Last syllables of verbs in -아 and -어 that have melted with it."""


def level_of(sentence: str, *, is_chat: bool = True) -> Level | None:
    """Return how polite a sentence without its quotations is; None if its end says nothing.

    is_chat: whether -다 is plain; it is the neutral end of written sentences.
    """
    word, is_alone = last_word(sentence)
    if not word or (word[-1] == "다" and not is_chat and not _is_polite(word)):
        return None
    return _level_of_word(word, is_alone=is_alone)


def last_word(sentence: str) -> tuple[str, bool]:
    """Return the syllables at the end of a sentence, and whether they are all of it.

    Behind them marks, emoji, digits, single letters (ㅋㅋ, ㅠㅠ, ㅇㅇ) and laughter come off.
    """
    end = len(sentence)
    while end and not "가" <= sentence[end - 1] <= "힣":
        begin = end
        if sentence[end - 1] == ")":  # An emoticon's name, as KakaoTalk writes it: (하하).
            begin = sentence.rfind("(", max(end - _LONGEST_END, 0), end)
            end = begin if begin >= 0 else end - 1
            continue
        while begin and sentence[begin - 1].isascii() and sentence[begin - 1].isalpha():
            begin -= 1
        if begin < end and not _LAUGHTER.fullmatch(sentence, begin, end):
            return "", False
        end = begin if begin < end else end - 1
    begin = end
    while begin and "가" <= sentence[begin - 1] <= "힣":
        begin -= 1
    is_alone = not sentence[:begin].strip()
    if end - begin == 1 and begin and sentence[begin - 1].isalnum() and sentence[begin - 1] < "ㄱ":
        return "", False  # A particle: 15가.
    return sentence[max(begin, end - _LONGEST_END) : end], is_alone


def levels_in(text: str, *, is_chat: bool = True) -> Iterator[Level | None]:
    """Yield how polite each Korean sentence of a text is; None for those whose end says nothing.

    Quotations, links, names and tags are no words of their author's. is_chat: whether -다 is plain.
    """
    own = _QUOTED.sub("\n", without_addresses(own_words(text)))
    for sentence in _SENTENCE_END.split(own):
        if _HANGUL.search(sentence):
            yield level_of(sentence, is_chat=is_chat)


class SpeechChange(msgspec.Struct, frozen=True):
    """When a person began to speak politely (존댓말), or to speak plainly (반말)."""

    person: int
    """Place among those whom the portrait shows on their own."""
    since: datetime
    """Time of the first message after the change."""
    is_polite: bool
    """Whether they speak politely since then."""


_NEARLY_ALL, _HARDLY_ANY = 0.8, 0.2


class SpeechTo(msgspec.Struct, frozen=True):
    """Somebody to whom a person speaks politely, and plainly to others, or the other way round."""

    person: int
    """Places among those whom the portrait shows on their own."""
    to: int
    is_polite: bool
    sentences: int
    """Polite and plain ones to this person."""
    share: float
    """Of polite sentences to this person, and to the others."""
    share_to_others: float


FEWEST_TO: Final = 30
"""Polite and plain sentences to somebody, and to others."""
_CALL: Final = r"(?:이?[아야]|이?\s?(?:님|씨|형|누나|언니|오빠|선배)님?)(?=[\s,!?.~…]|$)"
"""Behind a name at the beginning of a message; whoever wrote before it is nobody's business."""
_NAMED: Final = re.compile(r"(?<!\S)@(\S{1,40})")
_LONGEST_FULL: Final = 3
"""Syllables of a family name and a given name."""


class Called:
    """The people whom messages call by name."""

    def __init__(self, names: Mapping[str, int]) -> None:
        given: dict[str, set[int]] = defaultdict(set)
        for name, place in names.items():
            if len(name) == _LONGEST_FULL and _HANGUL.fullmatch(name[0]):
                given[name[1:]].add(place)
        own = {name: min(places) for name, places in given.items() if len(places) == 1}
        self._names = {**own, **names}
        longest_first = sorted(map(re.escape, self._names), key=len, reverse=True)
        self._begin = re.compile(rf"@?({'|'.join(longest_first)}){_CALL}")

    def in_text(self, text: str) -> int | None:
        """Return the only person whom a message calls: by `@name`, or at its beginning with 아,
        님, 누나 or the like.
        """
        words = [*_NAMED.findall(text)]
        if self._names and (begins := self._begin.match(text)) is not None:
            words.append(begins[1])
        found = {self._names[word] for word in words if word in self._names}
        return found.pop() if len(found) == 1 else None


def speech_to(messages: Iterable[tuple[int, int, str]]) -> list[SpeechTo]:
    """Return to whom people speak differently from how they speak to others, of messages with who
    wrote them, and to whom.
    """
    counts = defaultdict[int, dict[int, list[int]]](dict)
    for person, to, text in messages:
        levels = [*filter(None, levels_in(text))]
        if person != to and levels:
            pair = counts[person].setdefault(to, [0, 0])
            pair[0] += levels.count("polite")
            pair[1] += len(levels)
    found = list[SpeechTo]()
    for person, of_one in counts.items():
        total = [sum(column) for column in zip(*of_one.values(), strict=True)]
        for to, (polite, decided) in of_one.items():
            others = total[1] - decided
            if min(decided, others) < FEWEST_TO:
                continue
            share, share_to_others = polite / decided, (total[0] - polite) / others
            is_polite = share > share_to_others
            low, high = sorted((share, share_to_others))
            if high > _NEARLY_ALL and low < _HARDLY_ANY:
                found.append(SpeechTo(person, to, is_polite, decided, share, share_to_others))
    # Of two others, the one to whom they speak politely says all.
    told = {one.person for one in found if one.is_polite}
    return [one for one in found if one.is_polite or one.person not in told]


FEWEST_OF_STRETCH: Final = 50
"""Polite and plain sentences before a change of speech, and after it."""
FEWEST_CHANGED: Final = 40
"""Of polite and of plain sentences, if a change of speech is to be there."""
_DAY_S: Final = 86_400


def change_of_speech(
    person: int, messages: Iterable[tuple[int | None, str]], people: int
) -> SpeechChange | None:
    """Return when a person changed from one level to the other; None without a clear change.

    messages: time in seconds since 1970 and text, oldest first; without a time, they do not count.
    people: of whom a change is looked for. Of all cuts the likeliest is taken, and the chance that
    one of them looks like a change is that of all cuts and people (Bonferroni). Days are clusters.
    """
    said = [
        (time, level == "polite")
        for time, text in messages
        if time is not None and not text.isascii()
        for level in levels_in(text)
        if level
    ]
    if len(said) < 2 * FEWEST_OF_STRETCH:
        return None
    times, is_polite = np.array(said, np.int64).T
    cuts = np.flatnonzero(np.diff(times)) + 1  # Sentences of one second are of one message.
    cuts = cuts[(cuts >= FEWEST_OF_STRETCH) & (cuts <= len(said) - FEWEST_OF_STRETCH)]
    before = np.cumsum(is_polite)[cuts - 1]
    after, numbers_after = is_polite.sum() - before, len(said) - cuts
    shares = np.array([before / cuts, after / numbers_after])
    is_change = (shares.min(0) < _HARDLY_ANY) & (shares.max(0) > _NEARLY_ALL)
    if not is_change.any():
        return None
    likely = _log_likelihood(before, cuts) + _log_likelihood(after, numbers_after)
    place = int(np.where(is_change, likely, -np.inf).argmax())
    cut = int(cuts[place])
    days, many = times // _DAY_S - times[0] // _DAY_S, int(times[-1] // _DAY_S - times[0] // _DAY_S)
    sides = [
        counts_in(of_side, many + 1)
        for side in (slice(cut), slice(cut, None))
        for of_side in (days[side][is_polite[side] > 0], days[side])
    ]
    if abs(errors_of_sums(*sides)) < clear_of_people(people * cuts.size):
        return None
    since = datetime.fromtimestamp(int(times[cut]), UTC)
    return SpeechChange(person, since, bool(shares[1, place] > shares[0, place]))


def _log_likelihood(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> NDArray[np.float64]:
    share = np.clip(hits / trials, 1e-9, 1 - 1e-9)
    likelihood: NDArray[np.float64] = hits * np.log(share) + (trials - hits) * np.log1p(-share)
    return likelihood


@lru_cache(maxsize=20_000)
def _level_of_word(word: str, *, is_alone: bool) -> Level | None:
    if _SAYS_NOTHING.fullmatch(word):
        return None
    if word in _NEVER_PLAIN:
        return None
    if is_alone and word in {"와", "자", "한데"}:  # A wonder, a beginning, "but".
        return None
    if is_alone:
        for level, pattern in _ALONE.items():
            if pattern.fullmatch(word):
                return level
    if _is_polite(word):
        return "polite"
    last = final_of(word[-1])
    if last in _MELTED and _is_polite(word[:-1] + chr(ord(word[-1]) - last)):
        return "polite"
    if word[-1] in _MELTED_EUNG or last in _MELTED_LAUGH:
        word = word[:-1] + chr(ord(word[-1]) - last)
    return "plain" if _is_plain(word) else None


def _is_polite(word: str) -> bool:
    if len(word) < 2 or word.endswith(_NOUNS_IN_YO):
        return False
    if word.endswith(("니다", "니까", "시다", "니당", "니까요")):
        stem = word.removesuffix("요")
        return len(stem) > 2 and (final_of(stem[-3]) == _BIEUP or stem[-3] in "함임슴")
    if word.endswith(
        ("십시오", "십시요", "십쇼", "슴다", "슴니다", "습니다만", "슴이다", "슴돠", "니돠")
    ):
        return True
    if word[-1] in "다당" and word[-2] in "임함슴됨":
        return True
    if word[-1] in "욤용염여유":
        if word.endswith(_BEFORE_YO, 0, -1):
            return True
        is_long = len(word) > 2 or word[-1] != "유"
        return is_long and word[-2] in _INFINITIVES and word not in {"어여", "어유", "아유", "에여"}
    return word[-1] in "요죠쥬"


def _is_plain(word: str) -> bool:
    if word in _NEVER_PLAIN or any(word.endswith(noun) for noun in _NEVER_PLAIN if len(noun) > 2):
        return False
    if _PLAIN.fullmatch(word):
        return True
    before = final_of(word[-2]) if len(word) > 1 else 0
    if any(word[-1] in ends and before in finals for ends, finals in _PLAIN_BEHIND):
        return True
    if word[-1] == "다" and before:  # Nouns in 다 have a vowel before it.
        return True
    if word[-1] == "가" and before == _NIEUN:  # 거긴가; 한가 is a noun, and 든가 hangs.
        return (len(word) > 2 and word[-2] != "든") or word == "건가"
    # Many write the past with ㅅ for ㅆ: 몰랏어.
    if word[-1] in "어다지네니냐나노데대" and before == _SIOS and word[-2] not in "것옷맛뜻":
        return True
    if word[-1] == "야" and len(word) > 2 and not before and word[-2] not in _BEFORE_MUST:
        return True
    stems = stems_of(word)
    if word[-1] in "어아여":
        return bool(stems) and all(stem[0] == VERB for stem in stems)
    return word[-1] in _CONTRACTED and len(word) > 1 and any(stem[0] == VERB for stem in stems)
