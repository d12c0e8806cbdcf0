"""Who may do what: every view declares it, and what is not declared is refused."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

from quart import Quart, g, redirect, request, url_for
from quart.typing import ResponseReturnValue

from app.config import Config
from app.errors import ForbiddenError, UnauthorizedError
from app.lifespan import resources
from app.services.access.tokens import Scope, TokenFacts, allows
from app.services.live.listener import Right
from app.views.sessions import has_session_cookie, signed_in

Policy = Literal["open", "read", "token", "write", "admin", "operator", "metrics"]
View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE: Final = "access_policy"
OPEN_ENDPOINTS: Final = frozenset({"static"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
API_PREFIX: Final = "/api/"
METRICS: Final = "/metrics"


def access(policy: Policy) -> Callable[[View], View]:
    """Declare what a view needs.

    `open`: nothing; `read`: a token or the operator where reading is not public; `token`: any
    token or the operator; `write` and `admin`: a token of that scope or the operator;
    `operator`: the operator alone; `metrics`: whoever asks on this very machine, or `admin`.
    """

    def declare(view: View) -> View:
        setattr(view, ATTRIBUTE, policy)
        return view

    return declare


def policy_of(app: Quart, endpoint: str | None) -> Policy | None:
    """Return the policy of an endpoint; None for one without, and where there is none."""
    if endpoint in OPEN_ENDPOINTS:
        return "open"
    return getattr(app.view_functions.get(endpoint or ""), ATTRIBUTE, None)


def init_app(app: Quart, config: Config) -> None:
    @app.before_request
    async def check() -> ResponseReturnValue | None:
        g.operator = None
        g.token = await _token()
        if g.token is None:
            g.operator = await signed_in()
            _check_origin(config)
        policy = policy_of(app, request.endpoint)
        if request.endpoint is None or request.method == "OPTIONS":
            # An unknown address tells no more than a known one that may not be read.
            policy = "read"
        if policy is None:
            raise ForbiddenError("Nobody may do this")
        if policy == "metrics":
            policy = "open" if _is_on_this_machine() else "admin"
        if policy == "open" or (policy == "read" and config.public) or g.operator is not None:
            return None
        if g.token is None:
            return _send_to_login()
        _check_scope(g.token, policy)
        return None


def _is_on_this_machine() -> bool:
    """Return whether the client is a loopback peer that stands for nobody else."""
    try:
        peer = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    names = {name.lower() for name, _ in request.headers}
    is_passed_on = any(name == "forwarded" or name.startswith("x-forwarded") for name in names)
    return peer.is_loopback and not is_passed_on


def _check_scope(token: TokenFacts, policy: Policy) -> None:
    if policy == "operator":
        raise ForbiddenError("Only the operator may do this, signed in on the site")
    need: Scope = policy if policy == "write" or policy == "admin" else "read"
    if not allows(token.scope, need):
        raise ForbiddenError(
            "The token's scope is {have}; this needs {need}", have=token.scope, need=need
        )


def _send_to_login() -> ResponseReturnValue:
    """Lead a browser to where it can sign in. Raises UnauthorizedError in the API."""
    if request.path.startswith(API_PREFIX) or request.path == METRICS:
        raise UnauthorizedError(
            "This needs an API token, as Authorization: Bearer …", headers=CHALLENGE
        )
    here = request.full_path.rstrip("?") if request.method in SAFE_METHODS else "/"
    return redirect(f"{url_for('login.show_login')}?{urlencode({'next': here})}", 303)


def _check_origin(config: Config) -> None:
    """Refuse what another site makes a signed-in browser do, and signing it in from elsewhere.

    Raises ForbiddenError. Browsers say by Sec-Fetch-Site where a request comes from; old ones
    send at least Origin with what changes data.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = request.headers.get("Origin") == own_origin(config)
    signs_in = request.blueprint == "login" and (site or request.headers.get("Origin"))
    if not is_ours and (has_session_cookie() or signs_in):
        raise ForbiddenError("This request comes from another site")


def own_origin(config: Config) -> str:
    """Return scheme and host of the site, of the settings or as the request says."""
    return config.url or f"{request.scheme}://{request.host}"


def right_to_read() -> Right | None:
    """Return the right that a stream rests on while it lasts; None where anybody may read."""
    if resources().config.public:
        return None
    token, operator = g.token, g.operator
    return Right(token and token.id, operator and operator.session_id)


async def _token() -> TokenFacts | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    token = None
    if scheme.lower() == "bearer":
        token = await resources().reads.token(secret.strip())
    if token is None:
        raise UnauthorizedError(
            "The API token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return token
