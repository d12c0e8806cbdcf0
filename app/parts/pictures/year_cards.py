"""Cards of a year: upright pictures with one thing each, single or all in a zip.

A thing without a finding has no card. Texts of which the fonts lack a letter, or that are too long
for a card, are not quoted.
"""

import io
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from msgspec.structs import replace
from quart import Response, g, url_for
from quart.typing import ResponseReturnValue

from app.compute.people.names import HIDDEN, SHOWN_HIDDEN, ManyNames
from app.drawing.drawings import CardRow, CardRows
from app.drawing.lettering import drawn_name
from app.drawing.png import ThemeName
from app.drawing.poster import Format, Poster, draw_poster
from app.errors import NotFoundError
from app.language.i18n import gettext, ngettext, show_number, speaking
from app.lifespan import resources
from app.parts.pictures.picture_page import (
    PeopleArgs,
    cast_in_picture,
    names_hidden_in,
    short_address,
    title_of_chat,
)
from app.parts.pictures.read_years import (
    ReadYear,
    named_first,
    read_author_year,
    read_room_year,
    without_words,
)
from app.parts.years.figures import (
    ChangedWriting,
    ComparedWords,
    best_heading,
    day_heading,
    is_long_enough,
    loved_heading,
    people_compared,
    shown_habits,
    told_of_day,
    told_of_silence,
    who_began,
    words_of,
    words_of_whole_year,
    year_title,
)
from app.parts.years.remembered import DayOfYear, LongestSilence
from app.parts.years.year import AuthorYear, RoomYear, WrittenYear
from app.services.compare.name_masking import hide
from app.services.posts.tweets import Post
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue, post_count, shown_name
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import WebPage, cast_on, render

MOST_WORDS: Final = 5
LONGEST_QUOTE: Final = 300
"""Signs of a text that has room on a card with others, in letters of 40 pixels."""
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
        """All texts, for those who do not see the card."""
        rows = self.poster.drawing
        return f"{self.poster.finding}: {rows.told}" if isinstance(rows, CardRows) else ""


class ListedCard(NamedTuple):
    """What a page shows of a card."""

    name: str
    heading: str
    told: str
    image: str


class YearCardsPage(WebPage, frozen=True, kw_only=True):
    template = "pictures/year_cards.html"

    args: CardArgs
    address: str
    """URL of this page; those of the pictures begin with it."""
    back: str
    title: str
    listed: Sequence[tuple[str, str, str]]
    """The name of each card, its heading, and all its texts."""
    tz: str
    has_own_zone: bool = False

    @property
    def zip(self) -> str:
        return f"{self.address}.zip?{self._query}"

    @property
    def cards(self) -> list[ListedCard]:
        ends = f".png?{self._query}"
        return [
            ListedCard(*each, f"{self.address}/{each[0]}{ends}")
            for each in self.listed
            if self.args.card in ("", each[0])
        ]

    @property
    def _query(self) -> str:
        args = self.args
        chosen = (("theme", args.theme), ("names", args.names))
        return urlencode([("tz", self.tz), ("lang", g.locale), *chosen], safe="/")


class TitledCards(NamedTuple):
    title: str
    cards: list[YearCard]

    @property
    def listed(self) -> list[tuple[str, str, str]]:
        return [(card.name, card.poster.finding, card.told) for card in self.cards]


Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearCards(Generic[Subject]):
    """The page of a year's cards, each card as PNG, and all of them as zip."""

    read: Callable[..., Awaitable[Subject | Response]]
    """As of a picture (`Pictures`)."""
    cards_of: Callable[[Subject, PeopleArgs], Awaitable[TitledCards]]
    page_of: Callable[[Subject, CardArgs, TitledCards], YearCardsPage]

    def declare(self, blueprint: PageBlueprint, path: str) -> PageBlueprint:
        @blueprint.page(path, is_cacheable=True)
        async def show_cards(args: CardArgs, **here: Any) -> ResponseReturnValue:
            subject = await self.read(args, zone_of_page, **here)
            if isinstance(subject, Response):
                return subject
            return await render(self.page_of(subject, args, await self.cards_of(subject, args)))

        @blueprint.page(f"{path}/<card>.png", is_cacheable=True)
        async def show_card(args: PeopleArgs, card: str, **here: Any) -> Response:
            shown = await self._read(args, here)
            if isinstance(shown, Response):
                return shown
            posters = {each.name: each.poster for each in shown.cards}
            if card not in posters:
                raise NotFoundError("There is no such card of this year")
            run = resources().work_pool.run
            drawn = await run(draw_poster, posters[card], FORMAT, args.theme)
            return Response(drawn, content_type="image/png")

        @blueprint.page(f"{path}.zip")
        async def send_cards(args: PeopleArgs, **here: Any) -> Response:
            shown = await self._read(args, here)
            if isinstance(shown, Response):
                return shown
            if not shown.cards:
                raise NotFoundError("There is no such card of this year")
            zipped = await resources().work_pool.run(zip_of_cards, shown.cards, args.theme)
            response = Response(zipped, content_type="application/zip")
            file = f"saywho – {shown.title[:60]}.zip"
            response.headers.set("Content-Disposition", "attachment", filename=file)
            return response

        return blueprint

    async def _read(self, args: PeopleArgs, here: Mapping[str, Any]) -> TitledCards | Response:
        subject = await self.read(args, zone_of_picture, **here)
        if isinstance(subject, Response):
            return subject
        with speaking(args.lang):
            return await self.cards_of(subject, args)


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
            text = (await hide(text, chat_names=names)).masked.replace(HIDDEN, SHOWN_HIDDEN)
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


