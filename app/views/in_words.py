"""Shares of posts in words: "in every fifth post", "every fifth post"."""

from typing import Final, NamedTuple

from app.language.i18n import gettext, gettext_noop

HARDLY: Final = 0.005
"""Shares below are less than one of a hundred."""
OF_HUNDRED: Final = 0.055
"""Shares below are told in hundredths; those above, up to the next, as one of so many."""
ONE_OF: Final = 0.36
ALMOST_ALL: Final = 0.95


class Often(NamedTuple):
    """How often something is in posts, in words; a number stands in them as `{count}`."""

    whole: str
    brief: str
    """Where it is known what it is of."""
    number: int = 0


_ONE_OF: Final = {
    2: Often(gettext_noop("in every other post"), gettext_noop("in half")),
    3: Often(gettext_noop("in every third post"), gettext_noop("in every third")),
    4: Often(gettext_noop("in every fourth post"), gettext_noop("in every fourth")),
    5: Often(gettext_noop("in every fifth post"), gettext_noop("in every fifth")),
    6: Often(gettext_noop("in every sixth post"), gettext_noop("in every sixth")),
    7: Often(gettext_noop("in every seventh post"), gettext_noop("in every seventh")),
    8: Often(gettext_noop("in every eighth post"), gettext_noop("in every eighth")),
    9: Often(gettext_noop("in every ninth post"), gettext_noop("in every ninth")),
    10: Often(gettext_noop("in every tenth post"), gettext_noop("in every tenth")),
}


_EVERY: Final = {
    1: gettext_noop("every post"),
    2: gettext_noop("every other post"),
    3: gettext_noop("every third post"),
    4: gettext_noop("every fourth post"),
    5: gettext_noop("every fifth post"),
    6: gettext_noop("every sixth post"),
    7: gettext_noop("every seventh post"),
    8: gettext_noop("every eighth post"),
}


def part_of(share: float) -> str:
    """Return which part of the posts is meant by a share of an eighth or more."""
    number, tenths = round(1 / share), round(10 * share)
    if share == 1 or share < ONE_OF or tenths == 5:
        return gettext(_EVERY[min(number, max(_EVERY))])
    if share >= ALMOST_ALL:
        return gettext("almost every post")
    return gettext("{count} of 10 posts").format(count=tenths)


def often(share: float) -> str:
    """Return in how many posts something is, by their share: "in every fifth post"."""
    words = _words_of(share)
    return gettext(words.whole).format(count=words.number)


def briefly(share: float) -> str:
    """Return the same after words that say what it is in: "in every fifth"."""
    words = _words_of(share)
    return gettext(words.brief).format(count=words.number)


def _words_of(share: float) -> Often:
    if share == 0:
        return Often(gettext_noop("never"), gettext_noop("never"))
    if share < HARDLY:
        return Often(gettext_noop("hardly ever"), gettext_noop("hardly ever"))
    if share == 1:
        return Often(gettext_noop("in every post"), gettext_noop("always"))
    if share >= ALMOST_ALL:
        return Often(gettext_noop("in almost every post"), gettext_noop("almost always"))
    if share < OF_HUNDRED:
        hundredths = max(1, round(100 * share))
        return Often(
            gettext_noop("in {count} of 100 posts"), gettext_noop("in {count} of 100"), hundredths
        )
    number, tenths = round(1 / share), round(10 * share)
    if share < ONE_OF or tenths == 5:
        every = Often(gettext_noop("in every {count}th post"), gettext_noop("in every {count}th"))
        return _ONE_OF.get(number, every)._replace(number=number)
    return Often(gettext_noop("in {count} of 10 posts"), gettext_noop("in {count} of 10"), tenths)
