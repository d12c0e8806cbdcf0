"""Every sentence about years is true: pages of made sites of ten years are read, and counted.

As in `test_true_sentences`, counts are by the definitions of the documents, and a sentence without
a check fails.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property, partial
from html import unescape
from itertools import pairwise, product
from statistics import fmean
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from quart import Quart

from app.parts.years import year as year_reader
from app.services.compare.held_out import judge_room
from app.views.tell import HABITS
from tests import made_chats
from tests.browsing import parts_of, signed_in
from tests.chats import ZONE, Said, import_chat, kakaotalk
from tests.conftest import Client
from tests.parts.test_true_sentences import (
    ANYBODY,
    CALLED,
    DAY,
    MESSAGES,
    SIGNS_OF,
    VALUES,
    VISITOR_ZONE,
    Check,
    Found,
    Reader,
    Site,
    Truth,
    day_told,
    is_about,
    is_as_often,
    is_percent,
    names_of_zone,
    number_in,
    patterns,
    runs_of,
    told_as,
    true_as_made,
)
from tests.sentences import (
    as_messages,
    as_read,
    blocks_of,
    folded_of,
    lists_of,
    texts_of,
    with_values,
)


@dataclass
class Years:
    """What somebody, or a chat, wrote in each year."""

    made: made_chats.MadeYears
    zone: str

    @cached_property
    def of_year(self) -> dict[int, list[int]]:
        """Places of the posts of each year."""
        places: dict[int, list[int]] = {}
        for place, (when, _, _) in enumerate(self.made.said):
            places.setdefault(int(when[:4]), []).append(place)
        return places

    def truth(self, year: int) -> Truth:
        places = self.of_year.get(year, [])
        said = [self.made.said[place] for place in places]
        before = self.made.said[places[0] - 1][0] if places[0] else None
        made = made_chats.MadeChat(self.made.seed, self.made.language, said)
        return Truth(made, datetime.fromisoformat(before) if before else None)

    def of(self, name: str) -> "Years":
        """Return what a person of a chat wrote."""
        if {name} == {*self.made.names}:
            return self
        said = [row for row in self.made.said if row[1] == name]
        made = made_chats.MadeYears(
            self.made.seed, self.made.language, said, features=self.made.features
        )
        return Years(made, self.zone)

    def day(self, place: int) -> date:
        return date.fromisoformat(self.made.said[place][0][:10])

    def same_days(self, year: int) -> tuple[list[int], list[int]]:
        """Return the places of the posts of a year and of the year before on the days of both:
        since the first post of all and until the last, if the year before lacks a week."""
        first, last = self.day(0), self.day(len(self.made.said) - 1)
        since, until = date(year - 1, 1, 1), date(year, 12, 31)
        since = first if first - since >= timedelta(7) else since
        until = until if until - last <= timedelta(7) else last
        bounds = (since.month, since.day), (until.month, until.day)
        own, before = (
            [p for p in self.of_year.get(each, []) if bounds[0] <= self._month_day(p) <= bounds[1]]
            for each in (year, year - 1)
        )
        return own, before

    def _month_day(self, place: int) -> tuple[int, int]:
        return self.day(place).month, self.day(place).day

    def texts(self, places: Iterable[int]) -> list[str]:
        return [self.made.said[place][2] for place in places]


def share_with(words: str, texts: Iterable[str]) -> list[bool]:
    """Return for each text whether it has all words of a phrase."""
    pieces = words.casefold().replace("…", " ").split()
    return [
        all(piece in re.findall(r"\w+|\S", text.casefold()) for piece in pieces) for text in texts
    ]


class YearReader(Reader):
    """Reads the blocks of the page of a year."""

    def __init__(self, years: Years, year: int, page: str, about: str) -> None:
        years = years.of(about) if about else years
        super().__init__(years.truth(year), page, about)
        self.years, self.year = years, year
        self.kind: tuple[int, bool] | None = None
        """Whether a change is of more, and whether it is all or nothing."""

    @property
    def zones(self) -> set[str]:
        return names_of_zone(self.years.zone)

    def patterns(self) -> list[tuple[re.Pattern[str], Check]]:
        return [*patterns_of_years(), *patterns()]

    def is_heading(self, block: str) -> bool:
        # Those of 2024 are known.
        of_2024 = re.sub(rf"\b{self.year}(?=\D|$)", "2024", block)
        known = any(re.fullmatch(text, block) for text in headings_of_years())
        return known or super().is_heading(of_2024)

    def check_list(self, heading: str, word: str, told: str) -> None:
        """Raise AssertionError for a row of a list of words or habits that is false."""
        told = re.sub(r"\bpost(?=s?\b)", "message", as_messages(told))
        for name, rows in lists_of_years().items():
            if not re.fullmatch(name, heading):
                continue
            for pattern, check in rows:
                if found := pattern.fullmatch(told):
                    check(self, found.groupdict() | {"words": word})
                    return
        raise AssertionError(f"no pattern for {word!r}, {told!r} under {heading!r}")

    def texts(self, year: int) -> list[str]:
        return self.years.texts(self.years.of_year.get(year, []))

    def elsewhere(self) -> list[str]:
        return [text for year in made_chats.YEARS if year != self.year for text in self.texts(year)]


def _word_only(reader: YearReader, found: Found) -> None:
    own = share_with(found["words"], reader.texts(reader.year))
    assert (found["year"], number_in(found["messages"])) == (str(reader.year), sum(own))
    assert not any(share_with(found["words"], reader.elsewhere())), found


def _word_of_year(reader: YearReader, found: Found) -> None:
    own = share_with(found["words"], reader.texts(reader.year))
    assert (found["year"], number_in(found["messages"])) == (str(reader.year), sum(own))
    assert fmean(own) > 2 * fmean(share_with(found["words"], reader.elsewhere())), found


def _total(reader: YearReader, found: Found) -> None:
    assert number_in(found["messages"]) == reader.days.total()
    assert number_in(found["count"]) == len(reader.days)


def _than_before(sign: int) -> Check:
    def check(reader: Reader, found: Found) -> None:
        assert isinstance(reader, YearReader)
        own, before = map(len, reader.years.same_days(reader.year))
        when = found["when"]
        assert str(reader.year - 1) in when
        if until := re.search(DAY, when):
            last = reader.years.day(-1)
            assert day_told(until[0]) == (last.month, last.day)
        if "count" in found:
            assert sign * number_in(found["count"]) == own - before, (own, before)
        else:
            assert abs(own - before) <= 0.1 * max(own, before), (own, before)

    return check


def _span(is_silence: bool) -> Check:
    def check(reader: Reader, found: Found) -> None:
        first, last = (day_told(found[side]) for side in ("first", "last"))
        spans = runs_of(reader.days) if not is_silence else gaps_of(reader.days)
        longest = max(spans, key=len)
        assert sum(len(span) == len(longest) for span in spans) == 1
        edges = [(day.month, day.day) for day in (longest[0], longest[-1])]
        assert ([first, last], number_in(found["count"])) == (edges, len(longest))
        if "name" in found:
            after = longest[-1] + timedelta(1)
            said = reader.truth.chat.said
            breaker = next(name for when, name, _ in said if when.startswith(after.isoformat()))
            assert breaker == found["name"]

    return check


def gaps_of(days: Iterable[date]) -> list[list[date]]:
    return [
        [before + timedelta(step) for step in range(1, (day - before).days)]
        for before, day in pairwise(sorted(days))
        if (day - before).days > 1
    ]


def _silence_of_years(reader: Reader, found: Found) -> None:
    """Check a silence that crosses the border of two years."""
    assert isinstance(reader, YearReader)
    days = {reader.years.day(place) for place in range(len(reader.years.made.said))}
    around = date(reader.year - 1, 12, 31), date(reader.year + 1, 1, 1)
    gaps = [gap for gap in gaps_of(days) if gap[-1] >= around[0] and gap[0] <= around[1]]
    longest = max(gaps, key=len)
    assert number_in(found["count"]) == len(longest), longest
    assert {gap[0].year for gap in gaps if len(gap) == len(longest)} == {longest[0].year}
    assert {str(longest[0].year), str(longest[-1].year)} >= {*re.findall(r"\d{4}", found["days"])}
    if "name" in found:
        after = (longest[-1] + timedelta(1)).isoformat()
        said = reader.years.made.said
        assert found["name"] == next(name for when, name, _ in said if when.startswith(after))


def _milestone(reader: YearReader, found: Found) -> None:
    place = int(number_in(found["count"])) - 1
    day = reader.years.day(place)
    assert (day.year, day_told(found["day"])) == (reader.year, (day.month, day.day))


def _most_answered(reader: YearReader, found: Found) -> None:
    answered = Counter(
        name
        for place, name in reader.years.made.answered.items()
        if reader.years.day(place).year == reader.year
    )
    (first, most), *others = answered.most_common()
    assert (found["name"], number_in(found["count"])) == (first, most)
    assert most > max((count for _, count in others), default=0)


def _most_liked(reader: YearReader, found: Found) -> None:
    likes = sorted(
        count
        for place, count in reader.years.made.likes.items()
        if reader.years.day(place).year == reader.year
    )
    assert number_in(found["count"]) == likes[-1] > 2 * likes[-2]


def _month(reader: Reader, found: Found) -> None:
    months = Counter(day.month for day in reader.days.elements())
    (month, most), (_, second) = months.most_common(2)
    assert number_in(found["count"]) == most > second, months
    assert found["month"] in (f"{date(2024, month, 1):%B}", f"{month}월"), months


def _day_of_year(reader: Reader, found: Found) -> None:
    (day, most), (_, second) = reader.days.most_common(2)
    assert (day_told(found["day"]), number_in(found["messages"])) == ((day.month, day.day), most)
    assert most > second


def _began(reader: Reader, found: Found) -> None:
    counts = {name: person.begun for name, person in reader.truth.people.items()}
    first, second = sorted(counts.values(), reverse=True)[:2]
    total = sum(counts.values())
    assert (counts[found["name"]], number_in(found["count"])) == (first, first), counts
    assert number_in(found["total"]) == total, counts
    assert is_percent(found["share"], first / total)
    assert first - second >= 2.9 * (first + second) ** 0.5, counts


def _same_days(reader: YearReader, found: Found) -> None:
    own, before = reader.years.same_days(reader.year)
    counts = number_in(found["count"]), number_in(found["count_before"])
    assert counts == (len(own), len(before)), (own, before)


def _outline(reader: YearReader, found: Found) -> None:
    assert found["year"] == str(reader.year - 1)
    assert reader.texts(reader.year - 1)


def _unchanged(reader: YearReader, found: Found) -> None:
    assert found["year"] == str(reader.year - 1)
    changed = reader.years.made.changed.get(reader.year)
    assert changed is None or reader.about not in ("", changed)


def _changed(habit: str, side: int) -> Check:
    def check(reader: Reader, found: Found) -> None:
        assert isinstance(reader, YearReader)
        years = reader.years.of(reader.subject)
        own, before = (
            Truth(made_chats.MadeChat(0, "", [("2024-01-01 00:00", "", text) for text in texts]))
            for texts in (years.texts(places) for places in years.same_days(reader.year))
        )
        values = own.value("", habit), before.value("", habit)
        told = found["value"], found["before"]
        assert (values[0] - values[1]) * side > 0, (habit, values)
        if reader.kind:
            is_all = habit != "words" and min(values) < 0.02
            assert reader.kind == (side, is_all), (reader.kind, values)
        for text, value in zip(told, values, strict=True):
            is_told = is_about if habit == "words" else is_percent if "%" in text else is_as_often
            assert is_told(text, value), (habit, told, values)
        assert found.get("year", str(reader.year - 1)) == str(reader.year - 1)

    return check


def _words_beside(variant: str) -> Check:
    """Check a word of a list that is compared with all other years."""

    def check(reader: Reader, found: Found) -> None:
        assert isinstance(reader, YearReader)
        own, beside = reader.texts(reader.year), reader.elsewhere()
        has, has_beside = (share_with(found["words"], texts) for texts in (own, beside))
        assert number_in(found["count"]) == sum(has), sum(has)
        share, share_beside = fmean(has), fmean(has_beside)
        if variant in ("never", "not compared"):
            assert variant == "not compared" or not any(has_beside), sum(has_beside)
        elif variant == "hardly":
            assert 0 < share_beside <= 0.105 * share, (share, share_beside)
        else:
            assert (
                abs(number_in(found["times"]) - share / share_beside) <= 0.06 * share / share_beside
            )

    return check


def _changed_row(side: int) -> Check:
    def check(reader: Reader, found: Found) -> None:
        assert isinstance(reader, YearReader)
        (habit,) = {
            habit for habit, label in labels_of_habits() if re.fullmatch(label, found["words"])
        }
        assert found["year"] == str(reader.year - 1)
        _changed(habit, side)(reader, found)

    return check


@cache
def labels_of_habits() -> list[tuple[str, str]]:
    return [
        (sign if name == "endings" else CALLED.get(name, name), label)
        for name, texts in HABITS.items()
        for sign in SIGNS_OF.get(name if name == "endings" else "", [""])
        for variant in ("label", "label without sign")
        if variant in texts
        for label in told_as(name, variant, sign=re.escape(sign) if sign else VALUES["sign"])
    ]


@cache
def lists_of_years() -> dict[str, list[tuple[re.Pattern[str], Check]]]:
    """Return the rows of each list, by the patterns of its heading."""
    count = {"count": MESSAGES}
    beside = [
        (re.compile(pattern), _words_beside(variant))
        for variant in ("never", "not compared", "hardly", "")
        for pattern in told_as("word_beside_all", variant, **count)
    ]
    sides = {"rose": 1, "longer": 1, "fell": -1, "shorter": -1}
    changed = [
        (re.compile(pattern), _changed_row(side))
        for variant, side in sides.items()
        for pattern in told_as("changed", variant, value=".+?", before=".+")
    ]
    return {_any_of("Words of {year}"): beside, _any_of("How the writing changed"): changed}


HEADINGS: Final = (
    *("How the writing changed", "Emoji of {year}", "Words of {year}"),
    *("The post of the year", "One of the most liked posts", "The post of the year so far"),
    *("Most liked", "The day of {year}: {day}", "The days of {year}: {days}"),
    *("{username} in {year}", "{username} in {year}, so far", "Chat “{name}” in {year}"),
    "The first and the newest post of the year so far",
    *("The first and the last post of the year", "The only post of the year"),
    "Compared with each other",
    "Compared with the other people of this chat",
)
EXPLANATIONS: Final = (
    "Three hours are shown as the busiest only if, compared by day, they are ahead of any three "
    "hours apart from them by more than chance.",
    "The day of the year is ahead of all days by more than chance, except the days around it.",
    "Days in a row next to it that have more than half of its posts belong to it.",
    "Posts without a time are not counted in any year.",
    "Messages without a time are not counted in any year.",
    "A person starts a conversation by writing after more than six hours without a message. Emoji "
    "are counted once per message.",
    "A streak or a silence is shown only if random days would produce the same length in fewer "
    "than 1 in 200 years. All other findings are shown only if their lead is more than chance, "
    "compared by day or by week.",
    "A word of the year counts once per post. This year and the other years need 20 posts.",
    "In long archives, 1,500 posts spread evenly over the year, and 1,500 "
    "of the other years, are compared.",
    "On average, at most 1 in 20 of the listed words is there by chance, however many were "
    "compared. Very common words are left out, if saywho knows the language.",
    "The writing is said to have changed only if chance would explain the difference from the year "
    "before in fewer than 1 in 20 years. Both years need 20 posts with text.",
    "Posts of one week belong together, so weeks are compared, not single posts.",
    "Messages without a time are not counted in any year. A person starts a conversation by "
    "writing after more than six hours without a message. Emoji are counted once per message.",
    "A change from year to year is shown only if chance does not explain "
    "it, compared by week. A busiest month has a quarter more than any "
    "other and chance does not explain the lead, or it is ahead by the same "
    "rule, compared by day.",
    "In a clearly larger share of the posts than in the other years",
    "Habits are compared by up to 1,500 messages of each year, spread evenly over the days that "
    "both years have.",
    "If posts have the same number of likes, the newest are shown.",
)
"""How findings are made; what they find is checked where it is told."""


def _any_of(*texts: str) -> str:
    values = VALUES | {"username": r"\S+", "name": ANYBODY, "other": ANYBODY, "names": ".+?"}
    told = "|".join(
        with_values(each.removesuffix("."), values)
        for text in texts
        for each in map(_plain, texts_of(text))
    )
    return re.sub(r"\(\?P<\w+>", "(?:", told)


def _plain(text: str) -> str:
    """Return a text of a template without its tags, and with its values as elsewhere."""
    return re.sub(r"%\((\w+)\)s", r"{\1}", re.sub("<[^>]*>", "", text))


@cache
def headings_of_years() -> list[str]:
    return [_any_of(*HEADINGS)]


def _kind_of_change(side: int, *, is_all: bool) -> Check:
    def check(reader: Reader, found: Found) -> None:
        assert isinstance(reader, YearReader)
        reader.subject, reader.kind = found["name"], (side, is_all)

    return check


KINDS_OF_CHANGES: Final = {
    "A new habit": _kind_of_change(1, is_all=True),
    "A habit that grew": _kind_of_change(1, is_all=False),
    "A habit that ended": _kind_of_change(-1, is_all=True),
    "A habit that faded": _kind_of_change(-1, is_all=False),
}
"""Beside a person's change; a new habit is nearly in no message of the year before."""


