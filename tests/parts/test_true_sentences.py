"""Every sentence about a chat is true: pages of made chats are read, and counted from their rows.

The patterns here are of the text that visitors read, and the counts are by the definitions of the
documents, not by the code. A sentence that no pattern knows fails too, so a new sentence needs a
pattern with its check, in both languages.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import Final
from urllib.parse import quote

import pytest

from tests.browsing import parts_of
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.made_chats import MadeChat, made_chat
from tests.sentences import blocks_of

FIRST_SEEDS: Final = 2
SEEDS: Final = [
    pytest.param(seed, marks=[pytest.mark.full] if seed >= FIRST_SEEDS else []) for seed in range(3)
]
SILENCE: Final = timedelta(hours=6)
FEWEST: Final = 20
SIGNS: Final[dict[str, Callable[[str], bool]]] = {
    "question": lambda text: "?" in text,
    "exclamation": lambda text: "!" in text,
    "laugh": lambda text: bool(re.search("ㅋㅋ|lol", text)),
    "emoji": lambda text: "🌸" in text,
    "“.”": lambda text: text.endswith("."),
    "“~”": lambda text: text.endswith("~"),
    "“요”": lambda text: bool(re.search("요[.!?~]*$", text)),
    "small": lambda text: text[:1].islower(),
}


@dataclass
class Writer:
    name: str
    texts: list[str] = field(default_factory=list)
    days: Counter[date] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    begun: int = 0
    waits_s: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)

    @property
    def words(self) -> float:
        return fmean(len(text.split()) for text in self.texts)

    def share(self, sign: str) -> float:
        return fmean(SIGNS[sign](text) for text in self.texts)


class Truth:
    """What is counted of a chat's messages, by the definitions of the documents."""

    def __init__(self, chat: MadeChat) -> None:
        self.chat = chat
        self.people = {name: Writer(name) for name in chat.names}
        self.times = [datetime.fromisoformat(when) for when, _, _ in chat.said]
        for (when, name, text), time in zip(chat.said, self.times, strict=True):
            del when
            person = self.people[name]
            person.texts.append(text)
            person.days[time.date()] += 1
            person.hours[time.hour] += 1
        told = [*zip(self.times, (name for _, name, _ in chat.said), strict=True)]
        for (before, name_before), (time, name) in pairwise(told):
            if time - before > SILENCE:
                self.people[name].begun += 1
            elif name != name_before:
                self.people[name].waits_s.append((time - before).total_seconds())
                self.people[name].answered[name_before] += 1

    @property
    def total(self) -> int:
        return len(self.chat.said)

    @cached_property
    def begun(self) -> int:
        return sum(person.begun for person in self.people.values())

    def value(self, name: str, habit: str) -> float:
        person = self.people[name]
        if habit == "words":
            return person.words
        return person.begun / self.begun if habit == "begun" else person.share(habit)

    def others(self, name: str) -> list[str]:
        return [other for other in self.people if other != name]

    def usual(self, name: str, habit: str) -> float:
        """Return the value of all others combined, of beginnings their mean."""
        others = [self.people[other] for other in self.others(name)]
        if habit == "begun":
            return fmean(self.value(other.name, habit) for other in others)
        texts = [text for other in others for text in other.texts]
        if habit == "words":
            return fmean(len(text.split()) for text in texts)
        return fmean(SIGNS[habit](text) for text in texts)

    @cached_property
    def days(self) -> Counter[date]:
        return sum((person.days for person in self.people.values()), Counter())

    def quiet_days(self) -> Counter[int]:
        """Return the numbers of whole days of the silences."""
        gaps = [(after - before).days - 1 for before, after in pairwise(sorted(self.days))]
        return Counter(gap for gap in gaps if gap > 0)


# --- Pieces of sentences ---

OFTEN_EN: Final = (
    r"(?:never|hardly ever|almost always|always|in (?:almost )?every(?: \w+)?(?: message)?"
    r"|in half(?: of the messages)?|in \d+ of \d+(?: messages)?)"
)
OFTEN_KO: Final = (
    r"(?:한 번도 없음|드물게|거의 없음|거의 항상|항상|(?:메시지 )?(?:거의 )?모두|거의 모든 메시지"
    r"|모든 메시지|(?:메시지 )?절반|(?:메시지 )?\d+개 중 \d+개)"
)
NUMBERS: Final = ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
SLACK: Final = 0.0051


