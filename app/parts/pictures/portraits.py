"""The pictures of a chat and of an author, and the cards of an author or of a person of a chat."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster
from app.language.i18n import gettext, show_number, show_zone
from app.parts.pictures.cards import CardContent, TitledCards, bars_in, cards_of, drawn_cards
from app.parts.pictures.picture_page import (
    PeopleArgs,
    cast_in_picture,
    drawn_title,
    foot_of,
    left_by,
    names_hidden_in,
    pictures_of,
)
from app.parts.portraits.author import read_portrait_of_author
from app.parts.portraits.author_figures import (
    AuthorPortrait,
    finding_of as finding_of_author,
    only_other,
)
from app.parts.portraits.room import read_sight
from app.services.rooms.chat_portrait import ChatPage, read_headline
from app.views.cast import bound, display_name, hue
from app.views.figures.chats import findings_of, share_bars, story_of
from app.views.figures.figure import busy_hours
from app.views.figures.findings import of_person
from app.views.page import cast_on
from app.views.subjects import Caches, Chat, OneAuthor, PersonOfChat, ZoneOf
from app.views.tell import below_giant, beside_one, giant_of, label_of, share_told, tell
from saywho.people.fingerprint import Measure, positive_first
from saywho.significance import HARDLY_ANY

MOST_CARDS: Final = 6
MOST_OF_KIND: Final = 2
"""Cards of what the chat tells of a person, and of a person's habits."""
LONGEST_WORD: Final = 12
"""Signs of a word that is the giant of a card: more would be small."""


async def read_room_poster(subject: Chat, portrait: ChatPage, args: PeopleArgs) -> Poster:
    named = [person.username for person in portrait.people]
    named += [trait.username for trait in portrait.traits]  # May be one of those taken together.
    cast = await cast_on(portrait, subject.about, in_chat=True)
    with bound(cast_in_picture(cast, named, has_names=args.has_names)):
        story = story_of(portrait)
        giant = drawn_name(story.giant) if story.below else ""
        return Poster(
            title=drawn_title(subject, args),
            finding=story.below if giant else story.text,
            giant=giant,
            hue=hue(story.username),
            drawing=bars_in(share_bars(portrait.people)) if story.care == "nothing" else None,
            home=foot_of(subject.url(), has_names=args.has_names),
        )


class PersonFigures(NamedTuple):
    """How an author writes, and what is told of them in the chat where they write most."""

    portrait: AuthorPortrait
    sight: ChatPage | None

    @property
    def tz(self) -> str:
        return self.portrait.tz


async def read_person(
    session: AsyncSession, kept: Caches, subject: OneAuthor, zone_of: ZoneOf
) -> PersonFigures:
    portrait = await read_portrait_of_author(session, kept, subject, zone_of)
    room, zone = portrait.room, zone_of(subject.own_zone)
    sight = await read_headline(session, room.id, zone, kept.snapshots) if room else None
    return PersonFigures(portrait, sight)


async def author_cards(subject: OneAuthor, person: PersonFigures, args: PeopleArgs) -> TitledCards:
    portrait, username = person.portrait, subject.author.username
    cast = await cast_on(person, hued=[username])
    usernames = [username, *(other.username for other in portrait.others)]
    if portrait.phrases and not args.has_names:
        names = left_by(await names_hidden_in(cast, args))
        person = person._replace(portrait=portrait.with_words(names))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        title = gettext("How {name} writes").format(name=display_name(username))
        foot = foot_of(subject.url(), has_names=args.has_names)
        poster = Poster(title, "", None, hue=hue(username), home=foot)
        return TitledCards(title, drawn_cards(islice(_found(person), MOST_CARDS), poster))


async def read_author_poster(subject: OneAuthor, person: PersonFigures, args: PeopleArgs) -> Poster:
    """Return the first card, or that nothing sets the author apart."""
    titled = await author_cards(subject, person, args)
    if titled.cards and titled.cards[0].poster.giant:
        return titled.cards[0].poster
    username = subject.author.username
    cast = await cast_on(person, hued=[username])
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return Poster(
            titled.title,
            finding_of_author(person.portrait, has_words=False),
            None,
            hue=hue(username),
            home=foot_of(subject.url(), has_names=args.has_names),
        )


def _found(person: PersonFigures) -> Iterator[CardContent]:
    """Yield what is told of a person, their habits, a word, their hours, and how much they write;
    without others, what they often do.
    """
    portrait, sight = person.portrait, person.sight
    username, told = portrait.user.username, set[str]()
    found = of_person(findings_of(sight), username) if sight else []
    whole = (one for one in found if one.giant and one.below)
    for number, one in enumerate(islice(whole, MOST_OF_KIND), 1):
        told.add(one.giant)
        yield CardContent(f"story-{number}", one.below, giant=one.giant)
    habits = [(giant_of(each), each) for each in _habits(portrait)]
    new = ((giant, each) for giant, each in habits if giant not in told)
    for number, (giant, each) in enumerate(islice(new, MOST_OF_KIND), 1):
        yield CardContent(f"habit-{number}", _below(portrait, each), giant=giant)
    yield from _said(portrait)
    if hours := busy_hours(portrait.busy_from):
        zone = show_zone(portrait.tz)
        yield CardContent("hours", tell("below", "rhythm"), giant=hours, reason=zone)
    for own in sight.people if sight else []:
        if own.username == username and own.messages > 1:
            below = tell("below", "of chat", name=display_name(username), share=own.share)
            yield CardContent("amount", below, giant=show_number(own.messages))


def _habits(portrait: AuthorPortrait) -> list[Measure]:
    if portrait.others_total:
        clear = (each for each in portrait.measures if each.is_clear and each.own)
        return [*positive_first(clear)]
    shares = (each for each in portrait.measures if not each.habit.is_mean)
    return sorted((each for each in shares if each.own >= HARDLY_ANY), key=lambda each: -each.own)


def _below(portrait: AuthorPortrait, measure: Measure) -> str:
    if not portrait.others_total:
        return label_of(measure)
    beside = beside_one(only_other(portrait))
    return below_giant(measure, display_name(portrait.user.username), beside)


def _said(portrait: AuthorPortrait) -> Iterator[CardContent]:
    """Yield what they say more often than others, by the phrase in most messages."""
    phrases = [phrase for phrase in portrait.phrases or () if drawn_name(phrase.text)]
    short = [phrase for phrase in phrases if len(phrase.text) <= LONGEST_WORD]
    if short:
        most = max(short, key=lambda phrase: phrase.messages)
        share = most.messages / max(portrait.messages, 1)
        beside = most.messages_elsewhere / max(portrait.messages_elsewhere, 1)
        told = share_told(share, beside, only_other(portrait))
        yield CardContent("word", f"{told[:1].upper()}{told[1:]}", giant=most.text)


blueprints = (
    pictures_of(Chat, read_sight, read_room_poster, path="/portrait/picture"),
    pictures_of(OneAuthor, read_person, read_author_poster, path="/portrait/picture"),
    cards_of(OneAuthor, read_person, author_cards),
    cards_of(PersonOfChat, read_person, author_cards),
)
