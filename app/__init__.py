"""saywho: keeps people's posts, and ranks who would have said a text."""

import os
import sys
from typing import TYPE_CHECKING

if __name__ == "__main__":  # As the course starts its package; `app` may not be found from here.
    sys.stderr.write("saywho: a package is started by its name: python -m app serve\n")
    sys.exit(2)

from app.runtime.zones import use_newest
from saywho import __version__ as __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quart import Quart

    from app.config import Config

# OpenBLAS reads it when NumPy is imported, which is after this. Its threads wait for each other by
# spinning: on shared cores each product would take many times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Each process that reads a time imports this first.
use_newest()


def create_app(
    config: "Config | Mapping[str, object] | None" = None, **keywords: object
) -> "Quart":
    """Return a new app, which opens nothing before it serves.

    config: settings in place of those of the environment, such as `{"TESTING": True}`: the names of
    docs/settings.md with or without `SAYWHO_`, TESTING and DEBUG. Raises ConfigError for others,
    and for keywords. A malformed setting of the environment ends the program with a line that names
    it.
    """
    # Imported here, so that commands without an app start faster.
    from app.factory import make_app

    return make_app(config, keywords)