Found = tuple[str, str, Sequence[CardRow]]
"""The name of a card, its heading, and its rows; none for no finding."""


def _cards(found: Iterable[Found], poster: Poster) -> list[YearCard]:
    return [
        YearCard(name, poster._replace(finding=heading, drawing=CardRows(tuple(rows))))
        for name, heading, rows in found
        if rows
    ]


def _words(figures: Iterable[ComparedWords]) -> Iterator[Found]:
    for figure in figures:
        named = ((drawn_name(name.text), name.posts) for name in figure.plot().names)
        rows = [CardRow(told, label=word) for word, told in named if word][:MOST_WORDS]
        if rows:
            yield "words", figure.topic, rows
            return


def _day(
    day: DayOfYear | None, quotes: Sequence[CardRow], names: ManyNames, zone: str
) -> Iterator[Found]:
    if day is None:
        return
    rows = [CardRow(told_of_day(day, zone))]
    if words := [word for word in map(drawn_name, day.words) if word and not names.find(word)]:
        more = gettext("More than on other days:")
        rows.append(CardRow(f"{more} " + " ".join(f"“{word}”" for word in words)))
    yield "day", day_heading(day), [*rows, *quotes]


def _silence(
    silence: LongestSilence | None, quotes: Sequence[CardRow], *, is_of_chat: bool
) -> Iterator[Found]:
    if silence is not None:
        told = CardRow(told_of_silence(silence, is_of_chat=is_of_chat))
        yield "silence", gettext("The longest silence"), [told, *quotes]


def _room_found(shown: RoomYear, texts: Texts, names: ManyNames) -> Iterator[Found]:
    yield from _words([words_of_whole_year(shown)]) if shown.words else _words_of_people(shown)
    quotes, zone = _quotes(shown.day.shown if shown.day else (), texts), shown.tz
    yield from _day(shown.day, quotes, names, "" if shown.room.tz else zone)
    began = who_began(shown)
    if began.plot:
        bars = [
            CardRow(label=bar.name, hue=bar.hue, beside=bar.label, share=bar.share)
            for bar in began.plot.parts
        ]
        yield "began", began.finding.topic, bars
    yield "emoji", gettext("Emoji of each person"), [*_emoji_of_people(shown)]
    yield "like", gettext("Messages most like them"), _quotes(shown.most_like, texts)
    yield "habits", gettext("How the writing changed"), [*_habits(shown)]
    broken = [shown.silence.broken_by] if shown.silence else []
    yield from _silence(shown.silence, _quotes(broken, texts), is_of_chat=True)
    for loved in shown.loved[:1]:
        if quotes := _quotes([loved.post], texts):
            told = ngettext("%(shown)s reaction", "%(shown)s reactions", loved.count)
            row = CardRow(told % {"shown": show_number(loved.count)})
            yield "loved", loved_heading(shown), [*quotes, row]


def _words_of_people(shown: RoomYear) -> Iterator[Found]:
    rows = [
        CardRow(
            " ".join(f"“{word}”" for word in words),
            label=shown_name(person.username),
            hue=hue(person.username),
        )
        for person in shown.words_of_people
        for words in [[*filter(None, map(drawn_name, person.words))]]
        if words
    ]
    note = CardRow(people_compared(shown))
    yield "words", gettext("Words of each person"), [note, *rows] if rows else []


def _drawn_emoji(text: str) -> str:
    """Return an emoji, empty if the fonts have only the letters of it, as of a flag."""
    drawn = drawn_name(text)
    return "" if any(map(str.isalnum, drawn)) else drawn


def _emoji_of_people(shown: RoomYear) -> Iterator[CardRow]:
    for person in shown.people:
        emoji = [each for each in person.emoji or () if _drawn_emoji(each.text)]
        if person.username and emoji:
            text = " · ".join(
                f"{_drawn_emoji(each.text)}{show_number(each.messages)}" for each in emoji
            )
            yield CardRow(text, label=shown_name(person.username), hue=hue(person.username))


def _habits(shown: RoomYear) -> Iterator[CardRow]:
    for kind, username, change in shown_habits(shown):
        yield CardRow(f"{kind}\n{change}", label=shown_name(username), hue=hue(username))


