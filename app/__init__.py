"""saywho: keeps people's posts, and says who would rather have said a text."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart import Quart

    from app.config import Config

__version__ = "0.1.0"

# NumPy's library of products reads it when it is loaded, which is after this. Its threads wait for
# each other by spinning: on cores that others use too, each product would take many times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def create_app(config: "Config | None" = None) -> "Quart":
    """Return an app of its own that opens nothing before it serves.

    Without `config` the settings are read from the environment; a wrong one ends the program
    with a line that names it.
    """
    # Commands that need no app start without what it is made of.
    from app.factory import make_app

    return make_app(config)
