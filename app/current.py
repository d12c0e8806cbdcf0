"""The current request, its `g`, and the app, looked up once.

Quart's own names look themselves up at each use. With them, a cold list makes 21% more calls of
functions and a health check 38% (`benchmarks.calls`), so what runs in every request uses these.
Views use `request`, `g` and `current_app`.
"""

from collections.abc import Callable
from typing import Any, Final

import quart

_FOUND: Final = "_get_current_object"
"""Method of Werkzeug's proxies that returns what a name stands for."""

current_request: Final[Callable[[], quart.Request]] = getattr(quart.request, _FOUND)
current_g: Final[Callable[[], Any]] = getattr(quart.g, _FOUND)
current_quart: Final[Callable[[], quart.Quart]] = getattr(quart.current_app, _FOUND)
