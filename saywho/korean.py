"""Stems of Korean words: particles and endings are taken off by rule, for an index and its queries.

A word has the stems of all its readings, since letters alone cannot decide between them: 사는
is a form of 사다 and of 살다. Known nouns and adverbs (`korean_nouns.txt`) are no form of a verb:
잘, 보고서. Two words are forms of each other if they share a stem. The rules read letters instead
of syllables (NFD), because endings melt into a syllable: 갔다, 추워.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

NOUN, VERB = "n", "v"
"""Begin the index terms of stems; no term of a text has Latin letters and Hangul."""
LONGEST: Final = 12
"""Syllables of a word that is read; longer ones are whole sentences, and none has an ending."""
WORD: Final = re.compile("(?<![^\\W_ㄱ-ㅣ])[가-힣]+")
"""Pattern of a Korean word, but not of the endings of a number or a name: 17일."""

_FINALS: Final = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_LAST_VOWEL: Final = "\u1175"
"""Letters behind it are final consonants, and those before the first vowel initial ones."""
_FIRST_VOWEL: Final = "\u1161"
_FIRST, _NUMBER_OF_FINALS = 0xAC00, 28
_RIEUL, _BIEUP, _SIOS, _PAST, _HIEUH = 8, 17, 19, 20, 27
"""Numbers of the final consonants ㄹ, ㅂ, ㅅ, ㅆ and ㅎ in a syllable's code point."""


def _letters(text: str) -> str:
    """Return the text in letters; a consonant alone is a final one."""
    joined = re.sub("[ㄱ-ㅎ]", lambda found: chr(0x11A8 + _FINALS.index(found[0])), text)
    return unicodedata.normalize("NFD", joined)


def _syllables(letters: str) -> str:
    return unicodedata.normalize("NFC", letters)


def _words(text: str) -> list[str]:
    return text.split()


def _one_of(words: str) -> str:
    return f"(?:{'|'.join(_words(words))})"


# --- Endings ---

