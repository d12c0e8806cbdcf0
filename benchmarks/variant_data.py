"""Posts as sparse matrices of features, one group at a time, for comparing ways to score."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from app.compute.attribution import DAMPING
from app.compute.background import FIRST_POSTS, UNSEEN_SHARE
from app.compute.counts import Counts, tally
from benchmarks.accuracy_data import Row

KNOWN_SHARE: Final = 0.8
VOCABULARY: Final = 4096

Array = NDArray[np.float64]


class Posts:
    """The posts, by author and in time, and which of them are known."""

    def __init__(self, rows: Iterable[Row]) -> None:
        own: dict[str, list[Row]] = {}
        for row in rows:
            if not row.is_test:
                own.setdefault(row.author, []).append(row)
        listed = [own[name] for name in sorted(own)]
        self.texts = [row.text for posts in listed for row in posts]
        self.authors = np.repeat(np.arange(len(listed)), [len(posts) for posts in listed])
        shares = np.concatenate([np.arange(len(posts)) / len(posts) for posts in listed])
        self.is_known = shares < KNOWN_SHARE
        self.asked = self.authors[~self.is_known]
        self.korean = np.array([posts[0].lang == "ko" for posts in listed])
        self.size = len(listed)


class Group:
    """The features of one group in all posts, as sparse matrices."""

    def __init__(self, posts: Posts, counts: Sequence[Counts], prior: float) -> None:
        keys, places = np.unique(np.concatenate([c.keys for c in counts]), return_inverse=True)
        starts = np.cumsum([0, *(c.keys.size for c in counts)])
        amounts = np.concatenate([c.counts for c in counts]).astype(np.float64)
        shape = (len(counts), keys.size)
        each: Any = sparse.csr_matrix((amounts, places, starts), shape=shape)
        known = (posts.is_known.astype(float), (posts.authors, np.arange(len(counts))))
        self.authors: Any = (sparse.csr_matrix(known) @ each).tocsr()
        self.queries: Any = each[~posts.is_known]
        self.totals: Array = np.asarray(self.authors.sum(axis=1)).ravel()
        self.distinct: Array = np.diff(self.authors.indptr).astype(np.float64)
        seen = np.asarray(self.authors.sum(axis=0)).ravel()
        trust = (1 - UNSEEN_SHARE) / (1 + FIRST_POSTS / posts.is_known.sum())
        floor = (1 - trust) / max(np.count_nonzero(seen), VOCABULARY)
        self.expected: Array = trust * seen / seen.sum() + floor
        self.prior = prior

    def scores(
        self,
        *,
        damping: float = DAMPING,
        prior: Array | float = 1.0,
        discount: float = 0.0,
        once: bool = False,
    ) -> Array:
        """Return the damped log-odds of each post asked about for each author: (q, a)."""
        priors = self.prior * prior * np.ones(len(self.totals))
        backing = priors + discount * self.distinct
        gains, owners = (
            self.authors.copy(),
            np.repeat(np.arange(len(backing)), np.diff(self.authors.indptr)),
        )
        gains.data = np.log1p(
            (gains.data - discount) / (backing[owners] * self.expected[gains.indices])
        )
        queries = self.queries.sign() if once else self.queries
        widths = np.asarray(queries.sum(axis=1))
        whole = (queries @ gains.T).toarray() + widths * np.log(backing / (priors + self.totals))
        scores: Array = whole * np.maximum(widths, 1) ** damping
        return scores


def counted(posts: Posts, listed: Callable[[str], Iterable[object]], prior: float = 300) -> Group:
    """Return a group of its own from what `listed` finds in a text."""
    texts = (
        [crc32(repr(each).encode("utf-8", "replace")) for each in listed(t)] for t in posts.texts
    )
    return Group(posts, [tally(np.array(keys, np.uint32)) for keys in texts], prior)
