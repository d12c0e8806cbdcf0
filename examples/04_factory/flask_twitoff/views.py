"""Users: asking for one, adding one."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from flask_twitoff.database import get_session
from flask_twitoff.models import User

blueprint = Blueprint("users", __name__)


@blueprint.get("/get_user")
def get_user() -> ResponseReturnValue:
    username = request.args.get("username")
    if username is None:
        return "No username given", 400
    user = get_session().scalar(select(User).where(User.username == username))
    if user is None:
        return f"User '{escape(username)}' doesn't exist", 404
    return str(user.id)


@blueprint.post("/user")
def add_user() -> ResponseReturnValue:
    username = request.form["user_name"]
    session = get_session()
    session.add(User(username=username))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # There is one of that name.
    return redirect(url_for("users.get_user", username=username), 303)
