"""A chat's finding, and its figures: shares, months, silences, and who replies to whom."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from quart import url_for

from app.drawing.drawings import NamedBar, PeriodColumn, PeriodColumns, StackedBar
from app.language.i18n import (
    gettext,
    month_names,
    ngettext,
    show_date,
    show_list,
    show_month,
    show_number,
    show_percent,
    show_period,
    show_year,
)
from app.services.rooms.chat_portrait import ChatPage
from app.services.rooms.chats import RoomFacts
from app.services.rooms.timeline import Absence, Period, QuietDays
from app.views.cast import hue, post_count, shown_name
from app.views.figures.figure import Figure, TableCell, busiest_told, busy_hours
from app.views.figures.findings import Care, Told, ranked
from app.views.tell import below_giant, beside_one, giant_of, of_many, short_name, tell, trait_of
from saywho.people.alike import SharedHabit, shared_habits
from saywho.people.fingerprint import Measure
from saywho.people.portrait import PersonPortrait, Trait
from saywho.people.replies import FEWEST_ANSWERS
from saywho.significance import FEWEST_CLUSTERS, FEWEST_COMPARED

People = Sequence[PersonPortrait]
PAIR: Final = 2
"""People, one of whom has more; among more people, one has the most."""
_TOLD_AS: Final = {"laugh": "laughing", "longest": "length"}
"""A trait's measure; habits of it are not reported again."""
_OF_NEWEST: Final = {"longest", "laugh", "night"}
"""Traits reported as "lately" if only newest messages were counted."""
CLEAR_OF_ALL: Final = 5.0
"""Standard errors from which a habit is told beside another finding: there is a habit for each
person, so the 2.9 of a single test would be passed by chance in some chats.
"""
DAY: Final = timedelta(days=1)
POLITE_FROM, PLAIN_UNTIL = 0.8, 0.2
"""Shares of polite sentences of whoever speaks politely, and plainly."""
SIGNS: Final = "①②③④⑤⑥"
"""Signs of what is named in a drawing."""


def findings_of(sight: ChatPage) -> list[Told]:
    """Return what a chat's page, pictures and first sentence tell, the first first; never empty."""
    return ranked(_found(sight)) or [_most_people(sight)]


def story_of(sight: ChatPage) -> Told:
    """Return the first finding for a picture, or the number of messages."""
    first = findings_of(sight)[0]
    return _most_people(sight) if first.care == "nothing" else first


def _found(sight: ChatPage) -> Iterator[Told]:
    room, people = sight.room, sight.people
    if room.people_total == 1:
        alone = ngettext(
            "Only {name} writes here, {count} message.",
            "Only {name} writes here, {count} messages.",
            room.messages,
        )
        name = _short_name(people[0].username)
        messages = show_number(room.messages)
        text = alone.format(name=name, count=messages)
        below = tell("below", "alone", name=name)
        yield Told("alone", text, messages, below, people[0].username)
    yield from _changes_of_speech(sight)
    if (quiet := sight.quiet) and _is_rare(sight, quiet):
        name, days = _short_name(quiet.ended_by), show_period(quiet.first, quiet.last + DAY)
        below = tell("below", "silence", name=name, days=days)
        yield Told("silence", told_quiet(quiet), in_days(quiet.days), below, quiet.ended_by)
    yield from found_moves(sight.absences, ZoneInfo(sight.tz))
    if busy := sight.busy_day:
        days, usual = show_period(busy.first, busy.end), show_number(busy.usual)
        posts = post_count(busy.posts_of_days)
        text = tell("busy_days", posts=posts, days=days, usual=usual)
        below = tell("below", "days", days=days, usual=usual)
        yield Told("days", text, show_number(busy.posts_of_days), below)
    yield from _speech_to(sight)
    yield from _traits(sight)
    yield from _habits(sight)
    for shared in shared_habits(sight.alike)[:1]:
        yield Told("shared", _told_shared([shared]))
    if told_hours := busiest_told(sight.busy_from):
        below = tell("below", "rhythm")
        yield Told("rhythm", told_hours, busy_hours(sight.busy_from), below)
    if room.people_total > 1:
        yield Told("nothing", _nothing_clear(people, room))


