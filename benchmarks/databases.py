"""Databases of invented posts, built fast: `sqlite3` fills tables that the migrations made.

A finished file is kept in the system's folder for temporary files, and used again for as long as
neither the tables nor this module has changed.
"""

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from app.config import Config
from app.db.engine import Database
from app.db.migrate import upgrade
from app.db.sqlite.fts5 import REBUILD, register
from app.models.content import EPOCH_S, SLOT_S
from app.services.compare.background import SMALL_POPULATION
from saywho.engine.attribution import build_background
from saywho.engine.features import RECIPE, add, features
from saywho.engine.profiles import NO_DIGESTS, text_keys
from tests.waiting import maintain

TOKEN: Final = "saywho_of-the-benchmarks"  # noqa: S105 - of an invented installation
START: Final = datetime(2024, 1, 1, tzinfo=UTC)
VOCABULARY: Final = 4_000
TEXTS: Final = 8_000
TEXTS_OF_AN_AUTHOR: Final = 1_000
"""Each author's texts are drawn from so many neighbouring ones, so that authors differ."""
WORDS: Final = 13
COUNT_POSTS: Final = f"""
    INSERT INTO "PostCount" (user_id, slot, lang, posts)
    SELECT user_id, (CAST(strftime('%s', created_at) AS INTEGER) + {EPOCH_S}) / {SLOT_S}, '',
        count(*)
    FROM "Tweet" GROUP BY 1, 2
"""  # noqa: S608 - numbers of our own


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database holds."""

    name: str
    authors: int
    tweets_each: int
    has_profiles: bool
    """Whether the authors' profiles are stored, as after an import; otherwise all is tail."""

    @property
    def tweets(self) -> int:
        return self.authors * self.tweets_each


def username(number: int) -> str:
    """Return the name of an author, counted from 0."""
    return f"author{number:06d}"


def made_texts() -> list[str]:
    """Return invented posts of some 80 characters, common words more often than rare ones."""
    chance = random.Random(7)
    words = [
        "".join(chance.choices("abcdefghijklmnoprstuvwy", k=chance.randint(2, 9)))
        for _ in range(VOCABULARY)
    ]
    weights = [1 / (rank + 10) for rank in range(VOCABULARY)]
    drawn = chance.choices(words, weights, k=TEXTS * WORDS)
    return [
        " ".join(drawn[place * WORDS : (place + 1) * WORDS]) + chance.choice([".", "!", " :)"])
        for place in range(TEXTS)
    ]


def texts_of(author: int, count: int) -> range | list[int]:
    """Return which texts an author wrote, as places in `made_texts()`."""
    first = author * 37
    step = 7 + author % 5
    return [(first + step * number % TEXTS_OF_AN_AUTHOR) % TEXTS for number in range(count)]


