"""What the dashboard is asked, and the counts of which its panels are made."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Annotated, ClassVar, Final
from urllib.parse import parse_qsl

from msgspec import Meta, field
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.datastructures import MultiDict

from app.errors import MalformedError
from app.lifespan import resources
from app.services.posts import post_counts
from app.services.posts.local_time import LocalHour
from app.services.posts.tweets import Post, list_selected
from app.services.posts.users import outgrown_samples
from app.services.search import results
from app.services.search.word_search import SearchWork
from app.views.filters import ViewFilters
from app.views.requests import args_of
from saywho.people.times import DAY_H

REST: Final = ""
"""Stands for all authors who are not named."""
MOST_AUTHORS: Final = 40


class DashboardView(ViewFilters):
    """A word or none, people, and a time."""

    q: Annotated[str, Meta(max_length=results.MAX_QUERY_LENGTH)] = ""
    who: list[str] = field(default_factory=list)
    """More people, as `username`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.username, self.who = [*self.username, *self.who], []

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q.strip()) or super().is_narrowed

    def query(self, **changed: str) -> str:
        return super().query(**({"q": self.q.strip()} | changed))


def question_of(query: str) -> DashboardView:
    """Return what a query string asks. Raises MalformedError."""
    try:
        pairs = parse_qsl(query.removeprefix("?"), max_num_fields=100)
    except ValueError:
        raise MalformedError("The view is not a query string") from None
    return args_of(MultiDict(pairs), DashboardView, is_strict=False)


@dataclass(frozen=True)
class ViewCounts:
    """Posts that a question chooses."""

    most_shown: ClassVar[int] = 10
    """Posts below the figures."""

    asked: DashboardView
    days: Mapping[str, Mapping[date, int]] = dataclasses.field(default_factory=dict)
    """Of each author by day, the most posts first; `REST` comes last."""
    hours: Mapping[int, int] = dataclasses.field(default_factory=dict)
    """By local hour since the year 1, a Monday, at whatever hour of the day is asked for."""
    authors: int = 0
    """Number of all authors."""
    undated: int = 0
    of_samples: int = 0
    """Posts of sample authors next to other people's; other pages leave the samples out."""
    newest: Sequence[Post | results.Hit] = ()
    has_more: bool = False
    """Whether only the 10,000 posts that were stored last are counted."""
    corrections: Sequence[results.Correction] = ()

    @property
    def usernames(self) -> list[str]:
        return [name for name in self.days if name != REST]

    @property
    def by_day(self) -> Counter[date]:
        return Counter(sum(map(Counter, self.days.values()), Counter[date]()))


async def count_posts(session: AsyncSession, asked: DashboardView) -> ViewCounts:
    """Count posts, and register what they depend on. Raises as a search."""
    if asked.q.strip():
        return await _count_words(session, asked)
    selection, zone = asked.selection, asked.zone
    authors = await post_counts.busiest_authors(session, selection, limit=MOST_AUTHORS)
    if not authors.names:
        return ViewCounts(asked)
    of_samples = 0
    if not asked.names and (samples := await outgrown_samples(session)):
        of_samples = await post_counts.count_selected(
            session, replace(selection, usernames=tuple(samples))
        )
    named = replace(selection, usernames=tuple(authors.names))
    days = {name: Counter[date]() for name in authors.names}
    for day, name, posts in await post_counts.count_by_day(session, named, zone):
        days[name][day] += posts
    hours = await post_counts.count_by_hour(session, replace(selection, at=None), zone)
    if authors.total > len(authors.names):
        # The others may be thousands: theirs are all posts minus those of the named.
        others = _days_of(hours, selection.at)
        others.subtract(sum(days.values(), Counter[date]()))
        days[REST] = +others
    ordered = _in_order(days)
    total = authors.total if REST in ordered else len(ordered)
    undated = await post_counts.count_undated(session, selection)
    newest, _ = await list_selected(session, selection, limit=ViewCounts.most_shown)
    return ViewCounts(asked, ordered, hours, total, undated, of_samples, newest)


async def _count_words(session: AsyncSession, asked: DashboardView) -> ViewCounts:
    work = SearchWork(resources().search_pool.run)
    query = results.SearchQuery(asked.q, asked.selection, zone=asked.zone)
    counted = partial(results.count_result_hours, session, most_people=MOST_AUTHORS, work=work)
    found = await counted(query, most_shown=ViewCounts.most_shown)
    hours, counts = found.hours, found.counts
    if query.selection.at is not None:
        at_all = replace(query, selection=replace(query.selection, at=None))
        hours = (await counted(at_all, most_shown=0)).hours
    days = {name: Counter[date]() for name, _ in counts.usernames} | {REST: Counter[date]()}
    for day, posts in counts.days:
        for name, count in zip(days, posts, strict=True):
            days[name][day] += count
    ordered = _in_order(days)
    return ViewCounts(
        asked,
        ordered,
        hours,
        counts.people_total if REST in ordered else len(ordered),
        counts.undated,
        newest=found.newest,
        has_more=counts.has_more,
        corrections=counts.corrections,
    )


def _days_of(hours: Mapping[int, int], at: LocalHour | None) -> Counter[date]:
    days = Counter[date]()
    for hour, posts in hours.items():
        if at is None or hour % DAY_H == at.hour:
            days[date.fromordinal(hour // DAY_H + 1)] += posts
    return days


def _in_order(days: Mapping[str, Counter[date]]) -> dict[str, Counter[date]]:
    """Return the authors with dated posts, the most posts first, then `REST`."""
    dated = [name for name in days if days[name].total()]
    return {
        name: days[name]
        for name in sorted(dated, key=lambda name: (name == REST, -days[name].total()))
    }
