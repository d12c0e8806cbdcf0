"""The application factory: what an app is made of, in the order in which a request meets it."""

from quart import Quart

from app import cli, dashboard, i18n, lifespan, logs, preferences
from app.asgi.cached import Cached
from app.asgi.edge import Edge
from app.config import Config, ConfigError
from app.metrics import Metrics
from app.paths import STATIC
from app.views import access, answers, api, bodies, course, pages, parsing


def make_app(config: Config | None) -> Quart:
    """Return an app of its own that opens nothing before it serves."""
    try:
        config = config or Config.from_env()
    except ConfigError as error:
        raise SystemExit(f"saywho: {error}") from None
    app = Quart("app", static_url_path=STATIC)
    metrics = Metrics()
    logs.configure(config)

    # What opens when the app starts, and closes when it stops.
    lifespan.init_app(app, config, metrics)

    # The layers in front of the app, from the outermost inwards.
    app.asgi_app = Edge(  # type: ignore[method-assign]
        Cached(app.asgi_app, lambda: lifespan.cache_of(app), metrics.count_cached),
        log_access=config.access_log,
        trusted_proxies=config.trusted_proxies,
        url=config.url,
        on_answer=metrics.count_request,
    )

    # The request: its path and its body.
    parsing.init_app(app)
    bodies.init_app(app, config)

    # The hooks before a view. A visitor without access is refused whatever else the address names.
    i18n.init_app(app, config)
    access.init_app(app, config)
    preferences.init_app(app)
    answers.init_app(app)

    # The views.
    api.init_app(app)
    pages.init_app(app, config)
    app.register_blueprint(course.blueprint)
    dashboard.init_app(app)

    # The hooks after a view. Quart runs the last one first: an answer that replaces another one
    # gets its headers too.
    app.after_request(answers.add_headers)
    answers.handle_errors(app)

    cli.init_app(app)
    return app
