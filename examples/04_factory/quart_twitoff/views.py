"""Users: asking for one, adding one."""

from markupsafe import escape
from quart import Blueprint, redirect, request, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from quart_twitoff.database import get_session
from quart_twitoff.models import User

blueprint = Blueprint("users", __name__)


@blueprint.get("/get_user")
async def get_user() -> ResponseReturnValue:
    # The address has arrived with the request's head, so its parameters need no await.
    username = request.args.get("username")
    if username is None:
        return "No username given", 400
    user = await get_session().scalar(select(User).where(User.username == username))
    if user is None:
        return f"User '{escape(username)}' doesn't exist", 404
    return str(user.id)


@blueprint.post("/user")
async def add_user() -> ResponseReturnValue:
    # The form is in the body, which may still be on its way.
    form = await request.form
    username = form["user_name"]
    session = get_session()
    session.add(User(username=username))
    try:
        await session.commit()
    except IntegrityError:
        await session.rollback()  # There is one of that name.
    return redirect(url_for("users.get_user", username=username), 303)
