"""What following many accounts costs when nothing is new: `python -m benchmarks.sources`.

All accounts are quiet and due once in a quarter of an hour, as in the long run. The hosts are local
servers in a process of their own. Printed is the processor time of the process that follows.
"""

import asyncio
import multiprocessing
import random
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import click
from sqlalchemy import update

from app.clock import now
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.models import LiveSource
from app.services.sources.following import LONGEST_S, Follower
from app.services.sources.registry import add_source, all_sources, parse_source
from tests.live_platforms import live_platform

POSTS = 40


@click.command()
@click.option("--accounts", default=500, help="How many are followed.")
@click.option("--hosts", default=50, help="On how many hosts.")
@click.option("--seconds", default=120.0, help="How long it is measured.")
def main(accounts: int, hosts: int, seconds: float) -> None:
    """Print the share of a core that following takes when nothing is new."""
    ours, theirs = multiprocessing.Pipe()
    servers = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, accounts, hosts), daemon=True
    )
    servers.start()
    names: list[str] = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(env="testing", data_dir=Path(folder), follow_private=True)
        prepare(config, upgrade_old=False)
        asyncio.run(_measure(config, names, ours, seconds))
    servers.terminate()
    servers.join()


def _serve(pipe: Connection, accounts: int, hosts: int) -> None:
    """Serve the accounts; tell their names, and whenever asked the number of requests so far."""
    with ExitStack() as stack:
        platforms = [stack.enter_context(live_platform(f"127.0.1.{n + 1}")) for n in range(hosts)]
        names = []
        for number in range(accounts):
            platform = platforms[number % hosts]
            for post in range(POSTS):
                platform.add(f"a{number}", f"a post of account {number}, number {post}")
            names.append(f"mastodon:a{number}@{platform.host}")
        pipe.send(names)
        while pipe.recv():
            pipe.send(sum(len(each.requests) for each in platforms))


async def _measure(config: Config, names: list[str], pipe: Connection, seconds: float) -> None:
    db = Database(config)
    async with db.write() as session:
        for name in names:
            await add_source(session, parse_source(name))
    follower = Follower(db, config)
    click.echo(f"the first visits of {len(names)} accounts …")
    await follower.visit_due(due_by=now())
    await _make_quiet(db)
    asked, began, used = _requests(pipe), time.perf_counter(), time.process_time()
    running = asyncio.create_task(follower.run())
    await asyncio.sleep(seconds)
    share = (time.process_time() - used) / (time.perf_counter() - began)
    asked = _requests(pipe) - asked
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await db.close()
    click.echo(f"{asked} requests in {seconds:.0f} s, {share:.2%} of a core")


async def _make_quiet(db: Database) -> None:
    """Let all sources be without posts for a day, and due evenly in the next quarter of an hour."""
    long_ago = now() - timedelta(days=1)
    async with db.write() as session:
        for source in await all_sources(session):
            due = now() + timedelta(seconds=random.uniform(0, LONGEST_S))
            values = {"next_visit_at": due, "posts_at": long_ago, "added_at": long_ago}
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(row.values(**values))


def _requests(pipe: Connection) -> int:
    pipe.send(True)
    return int(pipe.recv())


if __name__ == "__main__":
    main()
