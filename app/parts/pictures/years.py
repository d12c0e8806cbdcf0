"""The pictures of a year of an author and of a chat, and its cards: upright pictures with one thing
each, single or all in a zip.

A thing without a finding has no card. Texts with letters that the fonts lack, or that are too long
for a card, are not quoted.
"""

import io
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from quart import Response, g
from quart.typing import ResponseReturnValue

from app.drawing.drawings import Bars, CardRow, CardRows, NamedBar, NameList
from app.drawing.lettering import drawn_name
from app.drawing.png import ThemeName
from app.drawing.poster import Format, Poster, PosterFigure, PosterLine, draw_poster
from app.errors import NotFoundError
from app.language.i18n import gettext, ngettext, show_number, show_zone, speaking
from app.lifespan import resources
from app.parts.pictures.picture_page import (
    PeopleArgs,
    PictureArgs,
    cast_in_picture,
    drawn_title,
    left_by,
    names_hidden_in,
    pictures_of,
    short_address,
)
from app.parts.years.figures import (
    bar_of,
    changed_writing,
    days_of_author,
    days_of_room,
    hours_of_author,
    is_long_enough,
    people_of_year,
    told_apart,
    words_of_year,
)
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
from app.views.answers import attachment
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue, numbered_initials, shown_name
from app.views.figures.chats import share_bars
from app.views.figures.figure import Figure
from app.views.filters import zone_of_picture
from app.views.page import WebPage, cast_on, render
from app.views.subjects import Address, Figures, SubjectT, read_shown
from saywho.people.names import ManyNames

PICTURED_WORDS: Final = 5


async def read_year_poster(
    subject: YearOfAuthor, author_year: AuthorYear, args: PictureArgs
) -> Poster:
    username = author_year.user.username
    cast = await cast_on(author_year.user)
    if args.has_words and not args.has_names:
        author_year = author_year.with_words(left_by(await names_hidden_in(cast, args)))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return poster_of_year(subject, author_year, args)


def poster_of_year(subject: YearOfAuthor, author_year: AuthorYear, args: PictureArgs) -> Poster:
    days = days_of_author(author_year, has_words=args.has_words, has_names=args.has_names)
    told, apart = told_apart(author_year, days.title)
    return Poster(
        title=subject.title(is_over=author_year.is_over),
        facts=(*days.notes, show_zone(author_year.tz)),
        finding=told,
        reason=apart,
        giant=show_number(author_year.calendar.tweets),
        drawing=days.plot,
        address=short_address(subject.url(), has_names=args.has_names),
        lines=tuple(_lines_of_author(YearPage(subject=subject, shown=author_year), args)),
        hue=hue(author_year.user.username),
        second=_hours(author_year, days.title),
    )


def _hours(author_year: AuthorYear, told: str) -> PosterFigure | None:
    hours = hours_of_author(author_year)
    if hours.plot is None or not is_long_enough(author_year):
        return None
    title = "" if hours.title in told else hours.title
    topic = f"{hours.topic} · {show_zone(author_year.tz)}"
    return PosterFigure(topic, (title, *hours.notes), hours.plot)


def _lines_of_author(page: YearPage, args: PictureArgs) -> list[PosterLine]:
    if not page.is_compared:
        return []
    names = _drawn_names(page.answered.plot)
    return [
        *(_lines_of_words(page.shown) if args.has_words else ()),
        *_line(page.answered, names if args.has_names else numbered_initials(names)),
    ]


def _lines_of_words(shown: AuthorYear | RoomYear) -> list[PosterLine]:
    figure = words_of_year(shown)
    return _line(figure, _drawn_names(figure.plot))


def _line(figure: Figure[NameList], names: list[str]) -> list[PosterLine]:
    parts = tuple(names[:PICTURED_WORDS])
    return [PosterLine(figure.topic, parts)] if parts else []


def _drawn_names(drawing: NameList | None) -> list[str]:
    if drawing is None:
        return []
    names = (drawn_name(name.label) for name in drawing.names)
    return [f"{drawing.prefix}{name}" for name in names if name]


async def read_room_year_poster(subject: YearOfChat, shown: RoomYear, args: PictureArgs) -> Poster:
    cast = await cast_on(shown, subject.about, in_chat=True)
    if args.has_words and not args.has_names:
        shown = shown.with_words(left_by(await names_hidden_in(cast, args)))
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        return poster_of_room_year(subject, shown, args)


