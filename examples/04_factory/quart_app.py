"""Starts the app that the factory makes for the environment in APP_ENV."""

import os

from quart_twitoff import create_app

if __name__ == "__main__":
    app = create_app(os.environ.get("APP_ENV", "development"))
    # Quart reloads unless it is told not to, Flask only in debug mode.
    app.run(port=int(os.environ.get("PORT", "5000")), use_reloader=app.debug)
