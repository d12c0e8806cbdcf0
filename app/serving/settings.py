"""hypercorn's settings: saywho's own, and those of a file in the current folder."""

import math
import re
import tomllib
from pathlib import Path
from ssl import SSLContext, SSLError
from typing import Any, Final, get_args, get_type_hints

from hypercorn.config import Config as ServerConfig

from app.config import SERVER_FILE
from app.errors import StartError

_IN_A_WHEEL: Final = Path(__file__).with_name(SERVER_FILE)
OWN_FILE: Final = _IN_A_WHEEL if _IN_A_WHEEL.exists() else Path(__file__).parents[2] / SERVER_FILE
"""saywho's own settings: beside this module in a wheel, at the top in a checkout."""
APPLICATION: Final = "app:create_app()"
UNUSED: Final = {
    *("access_log_format", "accesslog", "daemon", "debug", "insecure_bind", "loglevel"),
    *("pid_path", "quic_bind", "use_reloader", "worker_class"),
}
"""Settings of the command `hypercorn` that have no effect here."""
_CERTIFICATE: Final = re.compile(rb"-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----")
_KEY: Final = re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----")


class Settings(ServerConfig):
    """hypercorn's settings, with a certificate that is loaded before there are workers.

    They inherit it, so all of them serve the same one. Outside Linux each loads it by itself.
    """

    file: Path | None = None
    """File in the current folder that overrides saywho's own, if there is one."""
    may_let_phones_in: bool = False
    """Whether the switch in Settings decides if phones of the network come in."""
    unused: tuple[str, ...] = ()
    """Names of values in that file that have no effect."""
    keyfile_password = ""  # None would ask at the terminal, in each worker.
    _context: SSLContext | None = None

    def create_ssl_context(self) -> SSLContext | None:
        return self._context or super().create_ssl_context()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_context": None}

    def load_certificate(self) -> None:
        """Load the files of the certificate, if there are any, for the next workers.

        Raises StartError that names the value, the file and what is wrong; the certificate that was
        loaded before then stays.
        """
        try:
            self._context = self._load()
        except ValueError as error:
            raise StartError(f"{self.file or OWN_FILE}: {error}") from error

    def renew_certificate(self) -> None:
        """Load the files again. Raises StartError also if there is no certificate."""
        if self.certfile is None:
            raise StartError(f"{self.file or OWN_FILE} has no certfile")
        self.load_certificate()

    def _load(self) -> SSLContext | None:
        contents = {name: self._content(name) for name in ("certfile", "keyfile", "ca_certs")}
        if self.certfile is None:
            if self.keyfile is not None:
                raise ValueError("keyfile is set without certfile; set both")
            return None
        if not _CERTIFICATE.search(contents["certfile"]):
            raise ValueError(f"certfile {self.certfile} contains no certificate in PEM format")
        if self.keyfile is None:
            if not _KEY.search(contents["certfile"]):
                raise ValueError(
                    f"certfile {self.certfile} contains no private key; set keyfile too"
                )
            self.keyfile = self.certfile
        elif not _KEY.search(contents["keyfile"]):
            raise ValueError(f"keyfile {self.keyfile} contains no private key in PEM format")
        try:
            return super().create_ssl_context()
        except (SSLError, TypeError, ValueError) as error:
            raise ValueError(self._reason(error)) from error

    def _content(self, name: str) -> bytes:
        path = getattr(self, name)
        try:
            return b"" if path is None else Path(path).read_bytes()
        except OSError as error:
            raise ValueError(f"{name} {path} cannot be read: {error.strerror}") from error

    def _reason(self, error: Exception) -> str:
        if "MISMATCH" in (getattr(error, "reason", None) or ""):
            return f"keyfile {self.keyfile} is not the key of certfile {self.certfile}"
        if isinstance(error, SSLError) and b"ENCRYPTED" in self._content("keyfile"):
            return f"keyfile {self.keyfile} is encrypted; set keyfile_password to its password"
        files = f"certfile {self.certfile}, keyfile {self.keyfile}"
        return f"{files}, or another value of TLS cannot be used: {error}"


KINDS: Final = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list of texts",
    dict: "a table",
}


def _kind_of(name: str) -> type | None:
    stock, attribute = ServerConfig(), getattr(ServerConfig, name, None)
    is_given = not (isinstance(attribute, property) and attribute.fset is None)
    if name.startswith("_") or not hasattr(stock, name) or callable(attribute) or not is_given:
        return None
    if (value := getattr(stock, name)) is not None:
        return type(value)
    kinds = get_args(get_type_hints(ServerConfig)[name])
    return next(kind for kind in (dict, str, float) if kind in kinds or kind is float)


def _fits(value: Any, kind: type) -> bool:
    if kind in {int, float}:
        is_number = isinstance(value, int | kind) and not isinstance(value, bool)
        return is_number and 0 <= value < math.inf
    if kind is list:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    return isinstance(value, kind) or (kind is bool and value in (0, 1))


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    for name, value in values.items():
        kind = _kind_of(name)
        if kind is None:
            raise StartError(f"{path}: {name} is not a setting of hypercorn")
        is_bind = name in {"bind", "insecure_bind", "quic_bind"} and isinstance(value, str)
        if not (is_bind or _fits(value, kind)):
            raise StartError(f"{path}: {name} must be {KINDS[kind]}, not {value!r}")
    if values.get("workers") == 0:
        raise StartError(f"{path}: workers must be at least 1")
    if not re.fullmatch(r"\S+:\d{1,5}", values.get("statsd_host", "localhost:8125"), re.ASCII):
        raise StartError(f"{path}: statsd_host must be HOST:PORT, such as localhost:8125")
    if "h2" in values.get("alpn_protocols", ()):
        message = "remove h2 from alpn_protocols; only a proxy in front can serve HTTP/2"
        raise StartError(f"{path}: {message}")
    return values


def server_file() -> Path | None:
    """Return the file of hypercorn's settings in the current folder, if not saywho's own."""
    path = Path(SERVER_FILE).absolute()
    return path if path.exists() and not path.samefile(OWN_FILE) else None


def load_server_config(*, bind: str | None = None, workers: int | None = None) -> Settings:
    """Return hypercorn's settings: saywho's own, overridden by a file in the current folder.

    Raises StartError for an unreadable file, unknown keys, values of another kind, HTTP/2, and a
    certificate that cannot be loaded.
    """
    own = _read(OWN_FILE)
    path = server_file()
    values = _read(path) if path else {}
    server = Settings()
    for name, value in (own | values).items():
        setattr(server, name, value)
    server.file = path
    server.unused = tuple(
        sorted(name for name in values.keys() & UNUSED if values[name] != own.get(name))
    )
    server.application_path = APPLICATION
    server.accesslog = None  # The app writes its own, and hypercorn would make an empty file.
    if bind is not None:
        server.bind = [bind]
    if workers is not None:
        server.workers = workers
    server.load_certificate()
    return server
