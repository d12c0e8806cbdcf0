"""The posts that a model card was measured on: what stands behind its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.compare.card import Answer, Made
from app.services.posts.tweets import Post, find_posts


@dataclass(frozen=True, slots=True)
class AskedPost:
    """A post that was held out, for whose it was taken, and how surely."""

    post: Post
    taken_for: str
    claimed: float
    is_right: bool


def select_answers(
    made: Made, *, written_by: str = "", taken_for: str = "", tenth: int | None = None
) -> list[Answer]:
    """Return the answers of these authors and of this bin, those to the newest posts first."""
    names = [author.username.casefold() for author in made.card.authors]
    author, said = written_by.casefold(), taken_for.casefold()
    return [
        answer
        for answer in made.answers
        if (not author or names[answer.author] == author)
        and (not said or names[answer.taken_for] == said)
        and (tenth is None or answer.tenth == tenth)
    ]


async def read_asked(
    session: AsyncSession, made: Made, answers: Sequence[Answer]
) -> list[AskedPost]:
    """Return the posts of these answers, but what has been deleted since."""
    posts = await find_posts(session, [answer.tweet_id for answer in answers])
    return [
        AskedPost(
            posts[answer.tweet_id],
            made.card.authors[answer.taken_for].username,
            answer.claimed,
            answer.author == answer.taken_for,
        )
        for answer in answers
        if answer.tweet_id in posts
    ]
