"""Chats made by a seed, whose people have habits, and what is counted of them by the documents."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from operator import itemgetter
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
    moves: dict[str, tuple[date, bool]] = field(default_factory=dict)
    """By name, the day before whose messages somebody came or left, and whether they left."""

    @property
    def lines(self) -> list[Said]:
        """What is said, with the app's lines of who came and left."""
        told = {False: "들어왔습니다", True: "나갔습니다"}
        return sorted(
            [
                *self.said,
                *(
                    (f"{day} 00:00", "", f"{name}님이 {told[has_left]}.")
                    for name, (day, has_left) in self.moves.items()
                ),
            ],
            key=itemgetter(0),
        )

    def is_there(self, name: str, day: str) -> bool:
        """Return whether somebody was in the chat on a day, as `2024-01-15`."""
        since, has_left = self.moves.get(name, (date.min, False))
        return (day < str(since)) is has_left

    def __post_init__(self) -> None:
        self.said.sort(key=itemgetter(0))  # A long evening ends after the next day's first message.

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


KINDS: Final = (
    *("two languages", "sixty", "three hundred", "alike", "one day", "ties", "own words"),
    *("shared words", "somebody leaves"),
)
FIRST_OF_KINDS: Final = 2_000
"""The seeds of chats of a kind."""


def made_kind(kind: str) -> MadeChat:
    """Return a chat of a kind that is rare among chance ones."""
    seed = FIRST_OF_KINDS + KINDS.index(kind)
    chance = random.Random(seed)
    language = "ko" if seed % 2 else "en"
    numbers = {"sixty": 60, "three hundred": 300, "ties": 3, "one day": 3, "shared words": 12}
    names = _names_of(kind, language, seed, numbers.get(kind, 6))
    styles = {name: Style(signs={"!": 0.2}) for name in names}
    if kind not in ("alike", "ties"):
        styles = {name: _style(chance, _language_of(name)) for name in names}
    days = 1 if kind == "one day" else 25
    said: list[Said] = []
    for step in range(days):
        day, many = date(2024, 3, 4) + timedelta(step), 40 if len(names) < 60 else 90
        if kind == "shared words":  # More messages than are looked through for words.
            many = 180
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
            is_own = kind.endswith(" words") and chance.random() < 0.3
            said.append((when, name, favourite + text if is_own else own))
    made = MadeChat(seed, language, said)
    if kind == "somebody leaves":
        first, second = date(2024, 3, 10), date(2024, 3, 18)
        made.moves = {names[0]: (second, True), names[1]: (first, False), names[2]: (first, True)}
        made.said = [each for each in said if made.is_there(each[1], each[0][:10])]
    return made


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


FIRST_OF_YEARS: Final = 3_000
"""The seeds of authors and chats of several years."""
SILENT: Final = 2019
YEARS: Final = [year for year in range(2014, 2025) if year != SILENT]
FEATURES: Final = (
    *("plain", "month", "day", "silence", "streak", "weekend", "no weekend", "weekday"),
    *("first half", "second half", "hours", "part", "word", "more", "few"),
    *("habit", "answers", "liked"),
)
"""What may stand out in a year."""
WORDS_OF_YEARS: Final = {
    "en": ("comet", "lantern", "orchard", "marmot", "trombone"),
    "ko": ("혜성", "등대", "과수원", "마멋", "나팔꽃"),
}


@dataclass
class MadeYears(MadeChat):
    """Posts of ten years with a silent one in between, and what stands out in each."""

    features: dict[int, str] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)
    """Who writes otherwise from a year of habits on."""
    likes: dict[int, int] = field(default_factory=dict)
    """By places of posts."""
    answered: dict[int, str] = field(default_factory=dict)
    """By places of posts, whom they answer."""


