"""The people on a page, and whether they wrote messages.

`cast_of` reads people whom `named_in` finds; texts and filters use the cast that is `bound`.
"""

import unicodedata
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, time
from functools import cache
from itertools import chain
from types import NoneType
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Readable
from app.drawing.drawings import NO_HUE
from app.drawing.lettering import TO_RIGHT, is_from_right
from app.errors import AppError, Message
from app.language import i18n
from app.services.posts.tweets import Post, PostRoom
from app.services.posts.users import NamedUser, all_speak_in_chats, has_rooms, named_users
from app.services.rooms.chats import main_rooms_of, zones_of_rooms
from saywho.formats.reading import username_for
from saywho.text import username_key

HUES: Final = 24
"""Colours of people in style.css, clearest first."""
CLEAR_HUES: Final = 8
"""First colours, which differ clearly from each other."""
_NAMES: Final = frozenset({"username", "usernames", "chosen", "into"})
"""Fields and keys with usernames, single, several or first of pairs; `chosen`: ticked in a form."""
_PLAIN: Final = frozenset({str, int, float, bool, bytes, NoneType, date, datetime, time})


class Person(NamedTuple):
    username: str
    name: str
    """Name in sentences: the username, or the display name that the username is made of."""
    display_name: str
    """Name as people write it; otherwise the username."""
    hue: str
    is_speaker: bool
    """Whether the person wrote messages in chats."""


@dataclass(frozen=True, slots=True)
class Cast:
    people: Mapping[str, Person] = field(default_factory=dict)
    is_chat: bool = False
    has_chats: bool = False
    zones: Mapping[int, str] = field(default_factory=dict)
    """Time zones of its posts' chats, by id."""
    chat_alone: int | None = None
    """The only chat that the page is of, and that its addresses stay in."""

    def with_names(self, names: Mapping[str, str]) -> "Cast":
        called = {
            username: self.people[username]._replace(name=name, display_name=name)
            for username, name in names.items()
            if username in self.people
        }
        return replace(self, people={**self.people, **called})


NOBODY: Final = Cast()
_bound: ContextVar[Cast | None] = ContextVar("cast", default=None)


async def cast_of(
    session: AsyncSession,
    usernames: Iterable[str],
    *,
    about: Iterable[str] | None = None,
    hued: Iterable[str] | None = None,
    in_chat: bool = False,
    of_posts: bool = False,
    platform: str = "",
    rooms: Collection[int] = (),
) -> Cast:
    """Return these people by one query, without unknown names; without any, the page is about
    everyone here, or on a platform.

    about: authors of its posts, all by default; if all speak in chats, it is about messages. hued:
    people with colours before others, `about` by default. rooms: chats of its posts. of_posts: it
    names nobody here, and is about posts.
    """
    named = list(usernames)
    subjects = named if about is None else list(about)
    users = await named_users(session, {*named, *subjects})
    homes = await main_rooms_of(session, users.values())
    has_chats = bool(homes) or await has_rooms(session)
    guests = {
        key: OwnHue(user.posts, home.room_id, home.place % HUES)
        if (home := homes.get(user.id))
        else OwnHue(user.posts, None, place_of(user.id, has_chats=has_chats))
        for key, user in users.items()
    }
    hues = hues_of(guests, (about or ()) if hued is None else hued)
    people = {user.username: person_of(user, hues[key]) for key, user in users.items()}
    people_here = [users[key] for key in map(username_key, subjects) if key in users]
    if not (in_chat or of_posts or people_here):
        in_chat = await all_speak_in_chats(session, platform.replace("\0", "\x01"))
    is_chat = in_chat or (bool(people_here) and all(user.is_of_chat for user in people_here))
    return Cast(
        _by_names(people, is_chat=is_chat), is_chat, has_chats, await zones_of_rooms(session, rooms)
    )


async def cast_of_usernames(session: AsyncSession, value: object) -> Cast:
    """Return who is named in a value, called by their usernames, as programs and commands do."""
    return replace(await cast_of(session, named_in(value).usernames), people={})