CHECKS: Final[list[tuple[str, str, Any]]] = [
    ("only_word", "", _word_only),
    ("year_word", "", _word_of_year),
    ("so_far", "sentence", true_as_made),
    ("so_far", "", true_as_made),
    ("silence_of_chat", "", _span(is_silence=True)),
    ("silence_of_days", "", _span(is_silence=True)),
    ("silence_of_chat", "years", _silence_of_years),
    ("silence_of_days", "years", _silence_of_years),
    ("streak", "", _span(is_silence=False)),
    ("busiest_month", "", _month),
    ("fullest_day", "", _day_of_year),
    ("milestone", "", _milestone),
    ("most_answered", "", _most_answered),
    ("most_liked", "", _most_liked),
    ("began", "", _began),
    ("began", "two", _began),
    ("same_days", "", _same_days),
    ("too_few_days", "", true_as_made),
    ("outline", "year", _outline),
    ("outline", "year until", _outline),
    ("unchanged", "", _unchanged),
    ("posts_on_days", "", _total),
    ("than_before", "same", _than_before(0)),
    ("than_before", "about", _than_before(0)),
    ("than_before", "more", _than_before(1)),
    ("than_before", "fewer", _than_before(-1)),
    ("on_days", "", true_as_made),
    ("on_days", "on", true_as_made),
]
OTHER_VALUES: Final = {
    "same_days": {"count": MESSAGES},
    "busiest_month": {"month": r"\w+"},
    "began": {"total": r"(?P<total>\d+)"},
}