def made_years(seed: int, language: str, *, is_chat: bool) -> MadeYears:
    """Return the posts of an author, or a chat of two or three people, over ten years."""
    chance = random.Random(f"years {seed} {language}")
    count = chance.choice((2, 3)) if is_chat else 1
    names = [f"{name}{FIRST_OF_YEARS + seed}" for name in chance.sample(NAMES[language], count)]
    styles = {name: Style((3, 7), {"!": 0.1, "?": 0.1}) for name in names}
    features = [*FEATURES, *chance.sample(FEATURES, 2)]
    chance.shuffle(features)
    made = MadeYears(FIRST_OF_YEARS + seed, language, [])
    made.features = dict(zip(YEARS, features[(seed % 2) * len(YEARS) :], strict=False))
    posts: list[tuple[str, str, str, int, str]] = []
    for year, feature in made.features.items():
        if feature == "habit":
            made.changed[year] = chance.choice(names)
            _change(chance, styles[made.changed[year]], language)
        posts += _of_year(chance, language, styles, year, feature, is_chat=is_chat)
    posts = [_with_word(chance, language, made.features, post) for post in posts]
    posts.sort(key=lambda post: post[0])
    made.said = [(when, name, text) for when, name, text, *_ in posts]
    made.likes = {place: post[3] for place, post in enumerate(posts) if post[3]}
    made.answered = {place: post[4] for place, post in enumerate(posts) if post[4]}
    return made


def _change(chance: random.Random, style: Style, language: str) -> None:
    """Take up some habits, and give up others."""
    for sign in ("!", "?", LAUGH[language], "🌸"):
        style.signs[sign] = 0.02 if style.signs.get(sign, 0) > 0.3 else chance.choice((0.02, 0.45))
    style.words = (1, 3) if style.words[0] > 2 else (6, 11)


def _days_of(chance: random.Random, year: int, feature: str) -> list[date]:
    """Return the days of the posts of a year, some of them several times."""
    first = date(year, 1, 1)
    days = [
        day
        for week in range(52)
        for step in sorted(chance.sample(range(7), 2))
        for day in [first + timedelta(7 * week + step)] * chance.choice((1, 1, 2))
    ]
    month, place = chance.randint(1, 12), chance.randint(40, 250)
    inside = [first + timedelta(place + step) for step in range(90)]
    many = {
        "month": [date(year, month, chance.randint(1, 28)) for _ in range(70)],
        "day": [chance.choice(days)] * 40,
        "streak": inside[:30],
        "more": days * 2,
    }
    if feature == "silence":
        days = [day for day in days if day not in inside]
    elif feature in ("first half", "second half"):
        half = range(1, 7) if feature == "first half" else range(7, 13)
        days = [day for day in days if day.month in half or chance.random() < 0.2]
    elif feature == "few":
        days = days[::20]
    days = [_moved(chance, day, feature) for day in days]
    return [day for day in [*days, *many.get(feature, ())] if day.year == year]


def _moved(chance: random.Random, day: date, feature: str) -> date:
    """Return another day of the week, if the year has its posts on some of them."""
    weekdays = {"weekend": (5, 6), "no weekend": range(5), "weekday": (2,)}.get(feature)
    if weekdays is None or (feature != "no weekend" and chance.random() > 0.7):
        return day
    return day + timedelta(chance.choice(weekdays) - day.weekday())


def _with_word(
    chance: random.Random,
    language: str,
    features: dict[int, str],
    post: tuple[str, str, str, int, str],
) -> tuple[str, str, str, int, str]:
    """Return a post with the word of its year, by chance; some words stay, and some come back."""
    when, name, text, likes, answered = post
    words, year = WORDS_OF_YEARS[language], int(when[:4])
    for place, (of_word, share) in enumerate(
        (year - step, share) for step, share in ((0, 0.4), (1, 0.3), (4, 0.03))
    ):
        word = words[of_word % len(words)]
        stays = place == 0 or (of_word % 2 == (place == 1))
        if features.get(of_word) == "word" and stays and chance.random() < share:
            text = f"{word} {text}"
    return when, name, text, likes, answered


