"""Every sentence about chats and authors is true: pages of made sites are read, and counted from
their rows.

The patterns here are of the text that visitors read, and the counts are by the definitions of the
documents, not by the code. A sentence that no pattern knows fails too, so a new sentence needs a
pattern with its check, in both languages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from html import unescape
from itertools import chain, cycle, pairwise, product
from statistics import fmean, median
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

import pytest
from quart import Quart

from app.language.i18n import catalog
from app.services.compare.background import renew_background
from app.views.tell import FINDINGS, HABITS
from tests import sentences
from tests.browsing import parts_of
from tests.chats import ZONE, import_chat, kakaotalk
from tests.conftest import Client
from tests.made_chats import (
    FIRST_OF_AUTHORS,
    FIRST_OF_KINDS,
    KINDS,
    MadeChat,
    made_authors,
    made_chat,
    made_kind,
)
from tests.selection import first_of

SEEDS_OF_A_SITE: Final = 10
FIRST_SEEDS: Final = first_of(range(0, 300, SEEDS_OF_A_SITE), 0)
"""Of ten chats each; `make test-later` reads the first ten."""
SHOWN_ELSEWHERE: Final = {
    "years of an author": "busiest_hours busiest_month changed milestone most_answered "
    "most_liked only_word same_days streak than_before unchanged "
    "word_beside_all",
    "years of a chat": "began outline year_word",
    "habits 2": "laugh",
    "habits 4": "beginnings",
    "habits 14": "night says_nothing_more",
    "habits 21": "says_more",
    "habits 28": "most",
    "habits 29": "recognised",
    "few days": "too_few_days",
    "goes on": "so_far",
    "alone": "alone",
    "tag": "tag",
    "typical": "typical",
    "undated": "undated",
    "tests/views/figures/test_first_findings.py": "speech levels speech_to",
    "tests/views/authors/test_at_sight.py": "second_language",
}
"""Findings that no page of the first ten seeds shows, and where `test_true_years` reads them."""
VISITOR_ZONE: Final = "Pacific/Honolulu"
"""The zone of the visitor's browser, 19 hours behind the chats, and without summer time."""
SILENCE: Final = timedelta(hours=6)
FEWEST: Final = 20


def politeness_of(text: str) -> bool | None:
    """Return whether a made Korean text is polite; None if its end says nothing."""
    word = re.sub("[^가-힣]+$", "", text.replace("lol", "")).rpartition(" ")[2]
    if word == "넵" or re.search("[가-힣](?:욤|어요)$", word):
        return True
    return False if word in {"응", "그래", "좋아"} or word.endswith("갔어") else None


SIGNS: Final[dict[str, Callable[[str], bool]]] = {
    "question": lambda text: "?" in text,
    "exclamation": lambda text: "!" in text,
    "laugh": lambda text: bool(re.search("ㅋㅋ|lol", text)),
    "emoji": lambda text: "🌸" in text,
    "“.”": lambda text: text.endswith("."),
    "“~”": lambda text: text.endswith("~"),
    "politeness": lambda text: politeness_of(text) is True,
    "small": lambda text: text[:1].islower(),
    "“-음/-함/-됨”": lambda text: text.endswith(("함", "끝남")),
    "“욤”": lambda text: text.endswith("욤"),
    "lengthened": lambda text: bool(re.search("아아아|제발ㄹㄹ|so{4}", text, re.IGNORECASE)),
    "unspaced": lambda text: " " not in text and len(re.findall("[가-힣]", text)) >= 8,
    "capitals": lambda text: bool(
        not re.search("[a-z]", text) and len(re.findall("[A-Z]", text)) >= 4
    ),
    "capital_words": lambda text: bool(re.search("[A-Z]{3}", text) and re.search("[a-z]", text)),
}


def share_of(sign: str, texts: Sequence[str]) -> float:
    """Return the share of texts with a sign; of politeness, among those that are polite or plain."""
    if sign == "politeness":
        texts = [text for text in texts if politeness_of(text) is not None]
    return fmean(SIGNS[sign](text) for text in texts) if texts else 0.0


OF_ALPHABET: Final = SIGNS.keys() - {"question", "exclamation", "laugh", "emoji"} | {"words"}
"""Habits in which people of one script are compared."""


@dataclass
class Writer:
    name: str
    texts: list[str] = field(default_factory=list)
    days: Counter[date] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    begun: int = 0
    turns: list[int] = field(default_factory=list)
    """Numbers of messages in a row."""
    waits_s: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)

    @property
    def words(self) -> float:
        return fmean(len(text.split()) for text in self.texts)

    @cached_property
    def is_korean(self) -> bool:
        return fmean(bool(re.search("[ㄱ-힣]", text)) for text in self.texts) > 0.5

    def share(self, sign: str) -> float:
        return share_of(sign, self.texts)


def names_of_zone(zone: str) -> set[str]:
    """Return the names of the zone of the chats, or of the visitor."""
    seoul, honolulu = {"서울 시간", "Seoul time"}, {"호놀룰루 시간", "Honolulu time"}
    return {zone, *(seoul if zone == ZONE else honolulu)}


def in_utc(time: datetime) -> datetime:
    """Return a time on the clock of a chat in UTC."""
    return time.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


class Truth:
    """What is counted of a chat's messages, by the definitions of the documents."""

    def __init__(self, chat: MadeChat, before: datetime | None = None) -> None:
        """before: the time of the message before the first."""
        self.chat = chat
        self.people = {name: Writer(name) for name in chat.names}
        self._stays: dict[str, list[tuple[date, date]]] = {}
        self.times = [datetime.fromisoformat(when) for when, _, _ in chat.said]
        for (when, name, text), time in zip(chat.said, self.times, strict=True):
            del when
            person = self.people[name]
            person.texts.append(text)
            person.days[time.date()] += 1
            person.hours[time.hour] += 1
        self.beginnings: list[tuple[date, str]] = []
        told = [*zip(self.times, (name for _, name, _ in chat.said), strict=True)]
        for time, name in told[:1]:
            self.people[name].turns.append(1)
            if before is not None and time - before > SILENCE:
                self.people[name].begun += 1
                self.beginnings.append((in_utc(time).date(), name))
        for (before, name_before), (time, name) in pairwise(told):
            is_silent = time - before > SILENCE
            if is_silent or name != name_before:
                self.people[name].turns.append(0)
            self.people[name].turns[-1] += 1
            if is_silent:
                self.people[name].begun += 1
                self.beginnings.append((in_utc(time).date(), name))
            elif name != name_before:
                self.people[name].waits_s.append((time - before).total_seconds())
                self.people[name].answered[name_before] += 1

    @property
    def total(self) -> int:
        return len(self.chat.said)

    def of(self, *names: str) -> "Truth":
        """Return what is counted of these people alone."""
        said = [row for row in self.chat.said if row[1] in names]
        return Truth(MadeChat(self.chat.seed, self.chat.language, said))

    @cached_property
    def begun(self) -> int:
        return len(self.beginnings)

    @cached_property
    def days_utc(self) -> dict[str, set[date]]:
        """The days of UTC on which each person writes."""
        days = defaultdict[str, set[date]](set)
        for time, (_, name, _) in zip(self.times, self.chat.said, strict=True):
            days[name].add(in_utc(time).date())
        return days

    def value(self, name: str, habit: str) -> float:
        person = self.people[name]
        if habit == "words":
            return person.words
        if habit == "turns":
            return fmean(turn > 1 for turn in person.turns)
        return self.begun_of(name) if habit == "begun" else person.share(habit)

    def begun_of(self, name: str) -> float:
        """Return the share of the conversations while a person was there."""
        begun = sum(self.is_there(name, day) for day, _ in self.beginnings)
        return self.people[name].begun / max(begun, 1)

    def is_there(self, name: str, day: date) -> bool:
        return any(first <= day <= last for first, last in self.stays(name))

    def stays(self, name: str) -> list[tuple[date, date]]:
        """Return the first and the last day of each time in which a person was there, of UTC as in
        the documents; who did not leave is there until the end.
        """
        if name in self._stays:
            return self._stays[name]
        own, days = sorted(self.days_utc[name]), sorted(set().union(*self.days_utc.values()))
        after = sum(day > own[-1] for day in days)
        pauses = [sum(a < day < b for day in days) for a, b in pairwise(own)]
        has_left = after >= 7 and after > max(pauses, default=0)
        span = sum(own[0] <= day <= own[-1] for day in days)
        stays = [(own[0], own[-1] if has_left else date.max)]
        for pause, (before, back) in zip(pauses, pairwise(own), strict=True):
            if pause >= 7 and len(own) * (1 - len(own) / (span - pause)) ** pause < 0.01:
                stays[-1:] = [(stays[-1][0], before), (back, stays[-1][1])]
        self._stays[name] = stays
        return stays

    def was_away(self, name: str) -> bool:
        return not all(self.is_there(name, day) for day, _ in self.beginnings)

    def others(self, name: str, habit: str = "") -> list[str]:
        """Return all others, or those who are compared in a habit."""
        others = [other for other in self.people if other != name]
        if habit not in OF_ALPHABET:
            return others
        is_korean = self.people[name].is_korean
        return [other for other in others if self.people[other].is_korean == is_korean]

    def usual(self, name: str, habit: str) -> float:
        """Return the value of all others combined, of beginnings their mean."""
        others = [self.people[other] for other in self.others(name, habit)]
        if habit == "begun":
            return fmean(self.value(other.name, habit) for other in others)
        if habit == "turns":
            return fmean(turn > 1 for other in others for turn in other.turns)
        texts = [text for other in others for text in other.texts]
        if habit == "words":
            return fmean(len(text.split()) for text in texts)
        return share_of(habit, texts)

    @cached_property
    def days(self) -> Counter[date]:
        return sum((person.days for person in self.people.values()), Counter())

    def quiet_days(self) -> Counter[int]:
        """Return the numbers of whole days of the silences."""
        gaps = [(after - before).days - 1 for before, after in pairwise(sorted(self.days))]
        return Counter(gap for gap in gaps if gap > 0)


def checked(check: Callable[..., None], *patterns: str) -> list[tuple[str, Callable[..., None]]]:
    """Return the rows of a table of sentences that are checked alike."""
    return [(pattern, check) for pattern in patterns]


# --- Pieces of sentences ---

OFTEN_EN: Final = (
    r"(?:never|hardly ever|almost always|always|in (?:almost )?every(?: \w+)?(?: message)?"
    r"|in half(?: of the messages)?|in \d+ of \d+(?: messages)?|in [\d.]+% of the messages|<?[\d.]+%)"
)
OFTEN_KO: Final = (
    r"(?:한 번도 없음|드물게|거의 없음|거의 항상|항상|거의 전부|전부|(?:메시지 )?(?:거의 )?모두|거의 모든 메시지"
    r"|모든 메시지|(?:(?:메시지|글)의 )?절반|(?:메시지 )?\d+개 중 \d+개|(?:메시지의 )?<?[\d.]+%)"
)
BEGINNINGS: Final = re.compile("Who wrote first after a silence|한동안 조용하다가 먼저 쓴 사람")
NUMBERS: Final = ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