def found_moves(absences: Iterable[Absence], zone: ZoneInfo) -> Iterator[Told]:
    """Yield who left, joined, or was away for a day or more."""
    for absence in absences:
        ends = [time.astimezone(zone).date() for time in (absence.since, absence.until) if time]
        away, name = (ends[-1] - ends[0]).days, _short_name(absence.username)
        kind = "joined" if absence.since is None else "left"
        care: Care = "moved"
        if absence.since and absence.until:
            care, kind = "return", "away"
        giant = in_days(away) if away else show_date(ends[0])
        below = tell("below", kind, name=name, days=show_period(ends[0], ends[-1] + DAY))
        for text in told_absences([absence], zone):
            yield Told(care, text, giant, below, absence.username)


def _is_rare(sight: ChatPage, quiet: QuietDays) -> bool:
    """Return whether chance does not explain a silence; of messages that are older than those that
    are analysed, only its length is known.
    """
    if (rare := sight.rare_silence) and (rare.first, rare.last) == (quiet.first, quiet.last):
        return True
    return sight.is_of_newest and quiet.days >= 14


def _most_people(sight: ChatPage) -> Told:
    text = gettext("{messages} of {people}.")
    room, first = sight.room, sight.people[0].username if sight.people else None
    told = text.format(messages=post_count(room.messages), people=people_count(room.people_total))
    below = tell("below", "amount", people=people_count(room.people_total))
    return Told("nothing", told, show_number(room.messages), below, first)


def _changes_of_speech(sight: ChatPage) -> Iterator[Told]:
    zone = ZoneInfo(sight.tz)
    found = [(each, show_month(each.since.astimezone(zone).date())) for each in sight.speech]
    kinds = {(each.is_polite, month) for each, month in found}
    is_of_both = sight.room.people_total == PAIR == len(found) and len(kinds) == 1
    for each, month in found[: 1 if is_of_both else None]:
        username = sight.people[each.person].username
        variant = f"{'both ' if is_of_both else ''}{'polite' if each.is_polite else 'plain'}"
        name = _short_name(username)
        text = tell("speech", variant, name=name, month=month)
        below = tell("below", variant, name=name)
        yield Told("speech", text, month, below, None if is_of_both else username)


def _speech_to(sight: ChatPage) -> Iterator[Told]:
    for each in sight.speech_to:
        username, other = (sight.people[place].username for place in (each.person, each.to))
        values = {"name": _short_name(username), "other": _short_name(other)}
        variant, share = "polite" if each.is_polite else "plain", each.share
        if not each.is_polite:
            share = 1 - share
        text = tell("speech_to", variant, **values, share=share, count=each.sentences)
        below = tell("below", "speech_to", **values, of_others=each.share_to_others)
        yield Told("politeness", text, show_percent(each.share), below, username)


def _traits(sight: ChatPage) -> Iterator[Told]:
    cares: dict[str, Care] = {"most": "amount", "recognised": "known"}
    for trait in sight.traits:
        variants = ["two"] if sight.room.people_total == PAIR else []
        variants += ["lately"] if sight.is_of_newest and trait.kind in _OF_NEWEST else []
        care = cares.get(trait.kind, "ahead")
        if trait.is_only and not sight.is_of_newest:
            variants, care = ["only"], "only"
        values = _values(trait)
        text = tell(trait.kind, " ".join(variants), **values)
        kind = "only" if care == "only" else trait.kind
        below = tell("below", kind, **values, count=sight.room.messages)
        if trait.kind == "laugh" and not trait.value:
            below = ""
        yield Told(care, text, _giant_of(trait), below, trait.username, trait.errors)


def _giant_of(trait: Trait) -> str:
    if trait.sign:
        return trait.sign
    if trait.kind == "longest":
        return show_number(round(trait.value, 1))
    return show_percent(trait.value)


def _habits(sight: ChatPage) -> Iterator[Told]:
    """Yield the clearest habit of each person; those from `CLEAR_OF_ALL` standard errors on are not
    put down to their number.
    """
    told = {(_TOLD_AS.get(trait.kind, trait.kind), trait.username) for trait in sight.traits}
    told |= {("politeness", sight.people[each.person].username) for each in sight.speech_to}
    for person in sight.people:
        username, habit = person.username, person.trait
        if not (username and habit) or (habit.name, username) in told:
            continue
        lately, usual = gettext("Lately, {name} {traits}."), gettext("{name} {traits}.")
        sentence = lately if sight.is_of_newest else usual
        beside, name = beside_one(other_called(username, sight.room)), _short_name(username)
        text = sentence.format(name=name, traits=trait_of(habit, beside))
        below = below_giant(habit, name, beside)
        care: Care = "habit" if habit.errors >= CLEAR_OF_ALL else "less clear"
        if care == "habit" and habit.own and not any([habit.beside, *habit.each]):
            care = "only"
        if levels := _levels_told(sight, username, habit):
            care, text = "politeness", levels
            below = tell("below", "levels", name=name, of_other=habit.beside)
        yield Told(care, text, giant_of(habit), below, username, habit.errors)


