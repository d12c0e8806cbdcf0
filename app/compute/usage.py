"""Where authors use a piece of a text: in which posts, and how often."""

import bisect
from collections.abc import Iterator, Sequence
from typing import Final

SHORTEST_BEGINNING: Final = 2
"""Syllables of the shortest beginning of a Korean word that is looked up."""
LONGEST_WORD: Final = 20
"""Characters of the longest word whose parts are looked up."""
MOST_TRIED: Final = 200
PER_POSTS: Final = 400
"""Posts in which uses are counted."""


class PostTexts:
    """The texts of posts, searched as one; white space and case do not count."""

    def __init__(self, posts: Sequence[tuple[int, str]]) -> None:
        """posts: id and text of each."""
        self._ids = [post_id for post_id, _ in posts]
        self._starts: list[int] = []
        texts, end = [], 0
        for _, text in posts:
            plain = _plain(text)
            self._starts.append(end)
            texts.append(plain)
            end += len(plain) + 1
        self._texts = "\n".join(texts)

    def find(self, piece: str) -> list[int]:
        """Return the post of each use of a piece, in the order of the posts."""
        wanted, found = _plain(piece), []
        place = self._texts.find(wanted)
        while place >= 0:
            if self._is_whole(wanted, place):
                found.append(self._ids[bisect.bisect_right(self._starts, place) - 1])
            place = self._texts.find(wanted, place + len(wanted))
        return found

    def times(self, uses: int) -> float:
        """Return so many uses as times in 400 posts."""
        return round(PER_POSTS * uses / max(1, len(self._ids)), 1)

    def _is_whole(self, piece: str, place: int) -> bool:
        before = self._texts[place - 1 : place]
        after = self._texts[place + len(piece) : place + len(piece) + 1]
        if piece[0].isalnum() and before.isalnum():
            return False
        # Korean particles follow a word without a space.
        return not (piece[-1].isalnum() and after.isalnum()) or _is_hangul(piece[-1])


def used_piece(mark: str, own: PostTexts) -> tuple[str, list[int]]:
    """Return the longest piece of a mark that the author uses, and the post of each use.

    Whole words first; without any, the mark itself and no posts.
    """
    for tried, piece in enumerate(_pieces(mark)):
        if uses := own.find(piece):
            return piece, uses
        if tried > MOST_TRIED:
            break
    return mark, []


def _pieces(mark: str) -> Iterator[str]:
    """Yield the runs of words of a mark, the longest first, with and without punctuation."""
    words = mark.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            run = " ".join(words[start : start + length])
            yield run
            bare = _bare(run)
            if bare not in ("", run):
                yield bare
    for word in words:
        yield from _beginnings(_bare(word)[:LONGEST_WORD])


def _beginnings(word: str) -> Iterator[str]:
    """Yield the beginnings of a Korean word, whose endings change."""
    if word and _is_hangul(word[0]):
        for length in range(len(word) - 1, SHORTEST_BEGINNING - 1, -1):
            yield word[:length]


def _bare(run: str) -> str:
    first = next((i for i, sign in enumerate(run) if sign.isalnum()), len(run))
    last = next((i for i in range(len(run), first, -1) if run[i - 1].isalnum()), first)
    return run[first:last]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_hangul(sign: str) -> bool:
    return "\uac00" <= sign <= "\ud7a3"
