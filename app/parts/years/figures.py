"""A year on pages: the finding, and figures of days, hours, words and changes.

The finding has what stands out by more than chance, and the number of posts. Each candidate passes
a test of its own, and the first two that fit are shown, in the order of all findings. Without any,
the posts are compared with the same days of the year before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from quart import url_for

from app.drawing.drawings import NO_HUE, Clock, NameList, Row, StackedBar, WeekGrid
from app.language import i18n
from app.parts.years.compared_years import FEWEST_COMPARED, SameDays, YearWord
from app.parts.years.remembered import ChangedHabit, LongestSilence
from app.parts.years.year import AuthorYear, RoomYear, WrittenYear
from app.services.archive.author_archive import fullest_month
from app.views import tell
from app.views.cast import hue, post_count, shown_name
from app.views.figures.archives import posts_by_day, posts_in_year, week_grid
from app.views.figures.chats import found_moves, in_days, name_of, share_bars, who_wrote_most
from app.views.figures.figure import Figure, Hours, by_clock_of, told_of_hours
from app.views.figures.findings import Told, ranked
from saywho.people.fingerprint import Measure
from saywho.people.portrait import PersonPortrait
from saywho.people.times import ONE_DAY, longest_run
from saywho.significance import is_far_ahead, most_frequent

Posts = Mapping[date, int]


def is_long_enough(author_year: AuthorYear) -> bool:
    """Return whether a year has enough posts to say more than when they were written."""
    return author_year.calendar.tweets >= FEWEST_COMPARED


def finding_of(author_year: AuthorYear, standing_out: Iterable[Told]) -> str:
    """Return the findings of a year, and its posts, in at most 140 characters."""
    total = total_of(author_year, has_equal=False)
    if told := _first_that_fit(standing_out, total):
        return " ".join([*told, total])
    milestone = author_year.milestone
    if milestone is None:
        return total_of(author_year)
    reached = tell.tell("milestone", count=milestone.count, day=milestone.day)
    return f"{reached} {total}"


def finding_of_chat(chat_year: RoomYear, posts: Posts, *, has_words: bool) -> str:
    total = f"{counted_of(chat_year)}."
    found = [*_found_in_chat(chat_year, posts, has_words=has_words)]
    if not found:
        found.append(Told("amount", people_of_year(chat_year).title))
    return " ".join([*_first_that_fit(found, total), total])


def _found_in_chat(chat_year: RoomYear, posts: Posts, *, has_words: bool) -> Iterator[Told]:
    yield from _of_any_year(chat_year, posts, has_words=has_words)
    yield from found_moves(chat_year.absences, ZoneInfo(chat_year.tz))
    before = chat_year.calendar.year - 1
    for habit in chat_year.habits:
        if tell.reads_as_change(habit.measure):
            name = tell.short_name(shown_name(habit.username))
            text = f"{name}: {tell.change_of(habit.measure, before)}"
            yield _changed(habit.measure, text, before, name, habit.username)


def _changed(
    measure: Measure, text: str, before: int, name: str = "", username: str | None = None
) -> Told:
    values = {"label": tell.label_of(measure), "year": str(before), "name": name}
    value = tell.value_of(measure, measure.beside)
    below = tell.tell("below", "change of" if name else "change", before=value, **values)
    return Told("change", text, tell.share_of(measure), below, username, measure.errors)


def stories_of(shown: AuthorYear | RoomYear, *, has_words: bool, has_names: bool) -> list[Told]:
    """Return the findings of a year, the first first, and at last the number of its posts."""
    posts = posts_by_day(shown.calendar)
    found = (
        _found_in_chat(shown, posts, has_words=has_words)
        if isinstance(shown, RoomYear)
        else standing_out(shown, posts, has_words=has_words, has_names=has_names)
    )
    below = tell.tell("below_posts", count=shown.calendar.days)
    below = below if shown.is_over else tell.tell("so_far", total=below)
    total = Told("amount", below, i18n.show_number(shown.calendar.tweets), below)
    return [*ranked(found), total]


def standing_out(
    author_year: AuthorYear, posts: Posts, *, has_words: bool, has_names: bool
) -> Iterator[Told]:
    """Yield the findings of a year of an author."""
    if not is_long_enough(author_year):
        yield from _month(posts)
        return
    for measure in author_year.measures or ():
        if tell.reads_as_change(measure):
            before = author_year.calendar.year - 1
            yield _changed(measure, tell.change_of(measure, before), before)
    if author_year.most_answered and has_names:
        first = author_year.answered[0]
        values = {"count": first.posts}
        text = tell.tell("most_answered", name=first.name, **values)
        yield Told("names", text, f"@{first.name}", tell.tell("below", "answered", **values))
    likes = [post.counts.likes or 0 for post in author_year.most_liked if post.counts]
    if is_far_ahead(likes):
        below = tell.tell("below", "liked")
        yield Told(
            "ahead", tell.tell("most_liked", count=likes[0]), i18n.show_number(likes[0]), below
        )
    yield from _of_any_year(author_year, posts, has_words=has_words)


def _of_any_year(year: WrittenYear, posts: Posts, *, has_words: bool) -> Iterator[Told]:
    apart, is_of_chat = year.days_apart, isinstance(year, RoomYear)
    if has_words:
        yield from _words(year)
    if span := apart.silence:
        told, values = told_of_silence(year.silence, is_of_chat=is_of_chat), {"name": ""}
        if year.silence is None or year.silence.days < span.days:
            told = tell.tell("silence_of_days", count=span.days, first=span.first, last=span.last)
        elif is_of_chat:
            values["name"] = shown_name(year.silence.broken_by.username)
        days = i18n.show_period(span.first, span.last + ONE_DAY)
        below = tell.tell("below", "silence" if values["name"] else "pause", days=days, **values)
        yield Told("silence", told, in_days(span.days), below)
    if (day := year.day) and day.days > 1:
        days, total = i18n.show_period(day.first, day.end), post_count(day.posts_of_days)
        usual = i18n.show_number(day.usual)
        text = tell.tell("busy_days", posts=total, days=days, usual=usual)
        below = tell.tell("below", "days", days=days, usual=usual)
        yield Told("days", text, i18n.show_number(day.posts_of_days), below)
    elif apart.fullest_day:
        total = post_count(posts[apart.fullest_day])
        text = tell.tell("fullest_day", day=apart.fullest_day, posts=total)
        below = tell.tell("below", "fullest", day=apart.fullest_day)
        yield Told("days", text, i18n.show_number(posts[apart.fullest_day]), below)
    if span := apart.streak:
        streak = tell.tell("streak", count=span.days, first=span.first, last=span.last)
        days = i18n.show_period(span.first, span.last + ONE_DAY)
        yield Told("habit", streak, in_days(span.days), tell.tell("below", "streak", days=days))
    yield from _month(posts)
    hours = [by_clock_of(told, year.tz) if not is_of_chat else told for told in _hours(year)]
    yield from (Told("rhythm", told) for told in hours)


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
        when = tell.tell("when", "year" if is_whole else "until", year=year, day=last)
        return f"{total}, {_change(same_days, when)}."
    change = _change(same_days, tell.tell("when", "year", year=year))
    is_until_end = last == date(last.year, 12, 31)
    days = tell.tell("on_days", "on" if is_until_end else "", first=first, last=last, change=change)
    return f"{total}. {days}"


def counted_of(year: WrittenYear) -> str:
    calendar = year.calendar
    total = tell.tell("posts_on_days", posts=post_count(calendar.tweets), count=calendar.days)
    return total if year.is_over else tell.tell("so_far", total=total)


def _is_told(same_days: SameDays, *, has_equal: bool) -> bool:
    counts = same_days.tweets, same_days.tweets_before
    is_near = max(counts) - min(counts) <= 0.1 * max(counts)
    return same_days.is_clear or (has_equal and is_near)


def _change(same_days: SameDays, when: str) -> str:
    change = same_days.tweets - same_days.tweets_before
    variant = "more" if change > 0 else "fewer"
    if not change or not same_days.is_clear:
        variant = "about" if change else "same"
    return tell.tell("than_before", variant, count=abs(change), when=when)


def _first_that_fit(found: Iterable[Told], total: str) -> list[str]:
    told: list[str] = []
    for one in ranked(found):
        if len(told) < 2 and len(" ".join([*told, one.text, total])) <= tell.LONGEST_FINDING:
            told.append(one.text)
    return told


def _words(year: WrittenYear) -> Iterator[Told]:
    """Yield the word in most posts that is in this year alone, or typical of it, next to all other
    years: a word that is not in the year before may be in an earlier one.
    """
    if rare := [word for word in year.words or () if word.is_rare_beside]:
        word = max(rare, key=lambda word: word.posts)
        is_only = word.times is None and year.words_of_all
        finding, posts = "only_word" if is_only else "year_word", post_count(word.posts)
        values = {"year": str(year.calendar.year), "posts": posts}
        below = tell.tell("below", finding, **values)
        yield Told("only", tell.tell(finding, words=word.text, **values), word.text, below)


def _month(posts: Posts) -> Iterator[Told]:
    month = fullest_month(posts)
    if month is not None:
        name = i18n.month_names("wide")[month.first.month - 1]
        text = tell.tell("busiest_month", month=name, count=month.tweets)
        below = tell.tell("below", "month", posts=post_count(month.tweets))
        yield Told("rhythm", text, name, below, errors=1)


def _hours(year: WrittenYear) -> Iterator[str]:
    told = told_of_hours(year.hours, year.busy_from, year.busy_part, is_past=year.is_over)
    if told:
        yield f"{told}."


def days_of_author(
    shown: AuthorYear, *, has_words: bool = True, has_names: bool = True
) -> Figure[WeekGrid]:
    title = told_of_author(shown, has_words=has_words, has_names=has_names)
    return _days_of(shown, title, hue(shown.user.username))


def told_of_author(shown: AuthorYear, *, has_words: bool, has_names: bool) -> str:
    """Return the finding of a year of an author; without words and names, for a link."""
    posts = posts_by_day(shown.calendar)
    sentences = standing_out(shown, posts, has_words=has_words, has_names=has_names)
    return finding_of(shown, sentences)


def days_of_room(shown: RoomYear, *, has_words: bool = True) -> Figure[WeekGrid]:
    posts = posts_by_day(shown.calendar)
    return _days_of(shown, finding_of_chat(shown, posts, has_words=has_words), NO_HUE)


def days_of(shown: AuthorYear | RoomYear) -> Figure[WeekGrid]:
    return days_of_author(shown) if isinstance(shown, AuthorYear) else days_of_room(shown)


def _days_of(shown: WrittenYear, title: str, colour: str) -> Figure[WeekGrid]:
    """Return the days of a year, with a ring around notable days, and its months as rows."""
    posts = posts_by_day(shown.calendar)
    run, day, notes = longest_run([*posts]), most_frequent(posts), list[str]()
    run = run if len(run) >= 3 else []
    if day:
        notes.append(tell.tell("day_with_most", day=day, posts=post_count(posts[day])))
    if run:
        days = i18n.show_period(run[0], run[-1] + ONE_DAY)
        notes.append(tell.tell("longest_streak", count=len(run), days=days))
    # Rings around more than 60 days would set no day apart.
    marked = {day, *(run if len(run) <= 60 else ())}
    grid = week_grid(posts, max(shown.until, *posts), colour, "finding year-title", marked)
    counts = {month.month: month.tweets for month in shown.calendar.months}
    rows = [(name, counts.get(month, 0)) for month, name in enumerate(i18n.month_names(), 1)]
    columns = [i18n.gettext("Month"), i18n.gettext("Posts")]
    return Figure(title=title, notes=notes, columns=columns, rows=rows, plot=grid)


def posts_between(shown: AuthorYear, since: date, until: date) -> str:
    """Return the URL of the posts of some days."""
    return url_for(
        "posts.show_posts",
        username=shown.user.username,
        since=since.isoformat(),
        until=until.isoformat(),
        tz=shown.tz if shown.tz != "UTC" else None,
    )


def posts_of_year(shown: AuthorYear) -> str:
    """Return the URL of the posts of the year."""
    year = shown.calendar.year
    return posts_between(shown, date(year, 1, 1), date(year + 1, 1, 1))


def hours_of_author(shown: AuthorYear) -> Figure[Clock]:
    before, told = shown.before, ""
    if before and before.same_days and any(before.hours):
        last = before.same_days.last
        is_whole = last == date(before.year, 12, 31)
        told = tell.tell(
            "outline", "year" if is_whole else "year until", year=str(before.year), day=last
        )
    outline = before.hours if before else []
    hours = hours_of(shown, hue(shown.user.username))
    return hours.figure(outline, _years_compared(shown)[1], told)


def hours_of(shown: WrittenYear, colour: str) -> Hours:
    return Hours(
        str(shown.calendar.year),
        shown.hours,
        shown.busy_from,
        shown.tz,
        colour,
        is_past=shown.is_over,
        busy_part=shown.busy_part,
    )


def _years_compared(shown: AuthorYear) -> tuple[str, str]:
    """Return the heads of columns of a year and the year before: with the days that are compared,
    if these are not all.
    """
    year, same_days = shown.calendar.year, shown.before and shown.before.same_days
    years = str(year), str(year - 1)
    if not same_days or (same_days.first, same_days.last) == (
        date(year - 1, 1, 1),
        date(year - 1, 12, 31),
    ):
        return years
    text, days = i18n.gettext("{year}, {days}"), i18n.show_days(same_days.first, same_days.last)
    own, before = (text.format(year=each, days=days) for each in years)
    return own, before


def posts_by_year(shown: AuthorYear) -> Figure[None]:
    posts = sorted(zip(shown.calendar.years, shown.by_year, strict=True))
    title = i18n.show_list([posts_in_year(count, year) for year, count in posts])
    rows = [(str(year), count) for year, count in posts]
    columns = [i18n.gettext("Year"), i18n.gettext("Posts")]
    return Figure(topic=i18n.gettext("By year"), title=title, columns=columns, rows=rows)


def changed_writing(shown: AuthorYear) -> Figure[NameList]:
    """Return the habits in clearly more or fewer posts of a year than of the year before."""
    measures, before = shown.measures or [], shown.calendar.year - 1
    is_same = shown.measures is not None and not any(measure.is_clear for measure in measures)
    told = tell.tell_of_past if shown.is_over else tell.tell
    title = told("unchanged", year=str(before)) if is_same else ""
    # The four clearest are in sight; the table has all measures.
    clear, path = [one for one in measures if tell.reads_as_change(one)][:4], posts_of_year(shown)
    changes = [
        Row(tell.label_of(one), tell.brief_change_of(one, before), path=path) for one in clear
    ]
    columns = [i18n.gettext("Measure"), *_years_compared(shown)]
    return Figure(
        topic=i18n.gettext("How the writing changed"),
        title=title,
        columns=columns,
        rows=[(tell.label_of(one), *tell.values_of(one)) for one in measures],
        plot=NameList(changes, "changed-heading") if changes else None,
    )


def words_of_year(shown: AuthorYear | RoomYear) -> Figure[NameList]:
    """Return the words of a year, against all other years."""

    def path_of(word: str) -> str:
        if isinstance(shown, AuthorYear):
            return url_for("search.show_search", q=word, username=shown.user.username)
        return url_for("rooms.show_room", room_id=shown.room.id, q=word)

    def told(word: YearWord) -> str:
        times, variant = word.times or 0, "hardly" if word.is_rare_beside else ""
        if word.times is None:
            variant = "never" if shown.words_of_all else "not compared"
        number = i18n.show_number(round(times, 1 if times < 10 else None))
        return tell.tell("word_beside_all", variant, count=post_count(word.posts), times=number)

    topic = i18n.gettext("Words of {year}").format(year=shown.calendar.year)
    note = i18n.gettext("In a clearly larger share of the posts than in the other years")
    names = [Row(each.text, told(each), path=path_of(each.text)) for each in shown.words or ()]
    plot = NameList(names, "year-words-heading") if names else None
    return Figure(topic=topic, notes=[note], plot=plot)


def told_of_silence(silence: LongestSilence | None, *, is_of_chat: bool) -> str:
    if silence is None:
        return ""
    days: dict[str, object] = {"count": silence.days, "first": silence.first, "last": silence.last}
    variant = ""
    if silence.first.year != silence.last.year or silence.last == date(silence.last.year, 12, 31):
        variant, days["days"] = "years", i18n.show_period(silence.first, silence.last + ONE_DAY)
    if not is_of_chat:
        return tell.tell("silence_of_days", variant, **days)
    return tell.tell(
        "silence_of_chat", variant, **days, name=shown_name(silence.broken_by.username)
    )


def kind_of_change(habit: ChangedHabit) -> str:
    least, measure = 0.02, habit.measure
    if habit.is_new:
        is_begun = not measure.habit.is_mean and measure.beside < least
        return i18n.gettext("A new habit") if is_begun else i18n.gettext("A habit that grew")
    is_ended = not measure.habit.is_mean and measure.own < least
    return i18n.gettext("A habit that ended") if is_ended else i18n.gettext("A habit that faded")


def people_of_year(shown: RoomYear) -> Figure[StackedBar]:
    title = who_wrote_most(shown.traits, shown.people_total, is_past=shown.is_over)
    there = [person.share_there for person in shown.people]
    bar = bar_of(shown.people, [person.messages for person in shown.people], there)
    rows = [
        (name_of(person), person.messages, part.label, person.beginnings)
        for person, part in zip(shown.people, bar.parts, strict=True)
    ]
    columns = [*map(i18n.gettext, ("Name", "Messages", "Share", "Began"))]
    topic = i18n.gettext("Who wrote how much")
    return Figure(topic=topic, title=title, columns=columns, rows=rows, plot=bar)


def bar_of(
    people: list[PersonPortrait], counts: list[int], there: Sequence[float | None] = ()
) -> StackedBar:
    bars = share_bars(people, [count / sum(counts) for count in counts], there)
    return StackedBar([bar for bar in bars if bar.share])