def _levels_told(sight: ChatPage, username: str, habit: Measure) -> str:
    """Return who alone speaks politely, or plainly; empty if it is neither."""
    each = [value for value in habit.each if value is not None]
    is_polite = habit.own >= POLITE_FROM
    if habit.name != "politeness" or sight.is_of_newest:
        return ""
    if len(each) != sight.room.people_total - 1:  # Somebody is not compared one by one.
        return ""
    if is_polite and max(each) > PLAIN_UNTIL:
        return ""
    if not is_polite and (habit.own > PLAIN_UNTIL or min(each) < POLITE_FROM):
        return ""
    other = other_called(username, sight.room)
    if other and not is_polite:
        return ""  # It is told of the other one.
    shares = {"share": habit.own if is_polite else 1 - habit.own, "of_other": 1 - habit.beside}
    names = {"name": _short_name(username), "other": short_name(other)}
    variant = "two polite" if other else "polite" if is_polite else "plain"
    return tell("levels", variant, **names, **shares)


def people_count(count: int) -> str:
    people = ngettext("{count} person", "{count} people", count)
    return people.format(count=show_number(count))


def _told_shared(shared: Sequence[SharedHabit]) -> str:
    groups = [of_many(one.habit, one.people) for one in shared]
    return gettext("More than most people here: {groups}.").format(groups=show_list(groups))


def _nothing_clear(people: People, room: RoomFacts) -> str:
    days = max((person.days for person in people), default=0)
    if 0 < days < FEWEST_CLUSTERS:
        return gettext("There are too few days with messages to tell these people apart.")
    counts = sorted(person.messages for person in people)
    if sum(counts[:-1]) < FEWEST_COMPARED:
        return gettext("There are too few messages to tell these people apart.")
    nothing = gettext("saywho found no habit that only one of these {count} people has.")
    shown = sum(person.username is not None for person in people)
    if room.people_total == PAIR:
        nothing = gettext("Chance may explain every difference between these two people.")
    elif shown < room.people_total:  # A group below may be of one who writes less.
        nothing = gettext("saywho found no habit that only one of the {count} who write most has.")
    return nothing.format(count=show_number(shown))


def who_wrote_most(traits: Sequence[Trait], people_total: int, *, is_past: bool) -> str:
    """Return who clearly has the most messages; empty if no one has."""
    for trait in traits:
        if trait.kind == "most":
            variants = ["two"] if people_total == PAIR else []
            variants += ["past"] if is_past else []
            return tell("most", " ".join(variants), **_values(trait))
    return ""


def _values(trait: Trait) -> dict[str, str]:
    mean = round(trait.value, 1)
    words = ngettext("{count} word on average", "{count} words on average", 1 if mean == 1 else 2)
    return {
        "name": _short_name(trait.username),
        "share": show_percent(trait.value),
        "words": words.format(count=show_number(mean)),
        "sign": trait.sign,
    }


def other_called(username: str, room: RoomFacts) -> str:
    """Return the name of the only other person of a chat of two, or empty."""
    others = [name for name in room.usernames if name != username]
    return shown_name(others[0]) if room.people_total == PAIR == len(others) + 1 else ""


def _short_name(username: str | None) -> str:
    return short_name(shown_name(username or ""))


def in_days(days: int) -> str:
    return ngettext("{count} day", "{count} days", days).format(count=show_number(days))


def told_quiet(quiet: QuietDays) -> str:
    """Return a sentence on the longest silence, and who ended it."""
    days = show_period(quiet.first, quiet.last + DAY)
    name = _short_name(quiet.ended_by)
    return tell("silence_of_chat", "years", count=quiet.days, days=days, name=name)


def name_of(person: PersonPortrait) -> str:
    if person.username is not None:
        return shown_name(person.username)
    text = ngettext("{count} other", "{count} others", person.people)
    return text.format(count=show_number(person.people))