def is_as_often(told: str, share: float) -> bool:
    """Return whether a share is told as it is, within its rounding."""
    if re.search(r"never|한 번도", told):
        return share == 0
    if re.search(r"hardly|드물게|거의 없음", told):
        return 0 < share <= 0.0051
    if re.search(r"almost|거의", told):
        return 0.949 <= share < 1
    if re.search(r"always|in every message|in every$|^항상|모두|모든", told):
        return share == 1
    if re.search("half|절반", told):
        return 0.449 <= share <= 0.551
    if word := re.search(f"({'|'.join(NUMBERS)})", told):
        number = NUMBERS.index(word[1]) + 3
        return 1 / (number + 0.51) <= share <= 1 / (number - 0.51)
    first, second = map(int, re.findall(r"\d+", told))
    part, whole = (second, first) if re.search("중", told) else (first, second)
    if part == 1 and whole != 100:
        return 1 / (whole + 0.51) <= share <= 1 / (whole - 0.51)
    return abs(share - part / whole) <= 0.51 / whole


def number_in(text: str) -> float:
    found = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    assert found, text
    return float(found[0].replace(",", ""))


def is_about(told: str, value: float) -> bool:
    """Return whether a mean is told as it is, to its last digit; words are one at least."""
    number = number_in(told)
    digits = 1 if "." in told else 0
    return abs(number - max(value, 0.05)) <= 0.5 * 10**-digits + 1e-9 or (
        number == 1 and not digits and value < 1
    )


def is_percent(told: str, share: float) -> bool:
    """Return whether a share is told within a point: parts of a whole are rounded to 100."""
    return abs(number_in(told) - 100 * share) <= 1.0


# --- Sentences ---

ANYBODY: Final = r"(?:[A-Z][a-z]+|[가-힣]+)\d+"
NAME: Final = f"(?P<name>{ANYBODY})"
OTHER: Final = f"(?P<other>{ANYBODY})"
WORD_EN: Final = r"(?P<own>about [\d.,]+ words?)(?:; usual here (?P<usual>[\d.,]+) words?)?"
WORD_KO: Final = r"(?P<own>[\d.,]+단어쯤)(?:, 여기서는 보통 (?P<usual>[\d.,]+)단어)?"
THAN_EN: Final = rf"(?P<than>most here|the others|the \d+ others in this chat|{OTHER})"
THAN_KO: Final = rf"(?P<than>여기 있는 사람 대부분|다른 사람들|이 대화방의 다른 \d+명|{OTHER})"
SHARE_EN: Final = rf"(?P<own>{OFTEN_EN}|[\d.]+%)(?:; usual here (?P<usual>{OFTEN_EN}|[\d.]+%))?"
SHARE_KO: Final = rf"(?P<own>{OFTEN_KO}|[\d.]+%)(?:, 여기서는 보통 (?P<usual>{OFTEN_KO}|[\d.]+%))?"
Found = dict[str, str]
Check = Callable[["Reader", Found], None]


class Reader:
    """Reads the blocks of one page about a chat."""

    def __init__(self, truth: Truth, page: str, subject: str = "") -> None:
        self.truth = truth
        self.page = page
        self.subject = subject
        self.habit = ""

    def check(self, block: str) -> None:
        """Raise AssertionError for a false sentence, or an unknown one."""
        if any(re.fullmatch(text, block) for text in FURNITURE):
            return
        rest = block
        while rest:
            for pattern, check in patterns():
                if found := pattern.match(rest):
                    values = {name: text for name, text in found.groupdict().items() if text}
                    if "name" in values:
                        self.subject = values["name"]
                    check(self, values)
                    rest = rest[found.end() :]
                    break
            else:
                raise AssertionError(f"no pattern for {rest!r} in {block!r}")
            rest = re.sub(r"^(, and |, | and |\. | · |\.$|\.|\) · |\)$| )", "", rest)


def _told(habit: str, side: int) -> Check:
    def check(reader: Reader, found: Found) -> None:
        truth, name = reader.truth, reader.subject
        value = truth.value(name, habit)
        are_equal = _are_told_as(habit)
        assert are_equal(found["own"], value), (name, habit, value)
        reader.habit = habit
        if "usual" in found:
            _usual(reader, found)
            assert not side or (value - truth.usual(name, habit)) * side > 0, (name, habit)
        if "than" not in found:
            return
        others = truth.others(name)
        behind = [other for other in others if (value - truth.value(other, habit)) * side > 0]
        than = found["than"]
        if "other" in found:
            assert others == [found["other"]] == behind, (name, habit, than)
        elif re.search("most here|대부분", than):
            assert 2 * len(behind) >= len(others), (name, habit, behind)
        else:
            assert behind == others, (name, habit, set(others) - set(behind))
            if number := re.search(r"\d+", than):
                assert int(number[0]) == len(others)

    return check


def _usual(reader: Reader, found: Found) -> None:
    usual = reader.truth.usual(reader.subject, reader.habit)
    are_equal = _are_told_as(reader.habit)
    assert are_equal(found["usual"], usual), (reader.subject, reader.habit, usual)


def _are_told_as(habit: str) -> Callable[[str, float], bool]:
    if habit == "words":
        return is_about
    return is_percent if habit == "begun" else is_as_often


