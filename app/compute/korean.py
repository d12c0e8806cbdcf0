"""Korean words as stem and ending, recognised by shapes of syllables.

Searches compare half of a long word; a stem of one syllable has no half, so its forms are listed.
"""

import functools
import re
from typing import Final, NamedTuple

from app.compute.words import segment_terms

_FIRST, _FINALS = 0xAC00, 28
_RIEUL, _BIEUP = 8, 17
"""Numbers of the final consonants ㄹ and ㅂ in a syllable's code point."""
_PARTICLE: Final = re.compile(
    "들?(?:[은는이가을를과와의도만]|(?:으?로|에서?|에게서?|께서?|한테서?|까지|부터|처럼|보다|마다|하고"
    "|이?랑|이나|밖에|만큼)[는도만의]?)|이(?:다|에요|라고?|라는|야|며|었.+)|예요|였.+|입니[다까]|인데"
)
_VERB_ENDING: Final = re.compile(
    "(?:하|되)?(?:는(?:데|지|다)?|습니[다까]|니[다까]|으?세요|으?면서?|으?니까|[어아][요서]?|[었았겠].+"
    "|고|지만?|지요|죠|네요?|던|게|도록)|합니[다까]|해요?|[했됐].+|됩니[다까]"
)
_AFTER_CONSONANT, _AFTER_VOWEL = "은이을과으습인입", "가를와로예였"
_NOUNS: Final = frozenset(
    re.findall(
        "..",
        "결과성과학과통과불과주가휴가화가요가추가대가허가유가여가고가저가시가"
        "종이같이많이높이놀이길이깊이굳이먹이벌이맞이없이"
        "제도정도지도보도수도시도의도태도속도온도강도기도용도유도인도주도한도파도포도별도각도연도빈도"
        "밀도농도습도고도과도구도궤도복도부도절도진도철도판도효도적도안도회의정의강의동의주의논의합의항의"
        "문의예의결의건의토의질의심의성의호의고의상의명의편의유의불만기만미만비만낭만충만자만교만"
        "서로바로주로별로새로실로따로진로경로도로피로위로미로회로항로선로통로가로세로홀로원로과로기로때로",
    )
)
"""Words that look like a stem of one syllable with a particle."""


class Forms(NamedTuple):
    whole: frozenset[str]
    starts: tuple[str, ...]

    def has(self, word: str) -> bool:
        return word in self.whole or word.startswith(self.starts)

    def terms(self) -> set[tuple[str, ...]]:
        """Return sequences of index terms, one of which every post with a form contains."""
        whole = {tuple(segment_terms("paired", word)) for word in self.whole}
        return whole | {(start[:2],) for start in self.starts}


def stem_size(word: str) -> int:
    """Return the number of syllables before the longest known ending; all without one."""
    size = len(word)
    if word in _NOUNS or not is_hangul(word):
        return size
    for place in range(1, size):
        ending = word[place:]
        match = _PARTICLE.fullmatch(ending) or (
            # In a word of two syllables, the second is as often a part of a noun (광고, 바다).
            (size > 2 or ending == "는") and _VERB_ENDING.fullmatch(ending)
        )
        if match and _agree(word[place - 1], ending):
            return place
    return size


@functools.lru_cache(maxsize=1_000)
def forms_of(word: str) -> Forms | None:
    """Return the forms of the word's stem; None unless the stem has one syllable."""
    if stem_size(word) != 1 or not is_hangul(word):
        return None
    stem, ending = word[0], word[1:]
    final = _final(stem)
    is_noun = not ending or _PARTICLE.fullmatch(ending) is not None
    if final and ending[:1] != "니" and (ending == "는" or not is_noun):
        starts = [stem + first for first in "는고지다게기던네겠습은을으어아었았"]
        if stem in "굽눕줍깁춥덥맵쉽밉":  # Their ㅂ becomes 우 before a vowel: 굽다, 구워.
            starts += [chr(ord(stem) - _BIEUP) + first for first in "우워웠운울"]
        return Forms(frozenset([word]), tuple(starts))
    # Before 는 these stems are verbs: after a noun, it would be a particle.
    if not is_noun or (ending == "는" and stem in "하되가오보주쓰사자아치"):
        return Forms(frozenset([word]), ())
    # The particles are rarely the end of a noun.
    particles = "은이을과" if final else "는가를와"
    whole = {stem + particle for particle in particles}
    if not _PARTICLE.fullmatch(stem):
        whole.add(stem)
    suffixes = ["에", "들", "까지", "부터", "처럼", "보다", "마다", "한테", "하고"]
    suffixes += ["이다", "이에", "이었", "이라", "입니", "으로"] if final else ["예요", "였", "랑"]
    starts = [stem + suffix for suffix in suffixes]
    return Forms(frozenset((whole - _NOUNS) | {word}), tuple(starts))


def is_ending(word: str) -> bool:
    return bool(_PARTICLE.fullmatch(word) or _VERB_ENDING.fullmatch(word))


def _agree(before: str, ending: str) -> bool:
    final, first = _final(before), ending[0]
    if first == "니":
        return final == _BIEUP
    if first in _AFTER_CONSONANT:
        return final > 0
    return first not in _AFTER_VOWEL or final == 0 or (first == "로" and final == _RIEUL)


def _final(syllable: str) -> int:
    return (ord(syllable) - _FIRST) % _FINALS


def is_hangul(word: str) -> bool:
    return all("가" <= char <= "힣" for char in word)
