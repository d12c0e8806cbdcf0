"""Laughs and cries in letters."""

import re
from typing import Final

LAUGHS: Final = ("ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "haha", "lol")
"""Laughs and cries by their plainest forms."""
LAUGHING: Final = "ㅋㅎㅠㅜ"
"""Letters that Korean laughs and cries with, also behind a word."""
_HAHA: Final = re.compile("(?<![a-z])a?(?:ha){2,}h?(?![a-z])")
_LOL: Final = re.compile("(?<![a-z])lo+l(?![a-z])")


def plain_laugh(word: str) -> str:
    """Return the laugh of `LAUGHS` that a word is, whatever its length; empty if it is none."""
    small = word.lower()
    if {*small} <= {*LAUGHING}:
        return next((laugh for laugh in LAUGHS[:3] if laugh in small.replace("ㅜ", "ㅠ")), "")
    if _HAHA.fullmatch(small):
        return "haha"
    return "lol" if _LOL.fullmatch(small) else ""


def laughs_in(text: str) -> set[str]:
    """Return the laughs of `LAUGHS` in a message."""
    small = text.lower()
    laughs: set[str] = set()
    if not small.isascii():
        crying = small.replace("ㅜ", "ㅠ")
        laughs.update(laugh for laugh in LAUGHS[:3] if laugh in crying)
    # To look for the letters first takes a third of the time.
    start = small.find("haha")
    if start >= 0 and _HAHA.search(small, max(start - 1, 0)):
        laughs.add("haha")
    if ("lol" in small or "ool" in small) and _LOL.search(small):
        laughs.add("lol")
    return laughs