async def as_messages(db: Readable, message: Message) -> Message:
    """Return an English sentence, about messages if everyone whom it names speaks in chats, as far
    as the database can be read.
    """
    if "post" in message.template:
        with suppress(AppError):
            async with db.read() as session:
                cast = await cast_of_usernames(session, message)
            with bound(cast), i18n.speaking("en"):
                return Message(i18n.translate_message(message))
    return message


def _by_names(people: Mapping[str, Person], *, is_chat: bool) -> dict[str, Person]:
    """Return the people. On pages of chats, they are called by the names that their chats show.
    People of chats whose names do not differ are called by their usernames.
    """
    speakers = [one for one in people.values() if is_chat or one.is_speaker]
    names = chain.from_iterable({one.username, one.display_name} for one in speakers)
    times = Counter(map(username_key, names))
    called = dict(people)
    for one in speakers:
        if times[username_key(one.display_name)] > 1:
            called[one.username] = one._replace(display_name=one.name)
        elif is_chat:
            called[one.username] = one._replace(name=one.display_name)
    return called


def person_of(user: NamedUser, hue: str) -> Person:
    username, display_name = user.username, user.display_name or user.username
    is_made_of = username_key(username_for(display_name)) == username_key(username)
    name = display_name if is_made_of else username
    return Person(username, name, display_name, hue, user.is_of_chat)


@contextmanager
def bound(cast: Cast) -> Iterator[None]:
    with i18n.holding(_bound, cast), i18n.speaking_of(messages=cast.is_chat):
        yield


def current_cast() -> Cast:
    return _bound.get() or NOBODY


def _named(username: str) -> Person | None:
    cast = _bound.get()
    if cast is None:  # Tests turn this warning into an error.
        warnings.warn("a person is named outside of `bound`, by the username", stacklevel=3)
        return None
    return cast.people.get(username)


def in_sentence(name: str) -> str:
    """Return a name between marks that keep it, from right to left, from turning what is beside."""
    return f"{TO_RIGHT}{name}{TO_RIGHT}" if is_from_right(name) else name


def shown_name(username: str) -> str:
    person = _named(username)
    return in_sentence(person.name if person else username)


def display_name(username: str) -> str:
    person = _named(username)
    return person.display_name if person else username


def hue(username: str | None) -> str:
    person = current_cast().people.get(username or "")
    return person.hue if person else NO_HUE


def is_speaker(username: str) -> bool:
    person = current_cast().people.get(username)
    return person is not None and person.is_speaker


def chat_zone(post: Post) -> str | None:
    return current_cast().zones.get(post.room.id) if post.room else None


def has_chats() -> bool:
    return current_cast().has_chats


def post_count(count: int, username: str | None = None) -> str:
    """Return a number of an author's posts or messages in words."""
    messages = current_cast().is_chat if username is None else is_speaker(username)
    with i18n.speaking_of(messages=messages):
        text = i18n.ngettext("{count} post", "{count} posts", count)
    return text.format(count=i18n.show_number(count))


class OwnHue(NamedTuple):
    posts: int
    room_id: int | None = None
    """The chat with most of their posts; None if most have no chat."""
    place: int | None = None
    """Place of their own colour: in that chat, or of an author outside of chats."""


def place_of(user_id: int, *, has_chats: bool) -> int:
    """Return the place of the colour of an author outside of chats.

    People of chats have the first colours, so these authors begin with the last clear one.
    """
    place = (user_id - 1) % HUES
    return CLEAR_HUES - 1 - place if has_chats and place < CLEAR_HUES else place


