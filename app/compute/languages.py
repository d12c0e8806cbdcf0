"""The language of a text and of an author, decided in one place.

A tag names a language. Without one, Korean is told by its letters, and English by the words of the
authors who come with the program. Any other language is told by tags alone; None stands for it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from app.compute.links import without_addresses
from app.compute.text import letter_count

if TYPE_CHECKING:  # The formats read tags, and need no NumPy.
    from app.compute.counts import Counts
    from app.compute.population import Population

ENGLISH_SHARE: Final = 0.65
"""Least share of an author's words that the shipped English authors use, where it is English: of
English authors .70 to .94, also of 25 posts or of messages of eight words; of Korean ones .26 to
.56; of German, French, Spanish, Dutch, Italian and Swedish chats .34 to .39."""
ENGLISH_POSTS: Final = 200
"""How many of an author's newest posts have their words looked at."""
FOREIGN_SHARE: Final = 0.5
"""Share of a text's different words that the shipped English authors use, below which it seems not
to be English: so are 5 in 1,000 of 8,600 English posts, half of these by their names or in other
languages, and of sentences in German 90%, French 81%, Spanish 83%, Italian 77%, Dutch 91%."""
FEWEST_FOREIGN: Final = 8
"""Different words that this needs."""
_HANGUL_SHARE: Final = 0.3
"""Least share of the letters that are Hangul in a Korean text."""
_HANGUL: Final = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
FEWEST_UNSPACED: Final = 8
"""Such letters that are as much as four words."""
_NO_LANGUAGE: Final = frozenset({"", "und", "zxx", "art"})


def language_of(tag: str) -> str | None:
    """Return the language of a tag without its region; None where it names none.

    Neither do private tags, of which X has some: `qaa` to `qtz` (ISO 639-2); `qu` is Quechua.
    """
    primary = tag.partition("-")[0].lower()
    is_private = len(primary) == 3 and "qaa" <= primary <= "qtz"
    return None if is_private or primary in _NO_LANGUAGE else primary


def guess_language(text: str) -> str | None:
    """Return `ko` if at least 30% of the letters are Hangul, else None.

    The letters of addresses, @names and #tags tell no language, unless they are Hangul.
    """
    syllables = len(_HANGUL.findall(text))
    if not syllables:  # Most texts have none: letters are counted last.
        return None
    is_korean = syllables >= _HANGUL_SHARE * letter_count(without_addresses(text))
    return "ko" if is_korean else None


def is_unspaced(text: str) -> bool:
    """Return whether a text of some length is written without spaces between its words."""
    letters = len(_UNSPACED.findall(text))
    return letters >= FEWEST_UNSPACED and 2 * letters > letter_count(without_addresses(text))


def main_language(posts: Mapping[str | None, int]) -> str | None:
    """Return the language of most posts, by how many there are of each.

    Of equal ones it is the first of the alphabet, before which the unknown one stands.
    """
    return max(sorted(posts, key=lambda language: language or ""), key=posts.__getitem__)


def guess_main_language(posts: Sequence[str]) -> str | None:
    """Return `ko` if more than half of the posts are Korean, else None."""
    is_korean = 2 * sum(guess_language(post) == "ko" for post in posts) > len(posts)
    return "ko" if is_korean else None


def is_english(posts: Sequence[str], shipped: "Mapping[str, Population]") -> bool:
    """Return whether an author's newest posts, whose tags name no language, are English.

    False where no English authors are shipped.
    """
    texts = list(dict.fromkeys(posts))
    return "en" in shipped and shipped["en"].share_in_texts(texts) >= ENGLISH_SHARE


def are_english(counts: "Counts", shipped: "Mapping[str, Population]") -> bool:
    """Return whether posts with these counts, whose tags name no language, are English."""
    return "en" in shipped and shipped["en"].share_in(counts) >= ENGLISH_SHARE


def are_foreign(text: str, shipped: "Mapping[str, Population]") -> bool:
    """Return whether texts that are not Korean seem to be in no English either, by their words.

    False for few words, and where no English authors are shipped.
    """
    if "en" not in shipped:
        return False
    words, share = shipped["en"].share_of_words(text)
    return words >= FEWEST_FOREIGN and share < FOREIGN_SHARE
