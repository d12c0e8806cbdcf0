"""The pages, rendered on the server and usable without JavaScript."""

from quart import Quart


def init_app(app: Quart) -> None:
    """Register the pages' blueprints."""
    from app.views.pages import (
        authors,
        cards,
        compare,
        feeds,
        home,
        imports,
        login,
        posts,
        quiz,
        search,
        settings,
    )

    for module in (
        home,
        authors,
        compare,
        cards,
        quiz,
        feeds,
        search,
        posts,
        login,
        settings,
        imports,
    ):
        app.register_blueprint(module.blueprint)
