"""Chains of an author's own replies: what was written as one piece is held out as one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class ChainedPost(NamedTuple):
    """A post of an author, and the chain that it is in."""

    text: str
    chain: int
    """The number of its chain; one of its own where it is in none."""
    length: int = 1
    """How many posts the whole chain has."""


def chains_of(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest number in the chain of each post that is in one.

    A link is the numbers of a post and of one of the same author that it answers.
    """
    pairs = [link for link in links if link[0] != link[1]]
    lower: dict[int, int] = {}
    """Leads from a post to a lower one of its chain."""

    def lowest(post: int) -> int:
        while (below := lower.get(post, post)) != post:
            lower[post] = post = lower.get(below, below)
        return post

    for link in pairs:
        low, high = sorted(map(lowest, link))
        lower[high] = low
    return {post: lowest(post) for link in pairs for post in link}


def chained(posts: Iterable[tuple[int, str]], chains: Mapping[int, int]) -> list[ChainedPost]:
    """Return numbered posts with their chains, in their order.

    `chains` are those of all posts of the author (`chains_of`).
    """
    lengths = Counter(chains.values())
    places = ((text, chains.get(number, number)) for number, text in posts)
    return [ChainedPost(text, chain, lengths.get(chain, 1)) for text, chain in places]


def units_of(posts: Iterable[ChainedPost]) -> list[list[str]]:
    """Return the texts of posts in units to be held out: a chain is one, so that no part tells of
    another.

    Chains of which some posts are not among these are left out.
    """
    units: defaultdict[int, list[ChainedPost]] = defaultdict(list)
    for post in posts:
        units[post.chain].append(post)
    whole = (unit for unit in units.values() if len(unit) >= unit[0].length)
    return [[post.text for post in unit] for unit in whole]
