"""The new app: the blueprint that was moved."""

from markupsafe import escape
from quart import Blueprint, Quart, session

tweets = Blueprint("tweets", __name__, url_prefix="/tweet")


@tweets.get("/")
async def index() -> str:
    return f"{escape(session.get('username', '손님'))}의 글, 이제 비동기로"


def create_app() -> Quart:
    app = Quart(__name__)
    # Quart reads the session cookies that Flask has signed, and the other way round.
    app.secret_key = "one key for both apps"  # noqa: S105 # An example; yours comes from outside.
    app.register_blueprint(tweets)
    return app
