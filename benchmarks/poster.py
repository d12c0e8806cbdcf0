"""Posts at a steady pace: `python -m benchmarks.poster DATABASE AUTHOR PER_SECOND SECONDS [SIZE]`.

Writes as the program does, from a process of its own, so that the moment of each commit is known
exactly. Prints JSON: each event's number and that moment on the monotonic clock.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path

from app.config import Config
from app.db.engine import Database
from app.services.posts.arrivals import Arrival, add_arrivals
from app.services.posts.post_content import NewTweetForm, valid_post
from saywho.clock import now


async def post(
    db: Database, user_id: int, per_second: float, seconds: float, size: int
) -> dict[int, float]:
    committed: dict[int, float] = {}
    started = time.monotonic()
    for number in range(round(per_second * seconds)):
        await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
        text = f"post number {number} of those who post live".ljust(size, ".")
        tweet = valid_post(NewTweetForm(text=text), arrived_at=now())
        async with db.write() as session:
            (added,) = await add_arrivals(session, [Arrival(user_id, tweet)], default_time=now())
        committed[added.event_id or 0] = time.monotonic()
    return committed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("user_id", type=int)
    parser.add_argument("per_second", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("size", type=int, nargs="?", default=0, help="least characters of a post")
    arguments = parser.parse_args()
    path = arguments.database

    async def run() -> dict[int, float]:
        config = Config(data_dir=path.parent, database_url=f"sqlite+aiosqlite:///{path}")
        db = Database(config)
        try:
            return await post(
                db, arguments.user_id, arguments.per_second, arguments.seconds, arguments.size
            )
        finally:
            await db.close()

    print(json.dumps(asyncio.run(run())))


if __name__ == "__main__":
    main()
