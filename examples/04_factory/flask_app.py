"""Starts the app that the factory makes for the environment in APP_ENV."""

import os

from flask_twitoff import create_app

if __name__ == "__main__":
    app = create_app(os.environ.get("APP_ENV", "development"))
    app.run(port=int(os.environ.get("PORT", "5000")))