_BEHIND: Final = (
    _one_of(
        "은 는 이 가 을 를 도 만 의 에 과 와 로 나 라 요 야 까지 부터 에는 에도 에서 에만 으로"
        " 으로써 보다 처럼 조차 마저 밖에 이라도 라도 만큼 대로"
    )
    + "?"
)
_AFTER_ANY: Final = (
    _one_of(
        "다 고 지 게 자 네 나 기 던 든 거나 거든 거든요 거니와 건만 길래 도록 든지 든가 던가 던데"
        " 더니 더라 더라고 더라도 더군 더라면 더라구 죠 쥬 지만 지마는 고자 고야 고파 고싶다"
        " 고말고 구나 구만 군 구 구서 게끔 게나 다가 다고 다는 다면 다니 다며 다면서 다시피 단"
        " 단다 달까 답니다 대 댄다 자고 자는 자마자 자면 자니 자구 자던 느냐 느냐고 느냐는 느라"
        " 느라고 느니 는 는데 는지 는가 는구나 는군 는걸 는거 는게 는건 는거야 는것 는다 냐 냐고"
        " 냐는 니 노라 노라면 소 잖아 잖니 잖 질 진 지마 지라도 긴 기때문 기로 기엔 겠 봐 나봐"
        " 거지 거야 거예요 거라 건데 네요 기란 기위해 기위한 건대 려고 곤 곤했다 고는 고도 기야"
        " 기는커녕 지들 어라 세"
    )
    + _BEHIND
    + "|"
    + _one_of(
        "듯 다라 다더 다던 다든 다거 겠 잖 더 던 고있 고싶 지않 지못 게되 게하 게됐 게했 게만 고계"
        " 고하 기시작 고났 고나"
    )
    + ".*"
)
_EU: Final = (
    _one_of(
        "면 며 면서 려 려고 려면 려는 려던 려다 려다가 려니 려구 러 니 니까 니깐 므로 나 냐 오 마"
        " 라 라고 라는 라면 라며 라니 라서 련 렵니다 리라 리 셔 셔서 세요 세용 시오 신 실 심"
        " 십니다 십니까 십시오 십쇼 세 네 메 되 래 랴 나마 라도 신다 신데 실까 신가 시길"
    )
    + _BEHIND
    + "|"
    + _one_of("시겠 시더 셨 시잖")
    + ".*"
)
"""Endings after a vowel, and with 으 after a consonant."""
_MELTED: Final = (
    "(?:ㄴ(?:"
    + _one_of(
        "데 데도 지 지라 가 걸 거 거야 거지 거예요 건 게 다 다고 다는 다면 다며 다니 다만 단다 대"
        " 답니다 들 채 채로 뒤 후 다면서 답시고 적 듯 다거나 다든지 다지만 다던 담 댄다 데다 단"
        " 다음 탓 셈 것 줄 다네 다가 다구 다시피 지도 지는 즉"
    )
    + _BEHIND
    + ")?|ㄹ(?:"
    + _one_of(
        "까 까봐 게 께 지 지라도 수 때 걸 거 거야 거예요 거니까 거면 거고 거라 건 건데 것 래 만큼"
        " 만한 뿐 뿐더러 텐데 테니 테니까 듯 듯이 듯한 라 라고 라면 껄 줄 정도 지언정 지니 법"
        " 만하다 겸 무렵 바 는지 쏘냐 수록 적 라치면 망정"
    )
    + _BEHIND
    + ")?|ㅁ"
    + _one_of("으로써 으로서 에도불구하고 직하다 직한 에따라")
    + "?(?:은|이|을|과|의|도|만|에|에도|에서|으로|으로써|보다|처럼|까지|부터|조차|마저)?|ㅂ"
    + _one_of("니다 니까 니다만 니당 시다 시오 죠 디다")
    + f"{_BEHIND})"
)
"""Endings whose first consonant melts into the syllable before it."""
_HONORIFIC: Final = f"시(?:{_AFTER_ANY}|{_EU}|{_MELTED})"
_SOFT: Final = f"{_EU}|{_MELTED}|{_HONORIFIC}"
_AFTER_CONSONANT: Final = (
    _one_of(
        "습니다 습니까 습죠 습니다만 슴다 습니당 는다 는다고 는다는 는다면 는대 는단다 습디다"
        " 사오니 는다며 는단"
    )
    + f"{_BEHIND}|으(?:{_SOFT})"
)
_INFINITIVE: Final = (
    _one_of(
        "서 서인지 서야 선 요 도 야 야지 야죠 야만 야지만 야겠 야돼 야되 야할 야하는 야한다 야했다"
        " 야함 야될 라 라도 라고 라는 라면 라며 다 다가 본다 여 지이다"
    )
    + _BEHIND
)


def _auxiliary(stems: str, infinitives: str) -> str:
    """Return the pattern of an auxiliary verb, written onto the verb, with its endings."""
    return (
        f"(?:서)?(?:{_one_of(stems)}(?:{_AFTER_ANY}|{_SOFT}|{_AFTER_CONSONANT}"
        f"|(?:아|어)(?:ㅆ.*|{_INFINITIVE}|{_BEHIND}))"
        f"|{_one_of(infinitives)}(?:ㅆ.*|{_INFINITIVE}|{_BEHIND}))"
    )


def _after_infinitive(stems: str, infinitives: str) -> str:
    auxiliary = _auxiliary(stems, infinitives)
    return f"|{_INFINITIVE}|{auxiliary}|야(?:겠|하|했|되|됐|돼).*|ㅆ.*"


