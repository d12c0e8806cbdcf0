"""The colours of the people of a page: whoever speaks in chats has the same one on every page."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from app.compute.text import username_key
from app.services.posts.named_users import NamedUser
from app.services.rooms.room_facts import Home

HUES: Final = 24
"""As many as style.css declares, the clearest first."""
CLEAR_HUES: Final = 8
"""So many of the first are told apart at a glance, any two of them."""
NO_HUE: Final = "author-0"


class Guest(NamedTuple):
    """Somebody on a page who gets a colour."""

    posts: int
    room_id: int | None = None
    """The chat in which most is written; None where most is written in none."""
    place: int | None = None
    """The place of the colour that they have there, from 0 on."""


def guests_of(users: Mapping[str, NamedUser], homes: Mapping[int, Home]) -> dict[str, Guest]:
    """Return the people of a page by case-folded name; `homes` are by id."""
    return {
        key: Guest(user.posts, home.room_id, home.place % HUES)
        if (home := homes.get(user.id))
        else Guest(user.posts)
        for key, user in users.items()
    }


def dealt(guests: Mapping[str, Guest], first: Iterable[str]) -> dict[str, str]:
    """Return the classes of colours by case-folded name.

    Where all are of one chat they have the colours that they have there. Else these first, and the
    others by their numbers of posts, have theirs as far as nobody before them has it; up to eight
    together have the clearest, so that any two are told apart. Whoever gives way, or has none, gets
    the clearest one that is free: the first ones of a long list before any that come after them.
    """
    heads = [key for key in dict.fromkeys(map(username_key, first)) if key in guests]
    followers = sorted(guests.keys() - {*heads}, key=lambda key: (-guests[key].posts, key))
    places: dict[str, int] = {}
    for group in (heads, followers):
        for start in range(0, len(group), HUES):
            _deal(group[start : start + HUES], guests, places)
    return {key: f"author-{place % HUES + 1}" for key, place in places.items()}


def _deal(group: list[str], guests: Mapping[str, Guest], places: dict[str, int]) -> None:
    """Add the colours of a group to those dealt before it."""
    together = [*places, *group]
    is_one_chat = len({guests[key].room_id for key in together}) == 1
    limit = HUES if is_one_chat or len(together) > CLEAR_HUES else CLEAR_HUES
    taken = {*places.values()}
    for key in group:
        place = guests[key].place
        if place is not None and place < limit and (is_one_chat or place not in taken):
            places[key] = place
            taken.add(place)
    free = (place for place in range(HUES) if place not in taken)
    for key in group:
        if key not in places:
            places[key] = next(free, len(places))
