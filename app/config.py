"""Settings, read once from the environment and a `.env` file."""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlsplit

from dotenv import dotenv_values

from app import withdrawn
from app.part_list import parts_without
from saywho.sizes import MIB

PREFIX: Final = "SAYWHO_"
ENV_FILE: Final = f"{PREFIX}ENV_FILE"
"""Variable that names a file of settings; it is no setting itself."""
SETTINGS_FILE: Final = ".env"
SERVER_FILE: Final = "hypercorn.toml"
"""File of hypercorn's settings, in the folder where the server is started."""
DATA_DIR: Final = f"{PREFIX}DATA_DIR"
DATABASE_URL: Final = f"{PREFIX}DATABASE_URL"
SQLITE: Final = "sqlite+aiosqlite:///"
PROGRAM_FOLDER: Final = Path(__file__).absolute().parents[1]
"""Folder of the imported package `app`: the checkout, or installed packages."""

Environment = Literal["development", "testing", "production"]
Durability = Literal["full", "normal", "replicated"]
LogFormat = Literal["text", "json"]
Locale = Literal["ko", "en"]


SECRETS: Final = frozenset({"secret_key", "embedder_key"})
USAGE: Final = (
    "create_app takes a mapping of settings, such as"
    ' create_app({"TESTING": True, "DATA_DIR": "/tmp/trial"})'
)


class ConfigError(Exception):
    """A setting is unknown or malformed; the message names it."""


def _one_of(*values: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError(f"must be {' or '.join(values)}")
        return value

    return parse


def _flag(value: str) -> bool:
    return _one_of("0", "1")(value) == "1"


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"\d{1,12}", value, re.ASCII) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def sqlite_url(path: Path) -> str:
    """Return the URL of a database file, whatever its name; SQLAlchemy decodes it."""
    return SQLITE + _escaped(path)


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3F")


def parse_database_url(value: str) -> str:
    """Return the URL of a database; raises ValueError for an unsupported one."""
    if value.startswith("postgresql+asyncpg:"):
        return _postgresql_url(value)
    if not re.match(rf"{re.escape(SQLITE)}[^?]", value):
        raise ValueError(f"must begin with {SQLITE} or postgresql+asyncpg://")
    if ":memory:" in value:
        raise ValueError("must name a file, because several workers share the database")
    return value


def _postgresql_url(value: str) -> str:
    try:
        parts = urlsplit(value)  # Its own errors would repeat parts of the address.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = dict(parse_qsl(parts.query)).get("port", "1").split(",")
        has_ports = all(urlsplit(f"//{host}").port != 0 for host in hosts)
        has_ports = has_ports and all(0 < int(port) < 65_536 for port in ports)
    except ValueError:
        has_ports = False
    if not has_ports or not value.startswith("postgresql+asyncpg://") or parts.fragment:
        raise ValueError("must be like postgresql+asyncpg://user:password@host:5432/database")
    if len(parts.path) < 2:
        raise ValueError("must name a database, as in postgresql+asyncpg://host/database")
    return value


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _site_url(value: str) -> str:
    is_plain = re.fullmatch(
        r"https?://(\[[\da-f:.]+\]|[\w-]+(\.[\w-]+)*)(:\d+)?/?", value, re.I | re.A
    )
    if not is_plain or not _has_host(value):
        raise ValueError("must be like https://saywho.example.org")
    # Browsers write the host of an Origin in small letters.
    return value.rstrip("/").lower()


def _service_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s?#@]+", value) or not _has_host(value):
        raise ValueError("must be like https://public.api.bsky.app")
    return value.rstrip("/")


def _access_log(value: str) -> bool | Literal["addresses"]:
    logged = _one_of("0", "1", "addresses")(value)
    return "addresses" if logged == "addresses" else logged == "1"


def _embedder(value: str) -> str:
    is_known = re.fullmatch(r"builtin|sentence-transformers:.+|http:https?://.+", value)
    if not is_known or (value.startswith("http:") and not _has_host(value.removeprefix("http:"))):
        raise ValueError("must be builtin, sentence-transformers:MODEL or http:URL")
    return value


def _secret_key(value: str) -> str:
    if any(len(key) < 16 for key in value.split(",")):
        raise ValueError("must have at least 16 characters in each key")
    return value


def _parts(value: str) -> frozenset[str]:
    return parts_without([*filter(None, re.split(r"[\s,]+", value.lower()))])