_HELPERS: Final = "보 주 버리 놓 두 드리 있 계시", "봐 줘 버려 놔 둬 드려 계셔"
_MORE_HELPERS: Final = f"{_HELPERS[0]} 지 달라 달", f"{_HELPERS[1]} 져 달래"
_ALL_HELPERS: Final = (
    f"{_MORE_HELPERS[0]} 내 가 오 나가 나오",
    f"{_MORE_HELPERS[1]} 내 가 와 나가 나와",
)
_PARTICLES: Final = (
    "(?:들)?(?:은|는|이|가|을|를|과|와|의|도|만|에|께|로|나|아|야|요|랑|쯤|씩|란|들|"
    + _one_of(
        "으로 로 에 에서 에게 에게서 께서 한테 한테서 으로부터 로부터 으로서 로서 으로써 로써 까지"
        " 부터 처럼 보다 마다 하고 랑 이랑 밖에 만큼 만 대로 조차 마저 쯤 씩 과 와 커녕 뿐 끼리"
        " 라도 이라도 나마 이나마 치고 에다 에다가"
    )
    + "(?:은|는|도|만|의|이|나|에|조차|부터|까지|나마|이나|요|로|라도|으로|서|을|를){0,2}|"
    + _one_of(
        "서 두 으론 에선 에겐 엔 이나 이든 든 이든지 든지 이라 라 이라고 라고 이라는 라는 이라면"
        " 라면 이라서 라서 이며 며 이고 이야 이다 다 이네 네 이네요 네요 이죠 죠 인 인가 인데 인지"
        " 일 임 이지 이지만 지만 이니 이니까 니까 이면 면 이잖아 잖아 이었.* 였.* 이에요 이예요"
        " 예요 에요 입니다 입니까 이야말로 야말로 일수록 이므로 이기도 이면서 이듯 듯이 이란 이여"
        " 이어서 이자 인가요 일까 이던 이더라 뿐만 이요 거든 이거든"
    )
    + ")"
)
_SURE_PARTICLES: Final = (
    "을|를|의|과|와|이|가|에|들|들(?:은|이|을|의|도|에)|에(?:는|도|만)|으로(?:는|도|만)"
    "|.{0,50}(?:에서|에게|한테|까지|부터|으로|처럼|께서)"
)
_ONLY_OF_NOUNS: Final = frozenset(_words("를 의 에서 에서는 에게 한테 께서 처럼 으로 에는"))
_UNSURE_OF_ONE: Final = "두이도만로의과와나아야요들라다네지니면며란일임인랑씩쯤서기"
"""Particles that as often end a noun of two syllables."""
_UNSURE: Final = "두라다네지니면며란일임인죠나랑서요야아"
_AFTER_FINAL, _AFTER_OPEN = "은을과으인일임입아", "가를와예였는라다네죠지니면며잖든랑야나란여"

# --- Stems ---

