"""The addresses under /user, in a file of their own."""

from flask import Blueprint
from markupsafe import escape

blueprint = Blueprint("users", __name__, url_prefix="/user")


@blueprint.route("/")
def index() -> str:
    return "사용자"


@blueprint.route("/<username>")
def show_user(username: str) -> str:
    return f"사용자 이름: {escape(username)}"