def share_bars(
    people: People, shares: Sequence[float] = (), there: Sequence[float | None] = ()
) -> list[NamedBar]:
    """Return a bar for each person, by default of their messages.

    there: shares of the time in which each was there, None for who was there all the time.
    """
    shares = shares or [person.share for person in people]
    return [
        NamedBar(name_of(person), share, share_label(share, own), hue(person.username))
        for person, share, own in zip(people, shares, there or [None] * len(shares), strict=True)
    ]


def share_bar(sight: ChatPage) -> Figure[StackedBar]:
    """Return who writes how much, under what is said first of the chat."""
    bars = share_bars(sight.people, there=[person.share_there for person in sight.people])
    return Figure(title=findings_of(sight)[0].text, plot=StackedBar(bars))


def share_label(share: float, there: float | None) -> str:
    shown, own = show_percent(share), show_percent(share if there is None else there)
    text = gettext("{share} ({there} while there)")
    return shown if own == shown else text.format(share=shown, there=own)


def told_absences(absences: Iterable[Absence], zone: ZoneInfo) -> list[str]:
    """Return a sentence for each time of a day or more in which somebody was not there."""
    return [
        told_absence(each, zone)
        for each in absences
        if not (each.since and each.until) or each.until - each.since >= DAY
    ]


def told_absence(absence: Absence, zone: ZoneInfo) -> str:
    left, came = (
        show_date(time.astimezone(zone).date()) if time else ""
        for time in (absence.since, absence.until)
    )
    text = gettext("{name} left on {left} and came back on {came}.")
    if absence.until is None:
        text = gettext("{name} left on {left}.")
    elif absence.since is None:
        text = gettext("{name} joined on {came}.")
    return text.format(name=shown_name(absence.username), left=left, came=came)


class PeriodMark(NamedTuple):
    """A hole or a feast among the columns of a chat."""

    place: int
    """Place of its column, the middle column of a hole."""
    told: str
    path: str


@dataclass(frozen=True, slots=True)
class Months:
    """The months of a chat, or its years if they are many."""

    sight: ChatPage
    tz: str = ""
    word: str = ""
    """A word of the busiest day."""
    has_links: bool = False
    """Whether a column leads to its messages."""

    def figure(self) -> Figure[PeriodColumns]:
        topic = gettext("Year by year") if self._is_of_years else gettext("Month by month")
        fullest = next((period for period in self.sight.periods if period.is_fullest), None)
        column, title = gettext("Month"), ""
        even = gettext("No month clearly has the most messages.")
        if self._is_of_years:
            column, even = gettext("Year"), gettext("No year clearly has the most messages.")
        if fullest is not None:
            title = gettext("Busiest: {period}, {messages}.").format(
                period=self.period_name(fullest), messages=post_count(fullest.messages)
            )
        rows: list[list[TableCell]] = [
            [self.period_name(period), period.messages, *period.people]
            for period in self.sight.periods
        ]
        return Figure(
            topic=topic,
            title=title,
            notes=self._silence(),
            nothing="" if title else even,
            columns=[column, gettext("Messages"), *map(name_of, self.sight.people)],
            rows=rows,
            plot=self._plot(title or topic),
        )

    def _plot(self, caption: str) -> PeriodColumns | None:
        if len(self.sight.periods) < 2:
            return None
        most = max(period.messages for period in self.sight.periods)
        marks = {each.place: sign for sign, each in zip(SIGNS, self.named(), strict=False)}
        columns = (
            PeriodColumn(
                label,
                tuple(100 * count / most for count in period.people),
                self._told(period),
                self._path_of(period) if period.messages else "",
                marks.get(place, ""),
            )
            for place, (label, period) in enumerate(
                zip(self._labels, self.sight.periods, strict=True)
            )
        )
        return PeriodColumns(caption, tuple(self._people), tuple(columns), show_number(most))

    def named(self) -> list[PeriodMark]:
        """Return the holes, the busiest day, and who came and left, in order of time."""
        periods, busy = self.sight.periods, self.sight.busy_day
        named: list[PeriodMark] = []
        for place, period in enumerate(periods):
            if not period.messages and periods[place - 1].messages:
                after = next(one for one in periods[place:] if one.messages)
                told = gettext("{period}: silence").format(
                    period=self.period_name(period)
                    if after is periods[place + 1]
                    else show_period(period.first_day, after.first_day)
                )
                middle = (place + periods.index(after) - 1) // 2
                named.append(PeriodMark(middle, told, self._path_of(after)))
        if busy is not None:
            place = sum(period.first_day <= busy.first for period in periods) - 1
            days = show_period(busy.first, busy.end)
            told = f"{days}: {post_count(busy.posts_of_days)}"
            word = gettext("“{word}”").format(word=self.word) if self.word else ""
            told = f"{told}, {word}" if word else told
            named.append(PeriodMark(place, told, self._path_at(busy.first)))
        return sorted([*named, *self._moves()][: len(SIGNS)])

    def _moves(self) -> Iterator[PeriodMark]:
        zone, periods = ZoneInfo(self.sight.tz), self.sight.periods
        for absence in self.sight.absences:
            time = absence.since or absence.until
            day = time.astimezone(zone).date() if time else date.min
            if (place := sum(period.first_day <= day for period in periods) - 1) >= 0:
                told = told_absence(absence, zone).removesuffix(".")
                yield PeriodMark(place, told, self._path_at(day))

    def _path_of(self, period: Period) -> str:
        return self._path_at(str(period.first_day)[: 4 if self._is_of_years else 7])

    def _path_at(self, days: date | str) -> str:
        if not self.has_links:
            return ""
        return url_for("rooms.show_room", room_id=self.sight.room.id, on=days, tz=self.tz or None)

    def _told(self, period: Period) -> str:
        people = (
            f"{name} {show_number(count)}"
            for (name, _), count in zip(self._people, period.people, strict=True)
            if count
        )
        told = f"{self.period_name(period)}: {post_count(period.messages)}"
        return f"{told} ({', '.join(people)})" if period.messages else told

    def _silence(self) -> list[str]:
        told = told_quiet(self.sight.quiet) if self.sight.quiet else ""
        return [told] if told and told != findings_of(self.sight)[0].text else []

    @property
    def _people(self) -> list[tuple[str, str]]:
        return [(name_of(person), hue(person.username)) for person in self.sight.people]

    @property
    def _is_of_years(self) -> bool:
        months = [period.first_day.month for period in self.sight.periods[:2]]
        return len(months) > len(set(months))

    def period_name(self, period: Period) -> str:
        if self._is_of_years:
            return show_year(period.first_day)
        return show_month(period.first_day)

    @property
    def _labels(self) -> list[str]:
        days = [period.first_day for period in self.sight.periods]
        if self._is_of_years:
            step = len(days) // 8 + 1  # In a narrow card more labels would touch.
            return ["" if place % step else str(day.year) for place, day in enumerate(days)]
        if len(days) <= 12:
            return [month_names()[day.month - 1] for day in days]
        # Labels of two years within three columns would touch on a phone.
        first_january = next(place for place, day in enumerate(days) if day.month == 1)
        return [
            str(day.year) if day.month == 1 or (place == 0 and first_january > 3) else ""
            for place, day in enumerate(days)
        ]