def _origins(value: str) -> frozenset[str]:
    try:
        origins = frozenset(map(_site_url, filter(None, re.split(r"[\s,]+", value))))
    except ValueError:
        raise ValueError("must be origins like https://app.example.org, with commas") from None
    # Browsers leave out the port of the scheme.
    return frozenset(re.sub(r"^(http:.*):80$|^(https:.*):443$", r"\1\2", url) for url in origins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of an installation; each field is `SAYWHO_` and its name in capitals."""

    env: Environment = "development"
    """Installation; each has its own database file."""
    data_dir: Path = Path("instance")
    """Folder of the database, the secret key, uploads and stored media."""
    database_url: Annotated[str, parse_database_url] = ""
    """`sqlite+aiosqlite:` or `postgresql+asyncpg:`; by default a file named after `env`."""
    secret_key: Annotated[str, _secret_key] = ""
    """Key that signs sessions; several, comma-separated, for rotation. Created by default."""
    public: Annotated[bool | None, _flag] = None
    """Whether reading needs no sign-in; None leaves it to the switch in Settings."""
    durability: Durability = "full"
    """Losses that an acknowledged write survives.

    `full`: loss of power; `normal`: a crash; `replicated`: loss of the server, through a
    synchronous standby of PostgreSQL.
    """
    population: bool = True
    """Whether the shipped authors count among everyone else."""
    embedder: Annotated[str, _embedder] = "builtin"
    """Model that makes vectors of posts; `builtin` compares wording and needs none."""
    cache_mb: Annotated[int, _whole(0, 1_000_000)] = 64
    """Size of each worker's response cache, in MiB."""
    max_body_mb: Annotated[int, _whole(1, 1_000_000)] = 1
    max_import_mb: Annotated[int, _whole(1, 1_000_000_000)] = 4096
    """Largest import after decompression, in MiB."""
    max_media_gb: Annotated[int, _whole(0, 1_000_000)] = 20
    """Space for media from archives, in GiB; 0 stores none."""
    live_clients: Annotated[int, _whole(0, 1_000_000)] = 5_000
    """For each worker."""
    follow_deletions: bool = False
    """Whether posts are deleted when their source confirms their deletion."""
    follow_private: bool = False
    """Whether sources may be in loopback and private networks."""
    bluesky_url: Annotated[str, _service_url] = "https://public.api.bsky.app"
    """Service for posts of Bluesky, without a slash at the end."""
    url: Annotated[str, _site_url] = ""
    """Public address of the site, without a slash at the end; by default from the request."""
    cors: Annotated[frozenset[str], _origins] = frozenset()
    """Origins of other sites whose pages may call the API with a token."""
    embedder_key: str = ""
    locale: Annotated[Locale | None, _one_of(*get_args(Locale))] = None
    trusted_proxies: Annotated[int, _whole(0, 100)] = 0
    """Number of hops whose `X-Forwarded-*` headers count."""
    log: LogFormat = "json"
    """Form of the log; from the environment, `text` if standard error is a terminal."""
    access_log: Annotated[bool | Literal["addresses"], _access_log] = True
    """Whether requests are logged, and whether a line has the client's IP address."""
    home: Annotated[str, _service_url] = ""
    """Where whoever gets a card or a file finds saywho, if strangers cannot read this site."""
    without: Annotated[frozenset[str], _parts] = frozenset()
    """Names of the parts (`app.part_list.PARTS`) that the site leaves out."""

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", sqlite_url(self.own_database))
        if self.durability == "replicated" and self.database_url.startswith(SQLITE):
            raise ConfigError(
                f"{PREFIX}DURABILITY=replicated needs PostgreSQL with a synchronous standby"
            )

    @property
    def own_database(self) -> Path:
        """The database of the data folder, if no URL names another one."""
        return (self.data_dir / f"{self.env}.db").absolute()

    @property
    def max_import_bytes(self) -> int:
        return self.max_import_mb * MIB

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    def to_env(self) -> dict[str, str]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            # An empty one counts as unset, whatever the file `.env` says.
            PREFIX + name.upper(): _written(value)
            for name, value in values.items()
        }

    def shown(self) -> dict[str, object]:
        """Return the settings that are no secret, by their full names; URLs lack user, password and
        query.
        """
        names = {field.name for field in fields(self)} - SECRETS
        return {PREFIX + name.upper(): _without_secrets(getattr(self, name)) for name in names}

    @classmethod
    def from_mapping(cls, given: Mapping[str, object]) -> "Config":
        """Return the settings of a mapping, as `create_app` takes it. Raises ConfigError."""
        values = {str(name).upper().removeprefix(PREFIX): value for name, value in given.items()}
        values.pop("DEBUG", None)  # It is the app's.
        if values.pop("TESTING", False) and values.setdefault("ENV", "testing") != "testing":
            raise ConfigError(f"TESTING is {PREFIX}ENV=testing, and no other")
        known = {field.name for field in fields(cls)} | withdrawn.SETTINGS
        for name in sorted(values.keys() - set(map(str.upper, known))):
            raise ConfigError(f"{name} is not a setting; {USAGE}; see docs/settings.md")
        return cls.from_env({PREFIX + name: _written(value) for name, value in values.items()})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Return the settings of the environment, which override the `.env` file.

        With `environ`, no file is read. Raises ConfigError for an unknown name with our prefix, a
        bad value, or an unreadable file.
        """
        if environ is None:
            environ = _from_file(os.environ) | dict(os.environ)
        values = {
            key.removeprefix(PREFIX).lower(): value.strip()
            for key, value in environ.items()
            if key.startswith(PREFIX) and key != ENV_FILE
        }
        for name in sorted(values.keys() & withdrawn.SETTINGS):
            _note_withdrawn(PREFIX + name.upper())
            del values[name]
        names = {field.name for field in fields(cls)}
        for name in sorted(values.keys() - names):
            raise ConfigError(f"{PREFIX}{name.upper()} is not a setting; see docs/settings.md")
        values.setdefault("log", "text" if sys.stderr.isatty() else "json")
        return cls(**{name: _parse(name, value) for name, value in values.items() if value})  # type: ignore[arg-type]


def _written(value: object) -> str:
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(int(value) if isinstance(value, bool) else value)


def _without_secrets(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = re.sub(r"://[^/]*@", "://", value)
    return shown.partition("?")[0] if "://" in shown else shown


def settings_file(environ: Mapping[str, str]) -> Path | None:
    """Return the `.env` file that counts: in `SAYWHO_ENV_FILE`, the environment's data folder, or
    the checkout; None without one.

    The current folder does not count: someone else may have made its files.
    """
    if named := environ.get(ENV_FILE, "").strip():
        return Path(named).absolute()
    data_dir = environ.get(DATA_DIR, "").strip()
    folders = [*([Path(data_dir).absolute()] if data_dir else []), PROGRAM_FOLDER]
    return next((path for folder in folders if _is_file(path := folder / SETTINGS_FILE)), None)


def is_default_folder() -> bool:
    """Return whether neither the environment nor its settings file names the data folder."""
    return not (_from_file(os.environ) | os.environ).get(DATA_DIR, "").strip()


def _is_file(path: Path) -> bool:
    """Return whether a file or a pipe has this path: environments of Python are folders."""
    return os.path.exists(path) and not os.path.isdir(path)


def _from_file(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the file that counts; report a file in the current folder."""
    path = settings_file(environ)
    is_named = bool(environ.get(ENV_FILE, "").strip())
    here = Path(SETTINGS_FILE).absolute()
    if not is_named and _is_file(here) and not (path and os.path.samefile(path, here)):
        _note_unread(here)
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        # Its bytes may be those of a secret.
        raise ConfigError(f"the file {path} is not UTF-8") from error
    parsed = dotenv_values(stream=io.StringIO(text))
    values = {name: value for name, value in parsed.items() if value is not None}
    if ENV_FILE in values:
        raise ConfigError(f"{path}: {ENV_FILE} can only be set in the environment")
    return values | _anchored(values, path.parent)


