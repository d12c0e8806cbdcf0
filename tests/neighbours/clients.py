"""Clients that generators make of the API's document: whether they compile, and are answered."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.installation import Installation
from tests.neighbours.tables import RUN_S, Row, version_of
from tests.server import SERVE, Server, serving

GENERATOR: Final = "openapi-generator"
HERE: Final = Path(__file__).parent
SETTINGS: Final = (
    *("--target", "es2022", "--module", "commonjs", "--moduleResolution", "node", "--strict"),
    *("--types", "node", "--lib", "es2022,dom"),
)


def rows_of_clients(folder: Path, environment: Path, only: str = "") -> Iterator[Row | str]:
    """Make a client in each language, and let it add, find and import posts."""
    made = {"python": _used_in_python, "typescript-fetch": _used_in_typescript}
    names = {language: f"{GENERATOR} {language}" for language in made}
    chosen = [language for language in made if only.lower() in names[language]]
    generator = environment.with_name(GENERATOR) / "bin" / f"{GENERATOR}-cli"
    version = version_of((str(generator), "version")) if shutil.which("java") else None
    if version is None:
        yield from (f"{names[language]} is not here" for language in chosen)
        return
    for language in chosen:
        own = folder / language
        with serving(Installation(own / "site"), *SERVE, "--workers", "1") as server:
            server.token = server.installation.json("token", "add", "t", "--scope", "write")[
                "token"
            ]
            source = f"http://127.0.0.1:{server.port}/api/v1/openapi.json"
            options = ("-g", language, "-i", source, "-o", own / "made")
            said = _said(generator, "generate", *options) or made[language](
                own, environment, server
            )
        yield Row(names[language], version, "a client of the API", said, "")


def _used_in_python(folder: Path, environment: Path, server: Server) -> str:
    python = environment.with_name(GENERATOR) / "bin" / "python"
    return _said(python, HERE / "client_of_api.py", folder / "made", *_place(server))


def _used_in_typescript(folder: Path, environment: Path, server: Server) -> str:
    modules = environment.with_name("node") / "node_modules"
    (folder / "node_modules").symlink_to(modules)
    client = shutil.copy(HERE / "client_of_api.ts", folder / "client.ts")
    types = ("--typeRoots", modules / "@types")
    return _said(modules / ".bin" / "tsc", *SETTINGS, *types, client) or _said(
        "node", folder / "client.js", *_place(server)
    )


def _place(server: Server) -> tuple[str, str]:
    return f"http://127.0.0.1:{server.port}", server.token


def _said(*command: str | Path) -> str:
    """Return "whole" or what went wrong; nothing if a command had nothing to say of a client."""
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=RUN_S, check=False
    )
    if done.returncode:
        return f"refused: {(done.stderr or done.stdout).strip().splitlines()[-1][:80]}"
    return "whole" if done.stdout.strip() == "whole" else ""
