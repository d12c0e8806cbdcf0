"""What a comparison costs, next to an earlier commit: `python -m benchmarks.comparing COMMIT`.

Both answer the same questions in turn, each in a process of its own: one, three, and all authors
named, texts of 20 and of 200 words, with evidence, on a site of 28 people beside the shipped
authors. The people have 300 posts each, or, as in chats, 25 to 300 messages of one to ten words.
Prints the least processor time of a comparison in ms, on average over twenty questions, and the
ratio. The two take turns, cell by cell, so that the rest of the machine disturbs both alike.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from app.services.compare.answering import answer
from benchmarks import machine
from benchmarks.paired import checkout, imports_of
from saywho.engine.fitting import Corpus, CorpusAuthor, chained, fit_corpus
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors

PEOPLE: Final = 28
NAMED: Final = (1, 3, PEOPLE)
WORDS: Final = (20, 200)
QUESTIONS: Final = 20
SAMPLES: Final = machine.ROOT / "app" / "sample"
LIMITS: Final = {1: 1.15, 3: 1.15, PEOPLE: 1.3}


def english_posts() -> list[str]:
    """Return the English posts of the sample authors."""
    lines = [line for path in sorted(SAMPLES.glob("*.jsonl")) for line in path.open("rb")]
    texts = [str(json.loads(line)["text"]) for line in lines]
    return [text for text in texts if text.isascii()]


def sites() -> dict[str, Corpus]:
    """Return the site of posts, and the site of a chat."""
    texts, chance = english_posts(), random.Random(1)
    posts, chat = {}, {}
    for person in range(PEOPLE):
        # Each has words of his own, and in another order.
        some = [f"{text} w{person}x{chance.randrange(99)}" for text in chance.choices(texts, k=300)]
        size = chance.choice((1, 2, 4, 10))
        posts[f"p{person}"] = some
        chat[f"p{person}"] = [
            " ".join(text.split()[:size]) for text in some[: chance.choice((25, 100, 300))]
        ]
    return {"posts": _fitted(posts), "chat": _fitted(chat)}


def _fitted(people: dict[str, list[str]]) -> Corpus:
    kept = {
        name: CorpusAuthor(profile_of(texts), chained(enumerate(texts[::-1]), {}), "en")
        for name, texts in people.items()
    }
    return fit_corpus(kept, shipped_authors())


def cells() -> list[tuple[str, int, int]]:
    """Return kind of site, number of named authors, and words of a text, of each cell."""
    return [(kind, named, size) for kind in ("posts", "chat") for size in WORDS for named in NAMED]


async def answer_turns(seconds: float) -> None:
    """Measure the cell whose number each line of the standard input has.

    Prints the least processor time of each question in milliseconds, a line for each turn.
    """
    corpora, words = sites(), " ".join(english_posts()).split()
    for line in sys.stdin:
        kind, named, size = cells()[int(line)]
        corpus, chance = corpora[kind], random.Random(2)
        names = list(corpus.suspects)[:named]
        starts = [chance.randrange(len(words) - size) for _ in range(QUESTIONS)]
        texts = [" ".join(words[start : start + size]) for start in starts]
        # The least of many times is least disturbed by the rest of the machine.
        least, began = [float("inf")] * QUESTIONS, time.process_time()
        while time.process_time() - began < seconds:
            for place, text in enumerate(texts):
                case, start = corpus.case([text], names), time.process_time()
                await answer(case)
                least[place] = min(least[place], 1000 * (time.process_time() - start))
        print(json.dumps(least), flush=True)


def main() -> int:
    """Print the table; return 1 if a ratio is over its limit."""
    parser = argparse.ArgumentParser(prog="comparing", description=__doc__)
    parser.add_argument("commit", nargs="?", help="to compare with")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.2, help="of processor time a turn")
    parser.add_argument("--turns", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turns or not options.commit:
        asyncio.run(answer_turns(options.seconds))
        return 0
    found: dict[int, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        base = checkout(options.commit, Path(folder))
        shutil.copy(__file__, base / "benchmarks")
        sides = [_started(root, options.seconds) for root in (base, machine.ROOT)]
        for _ in range(options.rounds):
            for cell in range(len(cells())):
                turns = [_turn(side, cell) for side in sides]
                known = found.get(cell, turns)
                before, now = (list(map(min, *pair)) for pair in zip(known, turns, strict=True))
                found[cell] = before, now
        for side in sides:
            side.communicate()
    is_over = False
    print(f"{'':<30}{'before':>9}{'now':>9}{'ratio':>8}")
    for cell, (before, now) in found.items():
        kind, named, size = cells()[cell]
        ratio = sum(now) / sum(before)
        is_over |= ratio > LIMITS[named]
        print(
            f"{f'{kind}, {named} named, {size} words':<30}{statistics.mean(before):>9.2f}"
            f"{statistics.mean(now):>9.2f}{ratio:>8.2f}  (at most {LIMITS[named]})"
        )
    return int(is_over)


def _started(root: Path, seconds: float) -> subprocess.Popen[str]:
    command = (
        *machine.pinned((sys.executable, "-m", "benchmarks.comparing"), machine.SERVER_CORE),
        *("--turns", "--seconds", str(seconds)),
    )
    return subprocess.Popen(
        command,
        env=machine.environment(imports_of(root)),
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _turn(side: subprocess.Popen[str], cell: int) -> list[float]:
    assert side.stdin
    assert side.stdout
    print(cell, file=side.stdin, flush=True)
    least: list[float] = json.loads(side.stdout.readline())
    return least


if __name__ == "__main__":
    sys.exit(main())
