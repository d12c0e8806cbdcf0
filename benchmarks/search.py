"""How well and how fast search finds: `python -m benchmarks.search [FILE] [--posts N …]`.

With a file of posts (JSON lines of author, text, split, lang) it makes queries of its posts: four
random words of a post must find it again among the first ten results (`known`), also when of Korean
words of three syllables and more the last one is missing (`ending`), and with one random slip in
one of the words (`slip`), or in one of three letters and more (`slip, 3+`). Links and hashtags are
taken out of posts and queries. Without a file it makes posts with words of a realistic frequency
(Zipf) in two languages, and measures time; `--keep FOLDER` has the posts there for the next time.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from sqlalchemy import func, select, update

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.sqlite.fts5 import register
from app.models import Tweet, User
from app.runtime.processes import collect_seldom
from app.services.posts.post_content import NewTweetForm, checked
from app.services.posts.users import add_user
from app.services.search.index_terms import is_vocabulary_old, renew_vocabulary
from app.services.search.results import SearchQuery, find
from app.services.search.word_search import letters_of, syllables_of
from benchmarks.accuracy_data import Row, read_rows
from tests.posting import add_posts

FOUND_AMONG = 10
BATCH = 2_000
AUTHORS = 1_000
ENGLISH_WORDS = 150_000
KOREAN_WORDS = 200_000
_LEFT_OUT = re.compile(r"https?://\S+|pic\.twitter\.com/\S+|[#@]\w+")
_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(r"[가-힣]+")
_HANGUL_KEYS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ"


async def store(db: Database, texts: Sequence[str], *, username: str = "author") -> list[int]:
    """Store the posts; return their ids."""
    ids: list[int] = []
    arrived_at = datetime.now(UTC)
    async with db.write() as session:
        user = await add_user(session, username)
    for start in range(0, len(texts), BATCH):
        posts = [
            checked(NewTweetForm(text=text), arrived_at=arrived_at)
            for text in texts[start : start + BATCH]
        ]
        async with db.write() as session:
            ids += [each.id for each in await add_posts(session, user.id, posts)]
    return ids


def without_ending(word: str) -> str:
    """Return a Korean word of three syllables and more without the last one; others as they are."""
    return word[:-1] if _HANGUL.fullmatch(word) and len(word) >= 3 else word


def with_slip(query: str, chance: random.Random, *, least: int = 1) -> str:
    """Return the query with a slip in one word: a letter wrong, missing, doubled or swapped.

    In Hangul it is one of the letters that are typed, not a syllable. The word has `least` letters.
    """
    words = query.split()
    places = [place for place, word in enumerate(words) if len(letters_of(word)) >= least]
    place = chance.choice(places or [0])
    words[place] = mistyped(words[place], chance)
    return " ".join(words)


def mistyped(word: str, chance: random.Random) -> str:
    """Return the word with one slip; words of one kind of letters, without signs."""
    is_hangul = _HANGUL.fullmatch(word) is not None
    letters = letters_of(word.lower())
    typed = letters
    while typed == letters:
        place = chance.randrange(len(letters))
        head, letter, tail = letters[:place], letters[place], letters[place + 1 :]
        wrong = chance.choice(_HANGUL_KEYS if is_hangul else ascii_lowercase)
        swapped = tail[:1] + letter + tail[1:]
        typed = head + chance.choice([wrong + tail, tail, letter + letter + tail, swapped])
    return syllables_of(typed)


def make_queries(
    rows: Sequence[Row], texts: Sequence[str], *, lang: str, split: str, count: int, seed: int
) -> list[tuple[int, list[str]]]:
    """Return places of posts, each with four random words of it."""
    chance = random.Random(seed)
    wanted = [
        place
        for place, row in enumerate(rows)
        if row.lang == lang and row.is_test == (split == "test")
    ]
    chance.shuffle(wanted)
    queries = []
    for place in wanted:
        words = sorted({word for word in _WORD.findall(texts[place]) if len(word) >= 2})
        if len(words) >= 4:
            queries.append((place, chance.sample(words, 4)))
        if len(queries) == count:
            break
    return queries


async def recall(db: Database, ids: Sequence[int], queries: Sequence[tuple[int, str]]) -> float:
    """Return the share of queries whose post is among the first results."""
    found = 0
    for place, query in queries:
        hits = (await find(db, None, SearchQuery(query), limit=FOUND_AMONG)).hits
        found += ids[place] in {hit.id for hit in hits}
    return found / max(len(queries), 1)


async def measure_quality(db: Database, rows: Sequence[Row], options: argparse.Namespace) -> None:
    """Print recall at ten."""
    texts = [" ".join(_LEFT_OUT.sub(" ", row.text).split()) for row in rows]
    kept = [place for place, text in enumerate(texts) if text]
    rows, texts = [rows[place] for place in kept], [texts[place] for place in kept]
    ids = await store(db, texts)
    await renew_vocabulary(db)
    chance = random.Random(options.seed)

    def slip(words: list[str]) -> str:
        return with_slip(" ".join(words), chance)

    def long_slip(words: list[str]) -> str:
        return with_slip(" ".join(words), chance, least=3)

    def ending(words: list[str]) -> str:
        return " ".join(map(without_ending, words))

    kinds: list[tuple[str, str, Callable[[list[str]], str]]] = [
        ("known", "en", " ".join),
        ("known", "ko", " ".join),
        ("ending", "ko", ending),
        ("slip", "en", slip),
        ("slip", "ko", slip),
        ("slip, 3+", "en", long_slip),
    ]
    print(f"{len(texts):,} posts are searched; queries are made of those marked {options.split}")
    print("| queries | language | recall at 10 | how many |")
    print("| --- | --- | --- | --- |")
    for name, lang, change in kinds:
        queries = make_queries(
            rows, texts, lang=lang, split=options.split, count=options.queries, seed=options.seed
        )
        if queries:
            asked = [(place, change(words)) for place, words in queries]
            print(f"| {name} | {lang} | {await recall(db, ids, asked):.3f} | {len(queries)} |")


class Language:
    """Invented words of a language, drawn by Zipf's law."""

    def __init__(self, words: Sequence[str], rng: np.random.Generator) -> None:
        self.words = words
        shares = 1 / (np.arange(len(words)) + 2.7) ** 1.05
        self._cumulated = np.cumsum(shares / shares.sum())
        self._rng = rng

    def draw(self, count: int) -> list[str]:
        places = np.searchsorted(self._cumulated, self._rng.random(count))
        return [self.words[place] for place in np.minimum(places, len(self.words) - 1)]


