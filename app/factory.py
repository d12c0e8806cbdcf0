"""The application factory: the parts of an app, in the order in which a request meets them."""

import logging
import shutil
import weakref
from collections.abc import Mapping
from functools import partial

from quart import Quart

from app import cli, lifespan, part_list, withdrawn
from app.asgi.cached import AtOnce, Cached
from app.asgi.edge import Edge
from app.asgi.streams import Streams
from app.blueprints import API, PAGES
from app.config import Config
from app.given_settings import settings_of
from app.language import of_request
from app.paths import STATIC
from app.runtime import logs
from app.runtime.metrics import Metrics
from app.views import answers, page, policies, requests
from app.views.quart_app import App
from saywho.formats.registry import BROUGHT

logger = logging.getLogger(__name__)


def make_app(given: object, keywords: Mapping[str, object]) -> Quart:
    """Return a new app that opens nothing before it serves. Raises ConfigError."""
    config, is_unnamed, folder = settings_of(given, keywords)
    # Quart, whose requests note what an answer depends on.
    app = App("app", static_url_path=STATIC, instance_path=str(config.data_dir.absolute()))
    app.config |= config.shown()
    app.testing = config.env == "testing"
    if isinstance(given, Mapping) and "DEBUG" in given:
        app.debug = bool(given["DEBUG"])
    if folder:
        weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    try:
        loaded = part_list.load_all(config.without)
    except part_list.PartError as error:
        raise SystemExit(f"saywho: {error}") from None
    metrics = Metrics(are_answers_logged=bool(config.access_log))
    logs.configure(config)
    for fault in BROUGHT.faults:
        logger.warning(fault)
    for name in sorted(config.without & withdrawn.PARTS.keys()):
        instead = ",".join(withdrawn.PARTS[name])
        way = f"write {instead} instead" if instead else "take the name out"
        logger.warning("SAYWHO_WITHOUT names %s, a part that is no more: %s", name, way)

    # Before all requests: what opens when the app starts, and closes when it stops.
    lifespan.init_app(app, config, metrics, loaded, is_unnamed=is_unnamed)

    # 1. The ASGI layers in front of the app.
    _put_in_front(app, config, metrics)

    # 2. The request: its end, its path and its body. The routes below need the converters of paths.
    requests.init_app(app, config)

    # 3. The hooks before and after a view.
    of_request.init_app(app)
    app.before_serving(partial(policies.name_plain_views, app))
    answers.add_hooks(app, config)

    # 4. The views, and the static files beside them.
    answers.keep_static_files(app, (part.folder / "static" for part in loaded))
    page.init_app(app, config)
    for blueprint in (*API, *PAGES):
        app.register_blueprint(blueprint)
    page.add_parts(app, loaded)

    # 5. The answers to errors.
    answers.handle_errors(app)

    cli.init_app(app, config)
    return app


def _put_in_front(app: App, config: Config, metrics: Metrics) -> None:
    """Put the layers in front of the app, from outermost: edge, streams, cache."""
    cached = Cached(
        app.asgi_app,
        partial(lifespan.cache_of, app),
        partial(policies.is_open, app),
        metrics.count_cached,
        partial(policies.keys_of_visitor, app),
    )
    edge = Edge(
        Streams(cached),
        log_addresses=config.access_log == "addresses",
        trusted_proxies=config.trusted_proxies,
        url=config.url,
        cors=config.cors,
        note=metrics.notes.add,
    )
    app.asgi_app = edge  # type: ignore[method-assign]
    if config.access_log != "addresses":  # Together answered requests share what is logged of them.
        app.extensions[AtOnce.__name__] = AtOnce(edge, cached)
