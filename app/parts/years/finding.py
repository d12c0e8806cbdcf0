"""The finding of a year: what stands out by more than chance, and the number of posts.

Each candidate passes a test of its own, and the first two sentences that fit are shown: a word of
this year alone, a change of the writing, a month, a silence, a day. Without any, the posts are
compared with the same days of the year before.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from app.compute.days_apart import WEEK_DAYS, WORK_DAYS
from app.compute.hours import PART_H
from app.compute.significance import clear_peak
from app.language.dates import month_names, weekday_names
from app.language.i18n import gettext
from app.language.tell import tell
from app.parts.years.compared_years import FEWEST_COMPARED, SameDays
from app.parts.years.year import AuthorYear, WrittenYear
from app.services.archive.author_archive import fullest_month
from app.views.cast import post_count
from app.views.habit_words import LONGEST_FINDING, change_of
from app.views.hours import LEAST_PART, PARTS, busiest

Posts = Mapping[date, int]


class Told(NamedTuple):
    sentence: str
    has_word: bool = False
    has_name: bool = False


def is_long_enough(author_year: AuthorYear) -> bool:
    """Return whether a year has enough posts to say more than when they were written."""
    return author_year.calendar.tweets >= FEWEST_COMPARED


def finding_of(author_year: AuthorYear, standing_out: Iterable[str]) -> str:
    """Return what stands out in a year, and its posts, in at most 140 characters."""
    total = total_of(author_year, has_equal=False)
    if told := _first_that_fit(standing_out, total):
        return " ".join([*told, total])
    milestone = author_year.milestone
    if milestone is None:
        return total_of(author_year)
    reached = tell("milestone", count=milestone.count, day=milestone.day)
    return f"{reached} {total}"


def finding_of_chat(chat_year: WrittenYear, posts: Posts, *, has_words: bool) -> str:
    total = f"{counted_of(chat_year)}."
    sentences = [
        *(_words(chat_year) if has_words else ()),
        *_month(posts),
        *_days(chat_year, posts),
        *_rhythm(chat_year, posts),
    ]
    return " ".join([*_first_that_fit(sentences, total), total])


def standing_out(author_year: AuthorYear, posts: Posts) -> Iterator[Told]:
    """Yield what stands out in a year of an author, the most telling first."""
    if not is_long_enough(author_year):
        yield from map(Told, _month(posts))
        return
    for sentence in _words(author_year):
        yield Told(sentence, has_word=True)
    for measure in author_year.measures or ():
        if measure.is_clear:
            yield Told(change_of(measure, author_year.calendar.year - 1))
            break
    yield from map(Told, _month(posts))
    yield from map(Told, _days(author_year, posts))
    if author_year.most_answered:
        first = author_year.answered[0]
        yield Told(tell("most_answered", name=first.name, count=first.posts), has_name=True)
    likes = [post.counts.likes or 0 for post in author_year.most_liked if post.counts]
    # Far more than all others: twice the likes of the next post, too.
    if clear_peak(likes) == 0 and likes[0] >= 2 * likes[1]:
        yield Told(tell("most_liked", count=likes[0]))
    yield from map(Told, _rhythm(author_year, posts))


def total_of(author_year: AuthorYear, *, has_equal: bool = True) -> str:
    """Return the number of posts and days with posts, and the change from the year before, on the
    same days if not whole; has_equal: whether about equal numbers are mentioned.
    """
    total, before = counted_of(author_year), author_year.before
    same_days = before.same_days if before else None
    if before is None or same_days is None or not _is_told(same_days, has_equal=has_equal):
        return f"{total}."
    year, first, last = str(before.year), same_days.first, same_days.last
    compared = same_days.tweets, same_days.tweets_before
    is_whole = compared == (author_year.calendar.tweets, before.tweets)
    if is_whole or (first.month, first.day) == (1, 1):
        when = tell("when", "year" if is_whole else "until", year=year, day=last)
        return f"{total}, {_change(same_days, when)}."
    change = _change(same_days, tell("when", "year", year=year))
    is_until_end = last == date(last.year, 12, 31)
    days = tell("on_days", "on" if is_until_end else "", first=first, last=last, change=change)
    return f"{total}. {days}"


def counted_of(year: WrittenYear) -> str:
    calendar = year.calendar
    total = tell("posts_on_days", posts=post_count(calendar.tweets), count=calendar.days)
    return total if year.is_over else tell("so_far", total=total)


def comparison_of(author_year: AuthorYear) -> str:
    """Return which days were compared with the year before, or empty."""
    before, year = author_year.before, author_year.calendar.year
    if before is None:
        return ""
    if before.same_days is None:
        return tell("too_few_days", year=str(year), before=str(before.year))
    sentence = tell(
        "same_days",
        first=before.same_days.first,
        last=before.same_days.last,
        count=post_count(before.same_days.tweets),
        count_before=post_count(before.same_days.tweets_before),
        year=str(year),
        before=str(before.year),
    )
    rule = gettext(
        "A change from year to year is shown only if chance does not explain it, compared by "
        "week. A busiest month is shown by the same rule, compared by day."
    )
    return f"{sentence} {rule}"


def _is_told(same_days: SameDays, *, has_equal: bool) -> bool:
    counts = same_days.tweets, same_days.tweets_before
    is_near = max(counts) - min(counts) <= 0.1 * max(counts)
    return same_days.is_clear or (has_equal and is_near)


def _change(same_days: SameDays, when: str) -> str:
    change = same_days.tweets - same_days.tweets_before
    variant = "more" if change > 0 else "fewer"
    if not change or not same_days.is_clear:
        variant = "about" if change else "same"
    return tell("than_before", variant, count=abs(change), when=when)


def _first_that_fit(sentences: Iterable[str], total: str) -> list[str]:
    told: list[str] = []
    for sentence in sentences:
        if len(told) < 2 and len(" ".join([*told, sentence, total])) <= LONGEST_FINDING:
            told.append(sentence)
    return told


def _words(year: WrittenYear) -> Iterator[str]:
    """Yield the word in most posts that is in this year alone, or new."""
    came = year.came.words if year.came else []
    new = [word for word in came if word.is_rare_beside]
    for words, finding in ((year.only, "only_word"), (new, "new_word")):
        if words:
            word = max(words, key=lambda word: word.posts)
            posts, in_year = post_count(word.posts), str(year.calendar.year)
            yield tell(finding, words=word.text, year=in_year, posts=posts)
            return


def _month(posts: Posts) -> Iterator[str]:
    month = fullest_month(posts)
    if month is not None:
        name = month_names("wide")[month.first.month - 1]
        yield tell("busiest_month", month=name, count=month.tweets)


def _days(year: WrittenYear, posts: Posts) -> Iterator[str]:
    apart = year.days_apart
    for finding, span in (("silence_of_days", apart.silence), ("streak", apart.streak)):
        if span is not None:
            yield tell(finding, count=span.days, first=span.first, last=span.last)
    if (day := apart.fullest_day) is not None:
        yield tell("fullest_day", day=day, posts=post_count(posts[day]))


def _rhythm(year: WrittenYear, posts: Posts) -> Iterator[str]:
    """Yield the half of a whole year, the weekdays and the hours that stand out."""
    apart, total = year.days_apart, year.calendar.tweets
    if apart.half is not None:
        first = sum(count for day, count in posts.items() if day.month <= 6)
        share = (first if apart.half == "first" else total - first) / total
        yield tell("half", apart.half, year=str(year.calendar.year), share=share)
    weekdays = [0] * WEEK_DAYS
    for day, count in posts.items():
        weekdays[day.weekday()] += count
    if apart.weekday is not None:
        share = weekdays[apart.weekday] / sum(weekdays)
        yield tell("busiest_weekday", day=weekday_names("wide")[apart.weekday], share=share)
    elif apart.weekend is not None:
        share = sum(weekdays[WORK_DAYS:]) / sum(weekdays)
        yield tell("weekend", apart.weekend, share=share)
    hours, part = year.hours, year.busy_part
    if told := busiest(hours, year.busy_from, is_past=year.is_over):
        yield f"{told}."
    elif part is not None:
        share = sum(hours[part * PART_H : (part + 1) * PART_H]) / sum(hours)
        if share >= LEAST_PART:
            yield tell("busiest_part", part=gettext(PARTS[part]), share=share)
