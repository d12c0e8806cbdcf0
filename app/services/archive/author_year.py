"""A year of an author: when they wrote, which words came and went, whom they answered."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import span_of_year
from app.compute.languages import guess_main_language
from app.compute.mentions import NameCount, count_mentions
from app.compute.wording import GainedWord, gained_words, posts_with_words
from app.errors import NotFoundError
from app.models import Tweet
from app.services.archive.calendar import CalendarYear, calendar_of
from app.services.archive.memories import most_liked
from app.services.archive.numbers import scan_author, scanned_posts
from app.services.posts.scanning import Scan
from app.services.posts.statistics import have_posts
from app.services.posts.tweets import Post, as_post, select_posts
from app.services.posts.users import Author

FEWEST_COMPARED: Final = 20
"""Posts that a year needs for its words to be compared with another one's."""
MOST_COMPARED: Final = 3_000
"""Posts of a year whose words are compared: the newest."""
MOST_WORDS: Final = 12
MOST_ANSWERED: Final = 8
MOST_LIKED: Final = 3


class YearWord(
    GainedWord, frozen=True, rename={"posts": "tweets", "posts_beside": "tweets_beside"}
):
    """A word that is in clearly more posts of a year than of the year beside it."""

    posts: Annotated[int, Meta(description="Posts of the year with the word.")]
    posts_beside: Annotated[int, Meta(description="Posts of the other year with it.")]


class WordsOfYear(msgspec.Struct, frozen=True):
    """What is typical of a year beside another one."""

    year: Annotated[int, Meta(description="The other year.")]
    words: Annotated[list[YearWord], Meta(description="The clearest first.")]


class AuthorYear(msgspec.Struct, frozen=True):
    """A year of an author, in a time zone."""

    user: Author
    tz: str
    calendar: CalendarYear
    came: Annotated[
        WordsOfYear | None,
        Meta(description="Beside the year before; null where either has fewer than 20 posts."),
    ]
    went: Annotated[
        WordsOfYear | None,
        Meta(description="Beside the year after; null where either has fewer than 20 posts."),
    ]
    answered: Annotated[list[NameCount], Meta(description="Whom replies answer, by username.")]
    most_liked: list[Post]
    first: Post
    last: Post


async def read_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> AuthorYear:
    """Return a year of the author. Raises NotFoundError where it has no posts."""
    span = span_of_year(year, zone)
    if not (await have_posts(session, author.id, [span]))[0]:
        raise NotFoundError(
            "There are no posts by '{username}' in {year}", username=author.username, year=year
        )
    calendar = await calendar_of(session, author, zone, year)
    edges = [await _edge(session, author, year, zone, is_last=is_last) for is_last in (False, True)]
    if calendar is None or None in edges:
        raise NotFoundError("User '{username}' doesn't exist", username=author.username)
    liked = await most_liked(session, author.id, limit=MOST_LIKED, span=span)
    scans = [await _scan_year(session, author, year + step, zone) for step in (-1, 0, 1)]
    came, went, answered = await asyncio.to_thread(_compare, scans, author, year)
    first, last = (edge for edge in edges if edge)
    return AuthorYear(author, zone.key, calendar, came, went, answered, liked, first, last)


async def _scan_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> Scan:
    since, until = span_of_year(year, zone)
    is_of_year = Tweet.created_at >= since, Tweet.created_at < until
    return await scan_author(session, author, *is_of_year, limit=MOST_COMPARED)


async def _edge(
    session: AsyncSession, author: Author, year: int, zone: ZoneInfo, *, is_last: bool
) -> Post | None:
    """Return the first or the last post of a year."""
    since, until = span_of_year(year, zone)
    of_year = select_posts().where(
        Tweet.user_id == author.id, Tweet.created_at >= since, Tweet.created_at < until
    )
    order = (Tweet.created_at, Tweet.id)
    ordered = of_year.order_by(*((column.desc() if is_last else column) for column in order))
    row = (await session.execute(ordered.limit(1))).first()
    return as_post(row) if row else None


def _compare(
    scans: Sequence[Scan], author: Author, year: int
) -> tuple[WordsOfYear | None, WordsOfYear | None, list[NameCount]]:
    """Return the words beside the year before and after, and whom the author answered."""
    texts = [of_year.text for of_year in scans]
    spreads = [posts_with_words(of_year) for of_year in texts]
    language = guess_main_language(texts[1])

    def gained(place: int, year_beside: int) -> WordsOfYear | None:
        if min(len(texts[1]), len(texts[place])) < FEWEST_COMPARED:
            return None
        words = gained_words(
            spreads[1], spreads[place], YearWord, language=language, most=MOST_WORDS
        )
        return WordsOfYear(year_beside, words)

    answered = count_mentions(scanned_posts(scans[1], author), most=MOST_ANSWERED).answered
    return gained(0, year - 1), gained(2, year + 1), answered
