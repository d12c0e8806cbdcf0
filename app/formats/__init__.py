"""The former name of `saywho.formats`, for formats of other packages; 3.0 has it no more."""

import sys
import warnings
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from saywho.formats import source

PROMISED: Final = ("records", "source")

warnings.warn("app.formats is now saywho.formats", DeprecationWarning, stacklevel=2)
for name in (*PROMISED, *(each.name for each in walk_packages(source.__path__, "source."))):
    sys.modules[f"{__name__}.{name}"] = import_module(f"saywho.formats.{name}")