def _never(habit: str) -> Check:
    def check(reader: Reader, _: Found) -> None:
        assert reader.truth.value(reader.subject, habit) == 0, (reader.subject, habit)

    return check


def _period(reader: Reader, found: Found) -> None:
    person = reader.truth.people.get(reader.subject)
    days = sorted(person.days if person else reader.truth.days)
    told = [int(day) for day in re.findall(r"\d+", re.sub(r"2024|\d+월", "", found["period"]))]
    assert len(told) in (1, 2)
    assert told == [days[0].day, days[-1].day][: len(told)], (days[0], days[-1])


def _most(reader: Reader, found: Found) -> None:
    counts = {name: len(person.texts) for name, person in reader.truth.people.items()}
    assert counts[reader.subject] == max(counts.values())
    assert is_percent(found["share"], counts[reader.subject] / reader.truth.total)


def _longest(reader: Reader, found: Found) -> None:
    words = {name: person.words for name, person in reader.truth.people.items()}
    assert words[reader.subject] == max(words.values()), words
    assert is_about(found["own"], words[reader.subject])


def _laughs_most(reader: Reader, _: Found) -> None:
    shares = {
        name: person.share("laugh")
        for name, person in reader.truth.people.items()
        if len(person.texts) >= FEWEST
    }
    assert shares[reader.subject] == max(shares.values()), shares


def _at_night(reader: Reader, found: Found) -> None:
    shares = {
        name: sum(person.hours[hour] for hour in range(5)) / len(person.texts)
        for name, person in reader.truth.people.items()
        if len(person.texts) >= FEWEST
    }
    assert shares[reader.subject] == max(shares.values()), shares
    assert is_percent(found["share"], shares[reader.subject])


def _begins_most(reader: Reader, found: Found) -> None:
    shares = {name: reader.truth.value(name, "begun") for name in reader.truth.people}
    assert shares[reader.subject] == max(shares.values()), shares
    assert is_percent(found["share"], shares[reader.subject])


def _no_difference(reader: Reader, _: Found) -> None:
    """Fail if each of seven days of two people shows a habit that only one of them has."""
    people = [one for one in reader.truth.people.values() if len(one.texts) >= 100]
    for one in people:
        for other in people:
            if min(len(one.days), len(other.days)) < 7:
                continue
            for habit in SIGNS:
                assert not (one.share(habit) >= 0.4 and other.share(habit) == 0), (
                    f"{habit}: {one.name} {one.share(habit):.2f}, {other.name} 0"
                )


def _few_days(reader: Reader, _: Found) -> None:
    assert all(len(person.days) < 7 for person in reader.truth.people.values())


