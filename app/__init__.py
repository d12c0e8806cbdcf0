"""saywho: keeps people's posts, and says who would rather have said a text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart import Quart

    from app.config import Config

__version__ = "0.1.0"


def create_app(config: "Config | None" = None) -> "Quart":
    """Return an app of its own that opens nothing before it serves.

    Without `config` the settings are read from the environment; a wrong one ends the program
    with a line that names it.
    """
    from quart import Quart

    from app import cli, dashboard, i18n, lifespan, logs, theme
    from app.cached import Cached
    from app.config import Config, ConfigError
    from app.edge import Edge
    from app.metrics import Metrics
    from app.streams import Streams
    from app.views import (
        access,
        api,
        bodies,
        converters,
        course,
        errors,
        headers,
        health,
        links,
        pages,
        sessions,
    )

    if config is None:
        try:
            config = Config.from_env()
        except ConfigError as error:
            raise SystemExit(f"saywho: {error}") from None

    app = Quart(__name__)
    metrics = Metrics(config.data_dir / f"{config.env}.metrics")
    logs.configure(config)
    lifespan.init_app(app, config, metrics)
    converters.init_app(app)
    bodies.init_app(app, config)
    i18n.init_app(app, config)
    theme.init_app(app)
    links.init_app(app, config)
    access.init_app(app, config)
    sessions.init_app(app)
    headers.init_app(app)
    errors.init_app(app)

    app.register_blueprint(health.blueprint)
    api.init_app(app)
    pages.init_app(app)
    app.register_blueprint(course.blueprint)
    dashboard.init_app(app)

    cli.init_app(app)
    figures = dashboard.shared_in_front(app, config)
    edge = Edge(
        Cached(figures, lambda: lifespan.feed_and_cache(app), metrics.count_cached),
        log_access=config.access_log,
        trusted_proxies=config.trusted_proxies,
        on_answer=metrics.count_request,
    )
    app.asgi_app = Streams(edge)  # type: ignore[method-assign]
    return app
