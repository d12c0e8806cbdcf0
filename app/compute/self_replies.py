"""Chains of an author's replies to themselves, held out as a unit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class ChainedPost(NamedTuple):
    text: str
    chain: int
    """Number of the chain; a post outside chains has its own number."""
    length: int = 1


def chains_of(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest number in the chain of each chained post; links: post and answered post."""
    pairs = [link for link in links if link[0] != link[1]]
    lower: dict[int, int] = {}
    """For each post, a lower post of the same chain."""

    def lowest(post: int) -> int:
        while (below := lower.get(post, post)) != post:
            lower[post] = post = lower.get(below, below)
        return post

    for link in pairs:
        low, high = sorted(map(lowest, link))
        lower[high] = low
    return {post: lowest(post) for link in pairs for post in link}


def chained(posts: Iterable[tuple[int, str]], chains: Mapping[int, int]) -> list[ChainedPost]:
    lengths = Counter(chains.values())
    places = ((text, chains.get(number, number)) for number, text in posts)
    return [ChainedPost(text, chain, lengths.get(chain, 1)) for text, chain in places]


def units_of(posts: Iterable[ChainedPost]) -> list[list[str]]:
    """Return complete chains as units of texts, since their posts reveal each other."""
    units: defaultdict[int, list[ChainedPost]] = defaultdict(list)
    for post in posts:
        units[post.chain].append(post)
    whole = (unit for unit in units.values() if len(unit) >= unit[0].length)
    return [[post.text for post in unit] for unit in whole]