def _messages_of(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == len(reader.truth.people[reader.subject].texts)


def _messages(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == reader.truth.total


def _messages_on_page(reader: Reader, found: Found) -> None:
    of_one = reader.truth.people.get(reader.subject)
    count = len(of_one.texts) if of_one else reader.truth.total
    assert number_in(found["count"]) == count
    if "days" in found:
        days = of_one.days if of_one else reader.truth.days
        assert number_in(found["days"]) == len(days)


def _words_of(reader: Reader, found: Found) -> None:
    assert is_about(found["own"], reader.truth.people[reader.subject].words)


def _waits(reader: Reader, found: Found) -> None:
    waits = [median(one.waits_s) for one in reader.truth.people.values() if len(one.waits_s) >= 10]
    told_s = _seconds(found["time"])
    assert waits
    if found.get("within"):
        assert max(waits) <= 1.3 * told_s + 60
    else:
        assert all(0.7 * told_s - 60 <= wait <= 1.4 * told_s + 60 for wait in waits), waits


def _waits_of(reader: Reader, found: Found) -> None:
    wait = median(reader.truth.people[reader.subject].waits_s)
    told_s = _seconds(found["time"])
    assert 0.7 * told_s - 60 <= wait <= 1.4 * told_s + 60, wait


def _seconds(told: str) -> float:
    if re.search("less than a minute|1분도", told):
        return 60
    hours = re.search(r"([\d.]+) ?(?:hours?|시간)", told)
    minutes = re.search(r"([\d.]+) ?(?:minutes?|분)", told)
    seconds = 3600 * float(hours[1]) if hours else 0.0
    return seconds + (60 * float(minutes[1]) if minutes else 0)


def _quiet(reader: Reader, found: Found) -> None:
    gaps = reader.truth.quiet_days()
    longest = max(gaps)
    assert number_in(found["days"]) == longest, gaps
    assert number_in(found.get("times", "1")) == gaps[longest], gaps


def _busiest_month(reader: Reader, found: Found) -> None:
    person = reader.truth.people.get(reader.subject)
    days = person.days if person else reader.truth.days
    months = Counter[int]()
    for day, count in days.items():
        months[day.month] += count
    ((month, most),) = months.most_common(1)
    assert number_in(found["count"]) == most, months
    named = found["month"]
    assert named.startswith(date(2024, month, 1).strftime("%B")) or f"{month}월" in named


def _busiest_day(reader: Reader, found: Found) -> None:
    person = reader.truth.people.get(reader.subject)
    days = person.days if person else reader.truth.days
    assert number_in(found["count"]) == max(days.values())


def _run(reader: Reader, found: Found) -> None:
    person = reader.truth.people.get(reader.subject)
    days = sorted(person.days if person else reader.truth.days)
    longest = run = 1
    for before, day in pairwise(days):
        run = run + 1 if day - before == timedelta(1) else 1
        longest = max(longest, run)
    assert number_in(found["days"]) == longest


def _silence_of_days(reader: Reader, found: Found) -> None:
    person = reader.truth.people.get(reader.subject)
    days = sorted(person.days if person else reader.truth.days)
    gaps = [(after - before).days - 1 for before, after in pairwise(days)]
    assert number_in(found["days"]) == max(gaps)


def _answers(reader: Reader, found: Found) -> None:
    answered = reader.truth.people[reader.subject].answered
    assert answered[found["other"]] == max(answered.values())


def _says_more(reader: Reader, found: Found) -> None:
    truth, word = reader.truth, found["word"].casefold()
    pieces = [piece.strip() for piece in word.split("…")]

    def share(texts: list[str]) -> float:
        return fmean(all(piece in text.casefold() for piece in pieces) for text in texts)

    own = share(truth.people[reader.subject].texts)
    beside = [text for name in truth.others(reader.subject) for text in truth.people[name].texts]
    assert own > share(beside), (own, share(beside))
    if "own" in found:
        assert is_as_often(found["own"], own), own


def _choices(reader: Reader, found: Found) -> None:
    buttons = set(re.findall(r'name="guess" value="([^"]+)"', reader.page))
    assert number_in(found["count"]) == len(buttons)
    people = reader.truth.people
    assert number_in(found["total"]) == len(people)
    if found.get("most"):  # "who write most"
        fewest = min(len(people[name].texts) for name in buttons)
        assert all(len(people[name].texts) <= fewest for name in people.keys() - buttons)
        return
    for name in people.keys() - buttons:
        person = people[name]
        assert any(
            len(person.texts) <= len(people[other].texts) or person.words < people[other].words
            for other in buttons
        )


def _share_of(reader: Reader, found: Found) -> None:
    person = reader.truth.people[found["name"]]
    shares = [len(person.texts) / reader.truth.total, reader.truth.value(person.name, "begun")]
    assert any(is_percent(found["share"], share) for share in shares), shares


def _answer_shares(reader: Reader, found: Found) -> None:
    answered = reader.truth.people[found["name"]].answered
    for name, percent in re.findall(rf"({ANYBODY}) (\d+%)", found["parts"]):
        assert is_percent(percent, answered[name] / sum(answered.values())), answered


def _emoji(reader: Reader, found: Found) -> None:
    texts = reader.truth.people[found["name"]].texts
    assert number_in(found["count"]) == sum("🌸" in text for text in texts)


def _compared(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == len(reader.truth.people) - 1


def _true(_: Reader, __: Found) -> None:
    """What rows cannot tell: how well a person is recognised, or how a page was counted."""


def _zone(_: Reader, found: Found) -> None:
    assert found["zone"] in ("Asia/Seoul", "서울 시간"), found


def _hours_of_chat(reader: Reader, found: Found) -> None:
    truth = reader.truth
    first, end = (int(hour) % 24 for hour in (found["start"], found["end"]))
    person = truth.people.get(reader.subject)
    counted = person.hours if person else sum((o.hours for o in truth.people.values()), Counter())
    sums = [sum(counted[(start + step) % 24] for step in range(3)) for start in range(24)]
    assert sums[first] == max(sums), sums
    assert (end - first) % 24 == 3


def _habit(
    name: str, more_en: str, more_ko: str, less_en: str, less_ko: str, never_en: str, never_ko: str
) -> Iterator[tuple[str, Check]]:
    for own, more, less, never in (
        ((SHARE_EN, THAN_EN), more_en, less_en, never_en),
        ((SHARE_KO, THAN_KO), more_ko, less_ko, never_ko),
    ):
        share, than = own
        yield more.replace("OWN", share), _told(name, +1)
        yield less.replace("OWN", share).replace("THAN", than), _told(name, -1)
        yield never, _never(name)


HABITS: list[tuple[str, Check]] = [
    (rf"[Ww]rites longer messages than {THAN_EN} \({WORD_EN}\)", _told("words", +1)),
    (rf"[Ww]rites shorter messages than {THAN_EN} \({WORD_EN}\)", _told("words", -1)),
    (rf"{THAN_KO}보다 메시지를 길게 써요\({WORD_KO}\)", _told("words", +1)),
    (rf"{THAN_KO}보다 메시지를 짧게 써요\({WORD_KO}\)", _told("words", -1)),
    *_habit(
        "question",
        r"[Uu]ses question marks OWN",
        r"OWN에 물음표를 써요",
        r"[Uu]ses question marks less often than THAN \(OWN\)",
        r"물음표를 THAN보다 덜 써요\(OWN\)",
        r"[Nn]ever uses question marks",
        r"물음표를 쓰지 않아요",
    ),
    *_habit(
        "exclamation",
        r"[Uu]ses exclamation marks OWN",
        r"OWN에 느낌표를 써요",
        r"[Uu]ses exclamation marks less often than THAN \(OWN\)",
        r"느낌표를 THAN보다 덜 써요\(OWN\)",
        r"[Nn]ever uses exclamation marks",
        r"느낌표를 쓰지 않아요",
    ),
    *_habit(
        "laugh",
        r"[Ll]aughs \(“(?:lol|ㅋㅋ)”\) OWN",
        r"OWN에서 “(?:lol|ㅋㅋ)” 하고 웃어요",
        r"[Ll]aughs less often in writing than THAN \(OWN\)",
        r"웃음 표현을 THAN보다 덜 써요\(OWN\)",
        r"[Nn]ever laughs in writing",
        r"웃음 표현을 쓰지 않아요",
    ),
    *_habit(
        "emoji",
        r"[Uu]ses emoji OWN",
        r"OWN에 이모지를 써요",
        r"[Uu]ses emoji less often than THAN \(OWN\)",
        r"이모지를 THAN보다 덜 써요\(OWN\)",
        r"[Nn]ever uses emoji",
        r"이모지를 쓰지 않아요",
    ),
    *_habit(
        "begun",
        r"[Ss]tarts OWN of the conversations",
        r"대화의 OWN[을를] 먼저 시작해요",
        r"[Ss]tarts conversations less often than THAN \(OWN\)",
        r"대화를 THAN보다 덜 시작해요\(OWN\)",
        r"[Nn]ever starts a conversation",
        r"대화를 먼저 시작하지 않아요",
    ),
    *_habit(
        "small",
        r"[Ss]tarts with a lowercase letter OWN",
        r"OWN[을를] 소문자로 시작해요",
        r"[Ss]tarts with a lowercase letter less often than THAN \(OWN\)",
        r"소문자로 시작하는 일이 THAN보다 적어요\(OWN\)",
        r"[Nn]ever starts with a lowercase letter",
        r"소문자로 시작하지 않아요",
    ),
    *(
        pattern
        for sign in ("“.”", "“~”", "“요”")
        for pattern in _habit(
            sign,
            rf"[Ee]nds with {re.escape(sign)} OWN",
            rf"OWN[을를] {re.escape(sign)}(?:으)?로 끝내요",
            rf"[Ee]nds with {re.escape(sign)} less often than THAN \(OWN\)",
            rf"{re.escape(sign)}(?:으)?로 끝내는 일이 THAN보다 적어요\(OWN\)",
            rf"[Nn]ever ends with {re.escape(sign)}",
            rf"{re.escape(sign)}(?:으)?로 끝내지 않아요",
        )
    ),
]
LABELS: Final = {
    "words": ("Length", "길이"),
    "question": ("Question marks", "물음표"),
    "exclamation": ("Exclamations", "느낌표"),
    "laugh": (r"Laughs \(mostly \S+\)", r"웃음 표현\(대개 \S+\)"),
    "emoji": (r"Emoji \(mostly \S+\)", r"이모지\(대개 \S+\)"),
    "begun": ("Starts conversations", "먼저 말 걸기"),
    "small": ("Lowercase start", "소문자로 시작"),
    "“.”": (r"Ends with “\.”", r"“\.”(?:으)?로 끝냄"),
    "“~”": ("Ends with “~”", "“~”(?:으)?로 끝냄"),
    "“요”": ("Ends with “요”", "“요”(?:으)?로 끝냄"),
}
BESIDE: Final = rf"(?:Everyone else|다른 사람들|{ANYBODY}): (?P<usual>[^()·]+)"
HABITS += [
    (rf"(?:{'|'.join(texts)}) \((?P<own>[^()·]+) · {BESIDE}\)", _told(habit, 0))
    for habit, texts in LABELS.items()
]
HABITS += [(rf"\({BESIDE}\)", _usual)]
PERIOD: Final = (
    r"(?P<period>[A-Z][a-z]+ \d+(?:, 2024)?(?: – (?:[A-Z][a-z]+ )?\d+, 2024)?"
    r"|2024년 \d+월 \d+일(?: ?~ ?(?:2024년 )?(?:\d+월 )?\d+일)?)"
)
PERCENT: Final = r"(?P<share>\d+%)"
COUNT: Final = r"(?P<count>[\d,]+)"
TIME_EN: Final = r"(?P<time>less than a minute|[\w\s.]+?(?:minutes?|hours?))"
TIME_KO: Final = r"(?P<time>1분도|[\d.시간분 ]+?)"
SENTENCES: Final[list[tuple[str, Check]]] = [
    # What sets the people of a chat apart.
    (
        rf"{NAME} writes (?:the )?long(?:est|er) messages \((?P<own>[\d.]+) words? on average\)",
        _longest,
    ),
    (rf"{NAME}[이가] (?:가장 |더 )?길게 쓰고\(한 번에 (?P<own>[\d.]+)단어\)", _longest),
    (rf"{NAME}[이가] (?:가장 |더 )?길게 써요\(한 번에 (?P<own>[\d.]+)단어\)", _longest),
    (rf"{NAME} writes “(?:lol|ㅋㅋ)” (?:most|more) often", _laughs_most),
    (rf"{NAME}[이가] “(?:lol|ㅋㅋ)” 표현을 (?:가장|더) 자주 (?:써요|쓰고)", _laughs_most),
    (rf"{NAME} writes (?:most|more) \({PERCENT}\)", _most),
    (rf"{NAME}[이가] (?:가장|더) 많이 (?:써요|쓰고)\({PERCENT}\)", _most),
    (
        rf"{NAME} writes (?:at night more than the others|more often at night) \({PERCENT}\)",
        _at_night,
    ),
    (
        rf"{NAME}[이가] (?:다른 사람보다 밤에 자주|밤에 더 자주) (?:써요|쓰고)\({PERCENT}\)",
        _at_night,
    ),
    (rf"{NAME} is (?:easiest|easier) to recognise \({PERCENT}\)", _true),
    (rf"{NAME}의 메시지가 (?:가장|더) 알아보기 (?:쉬워요|쉽고)\({PERCENT}\)", _true),
    (r"Nothing clearly sets (?:these (?:\d+|two) people|.+) apart[^.]*", _no_difference),
    (r".*뚜렷이 가르는 차이는 없어요", _no_difference),
    (r"여기서 .*만의 뚜렷한 특징은 없어요", _no_difference),
    (
        r"Chance may explain every difference between (?:these (?:\d+|two) people|.+)",
        _no_difference,
    ),
    (r"(?:여기 \d+명|두 사람|.+)의 차이는 우연과 구별하기 어려워요", _no_difference),
    (r"There are too few days with messages to tell these people apart", _few_days),
    (r"메시지가 있는 날이 적어서 사람들의 차이를 우연과 구별하기 어려워요", _few_days),
    (rf"There are too few messages yet to compare {NAME} with [^.]+", _true),
    (rf"{NAME}[을를과와] .*비교하기에는 메시지가 아직 적어요", _true),
    # Cards.
    (rf"{NAME} {COUNT} messages?(?: in all)?", _messages_of),
    (rf"{NAME} (?:전체 )?메시지 {COUNT}개", _messages_of),
    (r"About (?P<own>[\d.]+) words? a message", _words_of),
    (r"한 번에 (?P<own>[\d.]+)단어쯤 써요", _words_of),
    (r"“(?P<word>[^”]+)”", _says_more),
    (rf"(?:Both reply|Everyone here replies) in (?:about )?{TIME_EN}", _waits),
    (rf"(?:둘 다|모두) 답하는 데 보통 {TIME_KO}(?:쯤)? (?:안 )?걸려요", _waits),
    (
        rf"(?:All \d+|The) people shown usually reply (?P<within>within )?(?:in (?:about )?)?{TIME_EN}",
        _waits,
    ),
    (
        rf"여기 나온 (?:사람들은|\d+명 모두)(?: 답하는 데)? 보통 {TIME_KO}(?:쯤 걸려|(?P<within> 안에 답해))요",
        _waits,
    ),
    (rf"Replies in (?:about )?{TIME_EN}", _waits_of),
    (rf"답하는 데 {TIME_KO}(?:쯤)? (?:안 )?걸려요", _waits_of),
    (rf"{NAME} replies to {OTHER} most often", _answers),
    (rf"{NAME}[은는이가] {OTHER}에게 가장 자주 답해요", _answers),
    (r"Whose messages each person replies to, as shares of their replies", _true),
    (r"사람마다 누구의 메시지에 답하는지를 그 사람의 답장에서 차지하는 비율로 보여 드려요", _true),
    (rf"{NAME} (?P<parts>{ANYBODY} \d+%(?: · {ANYBODY} \d+%)*)", _answer_shares),
    (rf"How they write in all {COUNT} messages", _messages),
    (rf"메시지 {COUNT}개 모두에서 본 말투", _messages),
    (
        rf"The choices are (?:the )?{COUNT} of (?P<total>\d+) people(?P<most> who write most)?(?:\. People with few or short messages are left out)?",
        _choices,
    ),
    (
        rf"(?P<total>\d+)명 가운데 (?P<most>많이 쓴 )?{COUNT}명이 보기로 나와요(?:\. 메시지가 적거나 짧은 사람은 빠졌어요)?",
        _choices,
    ),
    # Times.
    (r"The longest silences: (?P<days>\d+) days?, (?P<times>\d+) times", _quiet),
    (r"가장 길게는 (?P<days>\d+)일 동안 조용했고, 그런 때가 (?P<times>\d+)번 있어요", _quiet),
    (r"The longest silence: (?P<days>\d+) days?, [A-Z][^.]*", _quiet),
    (r"가장 길게는 (?P<days>\d+)일 동안 조용했어요\([^)]*\)", _quiet),
    (rf"Busiest: (?P<month>\w+) 2024, {COUNT} messages", _busiest_month),
    (rf"(?P<month>\w+) was the busiest month \({COUNT}\)", _busiest_month),
    (rf"메시지가 가장 많은 때: (?P<month>2024년 \d+월), {COUNT}개", _busiest_month),
    (rf"(?:2024년 )?(?P<month>\d+월)에 가장 많이 썼어요\({COUNT}개\)", _busiest_month),
    (rf"\w+ \d+ was by far the busiest day \({COUNT} messages?\)", _busiest_day),
    (rf"\d+월 \d+일에 유난히 많이 썼어요\(메시지 {COUNT}개\)", _busiest_day),
    (r"Messages on (?P<days>\d+) days in a row, from \w+ \d+ to \w+ \d+", _run),
    (r"\d+월 \d+일부터 \d+월 \d+일까지 (?P<days>\d+)일 동안 하루도 빠짐없이 썼어요", _run),
    (r"No message for (?P<days>\d+) days, from \w+ \d+ to \w+ \d+", _silence_of_days),
    (
        r"\d+월 \d+일부터 \d+월 \d+일까지 (?P<days>\d+)일 동안 [^.]*(?:쓰지 않았어요|조용했어요|없어요|없었어요)",
        _silence_of_days,
    ),
    (r"Busiest between (?P<start>\d+):00 and (?P<end>\d+):00", _hours_of_chat),
    (r"(?P<start>\d+)시부터 (?P<end>\d+)시 사이에 가장 많이 (?:써요|썼어요)", _hours_of_chat),
    (r"The [\d,]+th message here came on \w+ \d+", _true),
    (r"\d+월 \d+일에 [\d,]+번째 메시지를 썼어요", _true),
    (
        r"Most in the \w+ \(\d+% of all\)|Busier at the weekend \(\d+% of all\)|Quieter at the weekend \(\d+% of all\)",
        _true,
    ),
    (r"(?:새벽|아침|오전|오후|저녁|밤|낮|주말)에 [^.]*(?:썼어요|써요)\([^)]*\d+%[^)]*\)", _true),
    (r"\w+day was the busiest day of the week \(\d+% of all\)", _true),
    (r"\w+요일에 가장 많이 (?:썼어요|써요)\([^)]*\)", _true),
    # Years and authors.
    (rf"{PERIOD}(?= · |$)", _period),
    (r"in the chat made\d+|made\d+ 대화방", _true),
    (r"Based on the chat “made\d+”|‘made\d+’ 대화방에서 셌어요", _true),
    (
        r"Words without a number are used by no one else|숫자가 없는 말은 다른 사람이 쓰지 않는 말이에요",
        _true,
    ),
    (r"Very common words are left out|누구나 쓰는 흔한 말은 뺐어요", _true),
    (r"×12 means twelve times as often|×12는 열두 배 자주 쓴다는 뜻이에요|×\d+.*?뜻이에요", _true),
    (rf"Three things about {NAME}: ", _true),
    (rf"{NAME}에 관한 세 가지: ", _true),
    (rf"{COUNT} messages?(?: on (?P<days>\d+) days?| in 2024)?", _messages_on_page),
    (rf"메시지 {COUNT}개(?:\(쓴 날 (?P<days>\d+)일\))?", _messages_on_page),
    (rf"2024년 메시지 {COUNT}개", _messages_on_page),
    (rf"{NAME} most often: {PERCENT}", _begins_most),
    (rf"{NAME}[이가] 가장 자주 먼저 썼어요\({PERCENT}\)", _begins_most),
    (rf"{NAME} {PERCENT}", _share_of),
    (rf"{NAME} 🌸 {COUNT}", _emoji),
    (r"\d+ others? \d+%|그 밖의 \d+명 \d+%", _true),
    (
        rf"{NAME} says “(?P<word>[^”]+)” more often than (?:is usual here|{OTHER}) \((?P<own>{OFTEN_EN})\)",
        _says_more,
    ),
    (
        rf"{NAME}[은는] “(?P<word>[^”]+)” 표현을 (?:여기서 보통 쓰는 것|{OTHER})보다 자주 써요\((?P<own>{OFTEN_KO})\)",
        _says_more,
    ),
    (r"Compared with the (?P<count>\d+) others in this chat", _compared),
    (r"이 대화방의 다른 (?P<count>\d+)명과 비교했어요", _compared),
    (r"compared with (?P<count>\d+) others?", _compared),
    (r"다른 (?P<count>\d+)명과 비교", _compared),
    (rf"compared with {OTHER}", _true),
    (rf"{OTHER}[과와] 비교", _true),
    (rf"saywho recognises {NAME} in [^.]+", _true),
    (rf"saywho는 {NAME}의 메시지를? .*알아[^.]*", _true),
    # A subject before its habits, last: it begins most sentences above.
    (rf"{NAME}[은는]? (?=\S)", _true),
]
FURNITURE: Final = [
    r"made\d+|Portrait of made\d+|made\d+ in 2024|made\d+에서 쓰는 말투|made\d+의 2024년",
    rf"{ANYBODY}|How {ANYBODY} writes|{ANYBODY}의 말투|{ANYBODY} in 2024|{ANYBODY}의 2024년",
    r"Who replies to whom|누가 누구에게 답하나요|Month by month|달마다|Who wrote this\?|누가 쓴 글일까요\?",
    r"Says more often(?: than [^:“]*)?:?|더 자주 하는 말:|.*보다 자주 쓰는 말",
    r"Who wrote how much|누가 얼마나 썼나요|Who wrote first after a silence|조용하다가 먼저 쓴 사람",
    r"Emoji of each person|사람마다 자주 쓴 이모지|By weekday|요일별|In numbers|숫자로 보기|Emoji|이모지",
    r"By hour \(Asia/Seoul\)|시간대별 \(서울 시간\)|Newest messages|최근 메시지|More messages|메시지 더 보기",
    r"Messages|메시지|How they write|말투|Typical words|유독 자주 쓰는 말|Typical signs|유독 자주 쓰는 기호",
    r"Most like .*|가장 .*다운 메시지|See this message|이 메시지 보기",
    r"The dot is .*|점은 .*|\S{1,4} " + ANYBODY,
    r"The outline is .*|윤곽선은 .*|The link works only on this computer.*|이 링크는 .*",
    r"The first and the last message of the year|그해의 첫 메시지와 마지막 메시지",
    r"All messages · .*|메시지 모두 보기 · .*|Chats|대화방|Username: .*|사용자 이름: .*",
    r"made\d+ .*\d+ .*",
    r"Share as a picture|공유할 그림|Back|돌아가기",
]


@cache
def patterns() -> list[tuple[re.Pattern[str], Check]]:
    """Return what is read, compiled where it is used and not in each process that collects."""
    return [(re.compile(text), check) for text, check in [*HABITS, *SENTENCES]]


def pages_of(chat: MadeChat, room: int) -> Iterator[tuple[str, str]]:
    """Yield the addresses of the pages about a chat, and the person each is about."""
    yield f"/room/{room}", ""
    yield f"/room/{room}/portrait", ""
    yield f"/room/{room}/2024", ""
    yield f"/room/{room}/portrait/picture", ""
    yield f"/room/{room}/2024/picture", ""
    counts = Counter(name for _, name, _ in chat.said)
    for name in sorted(chat.names, key=counts.__getitem__)[-3:]:
        of_person = f"/user/{quote(name)}"
        yield of_person, name
        yield f"{of_person}/portrait", name
        yield f"{of_person}/2024", name
        yield f"{of_person}/portrait/picture", name


async def room_of(site: Client, chat: MadeChat) -> int:
    rooms = await site.walk("/api/v1/rooms", 200)
    (room,) = [room["id"] for room in rooms if room["name"] == chat.title]
    return int(room)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_sentence_about_a_chat_is_true(shared: Shared, seed: int) -> None:
    chat = made_chat(seed)
    await import_chat(parts_of(shared.app).db, kakaotalk(chat.title, *chat.said))
    room, truth = await room_of(shared.anybody, chat), Truth(chat)
    faults: list[str] = []
    for number, (path, name) in enumerate(pages_of(chat, room)):
        # A test of few seeds reads each page in one language.
        few = ("en", "ko")[(number + seed) % 2 :][:1]
        for language in few if seed < FIRST_SEEDS else ("en", "ko"):
            headers = {"Accept-Language": language, "Cookie": "saywho_zone=America/New_York"}
            answer = await shared.anybody.get(path, headers=headers)
            if answer.status_code == 404:  # A year, or a portrait, of few messages.
                continue
            page = await answer.get_data(as_text=True)
            assert answer.status_code == 200, path
            reader = Reader(truth, page, name)
            for block in blocks_of(page):
                try:
                    reader.check(block)
                except AssertionError as error:
                    faults.append(f"{path} ({language}): {block}\n    {error}")
    assert not faults, f"seed {seed}:\n" + "\n".join(faults)