@cache
def patterns_of_years() -> list[tuple[re.Pattern[str], Check]]:
    found: list[tuple[str, Check]] = []
    for finding, variant, check in CHECKS:
        values = OTHER_VALUES.get(finding, {})
        found += [(pattern, check) for pattern in told_as(finding, variant, **values)]
    for name, texts in HABITS.items():
        for variant, side in (("rose", 1), ("fell", -1)):
            for sign in SIGNS_OF.get(name, [""]) if variant in texts else ():
                habit = sign if name == "endings" else CALLED.get(name, name)
                of_sign = {"sign": re.escape(sign.strip("“”"))} if name == "endings" else {}
                patterns_told = told_as(name, variant, **of_sign)
                found += [
                    (rf"(?:(?P<name>{ANYBODY}): )?{pattern}", _changed(habit, side))
                    for pattern in patterns_told
                ]
    found += [(_any_of(text), true_as_made) for text in EXPLANATIONS]
    for kind, check in KINDS_OF_CHANGES.items():
        found.append((rf"(?:{_any_of(kind)}) (?P<name>\S+)", check))
    found.append((rf"(?P<messages>{MESSAGES}) in (?P<year>\d{{4}})", true_as_made))
    found.append((r"(?P<year>\d{4})년 메시지 (?P<count>[\d,]+)개", true_as_made))
    return [(re.compile(pattern), check) for pattern, check in found]


