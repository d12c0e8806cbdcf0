"""The data of time zones that counts: the system's, or the package tzdata's."""

import os
import zoneinfo
from pathlib import Path
from typing import Final

import tzdata

_VERSION_FILES: Final = ("tzdata.zi", "+VERSION")
"""Files with the version in a system's folder: IANA's own, and macOS's."""


def use_newest() -> None:
    """Let Python read the newest data at hand.

    Python prefers the system's, however old (PEP 615). Folders that PYTHONTZPATH names stay.
    """
    if "PYTHONTZPATH" in os.environ:
        return
    if system_version() < tzdata.IANA_VERSION:
        zoneinfo.reset_tzpath(())
        zoneinfo.ZoneInfo.clear_cache()


def system_version() -> str:
    """Return the version of the system's data, such as 2026f; empty if unknown or absent."""
    for folder in map(Path, zoneinfo.TZPATH):
        for name in _VERSION_FILES:
            try:
                with (folder / name).open(encoding="ascii", errors="replace") as file:
                    return file.readline().removeprefix("# version ").strip()
            except OSError:
                continue
    return ""


def description() -> str:
    """Return the version of the data in use, and where it is from."""
    if version := system_version():
        return f"{version} (of the system)"
    if zoneinfo.TZPATH:
        return f"of unknown version, in {os.pathsep.join(zoneinfo.TZPATH)}"
    return f"{tzdata.IANA_VERSION} (of the package tzdata)"
