"""Flask's views with `async` and `await` in front: each request has a session of its own."""

from database import User, open_sessions
from quart import Quart, abort, request
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

app = Quart(__name__)
sessions = open_sessions()


@app.get("/user/<username>")
async def show_user(username: str) -> dict[str, int]:
    async with sessions() as session:
        user_id = await session.scalar(select(User.id).where(User.username == username))
    return {"id": user_id or abort(404)}


@app.post("/user")
async def add_user() -> tuple[dict[str, str], int]:
    username = (await request.form)["username"]
    async with sessions() as session, session.begin():
        await session.execute(insert(User).values(username=username).on_conflict_do_nothing())
    return {"username": username}, 201