def poster_of_room_year(subject: YearOfChat, shown: RoomYear, args: PictureArgs) -> Poster:
    days = days_of_room(shown, has_words=args.has_words)
    told, apart = told_apart(shown, days.title)
    return Poster(
        title=drawn_title(subject, args, is_over=shown.is_over),
        facts=(*days.notes, show_zone(shown.tz)),
        finding=told,
        reason=apart,
        giant=show_number(shown.calendar.tweets),
        hue=hue(_who_wrote_most(shown)),
        drawing=Bars(tuple(share_bars(shown.people))),
        head=(people_of_year(shown).topic,),
        address=short_address(subject.url(), has_names=args.has_names),
        lines=tuple(_lines_of_words(shown)) if args.has_words else (),
        second=PosterFigure("", (), days.plot) if days.plot else None,
    )


def _told(poster: Poster) -> str:
    return f"{poster.giant}: {poster.finding} {poster.reason}".strip()


def _who_wrote_most(shown: RoomYear) -> str | None:
    people = [person for person in shown.people if person.username]
    return max(people, key=lambda person: person.messages).username if people else None


def _words_of(shown: AuthorYear | RoomYear) -> str:
    return words_of_year(shown).topic if shown.words else ""


MOST_WORDS: Final = 5
LONGEST_GIANT: Final = 12
"""Signs of the words that are the giant of a card: more would be small."""
LONGEST_QUOTE: Final = 300
"""Signs of a text that has room on a card with other texts, in letters of 40 pixels."""
FORMAT: Final[Format] = "1080x1920"


class CardArgs(PeopleArgs):
    card: str = ""
    """The name of a card that is shown alone."""


class YearCard(NamedTuple):
    name: str
    """Part of its URL."""
    poster: Poster

    @property
    def told(self) -> str:
        """All texts, for people who do not see the card."""
        poster, rows = self.poster, self.poster.drawing
        giant = f"{poster.giant}. " if poster.giant else ""
        finding = " ".join(filter(None, [poster.finding, poster.reason]))
        return f"{giant}{finding}: {rows.told}" if isinstance(rows, CardRows) else ""


class YearCardsPage(WebPage, frozen=True, kw_only=True):
    template = "pictures/year_cards.html"

    args: CardArgs
    address: str
    """URL of this page; the URLs of the pictures begin with it."""
    back: str
    title: str
    drawn: Sequence[YearCard]
    tz: str
    has_own_zone: bool = False

    @property
    def zip(self) -> str:
        return f"{self.address}.zip?{self.query}"

    @property
    def cards(self) -> list[YearCard]:
        return [card for card in self.drawn if self.args.card in ("", card.name)]

    @property
    def query(self) -> str:
        args = self.args
        chosen = (("theme", args.theme), ("names", args.names))
        return urlencode([("tz", self.tz), ("lang", g.locale), *chosen], safe="/")


class TitledCards(NamedTuple):
    title: str
    cards: list[YearCard]


def cards_of(
    kind: type[SubjectT],
    figures: Figures[SubjectT, Any],
    titled_of: Callable[[SubjectT, Any, PeopleArgs], Awaitable[TitledCards]],
) -> PageBlueprint:
    """Declare the page of a year's cards, each card as PNG, and all of them as zip."""
    blueprint, path = PageBlueprint(f"{kind.name}_cards", policy="read"), f"{kind.path}/cards"

    async def read(args: PeopleArgs, address: Address) -> TitledCards:
        subject, shown = await read_shown(kind, figures, address, args, zone_of_picture)
        with speaking(args.lang):
            return await titled_of(subject, shown, args)

    @blueprint.get(path, keep=True)
    async def show_cards(args: CardArgs, **address: Any) -> ResponseReturnValue:
        subject, shown = await read_shown(kind, figures, address, args)
        titled = await titled_of(subject, shown, args)
        return await render(
            YearCardsPage(
                args=args,
                address=subject.url(f"{kind.name}_cards.show_cards"),
                back=subject.url(tz=args.tz),
                title=titled.title,
                drawn=titled.cards,
                tz=shown.tz,
                has_own_zone=subject.own_zone is not None,
                in_chat=subject.in_chat,
                about=subject.about,
            )
        )

    @blueprint.get(f"{path}/<card>.png", keep=True)
    async def show_card(args: PeopleArgs, card: str, **address: Any) -> Response:
        posters = {each.name: each.poster for each in (await read(args, address)).cards}
        if card not in posters:
            raise NotFoundError("There is no such card of this year")
        drawn = await resources().work_pool.run(draw_poster, posters[card], FORMAT, args.theme)
        return Response(drawn, content_type="image/png")

    @blueprint.get(f"{path}.zip")
    async def send_cards(args: PeopleArgs, **address: Any) -> Response:
        shown = await read(args, address)
        if not shown.cards:
            raise NotFoundError("There is no such card of this year")
        zipped = await resources().work_pool.run(zip_of_cards, shown.cards, args.theme)
        headers = attachment(f"saywho – {shown.title[:60]}.zip")
        return Response(zipped, content_type="application/zip", headers=headers)

    return blueprint