def _of_year(
    chance: random.Random,
    language: str,
    styles: dict[str, Style],
    year: int,
    feature: str,
    *,
    is_chat: bool,
) -> list[tuple[str, str, str, int, str]]:
    hours = {"hours": (20, 21, 22), "part": (18, 19, 20, 21, 22, 23, *range(24))}
    posts, names = list[tuple[str, str, str, int, str]](), [*styles]
    begins = chance.choice(names)
    for day in _days_of(chance, year, feature):
        hour = chance.choice(hours.get(feature, range(24)))
        time = datetime(day.year, day.month, day.day, hour, chance.randint(0, 30))
        for number in range(4 if is_chat else 1):
            name = begins if not number and chance.random() < 0.7 else chance.choice(names)
            text, answered = _text(chance, language, styles[name]), ""
            if feature == "answers" and chance.random() < 0.6:
                answered = chance.choice(("juno", "juno", "juno", "april"))
            likes = chance.randint(0, 3) if feature == "liked" else 0
            posts.append((f"{time:%Y-%m-%d %H:%M}", name, text, likes, answered))
            time += timedelta(minutes=chance.randint(0, 3))
    if feature == "liked":
        when, name, text, _, answered = posts[-9]
        posts[-9] = (when, name, text, 900, answered)
    return posts


FIRST_OF_HABITS: Final = 4_000
"""The seeds of chats in which each person has one habit."""
EACH_WITH_A_HABIT: Final = (
    ("en", "questions more", "exclamations none", "emoji less"),
    ("en", "exclamations more", "questions none", "laughing less"),
    ("en", "laughing more", "emoji none", "questions less"),
    ("en", "emoji more", "laughing none", "exclamations less"),
    ("en", "length more", "beginnings none", "lengthened less"),
    ("en", "length less", "beginnings more", "capitals none"),
    ("en", "capitals more", "lengthened none", "beginnings less"),
    ("en", "lengthened more", "endings none", "capitals less"),
    ("en", "turns more", "endings less", "silence none"),
    ("en", "silence more", "turns none", "endings more"),
    ("en", "turns less", "silence less"),
    ("en", "", "late silence more", ""),
    ("en", "", "late silence none", ""),
    ("en", "", "", "late silence less"),
    ("en", "most", "length more", "night more"),
    ("en", "most", "length more"),
    ("ko", "laughing more", "night more"),
    ("ko", "unspaced more", "endings none", "questions more"),
    ("ko", "unspaced none", "exclamations none", "endings more"),
    ("ko", "unspaced less", "emoji more"),
    ("ko", "words", "words"),
    ("ko", "politeness more", "politeness none"),
    ("ko", "politeness less", ""),
    ("en", "words", "words", "words"),
    ("en", "", "left silence more", ""),
    ("ko", "", "left silence none", ""),
    ("en", "", "left", "left late silence less", ""),
    ("en", "capital_words more", "capital_words none", "capital_words less"),
    ("en", "amount more", "", ""),
    ("en", "laughing none", "", ""),
)
"""The language of each chat, and what each of its people does more or less often than others."""
WITHOUT: Final = {"none": 0.0, "less": 0.05, "more": 0.75}
OFTEN: Final = {
    "questions": "?", "exclamations": "!", "endings": "~", "laughing": "", "emoji": "🌸",
    "beginnings": "", "capitals": "", "capital_words": "", "lengthened": "", "unspaced": "",
    "politeness": "",
}  # fmt: skip


