"""The languages that people write, and whether a text is in one of theirs.

Korean is told by its letters, English by the words of the shipped authors. Any other language is
told by runs of bytes, with naive Bayes (Lui and Baldwin, "langid.py", ACL 2012; `py3langid`).
"""

import importlib
import lzma
import mmap
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, Final
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from saywho.engine.population import ENGLISH_SHARE, Population
from saywho.text import guess_language, letter_count, own_words, without_addresses

LANGUAGE_POSTS: Final = 100
"""Newest posts by which an author's languages are told."""
FEWEST_WRITTEN: Final = 0.2
"""Share of an author's letters in a language that the author writes."""
UNLIKELIER: Final = 10.0
"""Nats by which a text is likelier in another language than in any of an author's.

Of sentences of 5, 10 and 20 words in 22 languages, 0.5 to 1 % are so much likelier in another
language than their own. Portuguese ones are not so for an author of Spanish in 21, 3 and 0 %,
Danish ones for an author of Norwegian in 67, 35 and 18 %.
"""
FEWEST_ENGLISH: Final = 0.4
"""Share of a post's distinct words used by the shipped English authors, below which it is not
English, whatever its bytes look like: romanised writing looks like many languages.
"""
_SAME: Final[Mapping[str, str]] = {
    # They differ by fewer than a word in a sentence.
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("bs", "hr"), "sr"),
    "ms": "id",
}
_ARRAYS: Final = ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")
"""Names in the model's file."""
_OTHER_LETTERS: Final = "+"
"""Behind the name of a language in other than Latin letters."""
_loading: Final = threading.Lock()


class _Model:
    """Loaded only where a text is neither Korean nor English, for the first time in 0.5 s; of its
    70 MB, memory has the parts that texts have asked for.
    """

    rank: Callable[[str], list[tuple[str, float]]] | None = None
    parts: dict[str, NDArray[Any]] = {}  # noqa: RUF012 - replaced, not changed


def scores_of(text: str) -> dict[str, float]:
    """Return the logarithm of a text's likelihood in each language, likeliest first; below the
    others' by any amount. Call it in a thread, since the first call reads a file.

    Written in Latin letters and in others, a language counts as two: `sr` and `sr+`.
    """
    plain = without_addresses(text)
    # The model knows few capitals; it folds a text of capitals alone, so without a laugh in it.
    if 2 * sum(map(str.isupper, plain)) > sum(map(str.isalpha, plain)):
        plain = plain.lower()
    scores = dict((_Model.rank or _loaded())(plain))
    del scores["zxx"]  # The code of no language.
    if _is_in_latin(plain):
        return scores
    return {name + _OTHER_LETTERS: score for name, score in scores.items()}


def _is_in_latin(text: str) -> bool:
    """Return whether at least half of the letters are Latin."""
    if text.isascii():
        return True
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(letter <= "\u024f" or "\u1e00" <= letter <= "\u1eff" for letter in letters)
    return 2 * latin >= len(letters)


def is_loaded() -> bool:
    """Return whether `scores_of` reads no file any more."""
    return _Model.rank is not None


def tag_of(language: str) -> str:
    """Return the BCP 47 tag of a language by its name in scores."""
    return language.removesuffix(_OTHER_LETTERS)


def _loaded() -> Callable[[str], list[tuple[str, float]]]:
    with _loading:
        if _Model.rank is None:
            langid = importlib.import_module("py3langid.langid")
            parts = _Model.parts = _mapped(langid.MODEL_DIR / langid.MODEL_FILE)
            _Model.rank = langid.LanguageIdentifier(
                # Of a plain array, rows are taken in half the time.
                nb_ptc=np.asarray(parts["ptc"]),
                nb_pc=np.asarray(parts["pc"]),
                # Of equal names, the likelier one counts.
                nb_classes=[_SAME.get(tag, tag) for tag in parts["classes"].tolist()],
                # Views, which give an element in half the time of an array.
                tk_nextmove=parts["nextmove"].data,
                tk_output=parts["out_feat"].data,
                tk_row=parts["nextmove_row"].data,
            ).rank
        return _Model.rank