def hues_of(guests: Mapping[str, OwnHue], first: Iterable[str]) -> dict[str, str]:
    """Return classes of colours by case-folded name: a person has one colour on all pages.

    But those whom a page tells apart, the first, have different ones: where two of them have one
    colour, the later one takes the clearest free one. Authors outside of chats give way to people
    of chats. All others keep their own.
    """
    heads = [key for key in dict.fromkeys(map(username_key, first)) if key in guests]
    places: dict[str, int] = {}
    for start in range(0, len(heads), HUES):
        _deal(heads[start : start + HUES], guests, places)
    others = {key: guest.place for key, guest in guests.items() if key not in places}
    places |= {key: place for key, place in others.items() if place is not None}
    _deal([key for key in sorted(others) if key not in places], guests, places)
    return {key: f"author-{place % HUES + 1}" for key, place in places.items()}


def _deal(group: Sequence[str], guests: Mapping[str, OwnHue], places: dict[str, int]) -> None:
    taken: dict[int, int | None] = {}
    for key in sorted(group, key=lambda key: guests[key].room_id is None):
        room_id, place = guests[key].room_id, guests[key].place
        # The people of one chat have the colours of its page, also the 25th.
        if place is not None and (place not in taken or None is not taken[place] == room_id):
            places[key] = place
            taken[place] = room_id
    free = (place for place in range(HUES) if place not in taken)
    for key in group:
        if key not in places:
            places[key] = next(free, len(places))


class FoundNames(NamedTuple):
    usernames: set[str]
    rooms: set[int]


def named_in(value: object) -> FoundNames:
    """Return what is named in a value of structs, lists and mappings of any depth."""
    named = FoundNames(set(), set())
    _collect(value, named)
    return named


def _collect(value: Any, named: FoundNames) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is PostRoom:
        named.rooms.add(value.id)
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            (_take if key in _NAMES else _collect)(item, named)
    elif kind in (list, tuple, set, frozenset):
        for item in value:
            _collect(item, named)
    else:
        held, deeper = _fields_of(value.__class__)
        for field in held:
            _take(getattr(value, field), named)
        for field in deeper:
            _collect(getattr(value, field), named)


def _take(value: object, named: FoundNames) -> None:
    if isinstance(value, str):
        named.usernames.add(value)
    elif isinstance(value, Iterable):
        named.usernames.update(item if isinstance(item, str) else item[0] for item in value)


# By their types only a few fields are looked at: looking at all values took 50 times as long.
@cache
def _fields_of(kind: type[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hints = _hints(kind)
    held = tuple(name for name in hints if name in _NAMES)
    deeper = (name for name in hints if name not in _NAMES and _may_name(hints[name], frozenset()))
    return held, tuple(deeper)


def _hints(kind: type[Any]) -> dict[str, Any]:
    if issubclass(kind, Message):
        return {"values": Any}
    if issubclass(kind, Struct):
        names: Iterable[str] = kind.__struct_fields__
    elif is_dataclass(kind):
        names = [field.name for field in fields(kind)]
    else:
        names = getattr(kind, "_fields", ())
    hints = get_type_hints(kind) if names else {}
    return {name: hints.get(name, Any) for name in names}


def _may_name(hint: Any, above: frozenset[Any]) -> bool:
    """Return whether a type's values may hold usernames; `above` are the types that contain it."""
    if hint in _PLAIN or hint in above:
        return False
    if parts := get_args(hint):
        if get_origin(hint) in (dict, Mapping) and parts[0] is str:
            return True  # By its keys.
        return any(_may_name(part, above) for part in parts)
    untold = (Any, object, list, tuple, dict, set, frozenset)
    if hint in untold or isinstance(hint, TypeVar):
        return True
    if not isinstance(hint, type):  # What a Literal allows, or an ellipsis.
        return False
    inner = _hints(hint)
    return any(name in _NAMES or _may_name(part, above | {hint}) for name, part in inner.items())


def numbered_initials(names: Sequence[str]) -> list[str]:
    plain = (unicodedata.normalize("NFC", name) for name in names)
    firsts = [next(filter(str.isalnum, name), name[:1]).upper() for name in plain]
    times, placed = Counter(firsts), Counter[str]()
    initials = []
    for first in firsts:
        placed[first] += 1
        initials.append(f"{first}{placed[first]}" if times[first] > 1 else first)
    return initials