def database(shape: Shape) -> Path:
    """Return the file of such a database, built now if there is none; nobody may write to it."""
    folder = Path(tempfile.gettempdir(), f"saywho-benchmarks-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{shape.name}-{_fingerprint(shape)}.db"
    if not path.exists():
        for old in folder.glob(f"{shape.name}-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        with tempfile.TemporaryDirectory(dir=folder) as name:
            built = Path(name, path.name)
            build(built, shape)
            built.rename(path)
    return path


def copy(shape: Shape, folder: Path) -> Path:
    """Return the file of a copy that may be written to."""
    return Path(shutil.copy(database(shape), folder / f"{shape.name}.db"))


def _fingerprint(shape: Shape) -> str:
    app = Path(__file__).parents[1] / "app"
    tables = sorted([*app.glob("models/*.py"), *app.glob("migrations/**/*.py")])
    parts = [path.read_bytes() for path in (Path(__file__), *tables)]
    parts.append(f"{shape} {RECIPE}".encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def build(path: Path, shape: Shape) -> None:
    """Write the database, as if each author's posts had come by one import."""
    url = f"sqlite+aiosqlite:///{path}"
    upgrade(url)
    texts = made_texts()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        with _without_upkeep(connection):
            connection.execute("BEGIN")
            _insert_authors(connection, shape)
            _insert_tweets(connection, shape, texts)
            if not shape.has_profiles:  # Otherwise maintenance makes one.
                _insert_background(connection, shape, texts)
            connection.execute(COUNT_POSTS)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    if shape.has_profiles:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            _insert_profiles(connection, shape, texts)
    asyncio.run(_maintain(Config(data_dir=path.parent, database_url=url)))


async def _maintain(config: Config) -> None:
    """Do what a server would do in the background after its start."""
    db = Database(config)
    try:
        await maintain(db)
    finally:
        await db.close()


@contextlib.contextmanager
def _without_upkeep(connection: sqlite3.Connection) -> Iterator[None]:
    """Create the indexes and triggers of posts, and the word index, after the block."""
    upkeep = connection.execute(
        "SELECT type, name, sql FROM sqlite_master"
        " WHERE type IN ('index', 'trigger') AND tbl_name = 'Tweet' AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in upkeep:
        connection.execute(f'DROP {kind} "{name}"')
    yield
    for _, _, sql in upkeep:
        connection.execute(sql)
    register(connection)
    connection.execute(str(REBUILD))


def _insert_authors(connection: sqlite3.Connection, shape: Shape) -> None:
    now = _stamp(START)
    authors = range(shape.authors)
    connection.executemany(
        'INSERT INTO "Users" (id, username, username_key, platform, created_at, tweet_count,'
        " version) VALUES (?, ?, ?, 'x', ?, ?, 0)",
        ((n + 1, username(n), username(n), now, shape.tweets_each) for n in authors),
    )
    connection.executemany(
        'INSERT INTO "Event" (id, kind, user_id, count, created_at) VALUES (?, ?, ?, ?, ?)',
        ((n + 1, "user.created", n + 1, 1, now) for n in authors),
    )
    connection.executemany(
        'INSERT INTO "Event" (id, kind, user_id, count, created_at) VALUES (?, ?, ?, ?, ?)',
        (
            (_import_event(shape, n), "tweets.imported", n + 1, shape.tweets_each, now)
            for n in authors
        ),
    )
    connection.execute(
        'INSERT INTO "Token" (name, scope, sha256, created_at) VALUES (?, ?, ?, ?)',
        ("benchmarks", "admin", hashlib.sha256(TOKEN.encode()).digest(), now),
    )


def _import_event(shape: Shape, author: int) -> int:
    return shape.authors + author + 1


def _insert_tweets(connection: sqlite3.Connection, shape: Shape, texts: list[str]) -> None:
    times = [_stamp(START + timedelta(hours=7 * n)) for n in range(shape.tweets_each)]
    connection.executemany(
        'INSERT INTO "Tweet" (text, user_id, event_id, kind, created_at)'
        " VALUES (?, ?, ?, 'post', ?)",
        (
            (texts[place], author + 1, _import_event(shape, author), time)
            for author in range(shape.authors)
            for place, time in zip(texts_of(author, shape.tweets_each), times, strict=True)
        ),
    )


def _insert_background(connection: sqlite3.Connection, shape: Shape, texts: list[str]) -> None:
    """Store a background of the posts without a population, so that no tail is folded for one."""
    background = build_background([features(text) for text in texts], shape.tweets)
    connection.execute(
        'INSERT INTO "BackgroundSnapshot" (version, recipe, posts, authors, counts, temperature,'
        " members, population, created_at) VALUES (1, ?, ?, ?, ?, 1, ?, ?, ?)",
        (
            *(RECIPE, shape.tweets, min(shape.authors, SMALL_POPULATION), background.to_bytes()),
            *(b"[]", msgspec.msgpack.encode([]), _stamp(START)),
        ),
    )


def _insert_profiles(connection: sqlite3.Connection, shape: Shape, texts: list[str]) -> None:
    """Store the counts of each author's posts, as an import would; a repeated text counts once."""
    counts, keys = [features(text) for text in texts], text_keys(texts)

    def profile(author: int) -> tuple[int, int, int, int, bytes, bytes]:
        places = list(texts_of(author, shape.tweets_each))
        own = add([counts[place] for place in dict.fromkeys(places)])
        as_of_event = _import_event(shape, author)
        posted = NO_DIGESTS.plus(keys[places])
        return author + 1, RECIPE, as_of_event, len(places), own.to_bytes(), posted.to_bytes()

    connection.executemany(
        'INSERT INTO "Profile" (user_id, recipe, as_of_event, posts, counts, texts)'
        " VALUES (?, ?, ?, ?, ?, ?)",
        map(profile, range(shape.authors)),
    )


def _stamp(time: datetime) -> str:
    """Return a time as SQLAlchemy writes it into SQLite."""
    return time.strftime("%Y-%m-%d %H:%M:%S.000000")