def _author_found(
    shown: AuthorYear, texts: Texts, names: ManyNames, *, has_own_zone: bool
) -> Iterator[Found]:
    is_long = is_long_enough(shown)

    def quotes(posts: Iterable[Post]) -> list[CardRow]:
        return _quotes(posts, texts, is_of_chat=False)

    yield from _words([words_of_whole_year(shown), *(words_of(shown) if is_long else ())])
    zone = "" if has_own_zone else shown.tz
    yield from _day(shown.day, quotes(shown.day.shown if shown.day else ()), names, zone)
    if not is_long:
        return
    emoji = [
        CardRow(post_count(each.posts), label=_drawn_emoji(each.name))
        for each in shown.emoji
        if _drawn_emoji(each.name)
    ]
    yield "emoji", gettext("Emoji of {year}").format(year=shown.calendar.year), emoji
    changes = ChangedWriting(shown).plot()
    habits = [CardRow(each.posts, label=each.text) for each in changes.names] if changes else []
    yield "habits", gettext("How the writing changed"), habits
    broken = [shown.silence.broken_by] if shown.silence else []
    yield from _silence(shown.silence, quotes(broken), is_of_chat=False)
    if best := quotes(shown.most_liked[:1]):
        likes = (shown.most_liked[0].counts and shown.most_liked[0].counts.likes) or 0
        told = ngettext("{count} like", "{count} likes", likes).format(count=show_number(likes))
        yield "liked", best_heading(shown), [*best, CardRow(told)]


def _posts_of(shown: WrittenYear) -> list[Post]:
    posts = [*(shown.day.shown if shown.day else ())]
    return [*posts, shown.silence.broken_by] if shown.silence else posts


async def room_cards(shown: RoomYear, args: PeopleArgs) -> TitledCards:
    cast = await cast_on(shown, shown.room.usernames, in_chat=True)
    names = await names_hidden_in(cast, args)
    loved = [message.post for message in shown.loved[:1]]
    texts = await _texts_of([*_posts_of(shown), *shown.most_like, *loved], names)
    if not args.has_names:
        shown = without_words(shown, names)
        of_people = [
            replace(person, words=[word for word in person.words if not names.find(word)])
            for person in shown.words_of_people
        ]
        shown = replace(shown, words_of_people=of_people)
    path = url_for("room_years.show_room_year", room_id=shown.room.id, year=shown.calendar.year)
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        title = year_title(shown, title_of_chat(shown.room, args))
        poster = Poster(title, (), "", None, short_address(path, has_names=args.has_names))
        return TitledCards(title, _cards(_room_found(shown, texts, names), poster))


async def author_cards(subject: ReadYear, args: PeopleArgs) -> TitledCards:
    shown = subject.author_year
    username = shown.user.username
    cast = await cast_on(shown, [username])
    names = await names_hidden_in(cast, args)
    texts = await _texts_of([*_posts_of(shown), *shown.most_liked[:1]], names)
    if not args.has_names:
        shown = without_words(shown, names)
    path = url_for("years.show_year", username=username, year=shown.calendar.year)
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        title = year_title(shown, shown_name(username))
        address = short_address(path, has_names=args.has_names)
        poster = Poster(title, (), "", None, address, hue=hue(username))
        found = _author_found(shown, texts, names, has_own_zone=subject.has_own_zone)
        return TitledCards(title, _cards(found, poster))


def _room_page(shown: RoomYear, args: CardArgs, titled: TitledCards) -> YearCardsPage:
    here: dict[str, Any] = {"room_id": shown.room.id, "year": shown.calendar.year}
    return YearCardsPage(
        args=args,
        address=url_for("room_year_cards.show_cards", **here),
        back=url_for("room_years.show_room_year", **here, tz=args.tz or None),
        title=titled.title,
        listed=titled.listed,
        tz=shown.tz,
        has_own_zone=shown.room.tz is not None,
        in_chat=True,
        about=shown.room.usernames,
    )


def _author_page(subject: ReadYear, args: CardArgs, titled: TitledCards) -> YearCardsPage:
    shown = subject.author_year
    here: dict[str, Any] = {"username": shown.user.username, "year": shown.calendar.year}
    return YearCardsPage(
        args=args,
        address=url_for("year_cards.show_cards", **here),
        back=url_for("years.show_year", **here, tz=args.tz or None),
        title=titled.title,
        listed=titled.listed,
        tz=shown.tz,
        has_own_zone=subject.has_own_zone,
        about=[shown.user.username],
    )


blueprints = (
    YearCards(read=read_author_year, cards_of=author_cards, page_of=_author_page).declare(
        PageBlueprint("year_cards"), "/user/<username>/<year:year>/cards"
    ),
    YearCards(read=read_room_year, cards_of=room_cards, page_of=_room_page).declare(
        PageBlueprint("room_year_cards"), "/room/<id:room_id>/<year:year>/cards"
    ),
)
