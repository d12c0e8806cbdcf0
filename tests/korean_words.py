"""Forms of Korean words, made by the rules of the language and not by those of the program."""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Final
from unicodedata import normalize

from saywho.korean import stems_of

NOUNS: Final = (
    "마라톤 마라탕 지하수 지하철 대학원 대학교 영화관 영화표 고양시 고양이 자전축 자전거 비행접시"
    " 비행기 헬스클럽 헬스장 보일링 보일러 학교 학원 학생 회사 회식 회의 가방 가족 사람 사랑 사과"
    " 사진 바다 바람 친구 친척 우산 우유 커피 컴퓨터 냉장고 냉면 도서관 도시락 선생님 선물 운동화"
    " 운동장 저녁 점심 아침 강아지 강의실 메시지 시험 시장 경기장 경찰"
)
VERBS: Final = (
    "먹 먹으 먹어,읽 읽으 읽어,놓치 놓치 놓쳐,마시 마시 마셔,기다리 기다리 기다려,배우 배우"
    " 배워,보내 보내 보내,만나 만나 만나,떠나 떠나 떠나,나오 나오 나와,바꾸 바꾸 바꿔,모르 모르"
    " 몰라,부르 부르 불러,빠르 빠르 빨라,쓰 쓰 써,바쁘 바쁘 바빠,예쁘 예쁘 예뻐,듣 들으 들어,걷"
    " 걸으 걸어,깨닫 깨달으 깨달아,춥 추우 추워,어렵 어려우 어려워,돕 도우 도와,맵 매우 매워,짓"
    " 지으 지어,낫 나으 나아,웃 웃으 웃어,좋 좋으 좋아,많 많으 많아,앉 앉으 앉아,없 없으 없어,믿"
    " 믿으 믿어,닫 닫으 닫아,입 입으 입어,잡 잡으 잡아,공부하 공부하 공부해,시작되 시작되"
    " 시작돼,챙기 챙기 챙겨,움직이 움직이 움직여,가르치 가르치 가르쳐"
)
"""Stem, stem before a vowel, and infinitive of each; ㄹ, which is lost in between, is apart."""
WITH_RIEUL: Final = "만들 만드 만들어,살 사 살아,알 아 알아,힘들 힘드 힘들어,팔 파 팔아"
_AFTER_NOUN: Final = {
    True: "은 이 을 과 으로 에 에서 에게 도 만 까지 부터 이랑 이에요 이었어요 들은",
    False: "는 가 를 와 로 에 에서 에게 도 만 까지 부터 랑 예요 였어요 들은",
}
_AFTER_STEM: Final = "다 고 지 지만 거나 게 기 던데 네요 겠어요"
_AFTER_SOFT: Final = "면 니까 면서 시면"
_MELTED: Final = "ᆫ ᆯ ᆯ까 ᆯ게요 ᆫ데"
_AFTER_INFINITIVE: Final = "요 서 도 야 ᆻ다 ᆻ어 ᆻ어요 ᆻ습니다 ᆻ는데 ᆻ을까"


def _has_final(word: str) -> bool:
    return (ord(word[-1]) - 0xAC00) % 28 > 0


def forms() -> dict[str, list[str]]:
    """Return the forms of each word."""
    made = {}
    for noun in NOUNS.split():
        made[noun] = [noun, *(noun + each for each in _AFTER_NOUN[_has_final(noun)].split())]
    for text, has_rieul in ((VERBS, False), (WITH_RIEUL, True)):
        for verb in text.split(","):
            stem, soft, infinitive = verb.split()
            before = stem if has_rieul else soft
            pairs = [
                *product([stem], _AFTER_STEM.split()),
                *product([before], ["면", "면서"] if has_rieul else _AFTER_SOFT.split()),
                *product([soft], _MELTED.split()),
                *product([infinitive], ["", *_AFTER_INFINITIVE.split()]),
            ]
            made[f"{stem}다"] = [normalize("NFC", head + ending) for head, ending in pairs]
    return made


def pairs_of_one_word(count: int, seed: int) -> list[tuple[str, str]]:
    pairs = [pair for made in forms().values() for pair in combinations(made, 2)]
    return random.Random(seed).sample(pairs, count)  # noqa: S311


def pairs_of_two_words(count: int, seed: int, *, alike: bool) -> list[tuple[str, str]]:
    """Return pairs of forms of two words.

    alike: all begin with the same syllable, and nouns of three syllables with the same half.
    """
    return random.Random(seed).sample(list(_others(alike=alike)), count)  # noqa: S311


def _others(*, alike: bool) -> Iterator[tuple[str, str]]:
    for (word, made), (other, others) in combinations(forms().items(), 2):
        if not alike or word[0] == other[0]:
            yield from product(made, others)


def share_found(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the share of pairs whose words find each other."""
    found = sum(not set(stems_of(one)).isdisjoint(stems_of(other)) for one, other in pairs)
    return found / len(pairs)
