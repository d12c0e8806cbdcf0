"""An app that takes its views from a blueprint."""

import os

from flask import Flask
from flask_users import blueprint

app = Flask(__name__)
app.register_blueprint(blueprint)


@app.route("/")
def index() -> str:
    return "안녕하세요, Flask!"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
