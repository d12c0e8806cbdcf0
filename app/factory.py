"""The application factory: what an app is made of, in the order in which requests meet it."""

from quart import Quart

from app import cli, dashboard, i18n, lifespan, logs, theme
from app.asgi.cached import Cached
from app.asgi.edge import Edge
from app.asgi.streams import Streams
from app.config import Config, ConfigError
from app.metrics import Metrics
from app.paths import STATIC
from app.serving import bare
from app.views import access, answers, api, bodies, course, errors, pages, parsing, sessions


def make_app(config: Config | None) -> Quart:
    """Return an app of its own that opens nothing before it serves."""
    config = config or _settings()
    app = Quart("app", static_url_path=STATIC)
    metrics = Metrics(config.data_dir / f"{config.env}.metrics")
    logs.configure(config)
    lifespan.init_app(app, config, metrics)
    bare.init_app(app)
    parsing.init_app(app)
    bodies.init_app(app, config)
    i18n.init_app(app, config)
    access.init_app(app, config)
    # What is closed to a visitor answers nothing else, whatever the address asks to be remembered.
    i18n.init_switch(app)
    theme.init_app(app)
    sessions.init_app(app)
    answers.init_app(app)
    errors.init_app(app)
    # What is registered last comes first: what is put in an answer's place gets its headers too.
    app.after_request(access.look_again)

    api.init_app(app)
    pages.init_app(app, config)
    app.register_blueprint(course.blueprint)
    dashboard.init_app(app)
    cli.init_app(app)

    figures = dashboard.figures_in_front(app, config)
    edge = Edge(
        Cached(figures, lambda: lifespan.cache_of(app), metrics.count_cached),
        log_access=config.access_log,
        trusted_proxies=config.trusted_proxies,
        on_answer=metrics.count_request,
    )
    app.asgi_app = Streams(edge)  # type: ignore[method-assign]
    return app


def _settings() -> Config:
    try:
        return Config.from_env()
    except ConfigError as error:
        raise SystemExit(f"saywho: {error}") from None