def _anchored(values: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return paths of settings relative to the folder of their file; otherwise each current folder
    would lead to another database.
    """
    paths = {}
    if data_dir := values.get(DATA_DIR, "").strip():
        paths[DATA_DIR] = str(folder / data_dir)
    if match := re.fullmatch(rf"{re.escape(SQLITE)}([^?].*)", values.get(DATABASE_URL, "").strip()):
        paths[DATABASE_URL] = f"{SQLITE}{Path(_escaped(folder), match[1])}"
    return paths


@cache
def _note_unread(path: Path) -> None:
    shown = shown_path(path)
    setting = f"{ENV_FILE}={shlex.quote(shown)}"
    sys.stderr.write(f"saywho: {shown} is not read; to use it, set {setting}\n")


@cache
def _note_withdrawn(name: str) -> None:
    sys.stderr.write(f"saywho: {name} is no setting any more: take it out\n")


def shown_path(path: Path) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in str(path))


def _parse(name: str, value: str) -> object:
    type_: Any = get_type_hints(Config, include_extras=True)[name]
    try:
        if get_origin(type_) is Annotated:
            return type_.__metadata__[0](value)
        if type_ is bool:
            return _flag(value)
        return _one_of(*get_args(type_))(value) if get_origin(type_) is Literal else type_(value)
    except ValueError as error:
        # The value may be a secret.
        raise ConfigError(f"{PREFIX}{name.upper()} {error}") from None
