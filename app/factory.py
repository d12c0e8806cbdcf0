"""The application factory: the parts of an app, in the order in which a request meets them."""

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import click
from dotenv import dotenv_values, find_dotenv
from quart import Quart
from quart.cli import QuartGroup
from quart.helpers import get_load_dotenv

from app import cli, lifespan, part_list
from app.asgi.at_once import AtOnce
from app.asgi.cached import Cached
from app.asgi.edge import Edge
from app.asgi.streams import Streams
from app.config import (
    DATA_DIR,
    PREFIX,
    SETTINGS_FILE,
    USAGE,
    Config,
    ConfigError,
    is_default_folder,
    settings_file,
    shown_path,
)
from app.language import i18n
from app.paths import STATIC
from app.runtime import logs
from app.runtime.metrics import Metrics
from app.views import answers, page, phone, policies, requests
from app.views.access import content, login, settings
from app.views.authors import api as authors_api, pages as authors
from app.views.comparing import api as comparing_api, pages as comparing
from app.views.imports import api as imports_api, pages as imports
from app.views.posts import api as posts_api, media, pages as posts, search, search_api
from app.views.quart_app import App
from app.views.rooms import api as rooms_api, pages as rooms
from app.views.site import api as site_api, home
from saywho.formats.registry import BROUGHT

logger = logging.getLogger(__name__)

API_BLUEPRINTS: Final = (
    site_api.blueprint,
    authors_api.blueprint,
    posts_api.blueprint,
    posts_api.live,
    rooms_api.blueprint,
    search_api.blueprint,
    comparing_api.blueprint,
    imports_api.blueprint,
)
"""Blueprints under /api/v1."""
PAGES: Final = (
    home,
    phone,
    authors,
    rooms,
    comparing,
    search,
    posts,
    media,
    login,
    settings,
    content,
    imports,
)
"""Modules with the blueprints of pages."""


def make_app(given: object, keywords: Mapping[str, object]) -> Quart:
    """Return a new app that opens nothing before it serves. Raises ConfigError."""
    is_unnamed, folder = False, None
    if given is not None or keywords:
        config, folder = _given(given, keywords)
    else:
        try:
            config, is_unnamed = _settings(), is_default_folder()
        except ConfigError as error:
            raise SystemExit(f"saywho: {error}") from None
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
    metrics = Metrics()
    logs.configure(config)
    for fault in BROUGHT.faults:
        logger.warning(fault)
    for name in sorted(config.without & part_list.WITHDRAWN):
        logger.warning("SAYWHO_WITHOUT names %s, a part that is no more: take the name out", name)

    # Before all requests: what opens when the app starts, and closes when it stops.
    lifespan.init_app(app, config, metrics, loaded, is_unnamed=is_unnamed)

    # 1. The ASGI layers in front of the app.
    _put_in_front(app, config, metrics)

    # 2. The request: its end, its path and its body. The routes below need the converters of paths.
    requests.init_app(app, config)

    # 3. The hooks before a view. A visitor without access is refused whatever the address names.
    i18n.init_app(app, config)
    app.before_serving(partial(policies.name_plain_views, app))
    app.before_request(policies.check)
    app.before_request(i18n.store_language)
    app.before_request(answers.wait_for_write)

    # 4. The views, and the static files beside them.
    answers.keep_static_files(app, (part.folder / "static" for part in loaded))
    page.init_app(app, config)
    for blueprint in (*API_BLUEPRINTS, *(module.blueprint for module in PAGES)):
        app.register_blueprint(blueprint)
    page.add_parts(app, loaded)

    # 5. The answers to errors, and the hook that sees every answer.
    answers.handle_errors(app)
    app.after_request(answers.add_headers)
    app.after_request(answers.refuse_late)  # The last one is the first to run.

    cli.init_app(app, config)
    return app


def _put_in_front(app: App, config: Config, metrics: Metrics) -> None:
    """Put the layers in front of the app, from outermost: edge, streams, cache."""
    cached = Cached(
        app.asgi_app,
        partial(lifespan.cache_of, app),
        partial(policies.is_open, app),
        metrics.count_cached,
    )
    edge = Edge(
        Streams(cached),
        log_access=config.access_log,
        log_addresses=config.log_addresses,
        trusted_proxies=config.trusted_proxies,
        url=config.url,
        cors=config.cors,
        on_answers=metrics.count_answers,
    )
    app.asgi_app = edge  # type: ignore[method-assign]
    if not config.log_addresses:  # Together answered requests share what is logged of them.
        app.extensions[AtOnce.__name__] = AtOnce(edge, cached)


def _given(given: object, keywords: Mapping[str, object]) -> tuple[Config, str | None]:
    """Return the settings that `create_app` was given, and the temporary folder of a test without
    one. Raises ConfigError.
    """
    if isinstance(given, Config) and not keywords:
        return given, None
    if keywords or not isinstance(given, Mapping):
        raise ConfigError(f"{', '.join(keywords) or repr(given)}: {USAGE} or a Config")
    config, folder = Config.from_mapping(given), None
    if config.env == "testing" and not {"DATA_DIR", DATA_DIR} & {*map(str.upper, given)}:
        folder = tempfile.mkdtemp(prefix="saywho-")
        config = Config.from_mapping({**given, "DATA_DIR": folder})
    return config, folder


def _settings() -> Config:
    """Return the settings of the environment, into which `quart` puts the `.env` files of the
    current folder and above.

    Raises ConfigError if settings came from such a file that does not count.
    """
    context = click.get_current_context(silent=True)
    if context and isinstance(context.find_root().command, QuartGroup) and get_load_dotenv():
        for name in (SETTINGS_FILE, ".quartenv"):
            if (found := find_dotenv(name, usecwd=True)) and not _counts(Path(found)):
                raise ConfigError(
                    f"quart has read settings from {shown_path(Path(found))}, which do not count;"
                    " set QUART_SKIP_DOTENV=1"
                )
    return Config.from_env()


def _counts(path: Path) -> bool:
    has_settings = any(name.startswith(PREFIX) for name in dotenv_values(path))
    # A relative path in a file of a folder above would begin at another folder.
    return not has_settings or (path == settings_file(os.environ) and path.parent == Path.cwd())
