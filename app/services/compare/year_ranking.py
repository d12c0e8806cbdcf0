"""The years of one author for a text, as the API shows them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.compute.case import Case
from app.compute.years import AuthorYears, YearVerdict, rank_years
from app.services.compare.marked_pieces import YearEvidence, pieces_for
from app.services.compare.question import Question


class YearPosts(msgspec.Struct, frozen=True):
    """A year, and its posts with words."""

    year: int
    tweets: Annotated[int, Meta(description="Posts with words; repetitions count once.")]


class RankedYear(msgspec.Struct, frozen=True):
    year: int
    probability: Annotated[float, Meta(description="If the author wrote it then; all sum to 1.")]
    tweets: Annotated[int, Meta(description="How many posts with words it rests on.")]


class ComparedYears(msgspec.Struct, frozen=True):
    """Which year of the author the text sounds like, if the author wrote it."""

    username: str
    tz: Annotated[str, Meta(description="The time zone in which the years begin.")]
    ranking: Annotated[
        list[RankedYear], Meta(description="Years of 100 posts or more, the likeliest first.")
    ]
    verdict: Annotated[
        YearVerdict,
        Meta(description="`year` from 2 : 1 on, `few` with fewer than two years of 100 posts."),
    ]
    evidence: Annotated[list[YearEvidence], Meta(description="Empty with `explain` turned off.")]
    posts: Annotated[list[YearPosts], Meta(description="All years with posts, in their order.")]


def ranked_years(case: Case, known: AuthorYears, question: Question) -> ComparedYears:
    """Return the years for the texts of a case whose only suspect is their author."""
    ranking = rank_years(case, known, explain=question.explain)
    return ComparedYears(
        username=case.suspects[0].username,
        tz=question.zone.key,
        ranking=[RankedYear(year, share, known.posts[year]) for year, share in ranking.shares],
        verdict=ranking.verdict,
        evidence=pieces_for(YearEvidence, case.text, ranking.marks),
        posts=[YearPosts(year, count) for year, count in known.posts.items()],
    )
