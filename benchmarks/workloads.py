"""What is asked for: the lines of a round, METHOD, PATH and BODY with tabs between them."""

import random
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final
from urllib.parse import quote

from benchmarks.databases import username

API: Final = "/api/v1/users"
LINES: Final = 40_000
INSERTED_SHARE: Final = 0.05
TEXT: Final = "a new post, and in it some words that nobody has written before:"

Lines = Callable[[int], Sequence[str]]


def list_path(author: int) -> str:
    return f"{API}/{username(author)}/tweets"


def user_path(author: int) -> str:
    return f"{API}/{username(author)}"


def zipf(chance: random.Random, authors: int, count: int) -> list[int]:
    """Return authors drawn by Zipf's law: the n-th most popular one 1/n as often as the first."""
    weights = list(accumulate(1 / rank for rank in range(1, authors + 1)))
    order = list(range(authors))
    random.Random(11).shuffle(order)
    return chance.choices(order, cum_weights=weights, k=count)


def hot(authors: int, count: int = LINES) -> Lines:
    """Reads of an author's newest posts, the popular ones often."""

    def lines(number: int) -> list[str]:
        chosen = zipf(random.Random(number), authors, count)
        return [f"GET\t{list_path(author)}" for author in chosen]

    return lines


def cold(authors: int, path: Callable[[int], str]) -> Lines:
    """Reads of always another author, all of them in an order of the round's own."""

    def lines(number: int) -> list[str]:
        order = list(range(authors))
        random.Random(number).shuffle(order)
        return [f"GET\t{path(author)}" for author in order]

    return lines


def inserts(authors: int, count: int = LINES) -> Lines:
    """New posts, of any author."""

    def lines(number: int) -> list[str]:
        chance = random.Random(number)
        return [_insert(chance, chance.randrange(authors)) for _ in range(count)]

    return lines


def mixed(authors: int, count: int = LINES) -> Lines:
    """Reads as in `hot`, and one request in 20 a new post of an author so chosen."""

    def lines(number: int) -> list[str]:
        chance = random.Random(number)
        return [
            _insert(chance, author)
            if chance.random() < INSERTED_SHARE
            else f"GET\t{list_path(author)}"
            for author in zipf(chance, authors, count)
        ]

    return lines


def _insert(chance: random.Random, author: int) -> str:
    return f'POST\t{list_path(author)}\t{{"text": "{TEXT} {chance.getrandbits(64):x}"}}'


def comparisons(
    authors: Sequence[str], texts: Sequence[str], count: int = 10_000, *, named: int = 2
) -> Lines:
    """Comparisons of so many authors for always another text of the length of a post."""

    def lines(number: int) -> list[str]:
        chance = random.Random(number)
        return [
            f"GET\t/api/v1/compare?text={quote(_other(chance, texts))}"
            + "".join(f"&username={quote(author)}" for author in chance.sample(authors, named))
            for _ in range(count)
        ]

    return lines


def _other(chance: random.Random, texts: Sequence[str]) -> str:
    words = f"{chance.choice(texts)} {chance.choice(texts)}".split()
    return " ".join(chance.sample(words, len(words) // 2))
