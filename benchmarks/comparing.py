"""What a comparison costs, next to an earlier commit: `python -m benchmarks.comparing COMMIT`.

Both answer the same questions in turn, each in a process of its own: one, three, and all authors
named, texts of 20 and of 200 words, with evidence, on a site of 28 people beside the shipped
authors. The people have 300 posts each, or, as in chats, 25 to 300 messages of one to ten words.
Prints the least processor time of a comparison in ms, on average over twenty questions, and the
median of the rounds' ratios.
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

from app.compute.fitting import Corpus, CorpusAuthor, chained, fit_corpus
from app.compute.profiles import profile_of
from app.population import shipped_authors
from app.services.compare.verdict import answer
from benchmarks import machine
from benchmarks.paired import checkout, imports_of

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


async def measure(seconds: float) -> dict[str, float]:
    """Return the processor time of a comparison in milliseconds, by cell."""
    found, words = {}, " ".join(english_posts()).split()
    for kind, corpus in sites().items():
        for size in WORDS:
            for named in NAMED:
                chance, names = random.Random(2), list(corpus.suspects)[:named]
                starts = [chance.randrange(len(words) - size) for _ in range(QUESTIONS)]
                texts = [" ".join(words[start : start + size]) for start in starts]
                # The least of many times is least disturbed by the rest of the machine.
                least, began = [float("inf")] * QUESTIONS, time.process_time()
                while time.process_time() - began < seconds:
                    for place, text in enumerate(texts):
                        case, start = corpus.case([text], names), time.process_time()
                        await answer(case)
                        least[place] = min(least[place], time.process_time() - start)
                found[f"{kind}, {named} named, {size} words"] = 1000 * sum(least) / QUESTIONS
    return found


def main() -> int:
    """Print the table; return 1 if a ratio is over its limit."""
    parser = argparse.ArgumentParser(prog="comparing", description=__doc__)
    parser.add_argument("commit", nargs="?", help="to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of processor time a cell")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure or not options.commit:
        print(json.dumps(asyncio.run(measure(options.seconds))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        base = checkout(options.commit, Path(folder))
        shutil.copy(__file__, base / "benchmarks")
        rounds = [
            [_measured(root, options.seconds) for root in (base, machine.ROOT)]
            for _ in range(options.rounds)
        ]
    is_over = False
    print(f"{'':<30}{'before':>9}{'now':>9}{'ratio':>8}")
    for cell in rounds[0][0]:
        before, now = ([side[k][cell] for side in rounds] for k in (0, 1))
        ratios = [new / old for old, new in zip(before, now, strict=True)]
        limit = next(limit for named, limit in LIMITS.items() if f", {named} named" in cell)
        is_over |= statistics.median(ratios) > limit
        print(
            f"{cell:<30}{statistics.median(before):>9.2f}{statistics.median(now):>9.2f}"
            f"{statistics.median(ratios):>8.2f}  ({min(ratios):.2f} to {max(ratios):.2f},"
            f" at most {limit})"
        )
    return int(is_over)


def _measured(root: Path, seconds: float) -> dict[str, float]:
    command = (
        *machine.pinned((sys.executable, "-m", "benchmarks.comparing"), machine.SERVER_CORE),
        *("--measure", "--seconds", str(seconds)),
    )
    done = subprocess.run(
        command,
        env=machine.environment(imports_of(root)),
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
