"""The language of a text or an author, from a tag, Korean letters or English words."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from app.compute.links import without_addresses
from app.compute.text import letter_count

if TYPE_CHECKING:  # The formats read tags, and need no NumPy.
    from app.compute.counts import Counts
    from app.compute.population import Population

ENGLISH_SHARE: Final = 0.65
"""Smallest share of an English author's words that the shipped English authors use.

Measured: English authors .70 to .94, even with 25 posts or messages of eight words; Korean .26 to
.56; chats in six other European languages .34 to .39.
"""
ENGLISH_POSTS: Final = 200
FOREIGN_SHARE: Final = 0.5
"""Share of a text's distinct words used by the shipped English authors, below which it seems not
English.

Measured below it: 5 in 1,000 of 8,600 English posts; sentences in German 90%, French 81%, Spanish
83%, Italian 77%, Dutch 91%.
"""
_HANGUL: Final = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese."""


def language_of(tag: str) -> str | None:
    """Return the language of a tag without its region; None for private tags (`qaa` to `qtz`, ISO
    639-2, used by X) and no language.
    """
    primary = tag.partition("-")[0].lower()
    is_private = len(primary) == 3 and "qaa" <= primary <= "qtz"
    return None if is_private or primary in {"", "und", "zxx", "art"} else primary


def guess_language(text: str) -> str | None:
    """Return `ko` if at least 30% of the letters are Hangul, otherwise None."""
    syllables = len(_HANGUL.findall(text))
    if not syllables:  # Most texts have none: letters are counted last.
        return None
    is_korean = syllables >= 0.3 * letter_count(without_addresses(text))
    return "ko" if is_korean else None


def is_unspaced(text: str) -> bool:
    """Return whether a text of at least eight letters is in a script without spaces."""
    letters = len(_UNSPACED.findall(text))
    return letters >= 8 and 2 * letters > letter_count(without_addresses(text))


def main_language(posts: Mapping[str | None, int]) -> str | None:
    """Return the language of most posts; among equals, None is first, then alphabetical order."""
    return max(sorted(posts, key=lambda language: language or ""), key=posts.__getitem__)


def guess_main_language(posts: Sequence[str]) -> str | None:
    is_korean = 2 * sum(guess_language(post) == "ko" for post in posts) > len(posts)
    return "ko" if is_korean else None


def is_english(posts: Sequence[str], shipped: "Mapping[str, Population]") -> bool:
    """Return whether an author's newest posts are English; False if no authors are shipped."""
    texts = list(dict.fromkeys(posts))
    return "en" in shipped and shipped["en"].share_in_texts(texts) >= ENGLISH_SHARE


def are_english(counts: "Counts", shipped: "Mapping[str, Population]") -> bool:
    return "en" in shipped and shipped["en"].share_in(counts) >= ENGLISH_SHARE


def are_foreign(text: str, shipped: "Mapping[str, Population]") -> bool:
    """Return whether a text of eight words or more seems neither Korean nor English."""
    if "en" not in shipped:
        return False
    words, share = shipped["en"].share_of_words(text)
    return words >= 8 and share < FOREIGN_SHARE
