"""How many forms of a Korean word find each other, and other words: by rule, and of treebanks.

`python -m benchmarks.korean_forms [TREEBANK.conllu…]`

Each file is a treebank of Universal Dependencies whose lemmas have the morphemes, such as those of
GSD and Kaist. A word there is its morphemes before the first particle or ending; a noun and the
verbs made of it by 하다 and 되다 are one. Prints, for 3,000 pairs each, the share of forms of one
word that find each other, and the false ones of 1,000: pairs of any two words, and of two that
begin with the same half. The treebanks' other spellings of a word, and their slips, count as wrong.
"""

import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from saywho.korean import is_hangul
from tests.korean_words import pairs_of_one_word, pairs_of_two_words, share_found

PAIRS = 3_000
SEED = 1
_ROOTS = {"하", "되", "시키", "당하"}
_TOKEN = re.compile(r"^\d+\t([^\t]+)\t([^\t]+)\t[^\t]+\t([^\t]+)", re.M)
Pair = tuple[str, str]


def word_of(lemma: str, tags: str) -> str | None:
    """Return the word of a token; None for tokens of digits or other letters."""
    morphemes: list[str] = []
    is_verb = False
    for morpheme, tag in zip(lemma.split("+"), tags.split("+"), strict=False):
        is_suffix = tag.lower() in {"xsv", "xsa", "xsm", "xsms", "xsma"}
        if is_suffix and morpheme in _ROOTS and len("".join(morphemes)) > 1:
            break
        is_auxiliary = tag.lower() in {"vcp", "vcn", "vx", "jp", "px", "xp"}
        is_plural = tag.lower().startswith("xsn") and morpheme == "들"
        if is_auxiliary or is_plural or tag[0] in "JEje":
            break
        morphemes.append(morpheme)
        is_verb = is_suffix or tag[0] == "V" or tag.startswith(("pv", "pa"))
    word = "".join(morphemes)
    return f"{word}다" if is_verb else word if word and is_hangul(word) else None


def pairs_of(path: Path) -> Iterator[tuple[str, list[Pair]]]:
    """Yield kinds of pairs with at most 3,000 each. Raises OSError and UnicodeDecodeError."""
    forms, words = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for form, lemma, tags in _TOKEN.findall(path.read_text("utf-8")):
        if is_hangul(form) and (word := word_of(lemma, tags)):
            forms[word].add(form)
            words[form].add(word)
    chance = random.Random(SEED)
    ones = [pair for each in forms.values() for pair in list(combinations(sorted(each), 2))[:10]]
    yield "one word", chance.sample(ones, min(PAIRS, len(ones)))
    listed = sorted(words)
    drawn = (tuple(chance.sample(listed, 2)) for _ in range(2 * PAIRS))
    yield "two words", [(a, b) for a, b in drawn if not words[a] & words[b]][:PAIRS]
    halves = defaultdict[str, list[str]](list)
    for form in listed:
        if len(form) > 1:
            halves[form[: (len(form) + 1) // 2]].append(form)
    near = [pair for each in halves.values() for pair in combinations(each, 2)]
    near = [(a, b) for a, b in near if not words[a] & words[b]]
    yield "two words, the same half", chance.sample(near, min(PAIRS, len(near)))


def by_rule() -> Iterator[tuple[str, list[Pair]]]:
    yield "one word", pairs_of_one_word(PAIRS, SEED)
    yield "two words", pairs_of_two_words(PAIRS, SEED, alike=False)
    yield "two words, the same syllable", pairs_of_two_words(PAIRS, SEED, alike=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each kind of pairs; return 0, or 2 with one line for an unreadable file."""
    print("| words | pairs of | pairs | find each other |\n|---|---|---|---|")
    for name in ("", *(sys.argv[1:] if argv is None else argv)):
        try:
            for kind, pairs in pairs_of(Path(name)) if name else by_rule():
                share = f"{1000 * share_found(pairs):,.1f} of 1,000" if pairs else ""
                print(f"| {Path(name).stem or 'by rule'} | {kind} | {len(pairs):,} | {share} |")
        except (OSError, UnicodeDecodeError) as error:
            print(f"korean_forms: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
