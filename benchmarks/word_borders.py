"""How many words are told rightly where no blanks divide them, on sentences whose words are known.

`python -m benchmarks.word_borders TREEBANK.conllu…`

Each file is a treebank of Universal Dependencies. Its sentences are read without blanks, and a word
is right if both its borders are borders of the treebank's words. Prints, for each file, how many
sentences have words, words in two or more sentences, and the shares that are right: of all uses,
and of words in two or more sentences, of which most uses are.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from saywho.words import divided, words_and_runs


def sentences(path: Path) -> Iterator[list[str]]:
    """Yield the words of each sentence. Raises OSError and UnicodeDecodeError."""
    for block in path.read_text("utf-8").split("\n\n"):
        if words := re.findall(r"^\d+\t([^\t]+)", block, re.M):
            yield words


def right_words(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the words that are found in a sentence, and whether their borders are."""
    text, borders = "".join(words), {0, *accumulate(map(len, words))}
    place = 0
    for word in divided(words_and_runs(text)[1]):
        place = text.index(word, place)
        yield word, {place, place + len(word)} <= borders
        place += len(word)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each file; return 0, or 2 with one line where a file cannot be read."""
    print("| treebank | sentences | words | uses right | words right |\n|---|---|---|---|---|")
    for name in sys.argv[1:] if argv is None else argv:
        uses, right, count = Counter[str](), Counter[str](), 0
        try:
            for words in sentences(Path(name)):
                count += 1
                for word, is_right in right_words(words):
                    uses[word] += 1
                    right[word] += is_right
        except (OSError, UnicodeDecodeError) as error:
            print(f"word_borders: {error}", file=sys.stderr)
            return 2
        often = [word for word in uses if uses[word] > 1]
        share = sum(2 * right[word] > uses[word] for word in often) / max(len(often), 1)
        of_uses = right.total() / max(uses.total(), 1)
        print(f"| {Path(name).stem} | {count} | {len(often)} | {of_uses:.3f} | {share:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
