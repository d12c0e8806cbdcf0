"""The posts behind the figures of a model card."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.compare.card import HeldOutAnswer, MeasuredCard
from app.services.posts.tweets import Post, find_posts


@dataclass(frozen=True, slots=True)
class HeldOutPost:
    """A post that was held out, and the answer for it."""

    post: Post
    taken_for: str
    claimed: float
    is_right: bool


def select_answers(
    made: MeasuredCard, *, written_by: str = "", taken_for: str = "", tenth: int | None = None
) -> list[HeldOutAnswer]:
    """Return the answers of these authors and of this bin, those for the newest posts first."""
    names = [author.username.casefold() for author in made.card.authors]
    author, said = written_by.casefold(), taken_for.casefold()
    return [
        answer
        for answer in made.answers
        if (not author or names[answer.author] == author)
        and (not said or names[answer.taken_for] == said)
        and (tenth is None or answer.tenth == tenth)
    ]


async def read_held_out(
    session: AsyncSession, made: MeasuredCard, answers: Sequence[HeldOutAnswer]
) -> list[HeldOutPost]:
    """Return the posts of these answers, except those deleted since."""
    posts = await find_posts(session, [answer.tweet_id for answer in answers])
    return [
        HeldOutPost(
            posts[answer.tweet_id],
            made.card.authors[answer.taken_for].username,
            answer.claimed,
            answer.author == answer.taken_for,
        )
        for answer in answers
        if answer.tweet_id in posts
    ]