def release_memory() -> None:
    """Give up what memory has of the model; the system maps it again where it is used."""
    if sys.platform == "win32":
        return
    for part in _Model.parts.values():
        if isinstance(part.base, mmap.mmap):
            part.base.madvise(mmap.MADV_DONTNEED)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a compressed file, which the system reads where they are used.

    They are kept next to Python's compiled modules, where all processes share them.
    """
    kept = Path(cache_from_source(__file__)).with_suffix(f".{version('py3langid')}")
    # The folder may be another user's, the disk full, or a file cut off.
    with suppress(OSError, ValueError):
        if not (kept.exists() or sys.dont_write_bytecode):
            with TemporaryDirectory(dir=kept.parent) as folder:
                _unpack(path, Path(folder, kept.name)).rename(kept)
        return _arrays_in(kept)
    with TemporaryDirectory() as folder:
        return _arrays_in(_unpack(path, Path(folder)))


def _unpack(path: Path, folder: Path) -> Path:
    """Write the arrays to files, which survive a power cut; return the folder."""
    with TemporaryFile() as whole:
        with lzma.open(path) as packed:
            shutil.copyfileobj(packed, whole, 2**20)
        with ZipFile(whole) as archive:
            archive.extractall(folder)
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    return folder


def _arrays_in(folder: Path) -> dict[str, NDArray[Any]]:
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}


def written_by(
    newest: Iterable[str], tagged: str | None, shipped: Mapping[str, Population]
) -> frozenset[str] | None:
    """Return the languages that an author writes, by `LANGUAGE_POSTS` posts; None if unknown.

    newest: of the author's posts. tagged: the language of most posts, for an author whose posts
    have no letters.
    """
    english = shipped.get("en")
    letters, unsure = Counter[str](), list[tuple[int, dict[str, float]]]()
    for piece in _pieces(map(own_words, islice(newest, LANGUAGE_POSTS))):
        size = letter_count(piece)
        if guess_language(piece) == "ko":
            letters["ko"] += size
            continue
        words, share = (0, 1.0) if english is None else english.share_of_words(piece)
        if words and share >= ENGLISH_SHARE:
            letters["en"] += size
            continue
        scores = scores_of(piece)
        if share < FEWEST_ENGLISH:
            scores.pop("en", None)
        unsure.append((size, scores))
    if not letters and not unsure:
        return frozenset({tagged}) if tagged else None
    usual = Counter(letters)
    for size, scores in unsure:
        usual[next(iter(scores))] += size
    (first, _), *_ = usual.most_common(1)
    for size, scores in unsure:
        # What may as well be in the language that the author writes most is in this.
        letters[first if not is_none_of(scores, {first}) else likeliest(scores, scores)] += size
    total = letters.total()
    return frozenset({name for name, size in letters.items() if size >= FEWEST_WRITTEN * total})


def _pieces(posts: Iterable[str]) -> Iterator[str]:
    """Yield posts, short ones together, since a word looks like many languages."""
    waiting: dict[str | None, list[str]] = {}
    for whole in posts:
        # The beginning tells the language as well as all of it.
        post = whole[:2_000]
        if not any(map(str.isalpha, post)):
            continue
        language = guess_language(post)
        some = waiting.setdefault(language, [])
        some.append(post)
        if sum(map(letter_count, some)) >= 40:
            yield "\n".join(waiting.pop(language))
    yield from map("\n".join, waiting.values())


def likeliest(scores: Mapping[str, float], languages: Collection[str]) -> str:
    """Return the likeliest of some languages, of which one at least is there."""
    if languages is not scores:
        return max(sorted(languages), key=lambda language: scores.get(language, -float("inf")))
    most = max(scores.values())
    return min(language for language, score in scores.items() if score == most)


def is_none_of(scores: Mapping[str, float], languages: Collection[str]) -> bool:
    """Return whether a text is much likelier in another language than in any of these."""
    lowest = -float("inf")
    own = max((scores.get(language, lowest) for language in languages), default=lowest)
    return max(scores.values(), default=lowest) - own > UNLIKELIER