class YearSite(Site):
    async def read_year(
        self, path: str, language: str, years: Years, year: int, about: str = ""
    ) -> None:
        page = await self.get(path, language)
        if not page:
            return
        reader, where = YearReader(years, year, page, about), f"{path} ({language})"
        self._check(where, [*blocks_of(page), *folded_of(page)], reader.check)
        for heading, word, told in lists_of(page):
            check = partial(reader.check_list, heading, word)
            self._check(where, [told], check)


async def site_of(authors: Iterable[made_chats.MadeYears], writer: Client) -> YearSite:
    """Return a site with posts of authors, by the clock of the visitor."""
    zone = ZoneInfo(VISITOR_ZONE)
    posts = [
        {
            "username": name,
            "text": text,
            "lang": made.language,
            "created_at": datetime.fromisoformat(when).replace(tzinfo=zone).isoformat(),
            "counts": {"likes": made.likes[place]} if place in made.likes else None,
            "reply_to": {"source_id": "1", "username": to}
            if (to := made.answered.get(place))
            else None,
        }
        for made in authors
        for place, (when, name, text) in enumerate(made.said)
    ]
    await writer.add_posts(*posts)
    return YearSite(Client(writer.app, {}))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.full)])
async def test_every_sentence_of_an_authors_year_is_true(writer: Client, seed: int) -> None:
    authors = [made_chats.made_years(seed, language, is_chat=False) for language in ("en", "ko")]
    site = await site_of(authors, writer)
    for years in (Years(made, VISITOR_ZONE) for made in authors):
        (name,) = years.made.names
        for year in years.of_year:
            for language in ("en", "ko"):
                await site.read_year(f"/user/{name}/{year}", language, years, year, name)
    site.assert_true("" if seed else "years of an author")


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.full)])
async def test_every_sentence_of_a_chats_year_is_true(app: Quart, seed: int) -> None:
    made = made_chats.made_years(seed, "ko" if seed % 2 else "en", is_chat=True)
    await import_chat(parts_of(app).db, kakaotalk(made.title, *made.said))
    site, years = YearSite(Client(app, {})), Years(made, ZONE)
    for year in years.of_year:
        for language in ("en", "ko"):
            await site.read_year(f"/room/1/{year}", language, years, year)
            for name in made.names:
                await site.read_year(f"/user/{name}/{year}", language, years, year, name)
    site.assert_true("" if seed else "years of a chat")