_STEMS: Final = (
    "가갈갉감갖같갚걷걸겪곪곱괴굳굴굵굶굽궂긁긋기길깁깊까깎깔깨꺾꼬꼽꽂꾸꿇꿰뀌끄끊끌끓끼나낚날낡"
    "남낫낮낳내널넓넘넣녹놀높놓누눋눕늘늙늦닦닫달닮닳담닿대덜덥덮데돋돌돕되두듣들딛따딸때떨떫떼뚫"
    "뛰뜨뜯띄띠막많말맑맞맡매맵맺먹멀멎메몰묵묶묻물믿밀밉받밝밟배뱉벌벗베보볶뵈뵙불붉붓붙비빌빗빚"
    "빠빨빻빼뺏뻗뽑뿜사삭살삶삼새서섞설세솎솟쉬쉽식신싣싫심싶싸쌓썩썰쏘쏟쏠쐬쑤쓰쓸씌씹씻안앉않알"
    "앓얇얕얹얻얼얽업없엎열엷옅오옮옳울움웃익읽잃입잇있잊자작잠잡잦재적절젊접젓젖졸좁좋죄주죽줄줍"
    "쥐지집짓짖짙짚짜짧째쩔쫄쫓쬐찌찍찢찧차참찾채추춥치캐켜크키타탈태털토튀트틀파팔패펴푸풀품피하"
    "핥해헐헤휘흐"
)
"""Verbs and adjectives of one syllable."""
_NOT_LAST: Final = "감길남담식신심안작절"
_CLOSED: Final = "갛겁귿깝답듬떻랗럽렇렵롭맙맣슬썹앗얗찮컫"
"""Syllables with a final consonant that end stems, beside those of `_STEMS`."""
_OPEN: Final = (
    "가구그기깨꼬꾸뀌끄끼나내누니대데되두디뛰뜨띄라루르리매메미베보비빼쁘새서세수쉬시싸쏘쓰애오외"
    "우이자재주쥐지짜찌차채추치캐켜크키타튀트티펴프피하휘히"
)
_NEVER_MELTED: Final = "구누대데라매메미베비수자재차타"
_WITH_RIEUL: Final = (
    "살알놀팔달걸길울날말불빌물들열떨풀돌멀늘줄밀썰털쓸끌헐얼벌갈덜굴깔몰빨졸틀절널딸"
)
_ENDS_WITH_RIEUL: Final = "들알날살달놀걸풀돌멀불물말팔길울빌끌줄떨밀"
_CHANGED_TO_RIEUL: Final = "듣걷묻싣긷"
_LOST_SIOS: Final = "짓낫붓잇긋젓"
_LOST_HIEUH: Final = frozenset(
    _words("그렇 이렇 저렇 어떻 요렇 파랗 빨갛 노랗 까맣 하얗 커다랗 동그랗 뽀얗 퍼렇 누렇")
)
_BEFORE_I: Final = "직먹죽녹높울붙깊쌓놓덮섞묶꺾볶갉낚속삭들"
"""Syllables with a final consonant before the 이 of a verb; behind others it is the verb 이다."""
_MAY_BE_LAST: Final = "적즉것탓듯법당용록녕"
_NEVER_LAST: Final = "ᆨᆮᆸᆺᆼᆽᆾᆿᇀᇁᇂ"
"""Final consonants that end no form of a verb, but in the syllables above."""
_BEFORE_GO_OR_COME: Final = "아어나져려러라쳐셔겨켜해"
"""Syllables behind which 가 and 와 are as often verbs as particles: 들어와."""
_ROOT: Final = re.compile("(.{2,}?)(?:하|되|시키|당하)")
"""Pattern of a verb that is made of a noun: 공부하다 is found with 공부."""
_NOUNS: Final = {
    line.replace("+", ""): line.partition("+")[0]
    for line in Path(__file__).with_name("korean_nouns.txt").read_text("utf-8").splitlines()
    if line[0] != "#"
}
"""The noun, adverb or pronoun of words that look like a verb's form: 보고서, 좀, 나는."""

_ENDINGS: Final = {
    name: _letters(pattern)
    for name, pattern in {
        "any": _AFTER_ANY,
        "consonant": _AFTER_CONSONANT,
        "soft": _SOFT,
        "infinitive": _after_infinitive(*_MORE_HELPERS),
        "open_infinitive": _after_infinitive(*_HELPERS),
        "root_infinitive": _after_infinitive(*_ALL_HELPERS),
    }.items()
} | {"particle": _PARTICLES, "sure": _SURE_PARTICLES}
_IS: Final = {name: re.compile(f"(?:{each})\\Z", re.S) for name, each in _ENDINGS.items()}
_BORDER: Final = re.compile(
    f"(?<=[{_FIRST_VOWEL}-\u11c2])(?=(?:[ᄋ][ᅡᅥᅧ])?(?:{_ENDINGS['root_infinitive']})\\Z"
    f"|(?:{_ENDINGS['any']}|{_ENDINGS['consonant']}|{_ENDINGS['soft']})\\Z)",
    re.S,
)
"""Pattern of the places before any ending: others need no closer look."""


"""The rules for a program in another language; its functions are named as here."""


