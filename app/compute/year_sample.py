"""Posts that stand for the years of an author, counted once for all time zones.

Only posts of the first and the last day of a year are of another one in some time zone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from app.compute.profiles import NO_POSTS, AuthorProfile, with_posts

T = TypeVar("T")
FEWEST_POSTS: Final = 100
"""Posts with words that a year needs to be ranked."""
MOST_COUNTED: Final = 10_000
"""Posts of an author that are counted, shared evenly among the years: a second of work."""
RUNS: Final = 5
"""Runs of consecutive posts that are held out of each year: a topic lasts for some posts."""
HELD_OUT: Final = 50
"""Most posts that are held out of a year; of a small one a fifth."""
COUNTED_AT_ONCE: Final = 500
DAY_S: Final = 86_400
"""More than any time zone is away from UTC."""
EPOCH: Final = date(1970, 1, 1)
NO_SECONDS: Final[Mapping[int, Sequence[int]]] = MappingProxyType({})


class LoosePost(NamedTuple):
    """A post so near to the end of a year that its year is another one in some time zones."""

    second: int
    text: str
    is_held: bool
    """Whether it is held out of its year."""


@dataclass(frozen=True, slots=True, eq=False)
class YearPart:
    """Those of the chosen posts of a year that are of it in every time zone."""

    profile: AuthorProfile
    held_out: tuple[str, ...]
    """The texts that are held out."""
    count: int
    """How many posts both are."""


@dataclass(frozen=True, slots=True, eq=False)
class YearSample:
    """Posts that stand for the years of an author in any time zone, counted once for all."""

    parts: Mapping[int, YearPart] = field(default_factory=dict)
    loose: Sequence[LoosePost] = ()

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        parts = self.parts.values()
        texts = chain((post.text for post in self.loose), *(part.held_out for part in parts))
        size = sum(200 + 2 * len(text) for text in texts)
        return 1_000 + size + sum(part.profile.size_bytes for part in parts)


def thinned(posts: Sequence[T], most: int) -> list[T]:
    """Return so many of the posts at most, evenly chosen."""
    count = min(len(posts), most)
    return [posts[place * len(posts) // count] for place in range(count)]


def sample_of(
    texts: Mapping[int, Sequence[str]], seconds: Mapping[int, Sequence[int]] = NO_SECONDS
) -> YearSample:
    """Return the posts that stand for years in UTC, each in the order of time, counted.

    `seconds` are their times, from 1970; without them no post is near the end of its year. A text
    that is posted again counts once. It takes long: 0.1 ms for each post.
    """
    unlike = {year: _unlike(of_year, seconds.get(year)) for year, of_year in texts.items()}
    if _most_rankable(unlike) < 2:
        return YearSample()
    full = sum(len(of_year) >= FEWEST_POSTS for of_year in unlike.values())
    most = max(FEWEST_POSTS, MOST_COUNTED // max(1, full))
    parts: dict[int, YearPart] = {}
    loose: list[LoosePost] = []
    for year, of_year in unlike.items():
        staying: list[str] = []
        held_out: list[str] = []
        chosen = thinned(of_year, most)
        held_places = _held_places(len(chosen))
        for place, (text, second) in enumerate(chosen):
            is_held = place in held_places
            if second is not None and _other_year(year, second) is not None:
                loose.append(LoosePost(second, text, is_held))
            else:
                (held_out if is_held else staying).append(text)
        parts[year] = YearPart(
            with_many(NO_POSTS, staying), tuple(held_out), len(staying) + len(held_out)
        )
    return YearSample(parts, loose)


def with_many(profile: AuthorProfile, texts: Sequence[str]) -> AuthorProfile:
    """Return the profile with more posts, in memory that does not grow with their number."""
    for start in range(0, len(texts), COUNTED_AT_ONCE):
        profile = with_posts(profile, texts[start : start + COUNTED_AT_ONCE])
    return profile


def _unlike(texts: Sequence[str], seconds: Sequence[int] | None) -> list[tuple[str, int | None]]:
    """Return each text once, with the time of its first post."""
    first: dict[str, int | None] = {}
    for place, text in enumerate(texts):
        first.setdefault(text, seconds[place] if seconds else None)
    return list(first.items())


def _most_rankable(unlike: Mapping[int, Sequence[tuple[str, int | None]]]) -> int:
    """Return how many years can have enough posts in some time zone."""
    counts = Counter({year: len(of_year) for year, of_year in unlike.items()})
    for year, of_year in unlike.items():
        counts.update(
            neighbour
            for _, second in of_year
            if second is not None and (neighbour := _other_year(year, second)) is not None
        )
    return sum(count >= FEWEST_POSTS for count in counts.values())


def _other_year(year: int, second: int) -> int | None:
    """Return the year beside it that a post is of in some time zone; None for none."""
    day = second // DAY_S - (date(year, 1, 1) - EPOCH).days
    if day < 1:
        return year - 1
    return year + 1 if day >= (date(year, 12, 31) - date(year, 1, 1)).days else None


def _held_places(count: int) -> set[int]:
    """Return the places of the runs that are held out of so many posts."""
    length = min(HELD_OUT, count // 5) // RUNS
    step = count // RUNS
    starts = range((step - length) // 2, step * RUNS, step) if length else ()
    return {place for start in starts for place in range(start, start + length)}