class FoldedReader(Reader):
    """Reads the paragraphs at the end of a page, too."""

    def patterns(self) -> list[tuple[re.Pattern[str], Check]]:
        return [*patterns_of_folded(), *patterns()]


ABOUT_CHATS: Final = (
    "A difference is shown only if chance would explain it in fewer than 1 in 20 chats and both "
    "sides have at least 20 messages. A reply is a message right after someone else’s, at most six "
    "hours later.",
    "Messages of one day belong together, so days are compared, not single messages.",
    "Too few messages in the same language to compare the words of {names}.",
    "Words are separated by spaces. Only messages with text count for words a message.",
    "A person starts a conversation by writing after more than six hours without a message. A "
    "reply is a message right after someone else's, at most six hours later. Half of a person's "
    "replies take no longer than the time shown (without the seconds). Messages without a time are "
    "not counted.",
    EXPLANATIONS[0],
    "Messages that contain each sign, however often: ㅋㅋ and ㅎㅎ of two letters or more, "
    "ㅠㅠ and ㅜㅜ together, haha, lol and laughs of other languages, such as jaja, хаха and "
    "www, of any length. Signs that no one writes are left out.",
    "The five emoji that appear in the most messages, in any skin tone.",
    "Words that appear in a clearly larger share of one person's messages than of anyone else's. "
    "People are compared if they seem to write the same language. Words that go together are one "
    "phrase. Both sides need 20 messages.",
    "Words that appear in a clearly larger share of one person's messages than of the other's, if "
    "both seem to write the same language. Words that go together are one phrase. Both sides need "
    "20 messages.",
    "On average, at most 1 in 20 of the listed words is there by chance, however many were "
    "compared. Very common words are left out, if saywho knows the language.",
    "A habit sets someone apart only if chance would explain the difference "
    "from everyone else combined in fewer than 1 in 20 portraits. In "
    "addition, at most a quarter of the other people may differ as much in "
    "the same direction. Both sides need 20 posts with text.",
    "A habit sets <bdi>%(name)s</bdi> apart only if chance would explain the difference from "
    "<bdi>%(other)s</bdi> in fewer than 1 in 20 portraits. Both need 20 posts with text.",
    "Posts of one day belong together, so days are compared, not single posts.",
    "Based on the chat “<bdi>%(room)s</bdi>”.",
    "Words that appear in clearly more of their posts than of everyone else’s, with the number of "
    "these posts. Words that appear in the same posts are one phrase. The names of the people "
    "compared are left out.",
    "Words that appear in clearly more posts by <bdi>%(name)s</bdi> than by <bdi>%(other)s</bdi>, "
    "with the number of these posts. Words that appear in the same posts are one phrase. Both "
    "names are left out.",
    "A month is shown as the busiest only if it has a quarter more than any "
    "other and chance does not explain the lead, or if it is ahead of every "
    "other month by more than chance, compared by day. Posts without a time "
    "are not counted in any month, hour or weekday.",
    "saywho guesses the authors of the newest messages, which are hidden from it. The person with "
    "the largest share of right guesses is the easiest to recognise. Only people with 80 messages "
    "or more are included.",
    "saywho guessed the author of their newest %(asked)s posts with enough words, which were "
    "hidden from it. Among %(authors)s people, it chose <bdi>%(name)s</bdi> for %(right)s.",
    "Compared with the %(count)s authors that come with saywho.",
    "Follow:",
    "feed",
)
"""How findings are made, on the pages of a chat and of an author."""


