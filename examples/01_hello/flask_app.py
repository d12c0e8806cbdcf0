"""Hello, and a name taken from the address."""

import os

from flask import Flask
from markupsafe import escape

app = Flask(__name__)


@app.route("/")
def index() -> str:
    return "안녕하세요, Flask!"


@app.route("/user/<username>")
def show_user(username: str) -> str:
    return f"사용자 이름: {escape(username)}"


if __name__ == "__main__":
    # The debugger runs code for whoever reaches it: it stays on this machine's own address.
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))  # noqa: S201
