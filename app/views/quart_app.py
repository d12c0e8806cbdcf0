"""Quart with requests that note what an answer depends on, and views that end with them."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from itsdangerous import BadSignature
from quart import Quart, Request, Response
from quart.asgi import ASGIHTTPConnection
from quart.debug import traceback_response
from quart.sessions import SecureCookieSession, SecureCookieSessionInterface
from quart.utils import cancel_tasks, raise_task_exceptions
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie

from app.asgi.cached import headers_of
from app.db.result_cache import depends_on_account, depends_on_unkeyed, depends_on_visitor
from app.language.of_request import COOKIE
from app.lifespan import KEY
from app.runtime.clock import ZONE_COOKIE
from app.services.access.logins import SignedInAccount
from app.services.access.rights import NOBODY, TokenFacts, TrackedFacts

STOPPING_S: Final = 1.0
"""Time that a cancelled view has to end, in seconds: a statement may go on in its thread."""

IN_KEYS: Final = frozenset(
    {
        *("Accept-Language", "Cookie", "Host"),
        "Saywho-After",  # An answer that may be of another event is not kept.
        *("Range", "If-Range", "If-Match", "If-None-Match"),  # Only an answer of 200 is kept.
        *("If-Modified-Since", "If-Unmodified-Since"),
    }
)
"""Headers that an answer may depend on and be kept: `_keys` of `asgi/cached.py` holds them, or they
change nothing about an answer that is kept."""
OF_TRACEBACKS: Final = {
    # Quart (0.22) does not escape the values that it shows, such as a request's.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}
"""Headers of the page with a traceback that debug mode shows."""

AS_WSGI: Final = "this app is ASGI, and was called as WSGI: use gunicorn -k asgi, or hypercorn"

logger = logging.getLogger(__name__)


class SentHeaders(Headers):
    """Headers of a request, which is asked for many that it lacks; all names are in title case."""

    is_read = False
    """Whether reads are noted: not while the request is being made."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # noqa: A002
        """Return the value; Werkzeug (3.1) makes two exceptions of a missing one, in 3 µs."""
        asked = key.title()
        self._note(asked)
        for name, value in super().__iter__():
            if name == asked:
                return value if type is None else super().get(key, default, type)
        return default

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            self._note(key.title())
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        name = str(key).title()
        self._note(name)
        return name in map(itemgetter(0), super().__iter__())

    def getlist(self, key: str, type: Any = None) -> list[Any]:  # noqa: A002
        self._note(key.title())
        values = [value for name, value in super().__iter__() if name == key.title()]
        return values if type is None else [type(value) for value in values]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        self._note("all headers")
        return super().__iter__()

    def _note(self, name: str) -> None:
        if self.is_read and name == "Authorization":
            depends_on_account()
        elif self.is_read and name not in IN_KEYS:
            depends_on_unkeyed(name)


class SentCookies(ImmutableMultiDict[str, str]):
    """Cookies of a request."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # noqa: A002
        _note_cookie(key)
        return super().get(key, default, type) if dict.__contains__(self, key) else default

    def __getitem__(self, key: str) -> str:
        _note_cookie(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        _note_cookie(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        _note_cookie("all cookies")
        return super().__iter__()


def _note_cookie(name: str) -> None:
    if name == ZONE_COOKIE:
        depends_on_visitor()
    elif name in {"saywho_session", "__Host-saywho_session"}:
        depends_on_account()
    elif name != COOKIE:
        depends_on_unkeyed(name)


class VisitorGlobals(Quart.app_ctx_globals_class):  # type: ignore[valid-type,misc]
    """Quart's `g`, of which an answer notes what it reads of its visitor (`db/result_cache.py`)."""

    visitor = NOBODY
    """Who asks; reading it is not noted. An error may come before anybody was looked for."""

    @property
    def account(self) -> TrackedFacts | None:
        return _noted_facts(self.visitor.account)

    @property
    def operator(self) -> TrackedFacts | None:
        account = self.visitor.account
        return _noted_facts(account if account and account.is_operator else None)

    @property
    def token(self) -> TrackedFacts | None:
        return _noted_facts(self.visitor.token)

    @property
    def chat(self) -> int | None:
        """The only chat that the visitor may read, which all keys hold."""
        return self.visitor.chat

    def get(self, name: str, default: Any = None) -> Any:
        is_noted = name in {"account", "operator", "token", "chat"}
        return getattr(self, name) if is_noted else super().get(name, default)


def _noted_facts(facts: SignedInAccount | TokenFacts | None) -> TrackedFacts | None:
    depends_on_visitor()
    return None if facts is None else TrackedFacts(facts)


