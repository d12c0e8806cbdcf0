"""The page of one author: what sets them apart, their newest posts, and their archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from app.drawing.drawings import Columns
from app.language.i18n import show_list
from app.language.tell import tell
from app.services.archive.author_archive import AuthorArchive
from app.services.archive.author_portrait import AT_SIGHT, AuthorTraits, Reach
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts
from app.views.authors.calendar import PostingYear
from app.views.authors.figures import AuthorAtSight, MostNamed, columns_of, lists_of
from app.views.cast import shown_name
from app.views.figure import Figure
from app.views.habit_words import called
from app.views.page import WebPage
from app.views.requests import cursor_of

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


POSTS_FIRST: Final = 3
"""Posts in sight; a link leads to further ones."""
MOST_POSTS: Final = 6
"""The same, where the other column is higher."""
EVEN: Final = 100
"""Pixels by which one column may end before the other."""
MOST_AGAIN: Final = 2
"""Years whose posts of this day are in sight; those of earlier ones are folded."""
ROOMS_IN_SIGHT: Final = 4


class AuthorPostsPage(WebPage, frozen=True, kw_only=True):
    template = "authors/author_posts.html"

    author: Author
    posts: list[Post]
    next_cursor: str | None


class AuthorPage(AuthorPostsPage, frozen=True, kw_only=True, dict=True):
    template = "authors/author.html"

    archive: AuthorArchive
    traits: AuthorTraits
    posting: PostingYear | None
    rooms: list[RoomFacts]
    has_own_zone: bool
    """Whether its days are in the time zone of the author's chats."""
    is_public: bool
    """Programs that read feeds cannot sign in."""

    @cached_property
    def at_sight(self) -> AuthorAtSight:
        return AuthorAtSight(self.archive, self.traits.clear, self.others_called)

    @cached_property
    def others_called(self) -> str:
        """What the people are called whom the author is compared with."""
        traits = self.traits
        only_other = shown_name(traits.only_other) if traits.only_other else ""
        return called(traits.others, only_other, is_of_chat=traits.room is not None)

    @property
    def at_sight_reach(self) -> Reach:
        """In how many posts it was counted what sets them apart."""
        return AT_SIGHT

    @property
    def hours(self) -> list[Figure[Columns]]:
        """When they write, where there is enough to be drawn."""
        return self.counted if self.at_sight.is_drawn else []

    @cached_property
    def counted(self) -> list[Figure[Columns]]:
        """What is told of in numbers."""
        return columns_of(self.archive)

    @cached_property
    def signs_told(self) -> str:
        """Which signs are typical, in a sentence; nothing where none is."""
        signs = [f"“{term.text}”" for term in self.archive.typical if term.is_mark]
        return tell("signs", signs=show_list(signs)) if signs else ""

    @cached_property
    def lists(self) -> list[MostNamed]:
        return lists_of(self.archive)

    @property
    def placing(self) -> Placing:
        """Which card stands in which column."""
        return self._placings[len(self.posts_in_sight)]

    @cached_property
    def posts_in_sight(self) -> list[Post]:
        """So many of the newest posts that the columns end at about the same height."""
        gaps = {
            count: placing.gap for count, placing in self._placings.items() if count >= POSTS_FIRST
        }
        even = (count for count, gap in gaps.items() if gap < EVEN)
        return self.posts[: next(even, min(gaps, key=gaps.__getitem__, default=POSTS_FIRST))]

    @cached_property
    def _placings(self) -> dict[int, Placing]:
        """The placing of the cards by the number of posts in sight."""
        cards = [*self._cards()]
        fewest = min(POSTS_FIRST, len(self.posts))
        return {
            count: placed([self._card_of_posts(count), *cards])
            for count in range(fewest, len(self.posts) + 1)
        }

    @property
    def cursor_in_sight(self) -> str | None:
        """Of the next page after these."""
        shown = self.posts_in_sight
        if len(shown) == len(self.posts):
            return self.next_cursor
        return cursor_of((shown[-1].created_at, shown[-1].id))

    @property
    def full_cards(self) -> list[str]:
        """The cards that are as wide as the page."""
        pictures = ["pictures"] if len(self.archive.pictures) >= FEWEST_IN_ROW else []
        return [*pictures, *(["lists"] if len(self.lists) >= FEWEST_LISTS else [])]

    @property
    def most_again(self) -> int:
        return MOST_AGAIN

    @property
    def rooms_in_sight(self) -> int:
        return ROOMS_IN_SIGHT

    def _card_of_posts(self, count: int) -> PageCard:
        has_more = self.next_cursor or count < len(self.posts)
        return card_of_posts("posts", self.posts[:count], beside=100 if has_more else 0)

    def _cards(self) -> Iterator[PageCard]:
        """Yield the cards of the columns after the newest posts, in their order."""
        archive = self.archive
        words = sum(not term.is_mark for term in archive.typical)
        if archive.typical:
            notes = LINE * (2 + bool(self.signs_told)) if words else 0
            rows = 32 * (-(-words // 5)), 32 * (-(-words // 3))
            yield PageCard("typical", (CARD + rows[0] + notes, CARD + rows[1] + 2 * notes))
        if self.hours:
            yield PageCard("hours", (210, 330))
        if self.posting and not self.at_sight.is_drawn:
            yield PageCard("calendar", (180, 210))
        again = [post for year in archive.on_this_day[:MOST_AGAIN] for post in year.items]
        # Without posts it is where those of the viewer's own day come.
        yield card_of_posts("today", again) if again else PageCard("today", (0, 0))
        if archive.most_liked:
            yield card_of_posts("liked", archive.most_liked, LINE * len(archive.most_liked))
        if len(self.rooms) > 1:
            yield PageCard("rooms", _all_of(CARD + 2 * LINE * min(len(self.rooms), ROOMS_IN_SIGHT)))
        if 0 < len(archive.pictures) < FEWEST_IN_ROW:
            yield PageCard("pictures", (340, 340))
        if 0 < len(self.lists) < FEWEST_LISTS:
            rows_of = [CARD // 2 + 29 * min(len(figure.counts), 8) for figure in self.lists]
            yield PageCard("lists", (CARD + max(rows_of), CARD + sum(rows_of)))


def _all_of(height: int) -> tuple[int, int]:
    return height, height
