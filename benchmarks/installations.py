"""Own texts rejected and unknown authors detected where there are few posts.

`python -m benchmarks.installations FILE`, a file as for `benchmarks.accuracy`. Each installation
holds so many posts of so many authors and makes its background and calibration as a server does;
two of the authors are compared for posts that came later, their own and those of strangers.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.errors import InvalidInputError
from app.services.compare.background import renew_background
from app.services.compare.judging import judge
from app.services.compare.materials import Models, gather_material
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from benchmarks.accuracy_data import Row, read_rows
from tests.posting import add_posts

SHAPES: Final = ((2, 30), (2, 100), (2, 400), (3, 100), (4, 40), (4, 100), (4, 400), (8, 100))
"""Authors, and posts of each."""
START: Final = datetime(2024, 1, 1, tzinfo=UTC)
OWN_TEXTS: Final = 40
STRANGERS: Final = 5
STRANGE_TEXTS: Final = 15


@dataclass(slots=True)
class Posts:
    """What each author wrote, in time: before, which is stored, and after."""

    train: dict[str, list[str]] = field(default_factory=dict)
    test: dict[str, list[str]] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        part = self.test if row.is_test else self.train
        part.setdefault(row.author, []).append(row.text)
        self.languages[row.author] = row.lang


async def installed(folder: Path, posts: Posts, authors: Sequence[str], each: int) -> Database:
    """Return the database of an installation that has settled."""
    config = Config(data_dir=folder)
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    db = Database(config)
    for author in authors:
        texts = posts.train[author][-each:]
        new = [
            new_tweet(text, arrived_at=START, created_at=START + timedelta(hours=hour))
            for hour, text in enumerate(texts)
        ]
        async with db.write() as session:
            user, _ = await add_user(session, _name(authors, author))
            await add_posts(session, user.id, new)
    await renew_background(db)
    return db


def _name(authors: Sequence[str], author: str) -> str:
    return f"author{authors.index(author)}"


async def unfamiliar(db: Database, names: Sequence[str], texts: Sequence[str]) -> list[bool]:
    """Return for each text that can be judged whether it is said to be by none of the authors."""
    models = Models()
    found = []
    for text in texts:
        try:
            async with db.read() as session:
                material = await gather_material(session, models, text=text, usernames=names)
        except InvalidInputError:
            continue  # No letters.
        verdict = (await judge(material, explain=False)).verdict
        if verdict != "short":
            found.append(verdict == "unfamiliar")
    return found


async def measure(
    posts: Posts, language: str, shape: tuple[int, int], rounds: int, chance: random.Random
) -> None:
    """Print the shares of one shape of installation, over several drawn."""
    number, each = shape
    of_language = sorted(a for a in posts.train if posts.languages[a] == language)
    own: list[bool] = []
    strange: list[bool] = []
    for _ in range(rounds):
        authors = chance.sample(of_language, number)
        others = [a for a in of_language if a not in authors]
        others = others or sorted(set(posts.train) - set(of_language))
        strangers = chance.sample(others, min(STRANGERS, len(others)))
        with tempfile.TemporaryDirectory() as folder:
            db = await installed(Path(folder), posts, authors, each)
            try:
                names = [_name(authors, author) for author in authors[:2]]
                later = [t for a in authors[:2] for t in posts.test.get(a, ())[:OWN_TEXTS]]
                own += await unfamiliar(db, names, later)
                foreign = [t for a in strangers for t in posts.test.get(a, ())[:STRANGE_TEXTS]]
                strange += await unfamiliar(db, names, foreign)
            finally:
                await db.close()
    cells = f"{_percent(own)} | {_percent(strange)}"
    print(f"| {language} | {number} | {each} | {cells} |", flush=True)


def _percent(found: Sequence[bool]) -> str:
    return f"{100 * sum(found) / len(found):.0f}" if found else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    posts = Posts()
    try:
        for row in read_rows(options.file):
            posts.add(row)
    except (OSError, ValueError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        sys.exit(2)
    print("Own texts rejected and unknown authors detected between two authors, in %:\n")
    print("| language | authors | posts each | own texts rejected | unknown authors detected |")
    print("| --- | --- | --- | --- | --- |")
    chance = random.Random(2)
    for language in sorted(set(posts.languages.values())):
        known = sum(posts.languages[author] == language for author in posts.train)
        for shape in SHAPES:
            if shape[0] <= known:
                asyncio.run(measure(posts, language, shape, options.rounds, chance))


if __name__ == "__main__":
    main()
