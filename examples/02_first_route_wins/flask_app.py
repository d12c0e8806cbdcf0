"""One address mapped twice: the view registered first answers."""

import os

from flask import Flask

app = Flask(__name__)


@app.route("/")
def spongebob() -> tuple[str, int]:
    return "spongebob", 200


@app.route("/")
def patrick() -> tuple[str, int]:
    return "patrick", 201


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