@lru_cache(maxsize=20_000)
def stems_of(word: str) -> tuple[str, ...]:
    """Return the index terms of a word's stems: `v물` of 물다, `n물` of the noun."""
    if word in _NOUNS or len(word) > LONGEST:
        # Longer words hardly occur twice.
        return (NOUN + _NOUNS.get(word, word)[:50],)
    if word[1:] == "다" and word[0] in _STEMS:  # 보다, not the particle behind a noun 보.
        return (VERB + word[0],)
    if noun := _known_noun(word):
        return (NOUN + noun,)
    nouns, is_sure = _nouns(word)
    ending = word[len(nouns[0]) :]
    is_noun = ending in _ONLY_OF_NOUNS and len(nouns[0]) > 1 and nouns[0][-1] not in "기지가까함됨"
    verbs = {} if is_noun else _verbs(word)
    is_verb = any(verbs.values())
    if is_sure and len(nouns[0]) > 1 and not is_verb:
        verbs = {
            stem: False
            for stem in verbs
            if stem == nouns[0] or (stem[-1] in "하되" and len(stem) > 2)
        }
    found = [] if is_verb and not is_sure and (len(nouns) == 2 or nouns[0] == word) else nouns
    found = [NOUN + noun for noun in found]
    for stem in verbs:
        found += _terms_of_verb(stem)
    return tuple(dict.fromkeys(found))


def stems_of_joined(words: Sequence[str]) -> list[str]:
    """Return the stems of words that are written as one, but for stems that the first one has."""
    stems = stems_of("".join(words))
    return [stem for stem in stems if stem[1:].startswith(words[0]) and stem[1:] != words[0]]


def are_same_words(pieces: Sequence[str]) -> bool:
    """Return whether the pieces together may be the same words.

    A word of one syllable makes another noun of a noun: 내 일 is not 내일.
    """
    if min(map(len, pieces)) > 1:
        return True
    stems = stems_of("".join(pieces))
    verbs = [root[1] for stem in stems if stem[0] == VERB and (root := _ROOT.fullmatch(stem[1:]))]
    return all(stem[0] == VERB or stem[1:] in verbs for stem in stems)


def divided(word: str) -> list[list[str]]:
    """Return the ways to write a word as two, or as three with one syllable in the middle."""
    cuts = [(cut, cut) for cut in range(1, len(word))]
    cuts += [(cut, cut + 1) for cut in range(1, len(word) - 1)]
    ways = [
        [piece for piece in (word[:one], word[one:other], word[other:]) if piece]
        for one, other in cuts
    ]
    return [pieces for pieces in ways if are_same_words(pieces)]


def dictionary_form(term: str) -> str:
    """Return the word that a stem's index term stands for: `v물` is 물다, `v확인하` 확인."""
    if root := _ROOT.fullmatch(term[1:]):
        return root[1]
    return f"{term[1:]}다" if term[0] == VERB else term[1:]


def stems_with_past(word: str) -> tuple[str, ...]:
    """Return the stems of the verb whose past many write with ㅅ for ㅆ: 먹엇어 is 먹었어."""
    mended = "".join(chr(ord(char) + (final_of(char) == _SIOS)) for char in word)
    # A noun may come first: 맛잇엇다.
    past = {mended, word[:1] + mended[1:]} - {word}
    return tuple(stem for each in past for stem in stems_of(each) if stem[0] == VERB)


def is_hangul(word: str) -> bool:
    return all("가" <= char <= "힣" for char in word)


def final_of(syllable: str) -> int:
    """Return the number of the final consonant of a syllable; 0 for none."""
    return (ord(syllable) - _FIRST) % _NUMBER_OF_FINALS


def _terms_of_verb(stem: str) -> list[str]:
    term = VERB + stem
    if root := _ROOT.fullmatch(stem):
        return [NOUN + root[1], term]
    if stem[-1] != "이" or len(stem) == 1:
        return [term]
    is_verb = not final_of(stem[-2]) or stem[-2] in _BEFORE_I
    return [NOUN + stem[:-1], *([term] if is_verb else [])]


