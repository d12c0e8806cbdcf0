"""Access: each view has a policy, declared by itself, by its blueprint, or by its method.

Readers of one chat read only addresses of their chat.
"""

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, cast, get_args
from urllib.parse import urlencode

from itsdangerous import BadSignature, Signer
from quart import (
    Quart,
    Request,
    Response,
    after_this_request,
    current_app,
    g,
    redirect,
    request,
    url_for,
)
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.http import parse_accept_header
from werkzeug.sansio.http import parse_cookie
from werkzeug.wrappers import Response as WerkzeugResponse

from app.asgi.cached import Keys, headers_of
from app.asgi.edge import REFUSAL, is_loopback, is_loopback_host
from app.current import current_g, current_quart
from app.db.result_cache import release
from app.errors import AppError, ForbiddenError, StartError, UnauthorizedError
from app.lifespan import KEY, Resources, resources
from app.paths import API, EVERY_API, LONGEST_ADDRESS, METRICS
from app.services.access import rights
from app.services.access.accounts import account_key
from app.services.access.logins import SESSION_LIFETIME, LoginClient, find_session
from app.services.compare.one_chat import ChatResources
from app.services.event_log import newest_event

Policy = Literal[
    "open", "read", "known", "account", "token", "write", "admin", "operator", "metrics", "player"
]
View = TypeVar("View", bound=Callable[..., Any])
OfChat = Callable[[AsyncSession, int], Awaitable[bool]]
"""Returns whether a request is about the chat of that id."""
Cookie = Literal["session", "device"]

POLICY: Final = "saywho_policy"
OF_CHAT: Final = "saywho_of_chat"
IS_OURS: Final = "saywho_is_ours"
"""Attributes of views: the last one is for a blueprint's view, of which it registers a wrapper."""
logger = logging.getLogger(__name__)

PROBLEM: Final = "application/problem+json"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def policy(name: Policy, of_chat: OfChat | None = None) -> Callable[[View], View]:
    """Declare a view's policy: `@policy("open")`, above or below its route.

    `open`: nothing; `read`: a token or account unless public; `known`: a token or account even
    then; `account`: an operator or reader; `token`: any token or an operator; `write`, `admin`:
    that scope or an operator; `operator`: an operator; `metrics`: a client here, or `admin`;
    `player`: a secret that the view looks up.

    of_chat: decides for readers of one chat, whom the view refuses without it. Raises StartError
    for an unknown policy, or a second one.
    """
    check_policy(name)

    def decorate(view: View) -> View:
        if hasattr(view, POLICY) or hasattr(view, IS_OURS):
            raise StartError(f"{view.__module__}.{view.__qualname__} has a policy already")
        setattr(view, POLICY, name)
        if of_chat is not None:
            setattr(view, OF_CHAT, of_chat)
        return view

    return decorate


def check_policy(name: object) -> None:
    """Raise StartError for an unknown policy."""
    if name not in get_args(Policy):
        raise StartError(
            f"there is no policy {name!r}; the policies: {', '.join(get_args(Policy))}"
        )


def declare(view: View, name: Policy, of_chat: OfChat | None) -> View:
    """Declare the policy of a blueprint's view.

    of_chat: decides for readers of one chat if the path names no chat.
    """
    setattr(view, POLICY, name)
    setattr(view, OF_CHAT, of_chat)
    return view


async def check(asked: Request, facts: Any) -> Response | None:
    """Refuse what the visitor may not do; browsers sign in first.

    Sets in `facts`, which is `g`: `visitor`, of which it makes `account`, `operator`, `token` and
    `chat`, the only readable chat; and `policy`.
    """
    openness = resources().openness
    vars(facts).update(is_visitor=False, is_closed=not openness.seems_public)
    if (refusal := cast(dict[str, Any], asked.scope).get(REFUSAL)) is not None:
        raise refusal
    app, endpoint = current_quart(), asked.endpoint
    _release_plain_view(app, endpoint)
    declared = _declared_policy(app, endpoint)
    facts.visitor = visitor = await _find_visitor(asked, declared)
    token, account = visitor
    if token is None:
        _check_origin(asked)
    facts.is_closed = facts.is_closed and visitor == rights.NOBODY
    facts.policy = policy = _policy_of_address(asked, declared)
    if policy == "player" and not ("Authorization" in asked.headers or _has_cookie_of_player()):
        return send_to_login()
    if policy in ("open", "player") or (account is not None and account.is_operator):
        return None
    if visitor.chat is not None:
        await _check_own_chat(policy, visitor.chat)
        return None
    if policy == "read" and await openness.is_public():
        # With SAYWHO_PUBLIC the site cannot become private.
        facts.is_visitor = visitor == rights.NOBODY and openness.setting is None
        return None
    if account is not None:
        if policy not in {"read", "known", "account"}:
            raise ForbiddenError("Your account can only read; ask an operator to do this")
        return None
    if token is None:
        return send_to_login()
    _check_scope(token, policy)
    return None


