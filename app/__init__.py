"""saywho: keeps people's posts, and ranks who would have said a text."""

import os
from typing import TYPE_CHECKING

from app.runtime.zones import use_newest
from saywho import __version__ as __version__

if TYPE_CHECKING:
    from quart import Quart

    from app.config import Config

# OpenBLAS reads it when NumPy is imported, which is after this. Its threads wait for each other by
# spinning: on shared cores each product would take many times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Each process that reads a time imports this first.
use_newest()


def create_app(config: "Config | None" = None) -> "Quart":
    """Return a new app, which opens nothing before it serves.

    Without `config`, the settings come from the environment; a malformed one ends the program with
    a line that names it.
    """
    # Imported here, so that commands without an app start faster.
    from app.factory import make_app

    return make_app(config)
