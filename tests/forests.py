"""Forests of replies: posts that answer each other, with branches, gaps, circles, in any order."""

from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import strategies as st

AUTHORS = ("mina", "Jiho", "ann@a.example")


class Leaf(NamedTuple):
    """A post: its author and number, and those of the post that it answers."""

    author: str
    number: int
    answers: tuple[str, int] | None
    names_author: bool
    """Whether the answered author is named, where that is the author's own."""

    @property
    def key(self) -> tuple[str, int]:
        return self.author, self.number


keys = st.tuples(st.sampled_from(AUTHORS), st.integers(0, 11))
leaves = st.builds(
    lambda key, answers, names_author: Leaf(key[0], key[1], answers, names_author),
    keys,
    st.none() | keys,
    st.booleans(),
)
chains = st.tuples(st.sampled_from(AUTHORS), st.integers(2, 12)).map(
    lambda pair: [
        Leaf(pair[0], n, (pair[0], n - 1) if n else None, names_author=False)
        for n in range(pair[1])
    ]
)


def _shuffled(parts: tuple[list[Leaf], list[Leaf], list[int]]) -> list[Leaf]:
    """Return each post once; of those with one key the first."""
    chain, others, order = parts
    unique = list({leaf.key: leaf for leaf in reversed([*chain, *others])}.values())
    places = {leaf.key: order[n % len(order)] for n, leaf in enumerate(unique)}
    return sorted(unique, key=lambda leaf: places[leaf.key])


forests = st.tuples(
    st.just([]) | chains,
    st.lists(leaves, min_size=1, max_size=20),
    st.lists(st.integers(0, 99), min_size=7, max_size=7),
).map(_shuffled)


def answers_of(
    forest: Iterable[Leaf], ids: dict[tuple[str, int], int]
) -> dict[tuple[str, int], int | None]:
    """Return what each post that has an id answers, if that has one too."""
    return {
        leaf.key: ids.get(leaf.answers) if leaf.answers else None
        for leaf in forest
        if leaf.key in ids
    }


def chains_of(forest: Iterable[Leaf], ids: dict[tuple[str, int], int]) -> dict[int, int]:
    """Return the first post of each own chain, slowly; a circle begins at its lowest id."""
    own = {
        ids[leaf.key]: ids[leaf.answers]
        for leaf in forest
        if leaf.key in ids and leaf.answers in ids and leaf.answers != leaf.key
        if leaf.answers[0] == leaf.author
    }

    def first(post: int) -> int:
        path = [post]
        while (above := own.get(path[-1])) is not None:
            if above in path:
                return min(path[path.index(above) :])
            path.append(above)
        return path[-1]

    return {post: first(post) for post in {*own, *own.values()}}
