"""TwitOff's beginnings: a factory, a database with migrations, a blueprint."""

from flask import Flask

from flask_twitoff.config import CONFIGS


def create_app(environment: str = "development", **settings: object) -> Flask:
    """Return an app for the environment; `settings` replace single ones of its configuration."""
    from flask_twitoff import database, views

    app = Flask(__name__)
    app.config.from_object(CONFIGS[environment])
    app.config.update(settings)
    database.init_app(app)
    app.register_blueprint(views.blueprint)
    return app
