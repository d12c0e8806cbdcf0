"""Hello, and a name taken from the address."""

import os

from markupsafe import escape
from quart import Quart

app = Quart(__name__)


# A view is a coroutine, so that others go on while one waits. Quart would run a plain function,
# too, but in a thread.
@app.route("/")
async def index() -> str:
    return "안녕하세요, Flask!"


@app.route("/user/<username>")
async def show_user(username: str) -> str:
    return f"사용자 이름: {escape(username)}"


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))