def _release_plain_view(app: Quart, endpoint: str | None) -> None:
    """Let equal requests to a plain view run beside each other: one may wait for the next."""
    if not hasattr(app.view_functions.get(endpoint or ""), IS_OURS):
        release()


def _policy_of_address(asked: Request, declared: Policy | None) -> Policy:
    """Return the requested address's policy; a plain view may have none of its own."""
    if asked.endpoint is None or asked.method == "OPTIONS":
        # An unknown address tells no more than a known one that may not be read.
        return "read"
    if declared is None:
        return "read" if asked.method in SAFE_METHODS else "admin"
    if declared == "metrics":
        return "open" if is_on_this_machine() else "admin"
    return declared


def _declared_policy(app: Quart, endpoint: str | None) -> Policy | None:
    if endpoint == "static":
        return "open"
    declared: Policy | None = getattr(app.view_functions.get(endpoint or ""), POLICY, None)
    return declared


async def name_plain_views(app: Quart) -> None:
    """Log the routes whose policy nobody has declared, and those that no request reaches."""
    rules = [*app.url_map.iter_rules()]
    first = dict[tuple[str, str], str]()
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if first.setdefault((rule.rule, method), rule.endpoint) != rule.endpoint:
                logger.warning(
                    "%s %s is of %s already, so %s is never reached",
                    *(method, rule.rule, first[rule.rule, method], rule.endpoint),
                )
    plain = {
        rule.endpoint: rule.rule
        for rule in rules
        if not rule.websocket and _declared_policy(app, rule.endpoint) is None
    }
    if plain:
        logger.info(
            "views without a policy: %s; GET is for those who may read the site, the rest for"
            ' admins; to let others open one, write e.g. @policy("open") (docs/extending.md)',
            ", ".join(f"{endpoint} ({rule})" for endpoint, rule in plain.items()),
        )
    if closed := [rule.rule for rule in rules if rule.websocket]:
        logger.info("WebSocket routes stay closed: %s", ", ".join(closed))


def is_open(app: Quart, method: str, path: str) -> bool:
    """Return whether anyone may request an address, even on private sites."""
    try:
        endpoint, _ = app.url_map.bind("").match(path, method)
    except HTTPException:  # There is no such address, or a redirect leads to it.
        return False
    return _declared_policy(app, endpoint) == "open"


async def _check_own_chat(policy: Policy, room_id: int) -> None:
    """Raise NotFound outside a reader's chat, even on public sites."""
    view = current_app.view_functions.get(request.endpoint or "")
    of_chat = getattr(view, OF_CHAT, None)
    if request.endpoint is not None and not hasattr(view, OF_CHAT):
        raise NotFound
    if request.endpoint is not None and policy == "account":
        if of_chat is None and not _names_chat():
            return
    elif policy != "read":
        raise NotFound
    if not await is_of_chat(room_id, of_chat):
        raise NotFound


def is_on_this_machine() -> bool:
    """Return whether the client is here, and neither a proxy nor a foreign page."""
    is_local = is_loopback(request.remote_addr) and is_loopback_host(request.host)
    is_foreign = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    names = {name.lower() for name, _ in request.headers}
    by_proxy = ("forwarded", "via", "x-forwarded", "x-real-ip")
    is_forwarded = any(name.startswith(by_proxy) for name in names)
    return is_local and not is_foreign and not is_forwarded


def _check_scope(token: rights.TokenFacts, policy: Policy) -> None:
    if policy == "operator" or policy == "account":
        raise ForbiddenError("Only an operator who is signed in on the site can do this")
    rights.check_scope(token.scope, policy if policy == "write" or policy == "admin" else "read")


def own_scope() -> rights.Scope:
    """Return what the visitor may do: a token's scope, or everything for an operator."""
    facts = current_g()
    if facts.token is not None:
        return cast(rights.Scope, facts.token.scope)
    return "admin" if facts.operator is not None else "read"


