"""Migrating many posts from the first revision to the newest: `python -m benchmarks.migrating`.

The database of so many posts is taken back to the first revision, migrated, and both are timed.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from alembic import command

from app.db.migrate import alembic_config, upgrade
from benchmarks.databases import Shape, copy

FIRST: Final = "0037"
TWEETS_EACH: Final = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    authors = max(1, parser.parse_args().posts // TWEETS_EACH)
    shape = Shape("migrating", authors=authors, tweets_each=TWEETS_EACH, has_profiles=False)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{copy(shape, Path(folder))}"
        started = time.perf_counter()
        command.downgrade(alembic_config(url), FIRST)
        went_back = time.perf_counter()
        upgrade(url)
        migrated = time.perf_counter()
    print(f"{shape.tweets:,} posts: migrated from {FIRST} in {migrated - went_back:.1f} s,")
    print(f"taken back to it in {went_back - started:.1f} s")


if __name__ == "__main__":
    main()
