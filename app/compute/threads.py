"""Chains of replies as trees."""

from collections.abc import Iterable, Mapping


def first_of_each(above: Mapping[int, int], posts: Iterable[int]) -> dict[int, int]:
    """Return the first post of the chain that each post, and each post above it, is in.

    `above` leads from a post to an earlier one of its chain. A circle begins at its lowest id.
    """
    first: dict[int, int] = {}
    for post in posts:
        path: dict[int, None] = {}
        at = post
        while at not in first and at not in path:
            path[at] = None
            at = above.get(at, at)
        if at not in first:
            steps = list(path)
            circle = steps[steps.index(at) :]
            first |= dict.fromkeys(circle, min(circle))
        first |= dict.fromkeys(path, first[at])
    return first
