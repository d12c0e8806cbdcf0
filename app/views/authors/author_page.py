"""The page of one author: what sets them apart, their newest posts, and their archive."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.language.i18n import gettext, show_list
from app.services.archive.author_archive import AuthorArchive
from app.services.archive.author_traits import AT_SIGHT, AuthorTraits
from app.services.archive.beside import Reach
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts
from app.views.authors.at_sight import AuthorAtSight
from app.views.authors.calendar import PostingYear
from app.views.authors.figures import MostNamed, columns_of, lists_of
from app.views.authors.placing import (
    CARD,
    FEWEST_IN_ROW,
    FEWEST_LISTS,
    LINE,
    PageCard,
    Placing,
    card_of_posts,
    placed,
)
from app.views.cast import shown_name
from app.views.drawings import Columns
from app.views.figure import Figure
from app.views.habit_words import called
from app.views.page import WebPage
from app.views.requests import cursor_of

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


class AuthorPage(AuthorPostsPage, frozen=True, kw_only=True):
    template = "authors/author.html"

    archive: AuthorArchive
    traits: AuthorTraits
    posting: PostingYear | None
    rooms: list[RoomFacts]
    has_own_zone: bool
    """Whether its days are in the time zone of the author's chats."""
    is_public: bool
    """Programs that read feeds cannot sign in."""

    @property
    def at_sight(self) -> AuthorAtSight:
        return AuthorAtSight(self.archive, self.traits.clear, self.others_called)

    @property
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
        return columns_of(self.archive) if self.at_sight.is_drawn else []

    @property
    def counted(self) -> list[Figure[Columns]]:
        """What is told of in numbers."""
        return columns_of(self.archive)

    @property
    def signs_told(self) -> str:
        """Which signs are typical, in a sentence; nothing where none is."""
        signs = [f"“{term.text}”" for term in self.archive.typical if term.is_mark]
        text = gettext("Writes {signs} more often than others.")
        return text.format(signs=show_list(signs)) if signs else ""

    @property
    def lists(self) -> list[MostNamed]:
        return lists_of(self.archive)

    @property
    def placing(self) -> Placing:
        """Which card stands in which column."""
        return self._placing_of(len(self.posts_in_sight))

    @property
    def posts_in_sight(self) -> list[Post]:
        """So many of the newest posts that the columns end at about the same height."""
        counts = range(POSTS_FIRST, len(self.posts) + 1)
        gaps = {count: self._placing_of(count).gap for count in counts}
        even = (count for count, gap in gaps.items() if gap < EVEN)
        return self.posts[: next(even, min(gaps, key=gaps.__getitem__, default=POSTS_FIRST))]

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

    def _placing_of(self, posts: int) -> Placing:
        return placed([*self._cards(self.posts[:posts])])

    def _cards(self, posts: Sequence[Post]) -> Iterator[PageCard]:
        """Yield the cards of the columns, in their order."""
        archive = self.archive
        has_more = self.next_cursor or len(posts) < len(self.posts)
        yield card_of_posts("posts", posts, beside=100 if has_more else 0)
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