def is_as_often(told: str, share: float) -> bool:
    """Return whether a share is told as it is, within its rounding."""
    if "<" in told:
        return 0 < 100 * share < number_in(told)
    if "%" in told:
        return abs(number_in(told) - 100 * share) <= (0.051 if "." in told else 0.51)
    if re.search(r"never|한 번도|안 써요", told):
        return share == 0
    if re.search(r"hardly|드물게|거의 없음", told):
        return 0 < share <= 0.0051
    if re.search(r"almost|거의", told):
        return 0.949 <= share < 1
    if re.search(r"always|every message$|in every$|^항상|모두|모든|전부", told):
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
    """Return whether a share is told as it is, rounded by itself; only all or none is 100 or 0."""
    error = 1.0 if min(share, 1 - share) < 0.01 else 0.5
    return abs(number_in(told) - 100 * share) <= error + 1e-9


# --- Sentences ---

ANYBODY: Final = r"(?:[A-Z][a-z]+|[가-힣]+)\d+"
NAME: Final = f"(?P<name>{ANYBODY})"
NAME_KO: Final = f"(?P<name_ko>{ANYBODY})"
OTHER: Final = f"(?P<other>{ANYBODY})"
WORD_EN: Final = r"(?P<own>[\d.,]+ words?)"
WORD_KO: Final = r"(?P<own>[\d.,]+단어)"
THAN_EN: Final = (
    r"(?P<than>most here|(?:the (?:others|only other person)|most) who writes? in the same alphabet"
    r"|the others|the \d+ others in this chat|(?:most of )?\d+ other authors here"
    rf"|{OTHER})"
)
THAN_KO: Final = (
    r"(?P<than>여기 있는 사람 대부분|같은 문자로 쓰는 (?:다른 사람들|다른 한 사람|사람 대부분)|다른 사람들|이 대화방의 다른 \d+명"
    rf"|여기 있는 다른 작성자 \d+명(?: 대부분)?|{OTHER})"
)
GIANT: Final = rf"(?P<giant>lol|ㅋㅋ|🌸|<?[\d.]+%?) {NAME}[은는]? "
SHARE_EN: Final = rf"(?P<own>{OFTEN_EN}|[\d.]+%)"
SHARE_KO: Final = rf"(?P<own>{OFTEN_KO}|[\d.]+%)"
Found = dict[str, str]
Check = Callable[["Reader", Found], None]


class Reader:
    """Reads the blocks of one page about a chat, or about an author."""

    def __init__(self, truth: Truth, page: str, about: str = "") -> None:
        self.truth = truth
        self.page = page
        self.about = about
        """The person that the page is about; empty for a chat."""
        self.subject = about
        """The person named last."""
        self.heading = ""
        self.habit = ""
        self.word = ""
        self.begun_told: dict[str, str] = {}
        self.is_put_down_to_chance = False
        """Whether the page says that chance may explain every difference."""

    @property
    def days(self) -> Counter[date]:
        """The messages by day that the page is about."""
        return self.truth.people[self.about].days if self.about else self.truth.days

    @property
    def zones(self) -> set[str]:
        """The names of the clock by which is counted."""
        seed = self.truth.chat.seed
        is_of_chat = seed < FIRST_OF_AUTHORS or seed >= FIRST_OF_KINDS
        return names_of_zone(ZONE if is_of_chat else VISITOR_ZONE)

    def is_heading(self, block: str) -> bool:
        return any(re.fullmatch(text, block) for text in FURNITURE)

    def patterns(self) -> list[tuple[re.Pattern[str], Check]]:
        return patterns()

    def names_of_group(self, title: str) -> list[str]:
        """Return the people below a group's title."""
        groups = self.page.partition('class="card people-alike"')[2].split("<li><p><b>")[1:]
        (group,) = (
            group
            for group in groups
            if sentences.as_messages(sentences.as_read(unescape(group.partition("</b>")[0])))
            == title
        )
        return [
            unquote(name)
            for name in re.findall(r'href="/user/([^"]+)"', group.partition("</ul>")[0])
        ]

    def check(self, block: str) -> None:
        """Raise AssertionError for a false sentence, or an unknown one."""
        rest = block = re.sub(r"\bpost(?=s?\b)", "message", sentences.as_messages(block))
        if re.fullmatch(ANYBODY, block):
            self.subject = block
        if self.is_heading(block):
            self.heading = block
            return
        while rest:
            for pattern, check in self.patterns():
                if found := pattern.match(rest):
                    values = {name: text for name, text in found.groupdict().items() if text}
                    if "name" in values:
                        self.subject = values["name"]
                    check(self, values)
                    rest = rest[found.end() :]
                    break
            else:
                raise AssertionError(f"no pattern for {rest!r} in {block!r}")
            rest = re.sub(r"^(, and |, | and | 및 |\. | · |\.$|\.|\) · |\)$| )", "", rest)


def _told(habit: str, side: int) -> Check:
    def check(reader: Reader, found: Found) -> None:
        truth, name = reader.truth, reader.subject
        value = truth.value(name, habit)
        assert _are_told_as(habit)(found["own"], value), (name, habit, value)
        if habit == "begun":
            assert ("there" in found) == truth.was_away(name), (name, found)
        reader.habit = habit
        if "usual" in found:
            _usual(reader, found)
            assert not side or (value - truth.usual(name, habit)) * side > 0, (name, habit)
        if side and not reader.about:
            assert not reader.is_put_down_to_chance, "the page puts every difference down to chance"
        if "than" not in found:
            return
        others, everyone = truth.others(name, habit), truth.others(name)
        behind = [other for other in others if (value - truth.value(other, habit)) * side > 0]
        than = found["than"]
        assert ("alphabet" in than or "문자" in than) == (others != everyone), (name, than)
        if "other" in found:
            assert everyone == [found["other"]] == behind, (name, habit, than)
        elif re.search("only other|한 사람", than):
            assert len(behind) == len(others) == 1, (name, habit, than)
        elif re.search("^most |대부분", than):
            assert 2 * len(behind) > len(others), (name, habit, behind)
        else:
            assert behind == others, (name, habit, set(others) - set(behind))
            if number := re.search(r"\d+", than):
                assert int(number[0]) == len(others)

    return check


def _usual(reader: Reader, found: Found) -> None:
    truth, name = reader.truth, reader.subject
    usual = truth.usual(name, reader.habit)
    if besides := found.get("besides"):
        is_of_some = truth.others(name, reader.habit) != truth.others(name)
        is_named = len(listed := re.findall(ANYBODY, besides)) > 1 or is_of_some
        if is_named and listed:
            assert {*listed} == {*truth.others(name, reader.habit)}, (name, besides)
        else:
            assert bool(re.search("alphabet|문자", besides)) == is_of_some, (name, besides)
    assert _are_told_as(reader.habit)(found["usual"], usual), (reader.subject, reader.habit, usual)


def _are_told_as(habit: str) -> Callable[[str, float], bool]:
    if habit == "words":
        return is_about
    return is_percent if habit in ("begun", "turns") else is_as_often


def _never(habit: str) -> Check:
    def check(reader: Reader, _: Found) -> None:
        reader.habit = habit
        assert reader.truth.value(reader.subject, habit) == 0, (reader.subject, habit)

    return check


def _period(reader: Reader, found: Found) -> None:
    days = sorted(reader.days)
    told = [int(day) for day in re.findall(r"\d+", re.sub(r"2024|\d+월", "", found["period"]))]
    assert len(told) in (1, 2)
    assert told == [days[0].day, days[-1].day][: len(told)], (days[0], days[-1])


def _most(reader: Reader, found: Found) -> None:
    counts = {name: len(person.texts) for name, person in reader.truth.people.items()}
    assert counts[reader.subject] == max(counts.values())
    assert is_percent(found["share"], counts[reader.subject] / reader.truth.total)


def _longest(reader: Reader, found: Found) -> None:
    assert len({one.is_korean for one in reader.truth.people.values()}) == 1
    words = {name: person.words for name, person in reader.truth.people.items()}
    assert words[reader.subject] == max(words.values()), words
    assert is_about(found["own"], words[reader.subject])


def _laughs_most(reader: Reader, _: Found) -> None:
    shares = {
        name: person.share("laugh")
        for name, person in reader.truth.people.items()
        if len(person.texts) >= FEWEST
    }
    own = shares.pop(reader.subject)
    assert all(own > share for share in shares.values()), (own, shares)
    texts = {name: person.texts for name, person in reader.truth.people.items()}
    counts = {name: sum(map(SIGNS["laugh"], of)) for name, of in texts.items()}
    assert counts[reader.subject] >= max(20, max(counts.values()) / 2), counts


def _laughs_alone(reader: Reader, found: Found) -> None:
    reader.subject = found.get("name") or found["name_ko"]
    _laughs_most(reader, found)
    others = [person for name, person in reader.truth.people.items() if name != reader.subject]
    assert not any(SIGNS["laugh"](text) for person in others for text in person.texts)


def _at_night(reader: Reader, found: Found) -> None:
    shares = {
        name: sum(person.hours[hour] for hour in range(5)) / len(person.texts)
        for name, person in reader.truth.people.items()
        if len(person.texts) >= FEWEST
    }
    assert shares[reader.subject] == max(shares.values()), shares
    assert is_percent(found["share"], shares[reader.subject])


def _begins_most(reader: Reader, found: Found) -> None:
    begun = reader.truth.begun
    shares = {name: person.begun / begun for name, person in reader.truth.people.items()}
    assert shares[reader.subject] == max(shares.values()), shares
    counts = [person.begun for person in reader.truth.people.values()]
    first, second = sorted(counts, reverse=True)[:2]
    assert first - second >= 2.9 * (first + second) ** 0.5, counts
    assert (number_in(found["count"]), number_in(found["total"])) == (first, begun)
    assert is_percent(found["share"], shares[reader.subject])
    reader.begun_told[reader.subject] = found["share"]


def _no_difference(reader: Reader, _: Found) -> None:
    """Fail if each of seven days of two people shows a habit that only one of them has."""
    reader.is_put_down_to_chance = True
    people = [one for one in reader.truth.people.values() if len(one.texts) >= 100]
    for one in people:
        for other in people:
            if min(len(one.days), len(other.days)) < 7:
                continue
            for habit in SIGNS:
                assert not (one.share(habit) >= 0.4 and other.share(habit) == 0), (
                    f"{habit}: {one.name} {one.share(habit):.2f}, {other.name} 0"
                )


def _no_own_habit(reader: Reader, found: Found) -> None:
    """Fail if on seven days one person often does what nobody else does."""
    people = reader.truth.people
    if "beside" in found:
        assert number_in(found["beside"]) == len(people) - 1
    if "count" in found:
        reader.is_put_down_to_chance = True
        assert number_in(found["count"]) == len(people)
    for name in [found["name"]] if "name" in found else people:
        if len(people[name].texts) < 100 or len(people[name].days) < 7:
            continue
        for habit in SIGNS:
            beside = [people[other].share(habit) for other in reader.truth.others(name)]
            assert people[name].share(habit) < 0.4 or any(beside), f"only {name}: {habit}"


def _no_own_habit_of_most(reader: Reader, found: Found) -> None:
    people = reader.truth.people.values()
    count = int(number_in(found.get("most") or found["most_ko"]))
    assert count < len(people)
    for person in sorted(people, key=lambda one: -len(one.texts))[:count]:
        _no_own_habit(reader, {"name": person.name})


def _few_days(reader: Reader, _: Found) -> None:
    assert all(len(person.days) < 7 for person in reader.truth.people.values())


def _few_messages(reader: Reader, _: Found) -> None:
    """Fail if all but one person have 20 messages together, with whom the one is compared."""
    counts = sorted(len(person.texts) for person in reader.truth.people.values())
    assert sum(counts[:-1]) < FEWEST, counts


