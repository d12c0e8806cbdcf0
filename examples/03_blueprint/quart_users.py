"""The addresses under /user, in a file of their own."""

from markupsafe import escape
from quart import Blueprint

# Flask's Blueprint would register here as well, but it runs no coroutines.
blueprint = Blueprint("users", __name__, url_prefix="/user")


@blueprint.route("/")
async def index() -> str:
    return "사용자"


@blueprint.route("/<username>")
async def show_user(username: str) -> str:
    return f"사용자 이름: {escape(username)}"
