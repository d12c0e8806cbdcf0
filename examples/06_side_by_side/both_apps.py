"""Flask and Quart side by side in one process: `hypercorn both_apps:app`.

hypercorn's own DispatcherMiddleware does not fit here. It waits at the start until each app has
answered the lifespan, which a WSGI app never does; it cuts the prefix off the path, so a blueprint
would lose its `url_prefix`; and its `/tweet` also takes `/tweets`.
"""

import os
from typing import Any, Final

import flask_app
import quart_app
from hypercorn.middleware import AsyncioWSGIMiddleware

MOVED: Final = ("/tweet",)
"""Prefixes of the blueprints that Quart answers; the list grows until Flask is gone."""
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""Larger bodies get 400 from the WSGI side; hypercorn's default is 64 KiB."""

old: Any = AsyncioWSGIMiddleware(flask_app.create_app(), MAX_BODY_BYTES)
new: Any = quart_app.create_app()


def is_moved(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in MOVED)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Pass each request to one of the apps; start and stop belong to Quart."""
    to_quart = scope["type"] == "lifespan" or is_moved(scope["path"])
    await (new if to_quart else old)(scope, receive, send)


if __name__ == "__main__":
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config.from_mapping(bind=[f"127.0.0.1:{os.environ.get('PORT', '5000')}"])
    asyncio.run(serve(app, config))
