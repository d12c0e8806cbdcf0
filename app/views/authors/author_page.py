"""The page of an author: what sets them apart, their newest posts, and their archive."""

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
"""Pictures that fill a row of the page; fewer are in a column."""
FEWEST_LISTS: Final = 3
"""Lists of names that fill a row of the page; fewer are in a column."""
LINE: Final = 27
"""Height of a line, in pixels."""
CARD: Final = 100
"""Height of a card's heading and the blank below, in pixels."""

Height = tuple[int, int]
"""Pixels in the wide column, and in the narrow one."""


class Placing(NamedTuple):
    wide: Sequence[str]
    narrow: Sequence[str]
    gap: int
    """Pixels by which one column ends before the other."""


@dataclass(frozen=True, slots=True)
class PageCard:
    name: str
    height: Height


def card_of_posts(name: str, posts: Sequence[Post], beside: int = 0) -> PageCard:
    """Return a card of posts; `beside` is the height of its other contents."""
    # A line has 74 letters in the wide column, 40 in the narrow one.
    wide, narrow = (
        CARD + beside + sum(_height(post, letters) for post in posts) for letters in (74, 40)
    )
    return PageCard(name, (wide, narrow))


def placed(cards: Sequence[PageCard]) -> Placing:
    """Return the columns that end at about the same height; the first card begins the wide one."""
    if not cards:
        return Placing([], [], 0)
    first, *further = cards
    # Which cards are in the wide column, by the number of pixels that it is higher.
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
    most_lines = 10
    begin = post.text[: most_lines * letters]
    # A Korean letter is as wide as two others.
    width = sum(1 + (east_asian_width(letter) in "WF") for letter in begin)
    lines = min(ceil(width / letters), most_lines)
    around, picture = 64, 220
    return around + LINE * lines + (picture if post.media else 0)


POSTS_FIRST: Final = 3
"""Posts in sight; a link leads to further ones."""
MOST_POSTS: Final = 6
"""Posts in sight if the other column is higher."""


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
    """Whether days are in the time zone of the author's chats."""
    is_public: bool
    """Whether programs that read feeds, which cannot sign in, have access."""
    at_sight_reach: Reach = AT_SIGHT
    most_again: int = 2
    """Years whose posts of this day are in sight; earlier years are folded."""
    rooms_in_sight: int = 4

    @cached_property
    def at_sight(self) -> AuthorAtSight:
        return AuthorAtSight(self.archive, self.traits.clear, self.others_called)

    @cached_property
    def others_called(self) -> str:
        traits = self.traits
        only_other = shown_name(traits.only_other) if traits.only_other else ""
        return called(traits.others, only_other, is_of_chat=traits.room is not None)

    @property
    def hours(self) -> list[Figure[Columns]]:
        """The figures of hours and weekdays, if there are enough days for a drawing."""
        return self.counted if self.at_sight.is_drawn else []

    @cached_property
    def counted(self) -> list[Figure[Columns]]:
        return columns_of(self.archive)

    @cached_property
    def signs_told(self) -> str:
        """A sentence on the typical signs; empty without any."""
        signs = [f"“{term.text}”" for term in self.archive.typical if term.is_mark]
        return tell("signs", signs=show_list(signs)) if signs else ""

    @cached_property
    def lists(self) -> list[MostNamed]:
        return lists_of(self.archive)

    @property
    def placing(self) -> Placing:
        return self._placings[len(self.posts_in_sight)]

    @cached_property
    def posts_in_sight(self) -> list[Post]:
        """As many of the newest posts as make the columns end at about the same height."""
        gaps = {
            count: placing.gap for count, placing in self._placings.items() if count >= POSTS_FIRST
        }
        even = (count for count, gap in gaps.items() if gap < 100)
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
        shown = self.posts_in_sight
        if len(shown) == len(self.posts):
            return self.next_cursor
        return cursor_of((shown[-1].created_at, shown[-1].id))

    @property
    def full_cards(self) -> list[str]:
        """The cards that are as wide as the page."""
        pictures = ["pictures"] if len(self.archive.pictures) >= FEWEST_IN_ROW else []
        return [*pictures, *(["lists"] if len(self.lists) >= FEWEST_LISTS else [])]

    def _card_of_posts(self, count: int) -> PageCard:
        has_more = self.next_cursor or count < len(self.posts)
        return card_of_posts("posts", self.posts[:count], beside=100 if has_more else 0)

    def _cards(self) -> Iterator[PageCard]:
        """Yield the cards after the newest posts, in their order."""
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
        again = [post for year in archive.on_this_day[: self.most_again] for post in year.items]
        # Without posts, the card is the place for posts of the viewer's own day.
        yield card_of_posts("today", again) if again else PageCard("today", (0, 0))
        if archive.most_liked:
            yield card_of_posts("liked", archive.most_liked, LINE * len(archive.most_liked))
        if len(self.rooms) > 1:
            height = CARD + 2 * LINE * min(len(self.rooms), self.rooms_in_sight)
            yield PageCard("rooms", (height, height))
        if 0 < len(archive.pictures) < FEWEST_IN_ROW:
            yield PageCard("pictures", (340, 340))
        if 0 < len(self.lists) < FEWEST_LISTS:
            rows_of = [CARD // 2 + 29 * min(len(figure.counts), 8) for figure in self.lists]
            yield PageCard("lists", (CARD + max(rows_of), CARD + sum(rows_of)))
