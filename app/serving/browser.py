"""Opens the browser of whoever starts the site on a desktop, at the link for the first account.

The command line of the browser names a private file that leads to the link: every account of the
machine can read command lines.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.security import write_link_page

REMOTE: Final = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
OTHER_USER: Final = ("SUDO_UID", "DOAS_USER", "PKEXEC_UID")
"""Variables of programs that run a command as another user, whose files the browser cannot read."""
CONTAINER_VARIABLES: Final = ("container", "KUBERNETES_SERVICE_HOST", "CODESPACES")
CONTAINER_FILES: Final = (".dockerenv", "run/.containerenv")


def is_at_desktop(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Return whether the person who starts this program sits at a screen of this machine.

    root: the folder with the files of a container.
    """
    absent = (*REMOTE, *OTHER_USER, "CI")
    if any(environ.get(name) for name in absent) or environ.get("BROWSER") == "0":
        return False
    return has_display(environ) and not (is_in_container(environ, root) or is_service(environ))


def is_in_container(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    is_named = any(environ.get(name) for name in CONTAINER_VARIABLES)
    return is_named or any((root / name).exists() for name in CONTAINER_FILES)


def has_display(environ: Mapping[str, str]) -> bool:
    """Return whether there is a screen: always on macOS, elsewhere by Wayland or a local X11.

    `DISPLAY` names a local screen if no host stands before its colon; ssh forwards others.
    """
    if sys.platform == "darwin":
        return True
    display = environ.get("DISPLAY", "")
    return bool(environ.get("WAYLAND_DISPLAY")) or display.startswith((":", "unix:"))


def is_service(environ: Mapping[str, str]) -> bool:
    """Return whether systemd logs the standard error of this process, as systemd.exec(5) says.

    The other variables of units are also in terminals that systemd has started.
    """
    error = os.fstat(2)
    return environ.get("JOURNAL_STREAM") == f"{error.st_dev}:{error.st_ino}"


def open_browser(data_dir: Path, link: str) -> "subprocess.Popen[bytes] | None":
    """Open the browser at the link; return the process that does, or None if it cannot start.

    Errors stay silent, as the link is also printed.
    """
    # Without a terminal, browsers that need one are no choice.
    environ = {name: value for name, value in os.environ.items() if name != "TERM"}
    try:
        page = write_link_page(data_dir, link)
        # -I: no module of the current folder.
        return subprocess.Popen(  # noqa: S603 - a program and an address of our own
            (sys.executable, "-I", "-m", "webbrowser", page.absolute().as_uri()),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