def answers_of(sight: ChatPage) -> Figure[list[StackedBar]]:
    """Return who replies to whom, and the replies of each person."""
    people, answers, clearest = sight.people, sight.answers, _clearest(sight)
    named = [name_of(person) for person in people if person.username is not None]
    about = gettext("By chance, they would reply to each person as often as everyone else does.")
    columns = [gettext("Who replies"), gettext("Replies to other people"), *named]
    rows: list[list[TableCell]] = [
        [name, sum(row), *row] for name, row in zip(named, answers, strict=True)
    ]
    bars = None
    # Two people can only reply to each other.
    if 3 <= len(people) == len(answers) and sum(map(sum, answers)) >= FEWEST_ANSWERS:
        bars = [
            _replies_of(person, row, people)
            for person, row in zip(people, answers, strict=True)
            if any(row)
        ]
    lately = gettext("Who replies to whom lately") if sight.is_of_newest else ""
    topic = lately or gettext("Who replies to whom")
    about = about if clearest else ""
    return Figure(topic=topic, title=clearest, about=about, columns=columns, rows=rows, plot=bars)


def _replies_of(person: PersonPortrait, answers: Sequence[int], people: People) -> StackedBar:
    total = sum(answers)
    parts = share_bars(people, [count / total for count in answers])
    return StackedBar([part for part in parts if part.share], name_of(person), hue(person.username))


def _clearest(sight: ChatPage) -> str:
    preference = sight.preference
    if preference is None:
        return ""
    text = gettext(
        "{name} replies to {other} {times} times as often as by chance ({share} of replies)."
    )
    return text.format(
        name=name_of(sight.people[preference.person]),
        other=name_of(sight.people[preference.other]),
        times=show_number(round(preference.share / preference.chance, 1)),
        share=show_percent(preference.share),
    )