def own_name() -> str | None:
    """Return the visitor's token or account as imports know who began them."""
    if g.token is not None:
        return f"token {g.token.id}"
    return None if g.account is None else f"account {g.account.account_id}"


def send_to_login() -> Response:
    """Redirect a browser to the sign-in page. Raises UnauthorizedError for programs."""
    if request.path.startswith(EVERY_API) or request.path == METRICS or is_of_program():
        raise UnauthorizedError(
            "Send an API token in the header Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )
    here = request.full_path.rstrip("?") if request.method in SAFE_METHODS else "/"
    address = f"{url_for('login.show_login')}?{urlencode({'next': here})}"
    if len(address) > LONGEST_ADDRESS:  # A long text of a question is left out.
        address = f"{url_for('login.show_login')}?{urlencode({'next': request.path})}"
    response = cast(Response, redirect(address, 303))
    if cookie_name(request, "session") in request.cookies:  # It has ended, perhaps elsewhere.
        _forget_pages(response)
    return response


def _forget_pages(response: Response) -> None:
    """Let the browser forget what it showed, also for its back button."""
    response.headers["Clear-Site-Data"] = '"cache"'


def is_of_program() -> bool:
    """Return whether the client sent JSON, or would rather have it than a page."""
    # Of the scope, so that nothing notes the reads: no refusal or error is kept.
    sent = headers_of(cast(Any, request.scope))
    accepted = parse_accept_header(sent.get(b"accept", b"").decode("latin-1"), MIMEAccept)
    told = accepted.best_match(["text/html", "application/json", PROBLEM])
    return b"json" in sent.get(b"content-type", b"") or told not in {None, "text/html"}


def _check_origin(asked: Request) -> None:
    """Raise ForbiddenError for changes from other sites, by Sec-Fetch-Site or Origin."""
    if asked.method in SAFE_METHODS:
        return
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = asked.headers.get("Origin") == own_origin()
    is_known = cookie_name(asked, "session") in asked.cookies or _has_cookie_of_player()
    signs_in = asked.blueprint == "login" and (site or asked.headers.get("Origin"))
    if not is_ours and (is_known or signs_in):
        raise ForbiddenError("This request comes from another site")


def _has_cookie_of_player() -> bool:
    declared = (getattr(each, "cookie", "") for each in current_app.blueprints.values())
    prefixes = tuple(cookie_name(request, cookie) for cookie in declared if cookie)
    return any(name.startswith(prefixes) for name in request.cookies)


def own_origin() -> str:
    return resources().config.url or f"{request.scheme}://{request.host}"


def right_to_read() -> rights.Right | None:
    """Return a stream's right; None if SAYWHO_PUBLIC is 1."""
    if resources().openness.setting:
        return None
    if g.token is not None:
        return rights.Right("token", g.token.id)
    return rights.VISITOR if g.account is None else rights.Right("session", g.account.session_id)


def own_session() -> rights.Right | None:
    """Return the session whose streams count together; None for visitors."""
    return rights.Right("session", g.account.session_id) if g.account else None


async def is_still_readable() -> bool:
    """Return whether the site stayed public for a visitor who needs that."""
    return not current_g().get("is_visitor") or await resources().openness.is_public()


AnyResponse = Response | WerkzeugResponse


@asynccontextmanager
async def writing() -> AsyncIterator[AsyncSession]:
    """Open a transaction for writes; the answer names the newest event."""
    async with resources().db.write() as session:
        yield session
        name_event(await newest_event(session))


def name_event(event_id: int) -> None:
    """Name the newest event of the writes, except to readers of one chat: it tells the activity."""
    if own_chat() is not None:
        return

    @after_this_request
    async def add_header(response: AnyResponse) -> AnyResponse:
        response.headers["Saywho-Event"] = str(event_id)
        return response


async def _find_visitor(asked: Request, declared: Policy | None) -> rights.Visitor:
    sent = headers_of(cast(Any, asked.scope))
    if declared == "player" and asked.method != "OPTIONS":
        sent.pop(b"authorization", None)
    return await find_visitor(resources(), sent, asked.scheme)


async def find_visitor(
    found: Resources, sent: Mapping[bytes, bytes], scheme: str
) -> rights.Visitor:
    """Return who sent these headers. Raises UnauthorizedError for a token that is not in force."""
    header = sent.get(b"authorization")
    if header is None:
        name = _cookie_name("session", is_secure=scheme == "https")
        if name.encode() not in (cookies := sent.get(b"cookie", b"")):
            return rights.NOBODY
        secret = _session_in(cookies, name, tuple(found.secret_keys))
        return rights.Visitor(
            None, await find_session(found.db, found.feed, secret) if secret else None
        )
    kind, _, secret = header.decode("latin-1").partition(" ")
    token = await found.reads.token(secret.strip()) if kind.lower() == "bearer" else None
    if token is None:
        raise UnauthorizedError(
            "The API token is unknown, revoked or expired", headers=rights.INVALID
        )
    return rights.Visitor(token)


@lru_cache(maxsize=500)
def _session_in(cookies: bytes, name: str, keys: tuple[str, ...]) -> str | None:
    # To read the cookies and verify the signature takes longer than all else of a kept answer.
    return _unsigned(keys, "session", "", parse_cookie(cookies.decode("latin-1")).get(name))


async def keys_of_visitor(app: Quart, sent: Mapping[bytes, bytes], scheme: str) -> Keys | None:
    """Return what an answer to a visitor with rights of their own is kept by; None if it is not."""
    found: Resources = app.extensions[KEY]
    try:
        visitor = await find_visitor(found, sent, scheme)
    except AppError:
        return None
    is_of_all = visitor.chat is None and found.openness.is_known_public
    return Keys(is_of_all, visitor.kind, visitor) if visitor != rights.NOBODY else None


def own_chat() -> int | None:
    """Return the visitor's only readable chat; None for the whole site."""
    chat: int | None = current_g().chat
    return chat


def here() -> Resources | ChatResources:
    """Return what the visitor's answers are made of: the whole site, or their only chat alone."""
    return resources().of_chat(own_chat())


async def always(_session: AsyncSession, _room_id: int) -> bool:
    return True


async def never(_session: AsyncSession, _room_id: int) -> bool:
    return False


def _names_chat() -> bool:
    return request.url_rule is not None and request.url_rule.rule.startswith(
        ("/room/<id:room_id>", f"{API}/rooms/<id:room_id>")
    )


async def is_of_chat(room_id: int, declared: OfChat | None) -> bool:
    asked = (request.view_args or {}).get("room_id") if _names_chat() else None
    if asked == room_id:
        return True
    if asked is None and declared is None:
        return False
    async with resources().db.read() as session:
        if asked is not None:
            return await rights.is_same_chat(session, room_id, asked)
        return declared is not None and await declared(session, room_id)


def cookie_name(asked: Request, kind: str) -> str:
    """Return the name of a cookie.

    Browsers accept `__Host-` only with Secure, from this very host (RFC 6265bis, 4.1.3).
    """
    return _cookie_name(kind, is_secure=asked.is_secure)


def _cookie_name(kind: str, *, is_secure: bool) -> str:
    return f"{'__Host-' if is_secure else ''}saywho_{kind}"


def set_session(response: Response, secret: str, name: str) -> None:
    """Sign the browser in; its later attempts at this account count separately."""
    _set(response, "session", secret, SESSION_LIFETIME)
    device = client_of(name).device or secrets.token_hex(8)
    # Browsers keep no cookie for longer.
    _set(response, "device", device, timedelta(days=400), of=name)


def clear_session(response: Response) -> None:
    _forget_pages(response)
    _set(response, "session", "", timedelta())


def client_of(name: str) -> LoginClient:
    return LoginClient(request.remote_addr or "", _get(request, "device", of=name))


def _get(asked: Request, kind: Cookie, *, of: str = "") -> str | None:
    return _unsigned(resources().secret_keys, kind, of, asked.cookies.get(cookie_name(asked, kind)))


def _unsigned(keys: Sequence[str], kind: Cookie, account: str, value: str | None) -> str | None:
    try:
        return _signer(keys, kind, account).unsign(value).decode() if value else None
    except (BadSignature, UnicodeDecodeError):
        return None


def _set(
    response: Response, kind: Cookie, value: str, lifetime: timedelta, *, of: str = ""
) -> None:
    set_secret(
        response,
        cookie_name(request, kind),
        _signer(resources().secret_keys, kind, of).sign(value).decode(),
        lifetime,
    )


def set_secret(response: Response, name: str, value: str, lifetime: timedelta) -> None:
    """Set a cookie closed to scripts and to other sites' requests."""
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _signer(keys: Sequence[str], kind: Cookie, account: str) -> Signer:
    # The last key signs; all of them verify.
    return Signer(list(reversed(keys)), salt=kind + account_key(account))
