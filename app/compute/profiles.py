"""Posts put into an author's profile and taken out again, exactly, in any order.

A text that is posted again counts once: it says nothing new of how somebody writes.
"""

from collections.abc import Sequence

import numpy as np

from app.compute.attribution import Profile
from app.compute.counts import Counts, add, subtract
from app.compute.features import features
from app.compute.texts import text_keys


def profile_of(texts: Sequence[str]) -> Profile:
    """Return the profile of an author's posts."""
    return with_posts(NOTHING, texts)


def with_posts(
    profile: Profile, texts: Sequence[str], counted: Sequence[Counts] | None = None
) -> Profile:
    """Return the profile with some more posts; `counted` are their features, if known already."""
    keys = text_keys(texts)
    _, first = np.unique(keys, return_index=True)
    fresh = first[profile.texts.count(keys[first]) == 0].tolist()
    parts = [counted[i] if counted else features(texts[i]) for i in fresh]
    return Profile(
        add([profile.counts, *parts]), profile.posts + len(texts), profile.texts.plus(keys)
    )


def without_posts(profile: Profile, texts: Sequence[str]) -> Profile:
    """Return the profile without some of its posts. Raises ValueError if it does not hold them."""
    keys = text_keys(texts)
    left = profile.texts.minus(keys)
    _, first = np.unique(keys, return_index=True)
    gone = first[left.count(keys[first]) == 0].tolist()
    part = add([features(texts[i]) for i in gone])
    return Profile(subtract(profile.counts, part), profile.posts - len(texts), left)


NOTHING = Profile(add([]), 0)
