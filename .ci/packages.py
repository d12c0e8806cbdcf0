"""Install packages into the environment of this Python: `python .ci/packages.py -r LOCK`.

uv does it in an eighth of pip's processor time. pip installs uv, pinned by hash, and does all
itself if uv cannot be had or fails. uv does not read pip's configuration: it is given pip's
indexes, links, certificates and proxy.
"""

import ast
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import split

LOCK = Path(__file__).with_name("requirements-uv.lock")
PIP = [sys.executable, "-m", "pip"]
INSTALL = [*PIP, "install", "--quiet", "--disable-pip-version-check"]
OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
"""Options of pip and what uv calls them; each may have several values."""
VARIABLES = {
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
}
SECTIONS = ("global", "install", ":env:")
"""Sections of pip's configuration; the last that has an option decides."""


class UvError(Exception):
    """uv cannot be had, or failed."""


def main(arguments: list[str]) -> int:
    """Install what these arguments of `pip install` name; return pip's status, or 0."""
    try:
        _run_uv(arguments)
    except UvError as error:
        print(f"uv: {error}; pip installs the packages, which takes longer", flush=True)
        return subprocess.run([*INSTALL, *arguments], check=False).returncode
    return 0


def _run_uv(arguments: list[str]) -> None:
    _require_uv()
    # Without dependencies, only files of this folder are installed.
    options, variables = ([], {}) if "--no-deps" in arguments else _of_pip()
    if "--no-compile" not in arguments:
        options.append("--compile-bytecode")  # As pip does unless told otherwise.
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config"]
    command += ["--python", sys.executable, *options, *arguments]
    _run(command, {**os.environ, **variables})


def _require_uv() -> None:
    pinned = LOCK.read_text().split()[0]
    try:
        if f"uv=={version('uv')}" == pinned:
            return
    except PackageNotFoundError:
        pass
    _run([*INSTALL, "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)])


def _of_pip() -> tuple[list[str], dict[str, str]]:
    """Return pip's configuration as options and as environment variables of uv."""
    listed = _run([*PIP, "config", "list"])
    settings: dict[str, str] = {}
    for section in SECTIONS:
        for line in listed.splitlines():
            name, separator, value = line.partition("=")
            if separator and name.startswith(f"{section}."):
                settings[name.removeprefix(f"{section}.")] = ast.literal_eval(value)
    # An index that has a package may lack the version that is pinned.
    options = ["--index-strategy", "unsafe-best-match"]
    for name, option in OPTIONS.items():
        for value in split(settings.get(name, "")):
            options += [option, value]
    if settings.get("no-index", "") not in ("", "0", "false", "no", "off"):
        options.append("--no-index")
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle:  # pip's library takes it, even in place of the option.
        settings["cert"] = bundle
    return options, {
        variable: settings[name]
        for name, variables in VARIABLES.items()
        if settings.get(name)
        for variable in variables
    }


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise UvError(next((line for line in lines if line.strip()), f"status {done.returncode}"))
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