def _known_noun(word: str) -> str | None:
    """Return the noun of the list that the word is with a particle: 알바도 is no form of 알다."""
    for place in range(len(word) - 1, 0, -1):
        noun, ending = word[:place], word[place:]
        is_noun = _NOUNS.get(noun) == noun and noun + ending[0] not in _NOUNS
        # 잡지만 is a verb, and 자는 and 가도 are more often.
        may_be = place > 2 or (place == 2 and noun[-1] + ending != "지만")
        may_be |= ending[0] != "들" and _IS["sure"].match(ending) is not None
        if is_noun and may_be and _IS["particle"].match(ending) and _agree(noun[-1], ending):
            return None if ending in "가와" and noun in _BEFORE_GO_OR_COME else noun
    return None


def _nouns(word: str) -> tuple[list[str], bool]:
    """Return the noun without the longest particle, perhaps also with it, and whether it is one."""
    for place in range(1, len(word)):
        ending = word[place:]
        is_short = len(word) == 2
        pair = word[place - 1 : place + 1]
        is_part = _NOUNS.get(pair) == pair and (place == 1 or ending[0] == "이")
        if (is_part and len(word) > place + 1) or (is_short and ending in "인일임"):
            continue
        if _IS["particle"].match(ending) and _agree(word[place - 1], ending):
            is_open = len(ending) == 1 and (
                ending in (_UNSURE_OF_ONE if is_short else _UNSURE) or word[-2:] in _NOUNS
            )
            nouns = [word[:place], word] if is_open else [word[:place]]
            is_open |= ending in "가와" and word[place - 1] in _BEFORE_GO_OR_COME
            return nouns, not is_open and _IS["sure"].match(ending) is not None
    return [word], False


def _agree(before: str, ending: str) -> bool:
    final, first = final_of(before), ending[0]
    if first == "이":
        return final > 0 or ending in {"이다", "이고", "이야"}
    if first == "로":
        return final in (0, _RIEUL)
    return final > 0 if first in _AFTER_FINAL else first not in _AFTER_OPEN or final == 0


def _verbs(word: str) -> dict[str, bool]:
    """Return the stems of verbs and adjectives, and whether the ending is that of one surely."""
    letters = unicodedata.normalize("NFD", word)
    found: dict[str, bool] = {}
    if letters[-1] in _NEVER_LAST and word[-1] not in _MAY_BE_LAST and "ᆻ" not in letters:
        return found
    for border in _BORDER.finditer(letters):
        place = border.start()
        if letters[place - 1] > _LAST_VOWEL and letters[place - 3 : place] not in _CLOSED_LETTERS:
            continue
        for stem, is_sure in _readings(letters[:place], letters[place:]):
            if _is_stem(stem):
                found[stem] = found.get(stem, False) or is_sure
    return found


def _readings(head: str, ending: str) -> Iterator[tuple[str, bool]]:
    stem, is_long = _syllables(head), len(_syllables(ending)) > 1
    if head[-1] > _LAST_VOWEL:
        yield from _closed_readings(stem, ending, is_long=is_long)
    elif ending[:1] > _LAST_VOWEL:
        if ending[0] == _SSANG_SIOS:
            yield from ((each, True) for each in _of_infinitive(head))
        elif _IS["soft"].match(ending):
            is_sure = len(ending) > 3 or ending[0] == _FINAL_BIEUP
            yield from ((each, is_sure) for each in _before_soft(stem, ending, is_melted=True))
    else:
        yield from _open_readings(head, stem, ending, is_long=is_long)