def _messages_of(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == len(reader.truth.people[reader.subject].texts)


def _messages(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == reader.truth.total


def _messages_on_page(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == reader.days.total()
    if "days" in found:
        assert number_in(found["days"]) == len(reader.days)


def _messages_of_people(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == reader.truth.total
    assert number_in(found["people"]) == len(reader.truth.people)


def _without_card(reader: Reader, found: Found) -> None:
    named = found["plain"].split(", ")
    assert {*named} <= reader.truth.people.keys()
    cards = reader.page.partition('class="people-cards')[2].partition("</ul>")[0]
    assert not [name for name in named if f'href="/user/{quote(name)}"' in cards]


def _waits_of(reader: Reader, found: Found) -> None:
    wait = median(reader.truth.people[reader.subject].waits_s)
    told_s = _seconds(found["time"])
    assert 0.7 * told_s - 60 <= wait <= 1.4 * told_s + 60, wait


def _seconds(told: str) -> float:
    if re.search("less than a minute|1분도|1분 미만", told):
        return 60
    hours = re.search(r"([\d.]+) ?(?:hours?|시간)", told)
    minutes = re.search(r"([\d.]+) ?(?:minutes?|분)", told)
    seconds = 3600 * float(hours[1]) if hours else 0.0
    return seconds + (60 * float(minutes[1]) if minutes else 0)


def _quiet(reader: Reader, found: Found) -> None:
    gaps = reader.truth.quiet_days()
    longest = max(gaps)
    assert (number_in(found["count"]), gaps[longest]) == (longest, 1), gaps
    days = sorted(reader.truth.days)
    after = next(day for before, day in pairwise(days) if (day - before).days - 1 == longest)
    said = reader.truth.chat.said
    assert found["name"] == next(name for when, name, _ in said if when[:10] == str(after))


def _came_or_left(reader: Reader, found: Found) -> None:
    day, has_left = reader.truth.chat.moves[found["name"]]
    assert found["day"] in (
        f"{day:%B} {day.day}, {day.year}",
        f"{day.year}년 {day.month}월 {day.day}일",
    )
    assert ("left" in found) is has_left
    dates = [when[:10] for when, name, _ in reader.truth.chat.said if name == found["name"]]
    assert all(reader.truth.chat.is_there(found["name"], date) for date in dates)


def _share_there(reader: Reader, found: Found) -> None:
    chat, name = reader.truth.chat, reader.subject
    there = [who for when, who, _ in chat.said if chat.is_there(name, when[:10])]
    assert is_as_often(found["share"], there.count(name) / len(there)), name


def _day_of_year(reader: Reader, found: Found) -> None:
    trip, most = _trip(reader.days), max(reader.days.values())
    first, last = trip[0], trip[-1]
    others = [count for day, count in reader.days.items() if day not in trip]
    assert most > max(others), reader.days
    if "day" in found:
        assert found["day"] in (f"{first:%B} {first.day}", f"{first.month}월 {first.day}일"), trip
        assert len(trip) == 1, trip
    elif "days" in found:
        shown = [int(day) for day in re.findall(r"\d+", re.sub(r"\d+월", "", found["days"]))]
        assert (len(trip) > 1, shown) == (True, [first.day, last.day]), trip
    else:
        usual, total = median(others), sum(reader.days[day] for day in trip)
        counts = number_in(found["count"]), number_in(found["usual"])
        assert counts == (total, usual), others
        assert int(found.get("of") or 1) == len(trip), trip


def _words_of_day(reader: Reader, found: Found) -> None:
    trip = {day.isoformat() for day in _trip(reader.days)}
    names = [reader.about] if reader.about else [*reader.truth.people]
    said = [row for row in reader.truth.chat.said if row[1] in names]
    for phrase in re.findall("“([^”]+)”", found["words"]):
        pieces = [piece.strip() for piece in phrase.casefold().split("…")]
        hits: dict[bool, list[bool]] = {True: [], False: []}
        for when, _, text in said:
            has_all = all(piece in text.casefold() for piece in pieces)
            hits[when[:10] in trip].append(has_all)
        assert fmean(hits[True]) > fmean(hits[False]), phrase


def _longest_silence(reader: Reader, found: Found) -> None:
    days = sorted(reader.days)
    gaps = [((day - before).days - 1, day) for before, day in pairwise(days)]
    (longest, after), *others = sorted(gaps, reverse=True)
    assert number_in(found["days"]) == longest > others[0][0], gaps
    if "name" in found:
        said = reader.truth.chat.said
        first = next(name for when, name, _ in said if when.startswith(after.isoformat()))
        assert found["name"] == first


def _busiest_month(reader: Reader, found: Found) -> None:
    months = Counter[int]()
    for day, count in reader.days.items():
        months[day.month] += count
    ((month, most),) = months.most_common(1)
    assert number_in(found["count"]) == most, months
    named = found["month"]
    assert named.startswith(date(2024, month, 1).strftime("%B")) or f"{month}월" in named


def _run(reader: Reader, found: Found) -> None:
    days = sorted(reader.days)
    longest = run = 1
    for before, day in pairwise(days):
        run = run + 1 if day - before == timedelta(1) else 1
        longest = max(longest, run)
    assert number_in(found["days"]) == longest


def _silence_of_days(reader: Reader, found: Found) -> None:
    gaps = [(after - before).days - 1 for before, after in pairwise(sorted(reader.days))]
    assert number_in(found["days"]) == max(gaps)


def _chance_of_answers(truth: Truth, name: str, other: str) -> float:
    """Return the share of a person's replies to another, if they did not depend on who replies."""
    answered = {one: truth.people[one].answered for one in truth.people}
    draws = dict.fromkeys(truth.people, 1.0)
    for _ in range(200):
        by = {
            one: sum(answered[one].values())
            / max(sum(draws[of] for of in draws if of != one), 1e-9)
            for one in truth.people
        }
        draws = {
            of: sum(answered[one][of] for one in answered)
            / max(sum(by[one] for one in by if one != of), 1e-9)
            for of in truth.people
        }
    return draws[other] / sum(draws[of] for of in draws if of != name)


def _answers(reader: Reader, found: Found) -> None:
    truth, name, other = reader.truth, reader.subject, found["other"]
    answered = truth.people[name].answered
    assert answered[other] == max(answered.values())
    share = answered[other] / sum(answered.values())
    assert is_percent(found["share"], share), share
    chance = _chance_of_answers(truth, name, other)
    assert abs(number_in(found["times"]) - share / chance) <= 0.061, share / chance
    assert share > 1.2 * chance


def _share_with_word(reader: Reader, name: str) -> float:
    pieces = [piece.strip() for piece in reader.word.casefold().split("…")]
    texts = reader.truth.people[name].texts
    return fmean(all(_has_word(piece, text) for piece in pieces) for text in texts)


def _shares_with_word(reader: Reader, found: Found) -> None:
    truth, others = reader.truth, reader.truth.others(reader.subject)
    counts = {name: len(truth.people[name].texts) for name in truth.people}
    beside = sum(_share_with_word(reader, name) * counts[name] for name in others)
    assert is_as_often(found["own"], _share_with_word(reader, reader.subject)), found
    assert is_as_often(found["beside"], beside / sum(counts[name] for name in others)), found


def _own_share_of_word(reader: Reader, found: Found) -> None:
    """Check the share of somebody who says a word that nobody else says."""
    assert is_as_often(found["own"], _share_with_word(reader, reader.subject)), found
    others = reader.truth.others(reader.subject)
    assert not any(_share_with_word(reader, name) for name in others), (reader.word, found)


PARTS_OF_DAY: Final = {
    "night": 0, "morning": 6, "afternoon": 12, "evening": 18,
    "새벽": 0, "아침": 6, "오전": 6, "낮": 12, "오후": 12, "저녁": 18,
}  # fmt: skip


def _part_of_day(reader: Reader, found: Found) -> None:
    people = [reader.truth.people[reader.about]] if reader.about else reader.truth.people.values()
    hours = sum((person.hours for person in people), Counter[int]())
    parts = [sum(hours[hour] for hour in range(start, start + 6)) for start in range(0, 24, 6)]
    most = parts[PARTS_OF_DAY[found["part"]] // 6]
    assert most == max(parts), parts
    assert is_percent(found["share"], most / sum(parts)), parts


def _no_busiest_hours(reader: Reader, _: Found) -> None:
    """Fail if all messages of many days are in the same three hours."""
    people = [reader.truth.people[reader.about]] if reader.about else reader.truth.people.values()
    hours = sum((person.hours for person in people), Counter[int]())
    of_three = [sum(hours[(first + step) % 24] for step in range(3)) for first in range(24)]
    assert len(reader.days) < 7 or max(of_three) < hours.total(), hours


def _no_busiest_period(reader: Reader, found: Found) -> None:
    """Fail if one of several months has plainly more messages than any other, of which one that is
    cut off counts up to twice.
    """
    months = Counter((day.year, day.month) for day in reader.days.elements())
    known = Counter((day.year, day.month) for day in _days_between(reader.days))
    assert len(months) > 1
    ((fullest, most),) = months.most_common(1)
    second = max(
        count / max(known[month] / 31, 0.5) for month, count in months.items() if month != fullest
    )
    assert most < 1.3 * second or most - second < 3 * (most + second) ** 0.5, months


def _days_between(days: Iterable[date]) -> Iterator[date]:
    first, *_, last = sorted(days)
    for step in range((last - first).days + 1):
        yield first + timedelta(step)


def _trip(days: Counter[date]) -> list[date]:
    """Return the day with the most messages and those beside it with more than half of them."""
    (day, most), *_ = days.most_common(1)
    trip = [day]
    for step in (-1, 1):
        beside = day + timedelta(step)
        while 2 * days[beside] > most and abs((beside - day).days) <= 3:
            trip.append(beside)
            beside += timedelta(step)
    return sorted(trip)


def _busy_day(reader: Reader, found: Found) -> None:
    days, trip = reader.truth.days, _trip(reader.truth.days)
    assert number_in(found["count"]) == sum(days[day] for day in trip), (days, trip)
    usual = median(count for day, count in days.items() if count and day not in trip)
    assert number_in(found["usual"]) == usual
    assert int(found.get("of") or 1) == len(trip), trip
    assert f"on={trip[0]}" in reader.page


def _days_with_most(reader: Reader, found: Found) -> None:
    _named_days(reader, found)
    days, trip = reader.truth.days, _trip(reader.truth.days)
    usual = median(count for day, count in days.items() if count and day not in trip)
    assert number_in(found["usual"]) == usual


def _busy_days(reader: Reader, found: Found) -> None:
    trip = _trip(reader.truth.days)
    told = [int(day) for day in re.findall(r"\d+", re.sub(r"2024|\d+월", "", found["days"]))]
    assert told == list(dict.fromkeys([trip[0].day, trip[-1].day])), trip


def _named_days(reader: Reader, found: Found) -> None:
    _busy_days(reader, found)
    assert number_in(found["count"]) == sum(reader.days[day] for day in _trip(reader.truth.days))


def _has_word(word: str, text: str) -> bool:
    """Return whether a text has a word by itself, also before a laugh, or a phrase."""
    if " " in word or not word.isalnum():
        return word in text.casefold()
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?![^\Wㅋㅎㅠㅜ])", text.casefold()))


def _says_more(reader: Reader, found: Found) -> None:
    """Fail if another person with 20 messages has the word in as large a share of them."""
    reader.word, people = found["word"], reader.truth.people
    own = _share_with_word(reader, reader.subject)
    others = reader.truth.others(reader.subject)
    if found.get("than", "") not in {"the others", "다른 사람들"}:
        others = [name for name in others if len(people[name].texts) >= FEWEST]
    as_often = [name for name in others if _share_with_word(reader, name) >= own]
    assert not as_often, (reader.word, own, as_often)
    if found.get("own"):
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
            len(person.texts) <= len(people[other].texts)
            or person.words < people[other].words
            or person.is_korean != people[other].is_korean
            for other in buttons
        )


def _phrases_more(reader: Reader, found: Found) -> None:
    reader.subject = reader.about
    for phrase, told, beside in re.findall(
        rf"([^,()]+) \(({OFTEN_EN}|{OFTEN_KO})(?:; |, )([^()]*)\)",
        found["phrases"].partition(": ")[2],
    ):
        _says_more(reader, {"word": phrase.strip(), "own": told})
        if re.search(r"never|안 써요", beside):
            word, names = phrase.strip().casefold(), reader.truth.others(reader.subject)
            texts = [text for name in names for text in reader.truth.people[name].texts]
            assert not any(word in text.casefold().split() for text in texts), word


def _recognised(reader: Reader, found: Found) -> None:
    """Check that the card says what the measure below it says."""
    right, asked = (number_in(found[part]) for part in ("right", "asked"))
    assert right <= asked <= len(reader.truth.people[found["name"]].texts)
    measured = re.findall(r"newest (\d+) \w+ with enough[^.]+\..+? for (\d+)\.", reader.page) or [
        (asked_ko, right_ko)
        for asked_ko, right_ko in re.findall(
            r"(?:메시지|글) (\d+)개를 saywho.+?, (\d+)개를", reader.page
        )
    ]
    assert [(int(asked), int(right))] == [tuple(map(int, pair)) for pair in measured], measured


def _share_of(reader: Reader, found: Found) -> None:
    name, is_of_beginnings = found["name"], bool(BEGINNINGS.fullmatch(reader.heading))
    person = reader.truth.people[name]
    share = len(person.texts) / reader.truth.total
    if is_of_beginnings:
        share = person.begun / reader.truth.begun
        told = reader.begun_told.get(name, found["share"])
        assert told == found["share"], f"the page says {told}, too"
    assert is_percent(found["share"], share), (share, is_of_beginnings)


def _emoji(reader: Reader, found: Found) -> None:
    texts = reader.truth.people[found.get("name", reader.about)].texts
    assert number_in(found["count"]) == sum("🌸" in text for text in texts)


def true_as_made(_: Reader, __: Found) -> None:
    """What rows cannot tell: how well a person is recognised, or how a page was counted."""


def _zone(reader: Reader, found: Found) -> None:
    assert {found.get("zone"), found.get("zone_ko")} & reader.zones, found


def _hours_of_chat(reader: Reader, found: Found) -> None:
    truth = reader.truth
    first, end = (int(hour) % 24 for hour in (found["start"], found["end"]))
    person = truth.people.get(reader.about)
    counted = person.hours if person else sum((o.hours for o in truth.people.values()), Counter())
    sums = [sum(counted[(start + step) % 24] for step in range(3)) for start in range(24)]
    assert sums[first] == max(sums), sums
    assert (end - first) % 24 == 3
    if "own" in found:
        assert is_as_often(found["own"], sums[first] / counted.total()), sums


def _people_of_chat(reader: Reader, found: Found) -> None:
    assert number_in(found.get("count") or found["count_ko"]) == len(reader.truth.people)


def _others_here(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == len(reader.truth.people) - 1


def _further_people(reader: Reader, found: Found) -> None:
    """Count those who are not among the 200 people who write most."""
    assert number_in(found.get("count") or found["count_ko"]) == len(reader.truth.people) - 200


BESIDE: Final = (
    rf"(?P<besides>Everyone else|(?:Others|The other person) with the same alphabet|The others compared"
    rf"|다른 사람들|같은 문자로 쓰는 다른 (?:사람들|한 사람)|비교한 다른 작성자들|{ANYBODY}(?:(?:, and |, | and ){ANYBODY})*)"
    r": (?P<usual>[^()·]+)"
)
CALLED: Final = {
    "length": "words",
    "questions": "question",
    "exclamations": "exclamation",
    "laughing": "laugh",
    "beginnings": "small",
    "silence": "begun",
}
"""Habits that have another name here."""
SIGNS_OF: Final = {
    "endings": [sign for sign in SIGNS if sign.startswith("“")],
    "laughing": ["lol", "ㅋㅋ"],
    "emoji": [r"\S+"],
}
VARIANTS: Final = {"more": +1, "less": -1, "none": -1}


def in_korean(text: str) -> str:
    """Return the Korean of a sentence about messages."""
    korean = catalog("ko")
    return sentences.as_messages(sentences.as_read(korean.gettext(text)))


WHAT: Final = {
    name: rf"(?:{'|'.join(sentences.texts_of(texts['what']))})"
    for name, texts in HABITS.items()
    if "what" in texts
}
"""What a habit uses, in both languages."""


def pattern_of(text: str, language: str, sign: str, what: str = "") -> str:
    """Return what matches a sentence of the program, whatever its values."""
    is_korean = language == "ko"
    text = in_korean(text) if is_korean else re.sub(r"\bpost(?=s?\b)", "message", text)
    share, words, others = (
        (SHARE_KO, WORD_KO, THAN_KO) if is_korean else (SHARE_EN, WORD_EN, THAN_EN)
    )
    if is_korean:
        sign = sign.replace("됨", r"됨\(음슴체\)")
    values = {
        "{often}": share,
        "{words}": words,
        "{others}": others,
        "{sign}": sign,
        "{what}": what,
    }
    pieces = re.split(r"(\{\w+\}|\(으\)로|[을은이]\([를는가]\))", text)
    found = "".join(
        values.get(piece) or sentences.PARTICLES.get(piece) or re.escape(piece) for piece in pieces
    )
    first = text[:1]
    return f"[{first.upper()}{first}]{found[1:]}" if first.isascii() and first.isalpha() else found


@cache
def sentence_of(finding: str, variant: str) -> re.Pattern[str]:
    """Return what matches a sentence in both languages, whatever its values."""
    told = FINDINGS[finding]
    text = told[variant] if isinstance(told, Mapping) else told
    # A sentence may go on where its text ends.
    forms = chain(*map(sentences.texts_of, [text] if isinstance(text, str) else text))
    what = {"what": WHAT.get(finding, "")}
    told_as = "|".join(
        sentences.with_values(_with_any_case(form.removesuffix(".")), what) for form in forms
    )
    return re.compile(re.sub(r"\(\?P<\w+>", "(?:", told_as).replace(r"\[", "[").replace(r"\]", "]"))


def _with_any_case(text: str) -> str:
    """Return a sentence that may begin another."""
    first = text[:1]
    return (
        f"[{first.upper()}{first.lower()}]{text[1:]}"
        if first.isascii() and first.isalpha()
        else text
    )


EVERY_SENTENCE: Final = {
    (finding, variant)
    for finding, told in FINDINGS.items()
    for variant in (told if isinstance(told, Mapping) else [""])
    if variant != "what"
}


@cache
def habit_of(name: str) -> re.Pattern[str]:
    """Return what matches a sentence or a row about a habit, in both languages."""
    told = (
        pattern_of(text, language, r"\S+", WHAT.get(name, ""))
        for key, text in HABITS[name].items()
        if key != "what"
        for language in ("en", "ko")
    )
    return re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", each) for each in told))


def _ahead(habit: str, side: int) -> Check:
    """Check a card's sentence below somebody's own value, or below a sign that they write."""
    told = _told(habit, side)

    def check(reader: Reader, found: Found) -> None:
        if re.match("<?[0-9]", found["giant"]):
            found |= {"own": found["giant"], "usual": found["own"]}
        told(reader, found)

    return check


def _there(check: Check) -> Check:
    return lambda reader, found: check(reader, found | {"there": "there"})


def _below_giants(name: str, habit: str, language: str, sign: str) -> Iterator[tuple[str, Check]]:
    for card in {"ahead", "less", "there ahead", "there less"} & HABITS[name].keys():
        check = _ahead(habit, -1 if "less" in card else 1)
        below = pattern_of(HABITS[name][card], language, sign, WHAT.get(name, ""))
        yield GIANT + below, _there(check) if "there" in card else check


def habit_patterns() -> Iterator[tuple[str, Check]]:
    """Yield the patterns of the sentences of each habit, and of its rows, longer ones first."""
    for name, texts in HABITS.items():
        called = CALLED.get(name, name)
        for sign, language in product(SIGNS_OF.get(name, [""]), ("en", "ko")):
            habit = sign if name == "endings" else called
            sign = re.escape(sign.strip("“”")) if name != "emoji" else sign
            for variant, side in reversed(VARIANTS.items()):
                told = _never(habit) if variant == "none" else _told(habit, side)
                if name == "length" and variant == "none":
                    continue
                if there := texts.get(f"there {variant}"):
                    yield pattern_of(there, language, sign), _there(told)
                yield pattern_of(texts[variant], language, sign, WHAT.get(name, "")), told
            yield from _below_giants(name, habit, language, sign)
            if "many" in texts:
                many = pattern_of(texts["many"], language, sign, WHAT.get(name, ""))
                yield many.replace(re.escape("{count}"), r"(?P<count>\d+)"), _many(habit)
            quoted = f"“{sign}”" if name == "endings" else sign
            for label in ("there label", "label", "label without sign"):
                if label in texts:
                    row = rf" \((?P<own>[^()·]+?)(?: · {BESIDE})?\)(?! \()"
                    check = _told(habit, 0)
                    shown = pattern_of(texts[label], language, quoted)
                    yield shown + row, _there(check) if label.startswith("there") else check
        if without := texts.get("more without sign"):
            yield from ((pattern_of(without, each, ""), _told(called, 1)) for each in ("en", "ko"))


def _share_of_laughs(reader: Reader, found: Found) -> None:
    assert is_percent(found["share"], reader.truth.people[reader.subject].share("laugh")), found


def _all_of(*checks: Callable[..., None], **given: str) -> Check:
    """Return a check of all; given: under which name a check finds the value of another name."""

    def check(reader: Reader, found: Found) -> None:
        for each in checks:
            each(reader, found | {name: found[of] for name, of in given.items()})

    return check


def _word_of_card(reader: Reader, found: Found) -> None:
    reader.word, reader.subject = found["word"], reader.about
    shares = {"own": found["often"].lower(), "beside": found.get("often_beside", "")}
    (_shares_with_word if shares["beside"] else _own_share_of_word)(reader, shares)


def card_patterns() -> Iterator[tuple[str, Check]]:
    """Yield the patterns of a card's number or word and of the sentence below it."""
    values = {"name": ANYBODY, "other": ANYBODY, "days": ".+?", "usual": r"[\d,.]+"}
    values["people"] = r"\d+(?: people|명)"
    for variant, (giant, check) in CARDS.items():
        finding = ("below", variant) if variant else ("below_posts",)
        yield from ((f"{giant} {told}", check) for told in told_as(*finding, **values))


def patterns_of_words() -> Iterator[tuple[str, Check]]:
    """Yield the patterns of a card's word, which may be any, and of who says it how often."""
    word, beside = r"(?P<word>\S.{0,11}?) ", f"{OFTEN_EN}|{OFTEN_KO}"
    values = {"often": f"(?i:{beside})", "often_beside": beside, "other": ANYBODY}
    for variant in ("", "two"):
        yield from ((word + told, _word_of_card) for told in told_as("phrase", variant, **values))
    yield rf"{word}(?P<often>{values['often']})$", _word_of_card


LABELS: Final = {
    sign if name == "endings" else CALLED.get(name, name): tuple(
        "|".join(
            pattern_of(
                HABITS[name][label], language, re.escape(sign) if name == "endings" else r"\S+"
            )
            for label in ("label", "label without sign")
            if label in HABITS[name]
        )
        for language in ("en", "ko")
    )
    for name in HABITS
    for sign in SIGNS_OF.get("endings" if name == "endings" else "", [""])
}
"""The names of habits, as patterns in both languages."""


def _alike(habit: str) -> Check:
    def check(reader: Reader, found: Found) -> None:
        truth, names = reader.truth, reader.names_of_group(found["title"])
        assert number_in(found["count"]) == len(names) > 1
        values = {name: truth.value(name, habit) for name in names}
        is_told = is_about if habit == "words" else is_percent
        assert is_told(found["low"], min(values.values())), values
        assert is_told(found.get("high", found["low"]), max(values.values())), values
        side = 1 if found["side"] in ("More", "Longer", "많아요", "긴") else -1
        for name, value in values.items():
            others = [truth.value(other, habit) for other in truth.others(name, habit)]
            is_said = bool(re.search("alphabet|같은 문자", found.get("alphabet") or ""))
            assert is_said == (len(others) < len(truth.people) - 1), name
            assert 2 * sum((value - other) * side > 0 for other in others) > len(others), name

    return check


def _many(habit: str) -> Check:
    """Check how many people are said to do more of something than most."""

    def check(reader: Reader, found: Found) -> None:
        truth = reader.truth
        ahead = 0
        for name in truth.people:
            others = [truth.value(other, habit) for other in truth.others(name, habit)]
            behind = sum(truth.value(name, habit) > other for other in others)
            ahead += 2 * behind > len(others)
        assert 1 < number_in(found["count"]) <= ahead, (habit, ahead)

    return check


def _writes_in(letters: str) -> Check:
    def check(reader: Reader, _: Found) -> None:
        share = {
            name: fmean(bool(re.search(letters, text)) for text in person.texts)
            for name, person in reader.truth.people.items()
        }
        assert share.pop(reader.subject) > 0.8 > max(share.values()), share
        assert 2 * sum(other < 0.2 for other in share.values()) > len(share), share

    return check


def _of_groups(reader: Reader, _: Found) -> None:
    assert len(reader.truth.people) > 6


def _plain(reader: Reader, found: Found) -> None:
    names = reader.names_of_group(found["title"])
    assert number_in(found["count"]) == len(names)
    are_few = [len(reader.truth.people[name].texts) < FEWEST for name in names]
    assert all(are_few) if "few" in found else not any(are_few), names


DAY_EN: Final = r"[A-Z][a-z]+ \d+"
DAY_KO: Final = r"\d+월 \d+일"
DAY: Final = f"(?:{DAY_EN}|{DAY_KO})"
END: Final = r"(?:[^.,;]|[.,](?=\d))+"
"""A value at the end of a sentence or of a part of it."""
MESSAGES: Final = r"(?:메시지 )?[\d,]+(?: messages?|개)"
VALUES: Final = {
    "count": r"[\d,]+",
    "count_before": MESSAGES,
    "year": r"\d{4}",
    "before": END,
    "value": END,
    "other": r"\d{4}",
    "share": r"<?\d+%",
    "words": r"[^”]+",
    "name": r"[^\s@]+?",
    "messages": MESSAGES,
    "total": r"(?=\S)",
    "first": DAY,
    "last": DAY,
    "day": DAY,
    "days": r".+?(?=$|\.|\))",
    "zone": r"[\w/]+(?: 시간| time)?",
    "times": r"[\d.,]+",
    "part": r"[\w ]+?(?: \d[^(]*?|, [\d:]+ to [\d:]+)?",
    "when": r"(?P<when>(?:in |by [A-Z]\w+ \d+ in )?\d{4}(?:년(?: 같은 기간\([^)]*\))?)?)",
    "change": r"(?=\S)",
    "sign": r"[^”]+",
}


def told_as(finding: str, variant: str = "", **values: str) -> Iterator[str]:
    """Yield the patterns of a sentence, of which each value is a group."""
    text: Any = FINDINGS[finding]
    text = text[variant] if isinstance(text, Mapping) else text
    for each in [text] if isinstance(text, str) else reversed(text):
        for told in sentences.texts_of(each):
            named = VALUES | {"what": WHAT.get(finding, "")} | values
            yield _once(sentences.with_values(told.removesuffix("."), named))


def _once(pattern: str) -> str:
    """Return a pattern in which a value that is told again is the same."""
    for name in dict.fromkeys(re.findall(r"\(\?P<(\w+)>", pattern)):
        group = f"(?P<{name}>{VALUES.get(name, '')})"
        first, between, rest = pattern.partition(group)
        pattern = first + between + rest.replace(group, f"(?P={name})")
    return pattern


def day_told(told: str) -> tuple[int, int]:
    """Return the month and the day of a day in words."""
    if found := re.fullmatch(r"(\d+)월 (\d+)일", told):
        return int(found[1]), int(found[2])
    day = datetime.strptime(f"{told} 2024", "%B %d %Y")
    return day.month, day.day


def runs_of(days: Iterable[date]) -> list[list[date]]:
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] + timedelta(1) == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _longest_streak(reader: Reader, found: Found) -> None:
    runs = runs_of(reader.days)
    lengths = [len(run) for run in runs]
    assert number_in(found["count"]) == max(lengths)
    assert lengths.count(max(lengths)) == 1


def _busiest_of_days(reader: Reader, found: Found) -> None:
    (day, most), *others = reader.days.most_common()
    assert number_in(found["messages"]) == most > max((count for _, count in others), default=0)
    assert day_told(found["day"]) == (day.month, day.day)


def _days_with_posts(reader: Reader, found: Found) -> None:
    assert number_in(found["count"]) == len(reader.days)
    assert found["zone"] in reader.zones, found


def _tag(reader: Reader, found: Found) -> None:
    texts = reader.truth.people[reader.about].texts
    tags = Counter(chain(*({*re.findall(r"#(\w+)", text.casefold())} for text in texts)))
    (name, most), (_, second) = [*tags.most_common(2), ("", 0)][:2]
    assert found["name"].casefold() == name, tags
    assert number_in(found["count"]) == most > second, tags
    assert number_in(found["tagged"]) == len(texts)


OF_DAYS: Final = {
    "day_with_most": _busiest_of_days,
    "longest_streak": _longest_streak,
    "days_with_posts": _days_with_posts,
}
PEOPLE_EN: Final = r" (?P<count>\d+) (?:person|people)"
PEOPLE_KO: Final = r" (?P<count>\d+)명"
RANGE: Final = (
    r"(?P<low><?[\d.]+(?:%|단어| words?))(?:(?: to |~)(?P<high>[\d.]+(?:%|단어| words?)))?"
)
ALPHABET: Final = (
    r"(?P<alphabet>, next to people who write in the same alphabet"
    r"|\(같은 문자로 쓰는 사람들과 비교\))?"
)
ALIKE: Final = [
    *(
        (pattern, _alike(habit))
        for habit, (en, ko) in LABELS.items()
        if habit not in ("words", "begun")
        for pattern in (
            rf"(?P<title>(?P<side>More|Less) often than most: (?:{en})){PEOPLE_EN} · {RANGE} of the"
            rf" {'turns' if habit == 'turns' else 'messages'}{ALPHABET}",
            rf"(?P<title>(?:{ko}): 다른 사람 대부분보다 (?P<side>많아요|적어요)){PEOPLE_KO} ·"
            rf" {'말한 횟수' if habit == 'turns' else '메시지'}의 {RANGE}{ALPHABET}",
        )
    ),
    *checked(
        _alike("words"),
        rf"(?P<title>(?P<side>Longer|Shorter) messages than most){PEOPLE_EN} · {RANGE}{ALPHABET}",
        rf"(?P<title>다른 사람 대부분보다 (?P<side>긴|짧은) 메시지){PEOPLE_KO} · {RANGE}{ALPHABET}",
    ),
    (rf"(?P<title>No habit stands out){PEOPLE_EN}", _plain),
    (rf"(?P<title>습관으로는 구별되지 않는 사람들){PEOPLE_KO}", _plain),
    (rf"(?P<title>(?P<few>Too few messages to compare)){PEOPLE_EN}", _plain),
    (rf"(?P<title>(?P<few>비교하기에는 메시지가 부족한 사람들)){PEOPLE_KO}", _plain),
    # Who is like nobody else has a line of the name and the habit.
    (rf"{NAME}(?= [^ ])", true_as_made),
]
PERIOD: Final = (
    r"(?P<period>[A-Z][a-z]+ \d+(?:, 2024)?(?: – (?:[A-Z][a-z]+ )?\d+, 2024)?"
    r"|2024년 \d+월 \d+일(?: ?~ ?(?:2024년 )?(?:\d+월 )?\d+일)?)"
)
PERCENT: Final = r"(?P<share><?\d+%)"
COUNT: Final = r"(?P<count>[\d,]+)"
RIGHT, ASKED = r"(?P<right>\d+)", r"(?P<asked>\d+)"
IN_DAYS_EN: Final = r"(?: in (?P<of>\d) days)?"
IN_DAYS_KO: Final = r"(?:(?P<of>\d)일 동안 )?"
TIME_EN: Final = r"(?P<time>less than a minute|[\w\s.]+?(?:minutes?|hours?))"
TIME_KO: Final = r"(?P<time>1분도|1분 미만|[\d.시간분 ]+?)"
SENTENCES: Final[list[tuple[str, Check]]] = [
    *checked(
        _days_with_most,
        rf"{COUNT} messages? on (?P<days>[^;]+2024); (?P<usual>[\d,.]+) on a usual day",
        rf"(?P<days>2024년 [^.]+?)에 메시지 {COUNT}개를 썼어요\. 보통 하루에는 (?P<usual>[\d,.]+)개예요",
    ),
    # What sets the people of a chat apart.
    (
        rf"{NAME} writes (?:the )?long(?:est|er) messages \((?P<own>[\d.]+) words? on average\)",
        _longest,
    ),
    (rf"{NAME}[이가] (?:가장 |더 )?길게 쓰고\(한 번에 (?P<own>[\d.]+)단어\)", _longest),
    (rf"{NAME}[이가] (?:가장 |더 )?길게 써요\(한 번에 (?P<own>[\d.]+)단어\)", _longest),
    (
        rf"{NAME} alone writes “(?:lol|ㅋㅋ)”|{NAME_KO}만 “(?:lol|ㅋㅋ)” 표현을 (?:써요|쓰고)",
        _laughs_alone,
    ),
    (rf"{NAME} writes “(?:lol|ㅋㅋ)” (?:most|more) often", _laughs_most),
    (rf"{NAME}[이가] “(?:lol|ㅋㅋ)” 표현을 (?:가장|더) 자주 (?:써요|쓰고)", _laughs_most),
    (rf"{NAME} (?:writes|wrote) (?:most|more) \({PERCENT}\)", _most),
    (rf"{NAME}[이가] (?:가장|더) 많이 (?:써요|쓰고|썼어요|썼고)\({PERCENT}\)", _most),
    *((told, _at_night) for of in ("", "two") for told in told_as("night", of, name=ANYBODY)),
    (rf"{NAME} is (?:easiest|easier) to recognise \({PERCENT}\)", true_as_made),
    (rf"{NAME}의 메시지가 (?:가장|더) 알아보기 (?:쉬워요|쉽고)\({PERCENT}\)", true_as_made),
    (r"Chance may explain every difference between .+", _no_difference),
    (r"(?:여기 \d+명|두 사람|.+)의 차이는 우연과 구별하기 어려워요", _no_difference),
    (r"saywho found no habit that only one of these (?P<count>\d+) people has", _no_own_habit),
    (r"여기 (?P<count>\d+)명 가운데 누구에게서도 그 사람만의 습관은 찾지 못했어요", _no_own_habit),
    (
        r"saywho found no habit that only one of the (?P<most>\d+) who write most has"
        r"|가장 많이 쓰는 (?P<most_ko>\d+)명 가운데 누구에게서도 그 사람만의 습관은 찾지 못했어요",
        _no_own_habit_of_most,
    ),
    *checked(
        _no_own_habit,
        rf"saywho found no habit that sets {NAME} apart from "
        r"(?:the )?(?P<beside>\d+) other(?:s in this chat| authors here)",
        r"(?:이 대화방의 다른|여기 있는 다른 작성자) (?P<beside>\d+)명과 구별되는"
        rf" {NAME}만의 습관은 찾지 못했어요",
    ),
    (r"There are too few messages to tell these people apart", _few_messages),
    (r"메시지가 적어서 사람들의 차이를 우연과 구별하기 어려워요", _few_messages),
    (r"There are too few days with messages to tell these people apart", _few_days),
    (r"메시지가 있는 날이 적어서 사람들의 차이를 우연과 구별하기 어려워요", _few_days),
    (rf"There are too few messages yet to compare {NAME} with [^.]+", true_as_made),
    (rf"{NAME}[을를과와] .*비교하기에는 메시지가 아직 적어요", true_as_made),
    # Cards.
    (rf"{NAME} {COUNT} messages?(?: in all)?", _messages_of),
    (rf"{NAME} (?:전체 )?메시지 {COUNT}개(?! 중)", _messages_of),
    (
        rf"(?:No habit stands out|습관으로는 구별되지 않는 사람들): (?P<plain>{ANYBODY}(?:, {ANYBODY})*)",
        _without_card,
    ),
    (r"(?:The day of 2024|2024년의 하루): (?P<day>.+)", _day_of_year),
    (r"(?:The days of 2024|2024년의 며칠): (?P<days>.+)", _day_of_year),
    (rf"{COUNT} messages?{IN_DAYS_EN}; (?P<usual>[\d,.]+) on a usual day", _day_of_year),
    (rf"{IN_DAYS_KO}메시지 {COUNT}개, 보통은 하루에 (?P<usual>[\d,.]+)개예요", _day_of_year),
    (r"(?:More than on other days|다른 날보다 자주 쓴 말):(?P<words>(?: “[^”]+”)+)", _words_of_day),
    *(
        (told, _all_of(_longest_silence, days="count"))
        for told in told_as("silence_of_chat", name=ANYBODY)
    ),
    (rf"🌸 {COUNT}", _emoji),
    (r"“(?P<word>[^”]+)”(?! 표현을|으?로 끝냄)", _says_more),
    (rf"Replies in (?:about )?{TIME_EN}", _waits_of),
    (rf"답하는 데 (?:보통 )?{TIME_KO}(?:쯤)? (?:안 )?걸려요", _waits_of),
    *checked(
        _answers,
        rf"{NAME} replies to {OTHER} (?P<times>[\d.]+) times as often as by chance \({PERCENT} of replies\)",
        rf"{NAME}[은는] {OTHER}에게 우연일 때보다 (?P<times>[\d.]+)배 자주 답해요\(답장의 {PERCENT}\)",
    ),
    (r"More than most people here: (?=\d)|여기 있는 대부분보다 더 하는 일: ", _of_groups),
    (r"Writes Korean|한국어로 써요", _writes_in("[가-힣]")),
    (r"Writes in Latin letters|로마자로 써요", _writes_in("[A-Za-z]")),
    *checked(
        _says_more,
        rf"Says “(?P<word>[^”]+)” more often than (?P<than>the others|most here|{OTHER})"
        rf"(?: · (?P<own>{OFTEN_EN})(?=$|[.·]))?",
        rf"“(?P<word>[^”]+)” 표현을 (?P<than>다른 사람들|여기 있는 사람 대부분|{OTHER})보다 자주 써요"
        rf"(?: · (?P<own>{OFTEN_KO})(?=$|[.·]))?",
    ),
    (rf"(?P<own>{OFTEN_EN}); (?:the others|{OTHER}) (?P<beside>{OFTEN_EN})", _shares_with_word),
    (
        rf"(?P<own>{OFTEN_KO}), (?:다른 사람들?|{OTHER})[은는]? (?P<beside>안 써요|{OFTEN_KO})",
        _shares_with_word,
    ),
    (rf"(?P<own>{OFTEN_EN}|{OFTEN_KO})$", _own_share_of_word),
    (rf"{COUNT} messages?{IN_DAYS_EN}; a usual day has (?P<usual>[\d,.]+?)\.(?!\d)", _busy_day),
    (rf"메시지 {COUNT}개, 보통 날에는 (?P<usual>[\d,.]+)개예요\.", _busy_day),
    (rf"{IN_DAYS_KO}메시지 {COUNT}개, 보통은 하루에 (?P<usual>[\d,.]+)개예요\.", _busy_day),
    (rf"[①-⑥] (?P<days>[^:]+2024): {COUNT} messages?(?:, “(?P<word>[^”]+)”)?", _named_days),
    (rf"[①-⑥] (?P<days>[^:]+): 메시지 {COUNT}개(?:, “(?P<word>[^”]+)”)?", _named_days),
    (r"The busiest days?: (?P<days>.+2024)", _busy_days),
    (r"가장 시끌벅적했던 (?:날|며칠): (?P<days>.+)", _busy_days),
    *checked(
        _choices,
        rf"The choices are (?:the )?{COUNT} of (?P<total>\d+) people(?P<most> who write most)?(?:\. People with few or short messages, or in another language, are left out)?",
        rf"(?P<total>\d+)명 가운데 (?P<most>많이 쓴 )?{COUNT}명이 보기로 나와요(?:\. 메시지가 적거나 짧거나 다른 언어로 쓰는 사람은 빠졌어요)?",
    ),
    # Who came and left.
    (rf"{NAME} (?:joined|(?P<left>left)) on (?P<day>\w+ \d+, \d+)", _came_or_left),
    (
        rf"{NAME}(?:이|가) (?P<day>\d+년 \d+월 \d+일)에 (?:들어왔어요|(?P<left>나갔어요))",
        _came_or_left,
    ),
    *checked(_share_there, r"\((?P<share>\d+%) while there\)", r"\(있는 동안 (?P<share>\d+%)\)"),
    # Times.
    (r"in (?P<zone>[A-Z]\w+ time)(?=\.)|(?P<zone_ko>\w+ 시간) 기준으로 (?=\S)", _zone),
    (r"By hour \((?P<zone>\w+ time|UTC)\)|시간대별 \((?P<zone_ko>\w+ 시간)\)", _zone),
    *((told, _quiet) for told in told_as("silence_of_chat", "years", name=ANYBODY)),
    (rf"Busiest: (?P<month>\w+) 2024, {COUNT} messages", _busiest_month),
    (rf"(?P<month>\w+) was the busiest month \({COUNT}\)", _busiest_month),
    (rf"메시지가 가장 많은 때: (?P<month>2024년 \d+월), {COUNT}개", _busiest_month),
    (rf"(?:2024년 )?(?P<month>\d+월)에 가장 많이 썼어요: 메시지 {COUNT}개", _busiest_month),
    (rf"(?:2024년 )?(?P<month>\d+월)에 가장 많이 썼어요\({COUNT}개\)", _busiest_month),
    *((told, _busiest_of_days) for told in told_as("fullest_day")),
    *((told, _all_of(_run, days="count")) for told in told_as("streak")),
    *((told, _all_of(_silence_of_days, days="count")) for told in told_as("silence_of_days")),
    *checked(
        _hours_of_chat,
        r"Busiest between (?P<start>\d+):00 and (?P<end>\d+):00(?:: (?P<own>[^.,]*messages?))?",
        r"(?P<start>\d+)시부터 (?P<end>\d+)시 사이에 가장 많이 (?:써요|썼어요)(?:: (?P<own>[^.]+))?",
    ),
    (r"and (?P<count>\d+) more|외 (?P<count_ko>\d+)명", _further_people),
    *((told, true_as_made) for told in told_as("milestone")),
    (rf"Busiest in the (?P<part>\w+), [\d:]+ to [\d:]+ \({PERCENT} of all\)", _part_of_day),
    (
        rf"(?P<part>새벽|아침|오전|오후|낮|저녁) (?=\d)[^(.]*에 가장 많이 썼어요\(전체의 {PERCENT}\)",
        _part_of_day,
    ),
    # Years and authors.
    (rf"{PERIOD}(?= · |$| \()", _period),
    (r"\(?(?P<zone>\w+ time)(?:\)|$)|\(?(?P<zone_ko>\w+ 시간)(?:\)|$)", _zone),
    (rf"{COUNT} people|(?P<count_ko>\d+)명(?= · )", _people_of_chat),
    *checked(
        true_as_made,
        r"\d{4} in words and numbers|말과 숫자로 보는 \d{4}년",
        r"in the chat made\d+|made\d+ 대화방",
        r"Based on the chat “made\d+”|“made\d+” 대화방에서 셌어요",
        r"Words without a number are used by no one else|숫자가 없는 말은 다른 사람이 쓰지 않는 말이에요",
        r"Very common words are left out, if saywho knows the language"
        r"|saywho가 아는 언어라면 누구나 쓰는 흔한 말은 뺐어요",
        r"×12 means twelve times as often|×12는 12배 자주 쓴다는 뜻이에요|×\d+.*?뜻이에요",
    ),
    (rf"{COUNT} messages? of (?P<people>\d+) people", _messages_of_people),
    (rf"(?P<people>\d+)명이 쓴 메시지 {COUNT}개", _messages_of_people),
    (rf"{COUNT} messages?(?: on (?P<days>\d+) days?| in 2024)?", _messages_on_page),
    (rf"메시지 {COUNT}개(?:\(쓴 날 (?P<days>\d+)일\))?", _messages_on_page),
    (rf"2024년 메시지 {COUNT}개", _messages_on_page),
    (rf"{NAME} (?:most|more) often: {COUNT} of (?P<total>\d+) times \({PERCENT}\)", _begins_most),
    (
        rf"{NAME}[이가] (?:가장|더) 자주 먼저 썼어요\((?P<total>\d+)번 중 {COUNT}번, {PERCENT}\)",
        _begins_most,
    ),
    (rf"{NAME} {PERCENT}", _share_of),
    (rf"{NAME} 🌸 {COUNT}", _emoji),
    (r"\d+ others? \d+%|그 밖의 \d+명 \d+%", true_as_made),
    *checked(
        _says_more,
        rf"{NAME} says “(?P<word>[^”]+)” more often than {THAN_EN} \((?P<own>{OFTEN_EN})\)",
        rf"{NAME}[은는] “(?P<word>[^”]+)” 표현을 {THAN_KO}보다 자주 써요\((?P<own>{OFTEN_KO})\)",
    ),
    (
        r"No single stretch of hours (?:is|was) clearly the busiest|특별히 한 시간대에 몰리지는 않(?:아요|았어요)",
        _no_busiest_hours,
    ),
    (
        r"No month clearly has the most messages|메시지 수가 뚜렷이 앞서는 달은 없어요",
        _no_busiest_period,
    ),
    (
        r"(?P<phrases>(?:Says more often than|다른 사람보다 자주 쓰는 말|\S+보다 자주 쓰는 말)[^:]*: .*)",
        _phrases_more,
    ),
    *checked(
        _others_here,
        r"Compared with (?:the )?(?P<count>\d+) other(?:s in this chat| authors here)",
        r"(?:이 대화방의 다른|여기 있는 다른 작성자) (?P<count>\d+)명과 비교했어요",
    ),
    (rf"Compared with {OTHER}|{OTHER}[과와] 비교했어요".replace("other>", "one>", 1), true_as_made),
    (
        r"Compared with the other authors here who write this language|여기에서 같은 언어로 쓰는 다른 "
        r"작성자들과 비교했어요",
        true_as_made,
    ),
    (rf"saywho recognises {NAME} in {RIGHT} of {ASKED} hidden messages", _recognised),
    (
        rf"saywho는 가려 둔 메시지 {ASKED}개 중 {RIGHT}개를 {NAME}의 (?:메시지|글)로 알아봐요",
        _recognised,
    ),
    # A subject before its habits, last: it begins most sentences above.
    (rf"{NAME}[은는]? (?=\S)", true_as_made),
]
DAYS_EN_KO: Final = r"(?P<count>\d+)(?: days?|일)"
DATE: Final = r"(?P<day>[A-Z]\w+ \d+, \d+|\d+년 \d+월 \d+일)"
CARDS: Final[dict[str, tuple[str, Check]]] = {
    "alone": (COUNT, _all_of(_messages, _messages_of)),
    "silence": (DAYS_EN_KO, _all_of(_longest_silence, days="count")),
    "pause": (DAYS_EN_KO, _all_of(_longest_silence, days="count")),
    "left": (DATE, _all_of(_came_or_left, left="day")),
    "joined": (DATE, _came_or_left),
    "days": (COUNT, _days_with_most),
    "streak": (DAYS_EN_KO, _all_of(_run, days="count")),
    "month": (r"(?P<month>[A-Z][a-z]+|\d+월)", _all_of(_busiest_month, count="messages")),
    "most": (PERCENT, _all_of(_most, _messages)),
    "longest": (r"(?P<own>[\d.]+)", _longest),
    "laugh": ("(?:lol|ㅋㅋ)", _all_of(_laughs_most, _share_of_laughs)),
    "only": ("(?:lol|ㅋㅋ)", _all_of(_laughs_alone, _share_of_laughs)),
    "night": (PERCENT, _at_night),
    "recognised": (PERCENT, true_as_made),
    "rhythm": (r"(?P<start>\d+):00 – (?P<end>\d+):00", _hours_of_chat),
    "amount": (COUNT, _messages_of_people),
    "of chat": (COUNT, _all_of(_messages_of, _share_of)),
    "fullest": (r"(?P<messages>[\d,]+)", _busiest_of_days),
    "": (r"(?P<all>[\d,]+)", _all_of(_messages_on_page, days="count", count="all")),
}
"""The giant of a card, by the variant of the sentence below it; none for the posts of a year."""
FURNITURE: Final = [
    r"made\d+|Chat “made\d+” in 2024|“made\d+” 대화방의 2024년|What sets each person apart|사람마다 다른 점",
    r"Words of 2024|2024년에 많이 쓴 말|Words of each person|저마다 자주 쓴 말|Compared with the other people .*|이 대화의 다른 사람들과 .*|Read the days?|이(?:날|"
    r" 며칠) 모두 읽기|Read from the first day|첫날부터 읽기",
    r"Compared with each other|서로 비교했어요",
    r"The longest silence|가장 길었던 침묵|The message most like each person|저마다 가장 그 사람다운 메시지",
    r"Emoji of 2024|2024년의 이모지",
    rf"{ANYBODY}|How {ANYBODY} writes|{ANYBODY}의 말투|{ANYBODY} in 2024|{ANYBODY}의 2024년",
    r"Who replies to whom|누가 누구에게 답하나요|Month by month|달마다|Who wrote this\?|누가 쓴 글일까요\?",
    r"Says more often(?: than [^:“]*)?:?|더 자주 하는 말:|.*보다 자주 쓰는 말",
    r"Who writes alike|비슷하게 쓰는 사람들|Who came and who left|들어오고 나간 사람",
    r"Who wrote how much|누가 얼마나 썼나요|Who wrote first after a silence|한동안 조용하다가 먼저 쓴 사람",
    r"When they write \(.*\)|메시지 쓰는 시간 \(.*\)",
    r"Emoji of each person|사람마다 자주 쓴 이모지|By weekday|요일별|In numbers|숫자로 보기|Emoji|이모지|Tags|태그",
    r"The whole day|이날 대화 모두 보기|Newest messages|최근 메시지|More messages|메시지 더 보기",
    r"Messages|메시지|How they write|말투|Typical words|유독 자주 쓰는 말",
    r"Most like .*|가장 .*다운 메시지|See this message|이 메시지 보기",
    r"The outline is .*|윤곽선은 .*|The link works only on this computer.*|이 링크는 .*",
    r"The first and the last message of the year|그해의 첫 메시지와 마지막 메시지",
    r"The only message of the year|그해의 하나뿐인 메시지",
    r"All messages · .*|메시지 모두 보기 · .*|Chats|대화방|(?:Name|Username): .*|(?:이름|사용자 이름): .*",
    r"made\d+ .*\d+ .*",
    r"Share as a picture|공유할 그림|Send|보내기|Back|돌아가기",
]


@cache
def patterns() -> list[tuple[re.Pattern[str], Check]]:
    """Return what is read, compiled where it is used and not in each process that collects."""
    return [
        (re.compile(text), check)
        for text, check in [
            *card_patterns(),
            *habit_patterns(),
            *((text, check) for name, check in OF_DAYS.items() for text in told_as(name)),
            *((text, _tag) for text in told_as("tag", total=r"(?P<tagged>[\d,]+)")),
            (rf"\({BESIDE}\)", _usual),
            (BESIDE, _usual),
            *SENTENCES,
            *patterns_of_words(),
            *ALIKE,
        ]
    ]


def pages_of(chat: MadeChat, room: int) -> Iterator[tuple[str, str]]:
    """Yield the addresses of the pages about a chat, and the person each is about."""
    yield f"/room/{room}", ""
    yield f"/room/{room}/2024", ""
    yield f"/room/{room}/portrait/picture", ""
    yield f"/room/{room}/2024/picture", ""
    counts = Counter(name for _, name, _ in chat.said)
    for name in sorted(chat.names, key=counts.__getitem__)[-3:]:
        yield from pages_of_person(name)


def pages_of_person(name: str) -> Iterator[tuple[str, str]]:
    of_person = f"/user/{quote(name)}"
    for page in ("", "/2024", "/portrait/picture", "/2024/picture"):
        yield f"{of_person}{page}", name


@dataclass
class Site:
    """A site with chats, and with authors who are of none."""

    client: Client
    truths: dict[int, Truth] = field(default_factory=dict)
    """By the numbers of the chats."""
    of_authors: list[Truth] = field(default_factory=list)
    """Of the authors who are compared with each other."""
    faults: list[str] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=lambda: {*EVERY_SENTENCE})
    """The findings that no page has shown, with their variants."""
    unread_habits: set[str] = field(default_factory=lambda: {*HABITS})

    async def get(self, path: str, language: str) -> str:
        """Return a page's text; empty for a year or a portrait of too few messages."""
        headers = {"Accept-Language": language, "Cookie": f"saywho_zone={VISITOR_ZONE}"}
        answer = await self.client.get(path, headers=headers)
        assert answer.status_code in (200, 303, 404), path
        return await answer.get_data(as_text=True) if answer.status_code == 200 else ""

    async def read(
        self,
        path: str,
        language: str,
        truth: Truth,
        about: str = "",
        reader_of: "type[Reader] | None" = None,
    ) -> None:
        page = await self.get(path, language)
        reader = (reader_of or Reader)(truth, page, about)
        where = f"{path} ({language})"
        folded = sentences.folded_of(page) if reader_of else []
        self._check(where, [*sentences.blocks_of(page), *folded], reader.check)
        reader.subject = about
        self._check(where, sentences.rows_of(page), reader.check)

    async def read_dashboard(self, truth: Truth, language: str) -> None:
        path = "/dashboard/?" + urlencode([("username", name) for name in truth.chat.names])
        page = await self.get(path, language)
        self._check(f"{path} ({language})", sentences.blocks_of(page), DashboardReader(truth).check)

    async def read_lists(self, language: str) -> None:
        for path in ("/authors", "/rooms"):
            page = await self.get(path, language)
            lists = ListReader([*self.truths.values(), *self.of_authors])
            self._check(f"{path} ({language})", sentences.blocks_of(page), lists.check)

    def note(self, block: str) -> None:
        """Note which findings and habits a block tells."""
        text = re.sub(r"\bpost(?=s?\b)", "message", sentences.as_messages(block))
        self.unread -= {each for each in self.unread if sentence_of(*each).search(text)}
        self.unread_habits -= {each for each in self.unread_habits if habit_of(each).search(text)}

    def assert_true(self, scenario: str = "", seeds: str = "") -> None:
        """Fail for a false sentence, or if no page has shown the findings of a scenario."""
        told = "\n".join(self.faults)
        assert not self.faults, f"{seeds}\n{told}"
        assert not [
            each
            for each in SHOWN_ELSEWHERE.get(scenario, "").split()
            if each not in self.read_findings
        ]

    @property
    def read_findings(self) -> set[str]:
        return {finding for finding, _ in EVERY_SENTENCE - self.unread}

    def _check(self, where: str, blocks: Iterable[str], check: Callable[[str], None]) -> None:
        for block in blocks:
            self.note(block)
            try:
                check(block)
            except AssertionError as error:
                self.faults.append(f"{where}: {block}\n    {error}")


async def made_site(writer: Client, seeds: Sequence[int]) -> Site:
    site = Site(Client(writer.app, {}))
    for seed in seeds:
        chat = made_chat(seed)
        await import_chat(parts_of(writer.app).db, kakaotalk(chat.title, *chat.said))
        site.truths[seed] = Truth(chat)
    rooms = await site.client.walk("/api/v1/rooms", 200)
    numbers = {room["name"]: int(room["id"]) for room in rooms}
    site.truths = {numbers[truth.chat.title]: truth for truth in site.truths.values()}
    zone = ZoneInfo(VISITOR_ZONE)
    for language in ("en", "ko"):
        authors = made_authors(seeds[0], language)
        await writer.add_posts(
            *(
                {
                    "username": name,
                    "text": text,
                    "lang": language,
                    "created_at": datetime.fromisoformat(when).replace(tzinfo=zone).isoformat(),
                }
                for when, name, text in authors.said
            )
        )
        site.of_authors.append(Truth(authors))
    await renew_background(parts_of(writer.app).db)  # As the server does soon after an import.
    return site


@pytest.mark.parametrize("told", ["Somebody here likes tea.", "여기 누군가는 차를 좋아해요."])
def test_a_sentence_that_has_no_pattern_fails(told: str) -> None:
    with pytest.raises(AssertionError, match="no pattern"):
        Reader(Truth(made_chat(3)), "").check(told)


def test_a_sentence_with_a_word_of_the_table_is_counted() -> None:
    """Saying most, every or only is no ornament: the words of docs/statistics.md have tests."""
    words = r"\b(?:mostly|most|any|every|only|usual|never|always|alone|average)\b"
    assert not [
        pattern.pattern
        for pattern, check in patterns()
        if check is true_as_made and re.search(words, pattern.pattern)
    ]


def test_a_false_sentence_fails() -> None:
    truth = Truth(made_chat(3))
    reader = Reader(truth, "")
    reader.check(f"{truth.total} messages")
    with pytest.raises(AssertionError, match=str(truth.total)):
        reader.check(f"{truth.total + 1} messages")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first_seed", FIRST_SEEDS)
async def test_every_sentence_is_true(app: Quart, writer: Client, first_seed: int) -> None:
    seeds = range(first_seed, first_seed + SEEDS_OF_A_SITE)
    site = await made_site(writer, seeds)
    # In `make test-later`, a page is read in one of the languages, in turn.
    both = ("en", "ko")
    turns = cycle([both] if first_seed else [("en",), ("ko",)])
    for room, truth in site.truths.items():
        for path, name in pages_of(truth.chat, room):
            for language in next(turns):
                await site.read(path, language, truth, name)
        for language in next(turns):
            await site.read_dashboard(truth.of(*truth.chat.names[:3]), language)
    for truth in site.of_authors:
        for path, name in chain(*map(pages_of_person, truth.chat.names)):
            for language in next(turns):
                await site.read(path, language, truth, name)
    for language in both:
        await site.read_lists(language)
    site.assert_true(seeds=f"seeds {seeds[0]} to {seeds[-1]}:")
    if not first_seed:
        elsewhere = {*chain(*map(str.split, SHOWN_ELSEWHERE.values()))}
        unread = FINDINGS.keys() - site.read_findings
        assert not unread - elsewhere, "let a chat of tests/made_chats.py show these"
        assert not elsewhere - unread, "take these out of SHOWN_ELSEWHERE: the made chats show them"
        assert not site.unread_habits - elsewhere, (
            "let a chat of tests/made_chats.py have these habits"
        )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_sentence_is_true_of_a_rare_chat(app: Quart, writer: Client, kind: str) -> None:
    """Chats in two languages, of many people, of people who are alike, of one day, and of ties."""
    chat = made_kind(kind)
    await import_chat(parts_of(app).db, kakaotalk(chat.title, *chat.lines), import_id=1)
    truth = Truth(chat)
    site = Site(Client(app, {}), {1: truth})
    first = Counter(name for _, name, _ in chat.said).most_common(2)
    for language in ("en", "ko"):
        for path, name in chain(
            [("/room/1", ""), ("/room/1/2024", "")], *(pages_of_person(name) for name, _ in first)
        ):
            await site.read(path, language, truth, name)
    site.assert_true()


class DashboardReader:
    """Reads what the dashboard says of authors."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth

    def check(self, block: str) -> None:
        block = sentences.as_messages(re.sub(r"\bpost(?=s?\b)", "message", block))
        if any(re.fullmatch(text, block) for text in DASHBOARD_FURNITURE):
            return
        rest = block
        while rest:
            for pattern, check in DASHBOARD:
                if found := re.match(pattern, rest):
                    check(self.truth, found.groupdict())
                    rest = rest[found.end() :].strip(". ")
                    break
            else:
                raise AssertionError(f"no pattern for {rest!r}")


def _dashboard_total(truth: Truth, found: Found) -> None:
    assert number_in(found["total"]) == truth.total


def _wrote_most(truth: Truth, found: Found) -> None:
    _dashboard_total(truth, found)
    counts = {name: len(person.texts) for name, person in truth.people.items()}
    assert number_in(found["count"]) == counts[found["name"]] == max(counts.values()), counts


def _posts_total(truth: Truth, found: Found) -> None:
    assert number_in(found["total"] or found["sum"]) == truth.total


def _dashboard_authors(truth: Truth, found: Found) -> None:
    _dashboard_total(truth, found)
    assert number_in(found["people"]) == sum(bool(one.texts) for one in truth.people.values())


def _total_and_days(truth: Truth, found: Found) -> None:
    _dashboard_total(truth, found)
    _first_and_last_day(truth, found)


def _first_and_last_day(truth: Truth, found: Found) -> None:
    days = sorted(truth.days)
    for day, told in zip(
        (days[0], days[-1]), re.findall(DAY_OF_2024, found["period"]), strict=True
    ):
        assert told in (
            f"{day:%B} {day.day}, {day.year}",
            f"{day.year}년 {day.month}월 {day.day}일",
        )


def _busiest_period(truth: Truth, found: Found) -> None:
    assert number_in(found["total"]) == truth.total
    count = number_in(found["count"])
    by_week = Counter[date]()
    for day, messages in truth.days.items():
        by_week[day - timedelta(day.weekday())] += messages
    told = re.findall(r"\d+", re.sub("2024", "", found["when"]))
    assert (told[-1 if "월" in found["when"] else 0], count) in {
        (f"{day.day}", messages) for days in (truth.days, by_week) for day, messages in days.items()
    }, (told, count)
    assert count in (max(truth.days.values()), max(by_week.values()))


def _busiest_hours(truth: Truth, found: Found) -> None:
    hours = sum((person.hours for person in truth.people.values()), Counter[int]())
    of_three = [sum(hours[(start + step) % 24] for step in range(3)) for start in range(24)]
    first, end = (int(found[side]) % 24 for side in ("start", "end"))
    assert ((end - first) % 24, of_three[first]) == (3, max(of_three)), hours
    assert is_as_often(found["own"], of_three[first] / truth.total), hours


def _busiest_part_of_day(truth: Truth, found: Found) -> None:
    hours = sum((person.hours for person in truth.people.values()), Counter[int]())
    parts = [sum(hours[hour] for hour in range(start, start + 6)) for start in range(0, 24, 6)]
    assert abs(number_in(found["share"]) - 100 * max(parts) / truth.total) <= 0.5, parts
    assert parts[PARTS_OF_DAY[found["part"]] // 6] == max(parts), parts


def _dashboard_zone(_: Truth, found: Found) -> None:
    assert found["zone"] in names_of_zone(ZONE), found


DAY_OF_2024: Final = r"[A-Z][a-z]+ \d+, 2024|2024년 \d+월 \d+일"
DASHBOARD: Final[list[tuple[str, Callable[[Truth, Found], None]]]] = [
    *checked(
        _total_and_days,
        rf"(?P<total>[\d,]+) messages? from (?P<period>(?:{DAY_OF_2024}) to (?:{DAY_OF_2024}))",
        rf"(?P<period>(?:{DAY_OF_2024})부터 (?:{DAY_OF_2024}))까지 메시지 (?P<total>[\d,]+)개",
    ),
    *checked(
        _busiest_period,
        r"Busiest: (?P<when>.*2024), with (?P<count>[\d,]+) of (?P<total>[\d,]+) messages",
        r"메시지가 가장 많은 때: (?P<when>2024년 [^(]*) \(메시지 (?P<total>[\d,]+)개 가운데 "
        r"(?P<count>[\d,]+)개\)",
    ),
    *checked(
        _busiest_hours,
        rf"Busiest between (?P<start>\d+):00 and (?P<end>\d+):00: (?P<own>{OFTEN_EN})",
        rf"(?P<start>\d+)시부터 (?P<end>\d+)시 사이에 가장 많이 써요: (?P<own>{OFTEN_KO})",
    ),
    *checked(
        _busiest_part_of_day,
        r"Busiest in the (?P<part>\w+), [\d:]+ to [\d:]+ \((?P<share>\d+)% of all\)",
        r"(?P<part>새벽|아침|오전|낮|오후|저녁)[^(]*에 가장 많이 썼어요\(전체의 (?P<share>\d+)%\)",
    ),
    (r"(?P<total>[\d,]+) messages by (?P<people>\d+) people", _dashboard_authors),
    (r"(?P<people>\d+)명이 쓴 메시지 (?P<total>[\d,]+)개", _dashboard_authors),
    *checked(
        _wrote_most,
        r"(?P<name>\S+) wrote (?:the most|more): (?P<count>[\d,]+) of (?P<total>[\d,]+) messages",
        r"(?:가장|더) 많이 쓴 사람은 (?P<name>[^,]+), 메시지 (?P<total>[\d,]+)개 가운데 "
        r"(?P<count>[\d,]+)개",
    ),
    *checked(
        true_as_made, r"No (?:period|author) is clearly ahead\.", r"뚜렷하게 앞선 \w+ 없어요\."
    ),
    (r"(?P<total>[\d,]+) messages?, too few to show a rhythm", _dashboard_total),
    (r"메시지 (?P<total>[\d,]+)개, 리듬을 알기에는 너무 적어요", _dashboard_total),
    (r"(?P<total>[\d,]+) messages|메시지 (?P<sum>[\d,]+)개(?!,)", _posts_total),
    (r"Hours are in (?P<zone>\w+ time|UTC)\.", _dashboard_zone),
    (r"(?P<zone>\w+ 시간) 기준이에요\.", _dashboard_zone),
]
DASHBOARD_FURNITURE: Final = [
    r"Table CSV|표 CSV|Dashboard|대시보드|Messages over time|기간별 메시지 수|Who wrote it|누가 썼나요",
    r"By hour|시간대별|Newest messages|최근 메시지",
    r"The table will show it when it is ready\.|다 되면 표에서 볼 수 있어요\.",
    r"Select a bar to see its messages alone, and again to see all\.|막대를 누르면 .*",
    r"No single stretch of hours is clearly the busiest\.|특별히 한 시간대에 몰리지는 않아요\.",
]


class ListReader:
    """Reads the lists of authors and of chats: how much they wrote, and when last."""

    def __init__(self, truths: Iterable[Truth]) -> None:
        self.truths = {truth.chat.title: truth for truth in truths}
        self.people = {name: truth for truth in truths for name in truth.people}
        self.named = ""

    def check(self, block: str) -> None:
        if block in self.people:
            self.named = block
        elif found := re.match(r"(made\d+) (?:메시지 )?([\d,]+)", block):
            truth = self.truths[found[1]]
            self.named = found[1]
            assert number_in(found[2]) == truth.total
        elif found := re.fullmatch(
            r"(?:메시지|글)? ?([\d,]+)(?:개| messages?| posts?) (.*)", block
        ):
            person = self.people[self.named].people[self.named]
            assert number_in(found[1]) == len(person.texts)
            self._check_day(found[2], max(person.days))
        elif re.search(r"2024.*\d:\d\d", block):
            self._check_day(block, max(self.truths[self.named].days))

    def _check_day(self, told: str, day: date) -> None:
        assert f"{day:%b} {day.day}, 2024" in told or f"2024. {day.month}. {day.day}." in told, day
