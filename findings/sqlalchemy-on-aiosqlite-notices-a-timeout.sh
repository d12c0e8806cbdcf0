#!/usr/bin/env bash
# sqlalchemy 2.1.9 on aiosqlite 0.22.1: a timeout of 0.3 seconds is raised when the query is done.
#
# Expected: `asyncio.timeout(0.3)` around a long query raises TimeoutError after 0.3 seconds. The query may go on in its
# thread, and the caller goes on with something else, as with aiosqlite alone.
# Seen: TimeoutError comes when the query has ended, however long that takes. With aiosqlite alone it comes in time.
# Output:
#   aiosqlite: in time
#   SQLAlchemy: after the query
# Why: a cancelled query leaves the block of its connection, which rolls back. The rollback waits in the queue of the
# connection's one thread, behind the query, and nothing interrupts the query.
# Who is hurt: people who bound the time of requests in Quart or FastAPI on SQLite. Each limit is as long as the slowest
# query, and people who gave up still hold a connection.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'sqlalchemy==2.1.9' 'aiosqlite==0.22.1' 'greenlet==3.5.6'
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sqlite3
import time

import aiosqlite
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

ended = []


def wait():
    """The long query: three seconds in the connection's thread, as a query of SQLite is."""
    time.sleep(3)
    ended.append(True)
    return 1


async def with_aiosqlite():
    connection = await aiosqlite.connect(":memory:")
    await connection.create_function("wait", 0, wait)
    try:
        async with asyncio.timeout(0.3):
            await connection.execute("SELECT wait()")
    except TimeoutError:
        said = "after the query" if ended else "in time"
    await connection.close()
    return said


async def with_sqlalchemy():
    engine = create_async_engine("sqlite+aiosqlite://")

    @event.listens_for(engine.sync_engine, "connect")
    def add_function(connection, _record):
        connection.create_function("wait", 0, wait)

    try:
        async with asyncio.timeout(0.3), engine.connect() as connection:
            await connection.execute(text("SELECT wait()"))
    except TimeoutError:
        said = "after the query" if ended else "in time"
    await engine.dispose()
    return said


seen = []
for way in (with_aiosqlite, with_sqlalchemy):
    ended.clear()
    seen.append(asyncio.run(way()))
print("aiosqlite:", seen[0])
print("SQLAlchemy:", seen[1])
assert seen == ["in time", "after the query"]
PYTHON