def _closed_readings(stem: str, ending: str, *, is_long: bool) -> Iterator[tuple[str, bool]]:
    if _IS["any"].match(ending):
        yield stem, True
    if _IS["consonant"].match(ending):
        stems = _before_vowel(stem) if ending.startswith(_EU_LETTERS) else [stem]
        if final_of(stem[-1]) == _RIEUL and ending.startswith(_EU_LETTERS):
            stems = [each for each in stems if each != stem]  # 살면, never 살으면.
        yield from ((each, is_long) for each in stems)
    if ending.startswith(_A_OR_EO) and _IS["infinitive"].match(ending[2:]):
        yield from ((each, True) for each in _before_vowel(stem))
    # 알려 is of 알리다.
    is_causative = ending.startswith(_RYEO) and _IS["infinitive"].match(ending[2:])
    if final_of(stem[-1]) == _RIEUL and ending and not is_causative and _IS["soft"].match(ending):
        yield stem, is_long


def _open_readings(
    head: str, stem: str, ending: str, *, is_long: bool
) -> Iterator[tuple[str, bool]]:
    follows_any = _IS["any"].match(ending)
    if follows_any:
        yield stem, is_long
    is_part = stem[-1] in "마모쑤부" and ending.startswith(_SI)  # 마시다 has no honorific.
    if not is_part and (_IS["soft"].match(ending) or (follows_any and ending.startswith(_NEU))):
        yield from ((each, is_long) for each in _before_soft(stem, ending))
    vowel, is_root = head[-1], stem[-1] in "해돼"
    kind = "open_infinitive" if vowel in "ᅡᅥᅢᅦ" and len(stem) > 1 else "infinitive"
    if _IS["root_infinitive" if is_root and len(stem) > 2 else kind].match(ending):
        is_sure = is_long or (bool(ending) and (is_root or vowel not in "ᅡᅥᅢᅦ"))
        yield from ((each, is_sure) for each in _of_infinitive(head))
    if ending.startswith((*_A_OR_EO, _YEO)) and _IS["infinitive"].match(ending[2:]):
        yield from _uncontracted(stem, vowel, ending)
    if ending.startswith(_EU_LETTERS) and _IS["consonant"].match(ending):
        yield from ((each, True) for each in _with_sios(stem))


def _uncontracted(stem: str, vowel: str, ending: str) -> Iterator[tuple[str, bool]]:
    """Yield stems before 아, 어 or 여 as a syllable of its own: 보아, 되어, 하여, 지어."""
    if ending.startswith(_YEO):
        if stem[-1] == "하":
            yield stem, True
        return
    if vowel == "ᅩ" if ending.startswith(_A_OR_EO[0]) else vowel in "ᅵᅬᅱᅮᅢᅦ":
        yield stem, True
    yield from ((each, True) for each in _with_sios(stem))


_SSANG_SIOS, _FINAL_BIEUP, _EU_LETTERS, _YEO, _NEU, _RYEO = map(_letters, "ㅆㅂ으여느려")
_SI, _A_OR_EO = (tuple(map(_letters, each)) for each in ("시셔", "아어"))
_LOSES_RIEUL: Final = tuple(map(_letters, "ㄴㄹㅂ나네니냐느는시셔세십실신심소오"))
"""What follows a stem that has lost its ㄹ: 아는, 압니다, 아세요; before others it stays."""


_CLOSED_LETTERS: Final = frozenset(
    map(_letters, {*_STEMS, *_CLOSED, *_ENDS_WITH_RIEUL, "달", "컬", "실"})
)


def _is_stem(stem: str) -> bool:
    last = stem[-1]
    if len(stem) == 1:
        return last in _STEMS
    if last == "르" and stem[-2:-1] == "으" and len(stem) > 2 and final_of(stem[-3]):
        return False  # 먹으러 is of 먹다.
    if stem.endswith(("하시", "하세", "되시", "되세")) or any(
        final_of(each) == _PAST and each != "있" for each in stem[:-1]
    ):
        return False
    if not final_of(last):
        return last in _OPEN or stem == "모으"
    return last in _CLOSED or (last in _STEMS and last not in _NOT_LAST)


