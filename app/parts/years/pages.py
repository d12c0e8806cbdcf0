"""The pages of a year of an author and a chat, and at an import's end."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import field
from quart.typing import ResponseReturnValue

from app.drawing.drawings import NO_HUE, Clock, NameList, StackedBar
from app.errors import NotFoundError
from app.language.i18n import gettext, show_days, show_month_day, show_number
from app.lifespan import resources
from app.parts.years import figures
from app.parts.years.compared_years import FEWEST_COMPARED
from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.services.rooms.timeline import FEWEST_OF_YEAR, messages_by_year
from app.views.answers import see_other
from app.views.blueprints import PageBlueprint
from app.views.cast import post_count, shown_name
from app.views.figures.archives import days_with_posts, most_answered, posts_in_year
from app.views.figures.chats import PAIR, told_absences
from app.views.figures.figure import Figure, by_clock_of, figure_of
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, render
from app.views.subjects import find_subject, read_shown
from app.views.tell import change_of, reads_as_change, tell
from saywho.significance import CLEAR_OF_MANY, clear_peak

blueprint = PageBlueprint("years", policy="read")
room_blueprint = PageBlueprint("room_years", policy="read")


class AnyYearPage(WebPage, frozen=True, kw_only=True, dict=True):
    """A year of an author or a chat, on its page, its cards and in its file."""

    args: ZoneArgs = field(default_factory=ZoneArgs)
    subject: YearOfAuthor | YearOfChat
    shown: AuthorYear | RoomYear

    @property
    def has_own_zone(self) -> bool:
        return self.subject.own_zone is not None

    @property
    def heading(self) -> str:
        return self.subject.title(is_over=self.shown.is_over)

    days = figure_of(figures.days_of)
    words_of_year = figure_of(figures.words_of_year)

    @property
    def headline(self) -> tuple[str, list[str]]:
        """Return what stands out of the finding, then the number of posts with the notes."""
        title, notes = self.days.title, self.days.notes
        counted = figures.counted_of(self.shown)
        story = title.removesuffix(f"{counted}.").strip()
        return (title, [*notes]) if story in ("", title) else (story, [counted, *notes])

    @property
    def day_heading(self) -> str:
        if (day := self.shown.day) is None:
            return ""
        if day.days > 1:
            text, days = gettext("The days of {year}: {days}"), show_days(day.first, day.last)
            return text.format(year=day.first.year, days=days)
        text = gettext("The day of {year}: {day}")
        return text.format(year=day.day.year, day=show_month_day(day.day))

    @property
    def day_told(self) -> str:
        """How many posts the day has, and its zone if the reader chooses it."""
        if (day := self.shown.day) is None:
            return ""
        posts, usual = post_count(day.posts_of_days), show_number(day.usual)
        variant = "several" if day.days > 1 else ""
        told = tell("day_of_year", variant, posts=posts, usual=usual, days=day.days)
        return told if self.has_own_zone else by_clock_of(told, self.shown.tz)

    @property
    def silence_told(self) -> str:
        return figures.told_of_silence(self.shown.silence, is_of_chat=self.subject.in_chat)


class YearPage(AnyYearPage, frozen=True, kw_only=True, dict=True):
    template = "years/year.html"

    subject: YearOfAuthor
    shown: AuthorYear

    years = figure_of(figures.posts_by_year)
    clock = figure_of(figures.hours_of_author)
    changes = figure_of(figures.changed_writing)

    @property
    def description(self) -> str:
        return figures.told_of_author(self.shown, has_words=False, has_names=False)

    @property
    def posts_path(self) -> str:
        return figures.posts_of_year(self.shown)

    @property
    def day_path(self) -> str:
        day = self.shown.day
        return figures.posts_between(self.shown, day.first, day.end) if day else ""

    @property
    def totals(self) -> Figure[None]:
        calendar = self.shown.calendar
        title = posts_in_year(calendar.tweets, calendar.year)
        if not self.shown.is_over:
            title = tell("so_far", "sentence", total=title)
        return Figure(title=title, notes=[days_with_posts(calendar.days, self.shown.tz)])

    @property
    def before_told(self) -> str:
        """Which days were compared with the year before."""
        if (before := self.shown.before) is None:
            return ""
        if before.same_days is None:
            return tell("too_few_days", year=str(self.subject.year), before=str(before.year))
        sentence = tell(
            "same_days",
            first=before.same_days.first,
            last=before.same_days.last,
            count=post_count(before.same_days.tweets),
            count_before=post_count(before.same_days.tweets_before),
            year=str(self.subject.year),
            before=str(before.year),
        )
        rule = gettext(
            "A change from year to year is shown only if chance does not explain "
            "it, compared by week. A busiest month has a quarter more than any "
            "other and chance does not explain the lead, or it is ahead by the same "
            "rule, compared by day."
        )
        return f"{sentence} {rule}"

    @property
    def is_compared(self) -> bool:
        return figures.is_long_enough(self.shown)

    @property
    def best_heading(self) -> str:
        """The heading of the post with most likes, or of several equal posts."""
        likes = [post.counts.likes for post in self.shown.most_liked if post.counts]
        if likes and likes.count(likes[0]) > 1:
            return gettext("One of the most liked posts")
        so_far = gettext("The post of the year so far")
        return gettext("The post of the year") if self.shown.is_over else so_far

    @property
    def edges_heading(self) -> str:
        is_only, is_over = self.shown.first.id == self.shown.last.id, self.shown.is_over
        if is_only:
            so_far = gettext("The only post of the year so far")
            return gettext("The only post of the year") if is_over else so_far
        so_far = gettext("The first and the newest post of the year so far")
        return gettext("The first and the last post of the year") if is_over else so_far

    @property
    def answered(self) -> Figure[NameList]:
        return most_answered(self.shown.answered)


@blueprint.get(YearOfAuthor.path, keep=True)
async def show_year(args: ZoneArgs, **address: Any) -> str:
    subject, shown = await read_shown(YearOfAuthor, read_year_of_author, address, args)
    return await render(YearPage(args=args, subject=subject, shown=shown, about=subject.about))


class RoomYearPage(AnyYearPage, frozen=True, kw_only=True, dict=True):
    template = "years/room_year.html"

    subject: YearOfChat
    shown: RoomYear
    in_chat: bool = True

    people = figure_of(figures.people_of_year)

    @property
    def began(self) -> Figure[StackedBar]:
        """Who clearly wrote first most often after more than six hours without a message."""
        people = self.shown.people
        counts = [person.beginnings for person in people]
        total, topic = sum(counts), gettext("Who wrote first after a silence")
        told, plot, notes = "", None, list[str]()
        away = Counter[str | None]()
        for each in self.shown.absences:
            away[each.username] += each.beginnings
        totals = [total - away[person.username] for person in people]
        there = [count / max(of, 1) for count, of in zip(counts, totals, strict=True)]
        # Everyone else together may hide somebody who is ahead.
        first = clear_peak(counts, CLEAR_OF_MANY) if total >= FEWEST_COMPARED else None
        is_ahead = first == clear_peak([round(total * share) for share in there], CLEAR_OF_MANY)
        if first is not None and is_ahead and (name := people[first].username):
            values = {"name": shown_name(name), "count": counts[first], "total": totals[first]}
            variant = "two" if self.shown.people_total == PAIR else ""
            told = tell("began", variant, **values, share=there[first])
            plot = figures.bar_of(people, counts, there)
            notes = [tell("below", "began", **values)]
        return Figure(topic=topic, title=told, notes=notes, plot=plot)

    @property
    def moves(self) -> list[str]:
        return told_absences(self.shown.absences, ZoneInfo(self.shown.tz))

    @property
    def clock(self) -> Figure[Clock]:
        return figures.hours_of(self.shown, NO_HUE).figure()

    @property
    def habits(self) -> list[tuple[str, str, str]]:
        """The kind of each change of a person, the person, and the habit."""
        return [
            (
                figures.kind_of_change(habit),
                habit.username,
                change_of(habit.measure, self.subject.year - 1),
            )
            for habit in self.shown.habits
            if reads_as_change(habit.measure)
        ]

    @property
    def people_compared(self) -> str:
        """The people that each person's words are compared with."""
        if self.shown.people_total == PAIR:
            return gettext("Compared with each other")
        return gettext("Compared with the other people of this chat")

    @property
    def loved_heading(self) -> str:
        """The heading of the message with most reactions, or of several equal messages."""
        if self.shown.loved and self.shown.loved[0].ties:
            return gettext("One of the most loved messages")
        return gettext("Most reactions")


@room_blueprint.get(YearOfChat.path, keep=True)
async def show_room_year(args: ZoneArgs, **address: Any) -> ResponseReturnValue:
    kept = resources()
    async with kept.read_long() as session:
        subject = await find_subject(session, YearOfChat, address, args)
        zone = zone_of_page(args.tz, subject.own_zone)
        try:
            shown = await read_year_of_chat(session, kept, subject, lambda _: zone)
        except NotFoundError:
            year, counts = subject.year, await messages_by_year(session, subject.room, zone)
            if year not in counts:
                raise
            chat = subject.whole
            if year != max(counts):  # A short or silent year has no page of its own.
                return see_other(chat.url(on=str(year), tz=args.tz))
            # The tab of the years leads to that of the newest message, which may be short.
            full = [other for other, count in counts.items() if count >= FEWEST_OF_YEAR]
            newest = YearOfChat(subject.room, max(full)) if full else chat
            return see_other(newest.url(tz=args.tz))
    return await render(RoomYearPage(args=args, subject=subject, shown=shown, about=subject.about))
