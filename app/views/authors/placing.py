"""Which cards of an author's page stand in which of its two columns, so that none ends long before
the other; heights are in pixels, about."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from app.services.posts.tweets import Post

FEWEST_IN_ROW: Final = 6
"""Pictures that fill a row of the page; fewer stand in a column."""
FEWEST_LISTS: Final = 3
"""Lists of names that fill one, likewise."""
LONGEST_LINE: Final = (74, 40)
"""Letters of a line in the wide column, and in the narrow one; a Korean one is as wide as two."""
MOST_LINES: Final = 10
LINE: Final = 27
CARD: Final = 100
"""A card with its heading, and the blank below."""
POST: Final = 64
"""What is above a post, and below."""
PICTURE: Final = 220
"""That stands in a post."""

Height = tuple[int, int]
"""In the wide column, and in the narrow one."""


class Placing(NamedTuple):
    """The names of the cards in each column."""

    wide: Sequence[str]
    narrow: Sequence[str]
    gap: int
    """By how much one ends before the other."""


@dataclass(frozen=True, slots=True)
class PageCard:
    """A card of the page, as high as what is in it."""

    name: str
    height: Height


def card_of_posts(name: str, posts: Sequence[Post], beside: int = 0) -> PageCard:
    """Return a card of posts, with what else is in it."""
    wide, narrow = (
        CARD + beside + sum(_height(post, letters) for post in posts) for letters in LONGEST_LINE
    )
    return PageCard(name, (wide, narrow))


def placed(cards: Sequence[PageCard]) -> Placing:
    """Return the columns that end at about the same height; the first card begins the wide one."""
    if not cards:
        return Placing([], [], 0)
    first, *further = cards
    # By how much higher the wide column is: which cards stand in it.
    choices: dict[int, list[bool]] = {first.height[0]: []}
    for card in further:
        wide, narrow = card.height
        choices = {
            higher + change: [*chosen, is_wide]
            for higher, chosen in choices.items()
            for is_wide, change in ((True, wide), (False, -narrow))
        }
    least = min(choices, key=abs)
    best = [*zip(further, choices[least], strict=True)]
    return Placing(
        [first.name, *(card.name for card, is_wide in best if is_wide)],
        [card.name for card, is_wide in best if not is_wide],
        abs(least),
    )


def _height(post: Post, letters: int) -> int:
    begin = post.text[: MOST_LINES * letters]
    width = sum(1 + (east_asian_width(letter) in "WF") for letter in begin)
    lines = min(ceil(width / letters), MOST_LINES)
    return POST + LINE * lines + (PICTURE if post.media else 0)