def _other_final(stem: str, step: int) -> str:
    return stem[:-1] + chr(ord(stem[-1]) + step)


def _with_sios(stem: str) -> list[str]:
    whole = _other_final(stem, _SIOS)
    return [whole] if not final_of(stem[-1]) and whole[-1] in _LOST_SIOS else []


def _before_vowel(stem: str) -> list[str]:
    """Return what may be the stem where ㄷ becomes ㄹ: 들어 of 들다 and 듣다."""
    if final_of(stem[-1]) == _RIEUL:
        other = _other_final(stem, -1)
        if other[-1] in _CHANGED_TO_RIEUL:
            return [stem, other]
        if stem in {"깨달", "일컬"}:
            return [other]
    return [stem]


def _before_soft(stem: str, ending: str, *, is_melted: bool = False) -> list[str]:
    """Return what may be the stem where ㄹ, ㅂ or ㅎ is lost: 만드는, 추운, 그런."""
    last, is_one = stem[-1], len(stem) == 1
    if last == "러" and f"{stem[:-1]}렇" in _LOST_HIEUH:
        return [f"{stem[:-1]}렇"]
    found = []
    if not is_melted or is_one or last not in _NEVER_MELTED:
        found.append(stem)
    with_rieul = _other_final(stem, _RIEUL)
    may_lose = with_rieul[-1] in (_WITH_RIEUL if is_one else _ENDS_WITH_RIEUL)
    if may_lose and ending.startswith(_LOSES_RIEUL):
        found.append(with_rieul)
    if last == "우" and not is_one and not final_of(stem[-2]):
        found.append(_other_final(stem[:-1], _BIEUP))
    with_hieuh = _other_final(stem, _HIEUH)
    return [*found, with_hieuh] if with_hieuh in _LOST_HIEUH else found


def _of_infinitive(head: str) -> list[str]:
    """Return what may be the stem of an infinitive in 아 or 어, in letters: 가, 써, 몰라, 추워."""
    initial, vowel, before = head[-2], head[-1], _syllables(head[:-2])

    def with_vowel(other: str) -> str:
        return _syllables(head[:-1] + other)

    if vowel in "ᅡᅥ":
        return _of_plain_infinitive(initial, vowel, before, with_vowel(vowel), with_vowel("ᅳ"))
    if vowel == "ᅧ":
        if before[-1:] == "하" and initial == "ᄋ":
            return [before]
        return [with_vowel("ᅵ"), *([] if before else [with_vowel(vowel)])]
    if vowel in "ᅯᅪ":
        stem = with_vowel("ᅮ" if vowel == "ᅯ" else "ᅩ")
        if stem == "노":
            return ["놓"]
        lost = initial == "ᄋ" and before and not final_of(before[-1])
        return [*([_other_final(before, _BIEUP)] if lost else []), stem]
    if vowel in "ᅢᅤ":
        stem = with_vowel("ᅡ" if initial == "ᄒ" else vowel)
        whole = (_other_final(with_vowel(other), _HIEUH) for other in "ᅡᅥ")
        return [stem, *(each for each in whole if each in _LOST_HIEUH)]
    if vowel == "ᅫ":
        return [with_vowel("ᅬ")]
    return [with_vowel(vowel)] if vowel in "ᅦᅬᅱᅴ" else []


def _of_plain_infinitive(
    initial: str, vowel: str, before: str, stem: str, with_eu: str
) -> list[str]:
    if before and initial == "ᄅ" and final_of(before[-1]) == _RIEUL:
        return [f"{_other_final(before, -_RIEUL)}르", *([stem] if stem == "놀라" else [])]
    found = [] if stem[-1] == "하" else [stem]
    is_bright = _letters(before[-1])[1] in "ᅡᅩ" if before else False
    if stem == "모아" or (initial in "ᄈᄑᄊᄏᄁᄄᄐᄀᄅ" and (vowel == "ᅡ") == is_bright):
        found.append(with_eu)
    return found
