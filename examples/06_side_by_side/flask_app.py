"""The existing app: two blueprints, of which one is to be moved."""

from flask import Blueprint, Flask, redirect, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape

users = Blueprint("users", __name__, url_prefix="/user")
tweets = Blueprint("tweets", __name__, url_prefix="/tweet")


@users.post("/login/<username>")
def login(username: str) -> ResponseReturnValue:
    session["username"] = username
    return redirect(url_for("tweets.index"))


@tweets.get("/")
def index() -> str:
    return f"{escape(session.get('username', '손님'))}의 글"


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "one key for both apps"  # noqa: S105 # An example; yours comes from outside.
    app.register_blueprint(users)
    app.register_blueprint(tweets)
    return app
