"""An app that takes its views from a blueprint."""

import os

from quart import Quart
from quart_users import blueprint

app = Quart(__name__)
app.register_blueprint(blueprint)


@app.route("/")
async def index() -> str:
    return "안녕하세요, Flask!"


if __name__ == "__main__":
    # Quart reloads unless it is told not to, Flask only in debug mode.
    app.run(port=int(os.environ.get("PORT", "5000")), use_reloader=False)
