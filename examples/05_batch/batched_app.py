"""The same views with a batch in front of the session: requests that come together share one."""

from collections.abc import Sequence

from database import User, open_sessions
from quart import Quart, abort, request
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from app.db.batch import Batch

app = Quart(__name__)
sessions = open_sessions()


async def read_users(usernames: Sequence[str]) -> list[int | None]:
    query = select(User.username, User.id).where(User.username.in_(usernames))
    async with sessions() as session:
        found = dict((await session.execute(query)).all())
    return [found.get(username) for username in usernames]


async def insert_users(usernames: Sequence[str]) -> list[None]:
    rows = [{"username": username} for username in usernames]
    async with sessions() as session, session.begin():
        await session.execute(insert(User).on_conflict_do_nothing(), rows)
    return [None] * len(usernames)


reads = Batch(read_users, max_size=200, max_waiting=1_000, timeout_s=30)
writes = Batch(insert_users, max_size=200, max_waiting=1_000, timeout_s=30)


@app.get("/user/<username>")
async def show_user(username: str) -> dict[str, int]:
    return {"id": await reads(username) or abort(404)}


@app.post("/user")
async def add_user() -> tuple[dict[str, str], int]:
    username = (await request.form)["username"]
    await writes(username)
    return {"username": username}, 201