def languages(seed: int) -> list[Language]:
    """Return one with an alphabet, and one with Hangul stems and endings, drawn from by `seed`."""
    chance = random.Random(1)
    rng = np.random.default_rng(seed)
    heads = ("b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "th", "st")
    cores = ("a", "e", "i", "o", "u", "ea", "ou")
    latin = dict.fromkeys(
        "".join(
            chance.choice(heads) + chance.choice(cores)
            for _ in range(chance.choices((1, 2, 3, 4), (1, 5, 6, 3))[0])
        )
        + chance.choice(("", "", "s", "n", "ng", "r"))
        for _ in range(ENGLISH_WORDS)
    )
    usual = [chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(600)]
    endings = (*"은는이가을를에도", "에서", "으로", "했다", "합니다", "까지")
    hangul = dict.fromkeys(
        "".join(chance.choices(usual, k=chance.choice((1, 2, 2, 2, 3)))) + chance.choice(endings)
        for _ in range(KOREAN_WORDS)
    )
    # The frequent words of a language are its short ones.
    return [
        Language(sorted(words, key=lambda word: len(word) + 3 * chance.random()), rng)
        for words in (latin, hangul)
    ]


def made_posts(count: int, seed: int) -> Iterator[str]:
    """Yield invented posts, every second one in Hangul."""
    chance = random.Random(seed)
    drawn: list[Iterator[str]] = [iter(()), iter(())]
    spoken = languages(seed)
    for number in range(count):
        which = number % 2
        words = list(itertools.islice(drawn[which], chance.randint(4, 24)))
        if len(words) < 4:
            drawn[which] = iter(spoken[which].draw(100_000))
            words = list(itertools.islice(drawn[which], chance.randint(4, 24)))
        yield " ".join(words) + chance.choice((".", "!", " :)", " 🚢", ""))


def fill(path: Path, posts: Iterator[str]) -> None:
    """Store the posts as fast as SQLite takes them, through the triggers of the word index."""
    with contextlib.closing(connect(path)) as connection:
        while some := list(itertools.islice(posts, 20_000)):
            connection.execute("BEGIN")
            insert_posts(connection, some)
            connection.execute("COMMIT")


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    register(connection)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    return connection


def insert_posts(connection: sqlite3.Connection, texts: Sequence[str]) -> None:
    connection.executemany(
        'INSERT INTO "Tweet" (text, user_id, event_id, kind, created_at)'
        " VALUES (?, 1 + abs(random()) % 1000, 1, 'post', '2026-01-01 00:00:00')",
        [(text,) for text in texts],
    )


async def times_ms(db: Database, queries: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return how long each search takes, by the clock and of the processor, all threads."""
    wall, processor = [], []
    for query in queries:
        started, used = time.perf_counter(), time.process_time()
        await find(db, None, SearchQuery(query), limit=20)
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - used))
    return wall, processor


async def rebuild_time_s(db: Database, queries: Sequence[str]) -> tuple[float, list[float]]:
    """Make the word index again; return how long it took, and searches meanwhile in ms."""
    started, wall = time.perf_counter(), []

    async def rebuild() -> float:
        async with db.write() as session:
            await db.backend.words.rebuild(session)
        return time.perf_counter() - started

    task = asyncio.create_task(rebuild())
    for query in itertools.cycle(queries):
        wall += (await times_ms(db, [query]))[0]
        if task.done():
            break
        await asyncio.sleep(0.05)
    return await task, wall


def database_path(db: Database) -> Path:
    return Path(db.engine.url.database or "")


async def make_posts(db: Database, options: argparse.Namespace) -> None:
    """Store invented posts of many authors, unless the database has them from the last time."""
    async with db.read() as session:
        stored = await session.scalar(select(func.count()).select_from(Tweet))
        is_whole = stored == options.posts and not await is_vocabulary_old(session)
    if is_whole:
        return
    if stored:
        sys.exit(f"{options.keep} has some posts of a run that was ended: remove it")
    async with db.write() as session:
        for number in range(AUTHORS):
            await add_user(session, f"author{number}")
    started = time.perf_counter()
    fill(database_path(db), made_posts(options.posts, options.seed))
    async with db.write() as session:
        await session.execute(update(User).values(tweet_count=options.posts // AUTHORS))
    print(f"{options.posts:,} posts stored in {time.perf_counter() - started:.0f} s")
    await renew_vocabulary(db)


async def measure_speed(db: Database, options: argparse.Namespace) -> None:
    """Print how long searches take inside the server, without HTTP."""
    await make_posts(db, options)
    print(f"database: {database_path(db).stat().st_size / 2**20:,.0f} MiB")
    spoken = languages(options.seed)[0]
    chance = random.Random(options.seed)
    texts = list(itertools.islice(made_posts(options.posts, options.seed), 2_000))
    words = [chance.sample(text.split()[:-1], 4) for text in texts if len(text.split()) > 5]
    words = words[: options.queries]
    kinds: dict[str, list[str]] = {
        "four words of a post": [" ".join(four) for four in words],
        "the same with a slip": [with_slip(" ".join(four), chance) for four in words],
        "words of three posts": [
            " ".join(chance.choice(four) for four in chance.sample(words, 3)) for _ in words
        ],
        "one word": [four[0] for four in words],
        "the most frequent word": [spoken.words[0]] * 20,
        "three frequent words": [" ".join(spoken.draw(3)) for _ in words],
        "a phrase": [f'"{" ".join(four[:2])}"' for four in words],
    }
    took_s, wall = await rebuild_time_s(db, kinds["four words of a post"])
    print(f"word index made again in {took_s:.0f} s; {len(wall)} searches of four words meanwhile,")
    print(f"p50 {statistics.median(wall):.1f} ms, the slowest {max(wall):.0f} ms")
    print("| query, times in ms | wall p50 | wall p95 | processor p50 | searches |")
    print("| --- | --- | --- | --- | --- |")
    for name, queries in kinds.items():
        wall, processor = await times_ms(db, queries)
        cuts = statistics.quantiles(wall, n=20)
        print(
            f"| {name} | {cuts[9]:.1f} | {cuts[18]:.1f} "
            f"| {statistics.median(processor):.1f} | {len(queries)} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="search", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--queries", type=int, default=300, help="per language and kind (300)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--posts", type=int, default=100_000, help="to make, without FILE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of the posts that are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary)) / f"{options.posts}-posts-{options.seed}"
        config = Config(env="testing", data_dir=folder)
        prepare(config, upgrade_old=False)
        collect_seldom()  # As a worker does.

        async def run() -> None:
            db = Database(config)
            try:
                if options.file is None:
                    await measure_speed(db, options)
                else:
                    await measure_quality(db, read_rows(options.file), options)
            finally:
                await db.close()

        asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
