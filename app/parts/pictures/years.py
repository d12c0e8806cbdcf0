"""The pictures of a year of an author and of a chat, and its cards."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from app.drawing.drawings import CardRow, NameList
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster
from app.language.i18n import gettext, ngettext, show_number, show_period, show_zone
from app.parts.pictures.cards import (
    CardContent,
    TitledCards,
    bars_in,
    cards_of,
    drawn_cards,
    rows_in,
)
from app.parts.pictures.picture_page import (
    PeopleArgs,
    cast_in_picture,
    drawn_title,
    foot_of,
    left_by,
    names_hidden_in,
    pictures_of,
)
from app.parts.years.figures import stories_of
from app.parts.years.pages import AnyYearPage, RoomYearPage, YearPage
from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.parts.years.year import AuthorYear, RoomYear, WrittenYear
from app.services.compare.name_masking import Masker
from app.services.posts.tweets import Post
from app.views.cast import bound, hue, shown_name
from app.views.figures.chats import in_days
from app.views.figures.figure import Figure
from app.views.page import cast_on
from app.views.tell import tell
from saywho.people.names import ManyNames
from saywho.people.times import ONE_DAY

MOST_WORDS: Final = 5
LONGEST_QUOTE: Final = 300
"""Signs of a text that has room on a card with other texts, in letters of 40 pixels."""
Texts = Mapping[int, str]
"""Texts that cards quote, by the id of the post."""


async def _texts_of(posts: Iterable[Post], names: ManyNames) -> dict[int, str]:
    texts: dict[int, str] = {}
    for post in posts:
        text = post.text
        if not text or len(text) > LONGEST_QUOTE:
            continue
        if len(names):
            text = (await Masker("clues", names).hide(text)).shown
        if drawn := drawn_name(text):
            texts[post.id] = drawn
    return texts


def _quotes(posts: Iterable[Post], texts: Texts, *, is_of_chat: bool = True) -> list[CardRow]:
    return [
        CardRow(
            texts[post.id],
            label=shown_name(post.username) if is_of_chat else "",
            hue=hue(post.username),
            is_quote=True,
        )
        for post in posts
        if post.id in texts
    ]


def _story(shown: AuthorYear | RoomYear, *, has_words: bool, has_names: bool) -> CardContent:
    """Return the first finding with a number or a word, or the number of posts."""
    found = stories_of(shown, has_words=has_words, has_names=has_names)
    told = next(one for one in found if drawn_name(one.giant))
    whose = hue(told.username) if told.username else ""
    return CardContent("story", told.below, giant=told.giant, hue=whose)


def _words(words: Figure[NameList]) -> Iterator[CardContent]:
    named = (
        ((drawn_name(name.label), name.value) for name in words.plot.names) if words.plot else ()
    )
    rows = [CardRow(told, label=word) for word, told in named if word][:MOST_WORDS]
    if rows:
        first, *others = rows
        yield CardContent("words", f"{words.topic}: {first.text}", rows_in(others), first.label)


def _day(page: AnyYearPage, texts: Texts) -> Iterator[CardContent]:
    if (day := page.shown.day) is None:
        return
    rows = list[CardRow]()
    if words := [*filter(None, map(drawn_name, day.words))]:
        more = gettext("More than on other days:")
        rows.append(CardRow(f"{more} " + " ".join(f"“{word}”" for word in words)))
    rows += _quotes(day.shown, texts, is_of_chat=page.subject.in_chat)
    days, giant = show_period(day.first, day.end), show_number(day.posts_of_days)
    told = tell("below", "days", days=days, usual=show_number(day.usual))
    zone = "" if page.has_own_zone else show_zone(page.shown.tz)
    yield CardContent("day", told, rows_in(rows), giant, reason=zone)


def _silence(page: AnyYearPage, texts: Texts) -> Iterator[CardContent]:
    if (silence := page.shown.silence) is None:
        return
    quotes = _quotes([silence.broken_by], texts, is_of_chat=page.subject.in_chat)
    days = show_period(silence.first, silence.last + ONE_DAY)
    name = shown_name(silence.broken_by.username)
    told = tell("below", "silence" if page.subject.in_chat else "pause", days=days, name=name)
    whose = hue(silence.broken_by.username)
    yield CardContent("silence", told, rows_in(quotes), in_days(silence.days), whose)


def _room_found(page: RoomYearPage, texts: Texts) -> Iterator[CardContent]:
    shown = page.shown
    yield _story(shown, has_words=True, has_names=True)
    yield from _words(page.words_of_year)
    yield from _day(page, texts)
    began = page.began
    if began.plot and began.title:  # Shares that may be chance are no card.
        first = max(began.plot.parts, key=lambda bar: bar.share)
        bars = bars_in(began.plot.parts)
        yield CardContent("began", began.notes[0], bars, first.label, first.hue)
    yield from _silence(page, texts)
    for loved in shown.loved[:1]:
        if quotes := rows_in(_quotes([loved.post], texts)):
            told = ngettext("%(shown)s reaction", "%(shown)s reactions", loved.count)
            giant = told % {"shown": show_number(loved.count)}
            yield CardContent("loved", page.loved_heading, quotes, giant, hue(loved.post.username))


def _author_found(page: YearPage, texts: Texts, *, has_names: bool) -> Iterator[CardContent]:
    shown = page.shown
    yield _story(shown, has_words=True, has_names=has_names)
    yield from _words(page.words_of_year)
    yield from _day(page, texts)
    if not page.is_compared:
        return
    yield from _silence(page, texts)
    if best := rows_in(_quotes(shown.most_liked[:1], texts, is_of_chat=False)):
        likes = (shown.most_liked[0].counts and shown.most_liked[0].counts.likes) or 0
        told = ngettext("{count} like", "{count} likes", likes).format(count=show_number(likes))
        yield CardContent("liked", page.best_heading, best, told)


def _posts_of(shown: WrittenYear) -> list[Post]:
    posts = [*(shown.day.shown if shown.day else ())]
    return [*posts, shown.silence.broken_by] if shown.silence else posts


def named_first(shown: RoomYear) -> list[str | None]:
    """Return the people of a chat's year in the order of the pictures' numbers."""
    named = [person.username for person in shown.people]
    return named + [trait.username for trait in shown.traits]  # May be one of those taken together.


async def room_cards(subject: YearOfChat, shown: RoomYear, args: PeopleArgs) -> TitledCards:
    loved = [message.post for message in shown.loved[:1]]
    quoted = [*_posts_of(shown), *loved]
    cast = await cast_on(shown, subject.about, in_chat=True)
    names = await names_hidden_in(cast, args)
    texts = await _texts_of(quoted, names)
    shown = shown.with_words(left_by(names))
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        poster = _room_poster(subject, shown, args)
        page = RoomYearPage(subject=subject, shown=shown)
        return TitledCards(poster.title, drawn_cards(_room_found(page, texts), poster))


async def author_cards(subject: YearOfAuthor, shown: AuthorYear, args: PeopleArgs) -> TitledCards:
    username = subject.author.username
    cast = await cast_on(shown, [username])
    names = await names_hidden_in(cast, args)
    texts = await _texts_of([*_posts_of(shown), *shown.most_liked[:1]], names)
    shown = shown.with_words(left_by(names))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        poster = _author_poster(subject, shown, args)
        found = _author_found(
            YearPage(subject=subject, shown=shown), texts, has_names=args.has_names
        )
        return TitledCards(poster.title, drawn_cards(found, poster))


def _room_poster(subject: YearOfChat, shown: RoomYear, args: PeopleArgs) -> Poster:
    title = drawn_title(subject, args, is_over=shown.is_over)
    return Poster(title, "", None, home=foot_of(subject.url(), has_names=args.has_names))


def _author_poster(subject: YearOfAuthor, shown: AuthorYear, args: PeopleArgs) -> Poster:
    foot = foot_of(subject.url(), has_names=args.has_names)
    title = subject.title(is_over=shown.is_over)
    return Poster(title, "", None, hue=hue(subject.author.username), home=foot)


async def read_room_year_poster(subject: YearOfChat, shown: RoomYear, args: PeopleArgs) -> Poster:
    """Return the first card without words of messages, since programs show it for a link."""
    cast = await cast_on(shown, subject.about, in_chat=True)
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        story = _story(shown, has_words=False, has_names=args.has_names)
        return drawn_cards([story], _room_poster(subject, shown, args))[0].poster


async def read_year_poster(subject: YearOfAuthor, shown: AuthorYear, args: PeopleArgs) -> Poster:
    """Return the first card without words of posts, since programs show it for a link."""
    cast = await cast_on(shown.user)
    with bound(cast_in_picture(cast, [subject.author.username], has_names=args.has_names)):
        story = _story(shown, has_words=False, has_names=args.has_names)
        return drawn_cards([story], _author_poster(subject, shown, args))[0].poster


blueprints = (
    pictures_of(YearOfAuthor, read_year_of_author, read_year_poster),
    pictures_of(YearOfChat, read_year_of_chat, read_room_year_poster),
    cards_of(YearOfAuthor, read_year_of_author, author_cards),
    cards_of(YearOfChat, read_year_of_chat, room_cards),
)
