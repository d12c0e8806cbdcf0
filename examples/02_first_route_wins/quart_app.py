"""One address mapped twice: the view registered first answers."""

import os

from quart import Quart

app = Quart(__name__)


@app.route("/")
async def spongebob() -> tuple[str, int]:
    return "spongebob", 200


@app.route("/")
async def patrick() -> tuple[str, int]:
    return "patrick", 201


if __name__ == "__main__":
    # Quart reloads unless it is told not to, Flask only in debug mode.
    app.run(port=int(os.environ.get("PORT", "5000")), use_reloader=False)
