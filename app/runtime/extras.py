"""Optional packages of saywho's extras, and the command that adds an extra here."""

import sys
from pathlib import Path
from typing import Final

EXTRAS: Final = {
    "postgresql": "asyncpg pgvector",
    "sentence-transformers": "sentence-transformers",
    "spark": "'pandas<3' pyarrow 'pyspark>=4.1,<5' asyncpg pgvector",
}
"""Packages of each extra, as in pyproject.toml, quoted for a shell."""


def own_command() -> str:
    """Return how this Python's saywho is called in a shell."""
    is_installed = Path(sys.executable).with_name("saywho").exists()
    return "saywho" if is_installed else "python -m app"


def install_command(extra: str, environment: Path | None = None) -> str:
    """Return the command that adds an extra to an environment, by default this Python's.

    It names the packages: no index has saywho itself.
    """
    environment = environment or Path(sys.prefix)
    if (pip := environment / "bin" / "pip").exists():
        return f"{pip} install {EXTRAS[extra]}"
    if "pipx" in environment.parts:  # Its environments have no pip.
        return f"pipx inject saywho {EXTRAS[extra]}"
    return f"{sys.executable} -m pip install {EXTRAS[extra]}"