class VisitorRequest(Request):
    """A request that notes what of its visitor an answer depends on (`db/result_cache.py`)."""

    dict_storage_class = SentCookies  # Of cookies alone.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A test's request may have names in small letters.
        headers = SentHeaders([(name.title(), value) for name, value in self.headers])
        headers.is_read = True
        self.headers = headers

    @property
    def host(self) -> str:
        if self.url_rule is not None:  # Quart looks for subdomains before it has found the view.
            depends_on_visitor()
        return super().host

    @property
    def remote_addr(self) -> str | None:
        depends_on_unkeyed("the client's address")
        return self._address

    @remote_addr.setter
    def remote_addr(self, address: str | None) -> None:
        self._address = address


class RequestConnection(ASGIHTTPConnection):
    """Quart's connection for one request, whose view ends with it.

    Quart (0.22) leaves a cancelled view running, even while its resources close at a stop.
    """

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        request = self._create_request_from_scope(send)
        # The outermost layer has taken `root_path` away already.
        request.path = f"/{self.scope['path'].lstrip('/')}"
        tasks = [
            asyncio.create_task(self.handle_request(request, send)),
            asyncio.create_task(self.handle_messages(request, receive)),
        ]
        try:
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await cancel_tasks(pending)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=STOPPING_S)
            raise
        raise_task_exceptions(done)

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        try:
            response = await self.app.handle_request(request)
        except Exception as error:
            if self.app.testing or not self.app.debug:
                raise  # Quart makes a page of it in tests, too.
            response = await traceback_response(error)
            response.headers |= OF_TRACEBACKS
        is_endless = isinstance(response, Response) and response.timeout is None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if is_endless else self.app.config["RESPONSE_TIMEOUT"]):
                await self._send_response(send, response)


def _noted(name: str) -> Any:
    def read(self: "NotedSession", *args: Any, **kwargs: Any) -> Any:
        self.accessed = True
        return getattr(super(NotedSession, self), name)(*args, **kwargs)

    return read


class NotedSession(SecureCookieSession):
    """A session that notes whether it was read; Flask (3.1) notes it in a context that Quart (0.22)
    does not have.
    """

    __getitem__, __contains__, __iter__ = map(_noted, ("__getitem__", "__contains__", "__iter__"))
    __len__, __eq__, __or__ = map(_noted, ("__len__", "__eq__", "__or__"))
    get, keys, values, items = map(_noted, ("get", "keys", "values", "items"))
    copy, pop, popitem, setdefault = map(_noted, ("copy", "pop", "popitem", "setdefault"))


class CookieSessions(SecureCookieSessionInterface):
    """Quart's `session`: an answer that does not read it does not depend on its cookie."""

    session_class = NotedSession

    async def open_session(self, app: Quart, request: Any) -> SecureCookieSession | None:
        name, key = self.get_cookie_name(app), cast(Any, app.secret_key)
        sent = headers_of(request.scope).get(b"cookie", b"").decode("latin-1")
        if key and name in sent and (value := parse_cookie(sent).get(name)):
            signer = self.get_signing_serializer(app)
            lifetime = int(app.permanent_session_lifetime.total_seconds())
            with contextlib.suppress(BadSignature):
                return self.session_class(cast(Any, signer).loads(value, max_age=lifetime))
        return self.session_class() if key else None

    async def save_session(self, app: Quart, session: Any, response: Any) -> None:
        if session.accessed:
            depends_on_unkeyed("the cookie of Quart's session")
        if session.accessed or session.modified or dict.__len__(session):
            await super().save_session(app, session, response)


class App(Quart):
    """Quart, with the requests of this module and a line for servers that are not ASGI.

    Nothing of Quart is taken away: its views, blueprints, hooks and sessions work.
    """

    app_ctx_globals_class = VisitorGlobals
    session_interface = CookieSessions()
    asgi_http_class = RequestConnection

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # hypercorn and uvicorn look here whether it is ASGI; a call looks into the class.
        vars(self)["__call__"] = super().__call__

    def __call__(self, *called: Any) -> Any:
        """Answer an ASGI server; tell a WSGI server, which has two arguments, what to do."""
        if len(called) != 2:
            return super().__call__(*called)
        logger.error(AS_WSGI)
        called[1]("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [f"{AS_WSGI}\n".encode()]

    def add_url_rule(self, rule: str, *given: Any, **named: Any) -> None:
        super().add_url_rule(rule, *given, **named)
        if KEY in self.extensions:
            logger.warning(
                "%s was added while the app serves, to this worker alone; add it before", rule
            )
