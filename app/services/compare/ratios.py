"""How good verifications are in this installation, as answers show it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.services.compare.background import Snapshot


class RatioCalibration(msgspec.Struct, frozen=True):
    """How good verifications of this installation's own newest posts were, one post at a time."""

    cllr: Annotated[float, Meta(description="Cost in bits: 0 is perfect, 1 says nothing.")]
    cllr_min: Annotated[float, Meta(description="The same, had the ratios been calibrated.")]
    eer: Annotated[float, Meta(description="Rate of errors where both kinds are equal.")]
    auc: Annotated[float, Meta(description="How often an own post has the higher ratio.")]
    c_at_1: Annotated[
        float, Meta(description="Share right, where silence counts as the rest is right.")
    ]
    f_05_u: Annotated[float, Meta(description="F0.5, where silence about own posts is an error.")]
    silent: Annotated[float, Meta(description="Share without support either way.")]
    wrong_for: Annotated[
        float, Meta(description="Share of posts by others that get a ratio above 10.")
    ]
    wrong_against: Annotated[
        float, Meta(description="Share of own posts that get a ratio below 1/10.")
    ]
    right_for: Annotated[float, Meta(description="Share of own posts that get a ratio above 10.")]
    authors: int
    posts: Annotated[int, Meta(description="How many posts were asked about.")]


def ratio_calibration(snapshot: Snapshot, *, is_korean: bool) -> RatioCalibration | None:
    """Return how good verifications in a language are; None until that has been measured."""
    measure = snapshot.ratios.get("ko" if is_korean else "other")
    if measure is None:
        return None
    values = msgspec.to_builtins(measure.score)
    score = {name: round(value, 4) + 0.0 for name, value in values.items()}  # Without -0.0.
    return RatioCalibration(**score, authors=measure.authors, posts=measure.posts)