def zip_of_cards(cards: Iterable[YearCard], theme: ThemeName) -> bytes:
    """Return a zip of PNG files in the order of the cards; call it in a thread."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, card in enumerate(cards, 1):
            # Of the same time, so that the same cards are the same file.
            member = zipfile.ZipInfo(f"{number}-{card.name}.png")
            archive.writestr(member, draw_poster(card.poster, FORMAT, theme))
    return file.getvalue()


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


class CardContent(NamedTuple):
    name: str
    """The name of its card."""
    heading: str
    rows: Sequence[CardRow]
    """None for no finding."""
    giant: str = ""
    """The one number or word."""
    hue: str = ""
    """Of whom it tells, if of one."""
    reason: str = ""
    """What else stands out."""


def _cards(found: Iterable[CardContent], poster: Poster) -> list[YearCard]:
    return [
        YearCard(
            each.name,
            poster._replace(
                finding=each.heading,
                drawing=CardRows(tuple(each.rows)),
                giant=drawn_name(each.giant),
                hue=each.hue or _only_hue(each.rows) or poster.hue,
                reason=each.reason,
            ),
        )
        for each in found
        if each.rows or each.giant
    ]


def _only_hue(rows: Sequence[CardRow]) -> str:
    """Return the colour of all rows; several people have each their own, on paper."""
    hues = {row.hue for row in rows}
    return hues.pop() if len(hues) == 1 else ""


def _bars(parts: Iterable[NamedBar]) -> list[CardRow]:
    return [
        CardRow(label=bar.name, hue=bar.hue, beside=bar.label, share=bar.share) for bar in parts
    ]


def _words(words: Figure[NameList]) -> Iterator[CardContent]:
    named = (
        ((drawn_name(name.label), name.value) for name in words.plot.names) if words.plot else ()
    )
    rows = [CardRow(told, label=word) for word, told in named if word][:MOST_WORDS]
    yield CardContent("words", words.topic, rows, rows[0].label if rows else "")


def _day(page: AnyYearPage, texts: Texts) -> Iterator[CardContent]:
    if (day := page.shown.day) is None:
        return
    rows = [CardRow(page.day_told)]
    if words := [*filter(None, map(drawn_name, day.words))]:
        more = gettext("More than on other days:")
        rows.append(CardRow(f"{more} " + " ".join(f"“{word}”" for word in words)))
    quotes = _quotes(day.shown, texts, is_of_chat=page.subject.in_chat)
    giant = show_number(day.posts_of_days)
    yield CardContent("day", page.day_heading, [*rows, *quotes], giant)


def _silence(page: AnyYearPage, texts: Texts) -> Iterator[CardContent]:
    if (silence := page.shown.silence) is not None:
        quotes = _quotes([silence.broken_by], texts, is_of_chat=page.subject.in_chat)
        days = ngettext("{count} day", "{count} days", silence.days)
        yield CardContent(
            "silence",
            gettext("The longest silence"),
            [CardRow(page.silence_told), *quotes],
            days.format(count=show_number(silence.days)),
            hue(silence.broken_by.username),
        )


def _room_found(page: RoomYearPage, texts: Texts) -> Iterator[CardContent]:
    shown = page.shown
    parts = bar_of(shown.people, [person.messages for person in shown.people]).parts
    first = max(parts, key=lambda bar: bar.share)
    told, apart = told_apart(shown, page.days.title)
    giant = show_number(shown.calendar.tweets)
    yield CardContent("story", told, _bars(parts), giant, first.hue, apart)
    yield from _words(page.words_of_year) if shown.words else _words_of_people(page)
    yield from _day(page, texts)
    began, told = page.began.plot, page.began.title
    if began and told:  # Shares that may be chance are no card.
        first = max(began.parts, key=lambda bar: bar.share)
        yield CardContent("began", told, _bars(began.parts), first.label, first.hue)
    yield CardContent("like", gettext("Messages most like them"), _quotes(shown.most_like, texts))
    habits = [
        CardRow(f"{kind}\n{change}", label=shown_name(username), hue=hue(username))
        for kind, username, change in page.habits
    ]
    yield CardContent("habits", gettext("How the writing changed"), habits)
    yield from _silence(page, texts)
    for loved in shown.loved[:1]:
        if quotes := _quotes([loved.post], texts):
            told = ngettext("%(shown)s reaction", "%(shown)s reactions", loved.count)
            giant = told % {"shown": show_number(loved.count)}
            yield CardContent("loved", page.loved_heading, quotes, giant, hue(loved.post.username))


def _words_of_people(page: RoomYearPage) -> Iterator[CardContent]:
    rows = [
        CardRow(
            " ".join(f"“{word}”" for word in words),
            label=shown_name(person.username),
            hue=hue(person.username),
        )
        for person in page.shown.words_of_people
        for words in [[*filter(None, map(drawn_name, person.words))]]
        if words
    ]
    words = (word for person in page.shown.words_of_people for word in person.words)
    giant = next((word for word in map(drawn_name, words) if 0 < len(word) <= LONGEST_GIANT), "")
    heading, compared = gettext("Words of each person"), page.people_compared
    yield CardContent("words", heading, rows, giant, reason=compared)


def _author_found(page: YearPage, texts: Texts) -> Iterator[CardContent]:
    shown = page.shown
    days = page.days
    notes = [CardRow(note) for note in days.notes]
    told, apart = told_apart(shown, days.title)
    giant = show_number(shown.calendar.tweets)
    yield CardContent("story", told, notes, giant, reason=apart)
    yield from _words(page.words_of_year)
    yield from _day(page, texts)
    if not page.is_compared:
        return
    changes = changed_writing(shown).plot
    habits = [CardRow(each.value, label=each.label) for each in changes.names] if changes else []
    yield CardContent("habits", gettext("How the writing changed"), habits)
    yield from _silence(page, texts)
    if best := _quotes(shown.most_liked[:1], texts, is_of_chat=False):
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
    cast = await cast_on(shown, subject.about, in_chat=True)
    names = await names_hidden_in(cast, args)
    loved = [message.post for message in shown.loved[:1]]
    texts = await _texts_of([*_posts_of(shown), *shown.most_like, *loved], names)
    shown = shown.with_words(left_by(names))
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        title = drawn_title(subject, args, is_over=shown.is_over)
        address = short_address(subject.url(), has_names=args.has_names)
        poster = Poster(title, (), "", None, address)
        page = RoomYearPage(subject=subject, shown=shown)
        return TitledCards(title, _cards(_room_found(page, texts), poster))


async def author_cards(subject: YearOfAuthor, shown: AuthorYear, args: PeopleArgs) -> TitledCards:
    username = subject.author.username
    cast = await cast_on(shown, [username])
    names = await names_hidden_in(cast, args)
    texts = await _texts_of([*_posts_of(shown), *shown.most_liked[:1]], names)
    shown = shown.with_words(left_by(names))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        title = subject.title(shown_name(username), is_over=shown.is_over)
        address = short_address(subject.url(), has_names=args.has_names)
        poster = Poster(title, (), "", None, address, hue=hue(username))
        page = YearPage(subject=subject, shown=shown)
        return TitledCards(title, _cards(_author_found(page, texts), poster))


blueprints = (
    pictures_of(YearOfAuthor, read_year_of_author, read_year_poster, words=_words_of, told=_told),
    pictures_of(YearOfChat, read_year_of_chat, read_room_year_poster, words=_words_of, told=_told),
    cards_of(YearOfAuthor, read_year_of_author, author_cards),
    cards_of(YearOfChat, read_year_of_chat, room_cards),
)
