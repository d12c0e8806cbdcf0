"""The wording of posts that were looked at, so that each is measured once."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.projection import DIMENSIONS, sketch
from app.services.drawing import Drawn

MOST: Final = 20_000
"""Half a kilobyte each."""


class Sketches:
    """Keeps numbers, not texts, of the posts used last: posts do not change."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, NDArray[np.float16]] = OrderedDict()

    def of(self, posts: Sequence[Drawn]) -> NDArray[np.float32]:
        """Return the wording of the posts, (n, 256); called in a thread, of one at a time."""
        found = np.empty((len(posts), DIMENSIONS), np.float32)
        for row, post in zip(found, posts, strict=True):
            known = self._known.pop(post.id, None)
            if known is None:
                known = sketch(post.text).astype(np.float16)
            self._known[post.id] = known
            row[:] = known
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return found