def _nobody_else(reader: Reader, _: Found) -> None:
    assert len(reader.truth.people) == 1


@cache
def patterns_of_folded() -> list[tuple[re.Pattern[str], Check]]:
    values = {"name": ANYBODY}
    found: list[tuple[str, Check]] = [(_any_of(text), true_as_made) for text in ABOUT_CHATS]
    for variant in ("", "too_few"):
        nothing = told_as("says_nothing_more", variant, **values)
        found += [(told, true_as_made) for told in nothing]
    found += [(told, _nobody_else) for told in told_as("alone", **values)]
    nothing = texts_of("saywho found no word that is typical of one person.")
    found += [(form.removesuffix("."), true_as_made) for form in nothing]
    return [(re.compile(pattern), check) for pattern, check in found]


HABIT_CHATS: Final = [
    pytest.param(number, marks=pytest.mark.full if number % 4 else ())
    for number in range(len(made_chats.EACH_WITH_A_HABIT))
]
"""Numbers of chats; of four, three are read by `make test-full` alone."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", HABIT_CHATS)
async def test_every_sentence_of_a_habit_is_true(app: Quart, number: int) -> None:
    made = made_chats.made_habits(number)
    db = parts_of(app).db
    await import_chat(db, kakaotalk(made.title, *made.said))
    async with db.exclusive_in_turn("rooms") as grant:
        await judge_room(grant)
    site, truth = Site(Client(app, {})), Truth(made)
    for language in ("en", "ko"):
        await site.read("/room/1", language, truth, reader_of=FoldedReader)
        for name in made.names:
            await site.read(f"/user/{name}", language, truth, name, FoldedReader)
    site.assert_true(f"habits {number}")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "number",
    [
        n
        for n, of in zip(HABIT_CHATS, made_chats.EACH_WITH_A_HABIT, strict=True)
        if "most" not in of
    ],
)
async def test_every_sentence_of_a_changed_habit_is_true(app: Quart, number: int) -> None:
    made = made_chats.made_habits(number, (2023, 2024))
    await import_chat(parts_of(app).db, kakaotalk(made.title, *made.said))
    site = YearSite(Client(app, {}))
    years = Years(made_chats.MadeYears(made.seed, made.language, made.said), ZONE)
    for language in ("en", "ko"):
        await site.read_year("/room/1/2024", language, years, 2024)
        for name in made.names:
            await site.read_year(f"/user/{name}/2024", language, years, 2024, name)
    site.assert_true()


def _posts(name: str, days: Iterable[date], text: str = "A quiet boat by the quay") -> list[Said]:
    return [(f"{day} 12:00", name, text) for day in days]


def _days_since(first: date, count: int, step: int = 1) -> list[date]:
    return [first + timedelta(step * number) for number in range(count)]


BEGUN: Final = _posts("Ros1", _days_since(date(2022, 12, 20), 100, 4))
"""Posts since a late day of a year, which has few days in common with the next."""


async def test_every_sentence_of_a_year_that_has_few_days_is_true(writer: Client) -> None:
    made = made_chats.MadeYears(made_chats.FIRST_OF_AUTHORS, "en", BEGUN)
    site = await site_of([made], writer)
    for year, language in product((2022, 2023), ("en", "ko")):
        await site.read_year(
            f"/user/Ros1/{year}", language, Years(made, VISITOR_ZONE), year, "Ros1"
        )
    site.assert_true("few days")


async def test_every_sentence_of_a_year_that_goes_on_is_true(
    writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year_reader, "now", lambda: datetime(2024, 3, 20, tzinfo=UTC))
    said = [
        *_posts("Ros1", _days_since(date(2023, 1, 1), 150, 2)),
        *_posts("Ros1", _days_since(date(2024, 1, 1), 40, 2), "A comet over the quay"),
    ]
    made = made_chats.MadeYears(made_chats.FIRST_OF_AUTHORS, "en", said)
    site = await site_of([made], writer)
    for year, language in product((2023, 2024), ("en", "ko")):
        await site.read_year(
            f"/user/Ros1/{year}", language, Years(made, VISITOR_ZONE), year, "Ros1"
        )
    site.assert_true("goes on")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is what it is", "alone"),
        ("The kettle sings beside the {word}", "typical"),
        ("It is what it is #{tag}", "tag"),
    ],
)
async def test_every_sentence_of_a_lone_author_is_true(
    app: Quart, writer: Client, text: str, shown: str
) -> None:
    words, days = made_chats.WORDS["en"].split(), _days_since(date(2024, 3, 4), 60)
    said: list[Said] = []
    for place, day in enumerate(days):
        word, tag = " ".join(words[place % 9 : place % 9 + 3]), "kettle" if place % 4 else "tea"
        said.append((f"{day} 12:00", "Ros1", text.format(word=word, tag=tag)))
    made = made_chats.MadeYears(made_chats.FIRST_OF_AUTHORS, "en", said)
    site = await site_of([made], writer)
    operator = await signed_in(app, "kim")
    for language in ("en", "ko"):
        await site.read("/user/Ros1", language, Truth(made), "Ros1", FoldedReader)
        # The file begins with words, if there is nobody to compare with.
        sent = {"names": "real", "lang": language}
        file = await operator.post("/user/Ros1/report", form=sent)
        (finding,) = re.findall('id="finding">(.*?)</p>', await file.get_data(as_text=True))
        told = as_read(unescape(re.sub("<[^>]*>", "", finding)))
        assert "Ros1" in told
        for word in re.findall("“([^”]+)”", told):
            assert any(share_with(word, [text for _, _, text in said])), word
        site.note(told)
    site.assert_true(shown)


async def test_every_sentence_of_undated_posts_is_true(app: Quart) -> None:
    """Some of an author's posts, and all of another's, have no time."""
    rows = ["username,text,created_at"]
    rows += [f"Ros1,A boat and kettle {n},2024-03-{4 + n:02}T12:00:00Z" for n in range(20)]
    rows += [f"{name},Tea and no hour {n}," for name in ("Ros1", "Theo1") for n in range(3)]
    await import_chat(parts_of(app).db, "\n".join(rows).encode(), name="posts.csv", timezone=None)
    site = YearSite(Client(app, {}))
    for language in ("en", "ko"):
        for name, dated in (("Ros1", 20), ("Theo1", 0)):
            page = await site.get(f"/user/{name}", language)
            told = re.sub(r"\bpost(?=s?\b)", "message", as_messages(" ".join(blocks_of(page))))
            patterns = told_as("undated", "some" if dated else "all")
            found = [each for pattern in patterns if (each := re.search(pattern, told))]
            assert [number_in(each.group("count" if dated else "messages")) for each in found] == [
                3
            ]
            site.note(told)
    site.assert_true("undated")
