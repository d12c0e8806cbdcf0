"""The settings of a new app: what `create_app` is given, or those of the environment."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import click
from dotenv import dotenv_values, find_dotenv
from quart.cli import QuartGroup
from quart.helpers import get_load_dotenv

from app import config as settings


class GivenSettings(NamedTuple):
    """What a new app is made of."""

    config: settings.Config
    is_unnamed: bool = False
    """Whether no setting names the data folder, which may then be someone else's."""
    temporary: str | None = None
    """The folder of a test that named none; it goes with the app."""


def settings_of(given: object, keywords: Mapping[str, object]) -> GivenSettings:
    """Return what `create_app` was given, or the settings of the environment. Raises ConfigError.

    A malformed setting of the environment ends the program.
    """
    if given is None and not keywords:
        try:
            return GivenSettings(_of_environment(), settings.is_default_folder())
        except settings.ConfigError as error:
            raise SystemExit(f"saywho: {error}") from None
    if isinstance(given, settings.Config) and not keywords:
        return GivenSettings(given)
    if keywords or not isinstance(given, Mapping):
        raise settings.ConfigError(
            f"{', '.join(keywords) or repr(given)}: {settings.USAGE} or a Config"
        )
    config, folder = settings.Config.from_mapping(given), None
    if config.env == "testing" and not {"DATA_DIR", settings.DATA_DIR} & {*map(str.upper, given)}:
        folder = tempfile.mkdtemp(prefix="saywho-")
        config = settings.Config.from_mapping({**given, "DATA_DIR": folder})
    return GivenSettings(config, temporary=folder)


def _of_environment() -> settings.Config:
    """Return the settings of the environment, into which `quart` puts the `.env` files of the
    current folder and above.

    Raises ConfigError if settings came from such a file that does not count.
    """
    context = click.get_current_context(silent=True)
    if context and isinstance(context.find_root().command, QuartGroup) and get_load_dotenv():
        for name in (settings.SETTINGS_FILE, ".quartenv"):
            if (found := find_dotenv(name, usecwd=True)) and not _counts(Path(found)):
                raise settings.ConfigError(
                    f"quart has read settings from {settings.shown_path(Path(found))}, which do not"
                    " count; set QUART_SKIP_DOTENV=1"
                )
    return settings.Config.from_env()


def _counts(path: Path) -> bool:
    has_settings = any(name.startswith(settings.PREFIX) for name in dotenv_values(path))
    # A relative path in a file of a folder above would begin at another folder.
    return not has_settings or (
        path == settings.settings_file(os.environ) and path.parent == Path.cwd()
    )
