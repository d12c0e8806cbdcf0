"""Chats made by a seed, whose people have habits, and what is counted of them by the documents."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from tests.chats import Said

NAMES: Final = {
    "en": ("Ros", "Steve", "Theo", "Mo", "Tam", "Dev", "Una", "Vic", "Wes"),
    "ko": ("나윤", "태오", "지우", "예린", "민서", "하람", "보라", "새봄", "슬기"),
}
WORDS: Final = {
    "en": "boat lamp quay train supper garden window letter kettle harbour ticket coffee",
    "ko": "바다 기차 저녁 정원 창문 편지 주전자 항구 커피 시장 다리 이불 등불 강물 우산",
}
SHORT: Final = {"en": ("ok", "fine", "yep", "sure"), "ko": ("응", "넵", "그래", "좋아")}
LAUGH: Final = {"en": "lol", "ko": "ㅋㅋ"}
DAY_H: Final = 24
FIRST_OF_AUTHORS: Final = 1_000
"""The seeds of authors who are not of a chat."""


@dataclass
class Style:
    """How somebody writes: shares of messages with a sign, and lengths."""

    words: tuple[int, int] = (3, 8)
    signs: dict[str, float] = field(default_factory=dict)
    weight: float = 1.0
    is_loud: bool = False
    begins: float = 1.0
    shapes: dict[str, float] = field(default_factory=dict)
    """Shares of messages with a lengthened letter, without spaces, and with an ending of a noun."""
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    """For the shapes."""


@dataclass
class MadeChat:
    seed: int
    language: str
    said: list[Said]
    """In the order of time, by the clock of the chat."""

    @property
    def title(self) -> str:
        return f"made{self.seed}"

    @property
    def names(self) -> list[str]:
        return sorted({name for _, name, _ in self.said})


def made_chat(seed: int) -> MadeChat:
    """Return a chat of two to nine people: one writes a word at a time, one in capitals, one
    rarely; on some days they write most of all."""
    chance = random.Random(seed)
    language = "ko" if seed % 2 else "en"
    # Nobody is in two chats.
    names = [
        f"{name}{seed}" for name in chance.sample(NAMES[language], chance.choice((2, 3, 3, 5, 9)))
    ]
    styles = {name: _style(chance, language) for name in names}
    for name in names:
        _shape(styles[name], name, language)
    if len(names) > 2:
        shortest, loud, rare, *_ = chance.sample(names, 3)
        styles[shortest].words = (1, 1)
        styles[loud].is_loud = True
        styles[rare].weight = 0.05
    first, days = date(2024, 3, 4), chance.choice((5, 14, 14, 40))
    said: list[Said] = []
    for step in range(days):
        if chance.random() < 0.1:
            continue
        many = chance.randint(4, 12) * (9 if chance.random() < 0.1 else 1)
        said += _of_day(chance, language, styles, first + timedelta(step), many)
    return MadeChat(seed, language, said)


KINDS: Final = ("two languages", "sixty", "three hundred", "alike", "one day", "ties", "own words")
FIRST_OF_KINDS: Final = 2_000
"""The seeds of chats of a kind."""


def made_kind(kind: str) -> MadeChat:
    """Return a chat of a kind that is rare among chance ones."""
    seed = FIRST_OF_KINDS + KINDS.index(kind)
    chance = random.Random(seed)
    language = "ko" if seed % 2 else "en"
    numbers = {"sixty": 60, "three hundred": 300, "ties": 3, "one day": 3}
    names = _names_of(kind, language, seed, numbers.get(kind, 6))
    styles = {name: Style(signs={"!": 0.2}) for name in names}
    if kind not in ("alike", "ties"):
        styles = {name: _style(chance, _language_of(name)) for name in names}
    days = 1 if kind == "one day" else 25
    said: list[Said] = []
    for step in range(days):
        day, many = date(2024, 3, 4) + timedelta(step), 40 if len(names) < 60 else 90
        if kind == "ties":
            time = datetime(day.year, day.month, day.day, 9, 0)
            said += [
                (f"{time + timedelta(minutes=place):%Y-%m-%d %H:%M}", name, "tea time")
                for place, name in enumerate(names * 4)
            ]
            continue
        for when, name, text in _of_day(chance, language, styles, day, many):
            own = _text(chance, _language_of(name), styles[name])
            favourite = f"{FAVOURITES[names.index(name) % len(FAVOURITES)]} "
            is_own = kind == "own words" and chance.random() < 0.3
            said.append((when, name, favourite + text if is_own else own))
    return MadeChat(seed, language, said)


FAVOURITES: Final = ("등대", "고래", "나침반", "돛단배", "갈매기", "파도")


def _names_of(kind: str, language: str, seed: int, count: int) -> list[str]:
    languages = ("en", "ko") if kind == "two languages" else (language,)
    pairs = [(of, name) for of in languages for name in NAMES[of]]
    chosen = pairs[::3] if kind == "two languages" else pairs
    return [
        f"{chosen[number % len(chosen)][1]}{seed}{number // len(chosen) or ''}"
        for number in range(count)
    ]


def _language_of(name: str) -> str:
    return "en" if name.isascii() else "ko"


def made_authors(seed: int, language: str) -> MadeChat:
    """Return posts of two to five authors who are not of a chat, by the clock of the visitor."""
    chance = random.Random(f"{seed} {language}")
    names = [
        f"{name}{FIRST_OF_AUTHORS + seed}"
        for name in chance.sample(NAMES[language], chance.randint(2, 5))
    ]
    first, said = date(2024, 3, 4), list[Said]()
    for name in names:
        style = _style(chance, language)
        _shape(style, name, language)
        for step in range(chance.choice((9, 20))):
            many = chance.randint(3, 5)
            said += _of_day(chance, language, {name: style}, first + timedelta(step), many)
    return MadeChat(FIRST_OF_AUTHORS + seed, language, sorted(said))


def _style(chance: random.Random, language: str) -> Style:
    signs = {
        sign: chance.choice((0, 0, 0, 0.03, 0.2, 0.5, 0.9))
        for sign in ("?", "!", ".", "~", LAUGH[language], "🌸")
    }
    if signs["?"] + signs["!"] + signs["."] + signs["~"] > 1:
        signs = dict.fromkeys(signs, 0.15)
    low = chance.randint(1, 6)
    words = (low, low + chance.randint(1, 6))
    return Style(words, signs, chance.choice((0.3, 1, 1, 3)), begins=chance.choice((0.1, 1, 5)))


def _shape(style: Style, name: str, language: str) -> None:
    """Give a style habits by a chance of its own, so that all others stay as they are."""
    style.chance = random.Random(name)
    shapes = ("lengthened", "unspaced", "음·함", "욤") if language == "ko" else ("lengthened",)
    style.shapes = {shape: style.chance.choice((0, 0, 0, 0.3, 0.7)) for shape in shapes}


def _shaped(words: list[str], end: str, style: Style) -> tuple[str, str]:
    """Return the words as a text, and the sign at its end."""
    does = {shape for shape, share in style.shapes.items() if style.chance.random() < share}
    if "lengthened" in does:
        korean = [*words[:-1], "제발ㄹㄹ"] if len(words) % 2 else [*words, "아아아"]
        words = korean if "음·함" in style.shapes else [*words, "sooooo"]
    for shape, ending in (("음·함", "함" if len(words) % 2 else "끝남"), ("욤", "욤")):
        if shape in does:
            return "".join(words) if "unspaced" in does else " ".join(words), ending
    return ("" if "unspaced" in does else " ").join(words), end


def _of_day(
    chance: random.Random, language: str, styles: dict[str, Style], day: date, many: int
) -> list[Said]:
    names = [*styles]
    time = datetime(day.year, day.month, day.day, chance.choice((0, 8, 12, 20)), 5)
    said: list[Said] = []
    for number in range(many):
        weights = [styles[name].weight * (1 if number else styles[name].begins) for name in names]
        (name,) = chance.choices(names, weights)
        said.append((f"{time:%Y-%m-%d %H:%M}", name, _text(chance, language, styles[name])))
        time += timedelta(minutes=chance.randint(0, 3))
    return said


def _text(chance: random.Random, language: str, style: Style) -> str:
    count = chance.randint(*style.words)
    words = chance.choices(WORDS[language].split(), k=count)
    if style.words == (1, 1):
        words = [chance.choice(SHORT[language])]
    end = chance.choices(
        ("?", "!", ".", "~", ""),
        [
            *(style.signs.get(sign, 0) for sign in "?!.~"),
            1 - sum(style.signs.get(s, 0) for s in "?!.~"),
        ],
    )[0]
    text, end = _shaped(words, end, style)
    text = text.upper() if style.is_loud else text.capitalize()
    for sign in (LAUGH[language], "🌸"):
        if chance.random() < style.signs.get(sign, 0):
            text += f" {sign}"
    return text + end