def made_habits(number: int, years: Sequence[int] = (2024,)) -> MadeChat:
    """Return a chat of 40 days in which each person has one habit; of two years, all write alike in
    the first.
    """
    language, *habits = EACH_WITH_A_HABIT[number]
    chance = random.Random(f"habits {number}")
    seed = FIRST_OF_HABITS + number
    people = {f"{name}{seed}": habit for name, habit in zip(NAMES[language], habits, strict=False)}
    said: list[Said] = []
    for year, step in product(years, range(40)):
        is_changed = year == years[-1]
        here = {
            name: habit if is_changed else ""
            for name, habit in people.items()
            if ("late" not in habit or step > 9) and ("left" not in habit or step < 30)
        }
        for hour in (1, 9, 18):
            time = datetime(year, 1, 2, hour, 0) + timedelta(step)
            said += _conversation(chance, language, here, time, [*filter(None, habits)])
    return MadeChat(seed, language, said)


def _conversation(
    chance: random.Random,
    language: str,
    people: dict[str, str],
    time: datetime,
    habits: Sequence[str],
) -> list[Said]:
    """Return the messages of a conversation, in turns."""

    def drawn(habit: str, names: Sequence[str]) -> str:
        weights = {"none": 0, "less": 0.15, "more": 8}
        kinds = [
            people[name].removeprefix("left ").removeprefix("late ").partition(habit)[2].strip()
            for name in names
        ]
        return chance.choices(names, [weights.get(kind, 1) or 1e-9 for kind in kinds])[0]

    is_night = time.hour < 5
    if is_night:  # Who writes at night writes alone on most nights.
        people = {
            name: habit
            for name, habit in people.items()
            if "night" in habit or chance.random() < 0.3
        }
    names, said, name = [*people], list[Said](), ""
    for turn in range(3 * bool(names) if is_night else 8):
        others = [other for other in names if other != name] or names
        name = (
            drawn("silence", names)
            if not turn
            else drawn("night" if is_night else "amount", others)
        )
        habit = people[name]
        several = {"turns more": 0.9, "turns none": 0, "turns less": 0.05}.get(habit, 0.45)
        many = 3 if habit == "most" else 1
        for _ in range(many + (chance.random() < several)):
            text = _habitual(chance, language, people, name, habits)
            said.append((f"{time:%Y-%m-%d %H:%M}", name, text))
            time += timedelta(minutes=chance.randint(0, 2))
    return said


def _habitual(
    chance: random.Random, language: str, people: dict[str, str], name: str, habits: Sequence[str]
) -> str:
    """Return a text: who has less of something is beside others who do it in half of all."""
    own, _, variant = people[name].partition(" ")
    usual = {habit.split()[0]: 0.05 if habit.endswith("more") else 0.5 for habit in habits}
    does = {
        habit
        for habit in OFTEN
        if (habit != "capital_words" or habit in usual)  # Other chats stay as they are.
        and chance.random() < (WITHOUT[variant] if habit == own else usual.get(habit, 0.05))
        and (habit in usual or habit == "exclamations")
    }
    low, high = {"length more": (11, 14), "length less": (1, 2)}.get(people[name], (4, 7))
    words = chance.choices(WORDS[language].split(), k=chance.randint(low, high))
    if own == "words" and chance.random() < 0.3:
        words.insert(0, FAVOURITES_OF[language][[*people].index(name)])
    if "lengthened" in does:
        words[-1] = "sooooo" if language == "en" else "아아아"
    if "capital_words" in does:
        words[-1] = words[-1].upper()
    if "politeness" in usual:
        words.append("갔어요" if "politeness" in does else "갔어")
    text = ("" if "unspaced" in does else " ").join(words)
    text = (
        text.upper() if "capitals" in does else text if "beginnings" in does else text.capitalize()
    )
    if "laughing" in does:
        text += f" {LAUGH[language]}"
    signs = [OFTEN[habit] for habit in ("emoji", "questions", "exclamations") if habit in does]
    ending = "~" if "endings" in does else ""
    return text + "".join(f" {sign}" if sign == "🌸" else sign for sign in signs) + ending


FAVOURITES_OF: Final = {"en": ("comet", "orchard", "marmot"), "ko": FAVOURITES[:3]}
