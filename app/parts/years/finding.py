"""What is told of a year first: what stands out in it by more than chance, and its number of posts.

Of all that passes its own test the first two that fit are told: a word of this year alone, a change
of the writing, a month, a silence, a day. A year in which nothing stands out is told by its number.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from app.compute.days_apart import WEEK_DAYS, WORK_DAYS
from app.compute.fingerprint import Measure
from app.compute.hours import PART_H
from app.compute.significance import clear_peak
from app.language.dates import month_names, show_month_day, weekday_names
from app.language.i18n import gettext, gettext_noop, show_number, show_percent
from app.parts.years.author_year import AuthorYear, WrittenYear
from app.parts.years.compared_years import FEWEST_COMPARED
from app.parts.years.total import counted_of, total_of
from app.services.archive.numbers import fullest_month
from app.views.authors.calendar import posts_by_day
from app.views.hours import LEAST_PART, PARTS, busiest
from app.views.measures import value_of
from app.views.names import post_count
from app.views.traits import LONGEST_FINDING

MOST_TOLD: Final = 2
"""Sentences of what stands out."""
JUNE: Final = 6
FAR: Final = 2
"""Times the likes of the next post from which one is liked far more."""
_CHANGES: Final = {
    "length": (
        gettext_noop("Longer posts than in {year}: {value}, before {before}."),
        gettext_noop("Shorter posts than in {year}: {value}, before {before}."),
    ),
    "questions": (
        gettext_noop("More question marks than in {year}: {value}, before {before}."),
        gettext_noop("Fewer question marks than in {year}: {value}, before {before}."),
    ),
    "exclamations": (
        gettext_noop("More exclamation marks than in {year}: {value}, before {before}."),
        gettext_noop("Fewer exclamation marks than in {year}: {value}, before {before}."),
    ),
    "laughing": (
        gettext_noop("More laughing than in {year}: {value}, before {before}."),
        gettext_noop("Less laughing than in {year}: {value}, before {before}."),
    ),
    "emoji": (
        gettext_noop("More emoji than in {year}: {value}, before {before}."),
        gettext_noop("Fewer emoji than in {year}: {value}, before {before}."),
    ),
    "endings": (
        gettext_noop("More often “{sign}” at the end than in {year}: {value}, before {before}."),
        gettext_noop("Less often “{sign}” at the end than in {year}: {value}, before {before}."),
    ),
    "beginnings": (
        gettext_noop("More lowercase starts than in {year}: {value}, before {before}."),
        gettext_noop("Fewer lowercase starts than in {year}: {value}, before {before}."),
    ),
}
"""What is said where a measure of the writing rose, and where it fell."""


def is_long_enough(author_year: AuthorYear) -> bool:
    """Return whether a year has enough posts to say more of it than when they were."""
    return author_year.calendar.tweets >= FEWEST_COMPARED


def finding_of(author_year: AuthorYear, *, has_words: bool, has_names: bool) -> str:
    """Return what stands out in a year and how many posts it has, in at most 140 characters.

    has_words: whether words that the author wrote may stand in it; has_names: whether names of
    others may.
    """
    total = total_of(author_year, has_equal=False)
    told = _first_that_fit(
        _standing_out(author_year, has_words=has_words, has_names=has_names), total
    )
    return " ".join([*told, total]) if told else _numbers(author_year)


def finding_of_chat(chat_year: WrittenYear, *, has_words: bool = True) -> str:
    """Return what stands out in a year of a chat and how many messages it has, likewise."""
    total = f"{counted_of(chat_year)}."
    words = _words(chat_year) if has_words else ()
    sentences = chain(words, _month(chat_year), _days_and_hours(chat_year))
    return " ".join([*_first_that_fit(sentences, total), total])


def _first_that_fit(sentences: Iterable[str], total: str) -> list[str]:
    told: list[str] = []
    for sentence in sentences:
        if len(told) < MOST_TOLD and len(" ".join([*told, sentence, total])) <= LONGEST_FINDING:
            told.append(sentence)
    return told


def _numbers(author_year: AuthorYear) -> str:
    """Return what is told of a year in which nothing stands out."""
    milestone = author_year.milestone
    if milestone is None:
        return total_of(author_year)
    text = gettext("The {count}th post here came on {day}.")
    reached = text.format(count=show_number(milestone.count), day=show_month_day(milestone.day))
    return f"{reached} {total_of(author_year, has_equal=False)}"


def _standing_out(author_year: AuthorYear, *, has_words: bool, has_names: bool) -> Iterator[str]:
    """Yield what stands out in a year, the most telling first."""
    if is_long_enough(author_year):
        yield from _words(author_year) if has_words else ()
        yield from _changed_writing(author_year)
    yield from _month(author_year)
    if is_long_enough(author_year):
        yield from _days(author_year)
        yield from _most_answered(author_year) if has_names else ()
        yield from _most_liked(author_year)
        yield from _half(author_year)
        yield from _week(author_year)
        yield from _hours(author_year)


def _days_and_hours(year: WrittenYear) -> Iterator[str]:
    yield from _days(year)
    yield from _half(year)
    yield from _week(year)
    yield from _hours(year)


def _words(author_year: WrittenYear) -> Iterator[str]:
    """Yield the word of most posts that is of this year alone, or new in it."""
    came = author_year.came.words if author_year.came else []
    new = [word for word in came if word.is_rare_beside]
    for words, text in (
        (author_year.only, gettext("“{words}” appears in {year} only ({posts}).")),
        (new, gettext("“{words}” is new in {year} ({posts}).")),
    ):
        if words:
            word = max(words, key=lambda word: word.posts)
            posts, year = post_count(word.posts), author_year.calendar.year
            yield text.format(words=word.text, year=year, posts=posts)
            return


def _changed_writing(author_year: AuthorYear) -> Iterator[str]:
    """Yield how the writing changed most from the year before, where it clearly did."""
    clear = [measure for measure in author_year.measures or () if measure.is_clear]
    for measure in clear[:1]:
        yield _change(measure, author_year.calendar.year - 1)


def _change(measure: Measure, year: int) -> str:
    more, less = _CHANGES[measure.name]
    return gettext(more if measure.errors > 0 else less).format(
        year=year,
        sign=measure.sign,
        value=value_of(measure, measure.own),
        before=value_of(measure, measure.beside),
    )


def _month(author_year: WrittenYear) -> Iterator[str]:
    """Yield which month is clearly ahead of all others."""
    month = fullest_month(posts_by_day(author_year.calendar))
    if month is not None:
        yield gettext("{month} was the busiest month ({count}).").format(
            month=month_names("wide")[month.first.month - 1], count=show_number(month.tweets)
        )


def _days(author_year: WrittenYear) -> Iterator[str]:
    """Yield which days stand out in the calendar: a silence, a streak, one with most posts."""
    apart = author_year.days_apart
    for span, text in (
        (apart.silence, gettext("No post for {count} days, from {first} to {last}.")),
        (apart.streak, gettext("Posts on {count} days in a row, from {first} to {last}.")),
    ):
        if span is not None:
            first, last = show_month_day(span.first), show_month_day(span.last)
            yield text.format(count=show_number(span.days), first=first, last=last)
    if apart.fullest_day is not None:
        posts = posts_by_day(author_year.calendar)[apart.fullest_day]
        text = gettext("{day} was by far the busiest day ({posts}).")
        yield text.format(day=show_month_day(apart.fullest_day), posts=post_count(posts))


def _most_answered(author_year: AuthorYear) -> Iterator[str]:
    """Yield whom the author clearly answered most."""
    if author_year.most_answered:
        text = gettext("Replied to @{name} more than to anyone else ({count} times).")
        (first, *_) = author_year.answered
        yield text.format(name=first.name, count=show_number(first.posts))


def _most_liked(author_year: AuthorYear) -> Iterator[str]:
    """Yield which post was liked far more than all others."""
    likes = [post.counts.likes or 0 for post in author_year.most_liked if post.counts]
    if clear_peak(likes) == 0 and likes[0] >= FAR * likes[1]:
        text = gettext("One post was liked far more than all others ({count} times).")
        yield text.format(count=show_number(likes[0]))


def _half(author_year: WrittenYear) -> Iterator[str]:
    """Yield which half of a whole year is clearly ahead."""
    half, year = author_year.days_apart.half, author_year.calendar.year
    if half is None:
        return
    first = sum(
        posts for day, posts in posts_by_day(author_year.calendar).items() if day.month <= JUNE
    )
    total = author_year.calendar.tweets
    text = gettext("More in the first half of {year} ({share} of all).")
    if half == "second":
        text = gettext("More in the second half of {year} ({share} of all).")
    share = (first if half == "first" else total - first) / total
    yield text.format(year=year, share=show_percent(share))


def _week(author_year: WrittenYear) -> Iterator[str]:
    """Yield which day of the week, or whether the weekend, stands out."""
    apart = author_year.days_apart
    weekdays = [0] * WEEK_DAYS
    for day, posts in posts_by_day(author_year.calendar).items():
        weekdays[day.weekday()] += posts
    if apart.weekday is not None:
        share = show_percent(weekdays[apart.weekday] / sum(weekdays))
        text = gettext("{day} was the busiest day of the week ({share} of all).")
        yield text.format(day=weekday_names("wide")[apart.weekday], share=share)
    elif apart.weekend is not None:
        share = show_percent(sum(weekdays[WORK_DAYS:]) / sum(weekdays))
        text = gettext("Quieter at the weekend ({share} of all).")
        if apart.weekend == "more":
            text = gettext("Busier at the weekend ({share} of all).")
        yield text.format(share=share)


def _hours(author_year: WrittenYear) -> Iterator[str]:
    """Yield which hours stand out, or else which part of the day."""
    hours, part = author_year.hours, author_year.busy_part
    if told := busiest(hours, author_year.busy_from):
        yield f"{told}."
    elif part is not None:
        share = sum(hours[part * PART_H : (part + 1) * PART_H]) / sum(hours)
        if share >= LEAST_PART:
            text = gettext("Most in the {part} ({share} of all).")
            yield text.format(part=gettext(PARTS[part]), share=show_percent(share))
