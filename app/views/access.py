"""Who may do what: every view declares it, and what is not declared is refused."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

from quart import Quart, g, request

from app.config import Config
from app.errors import ForbiddenError, UnauthorizedError
from app.lifespan import resources
from app.services.tokens import TokenFacts, allows, find_token

Policy = Literal["open", "read", "write", "admin"]
View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE: Final = "access_policy"
OPEN_ENDPOINTS: Final = frozenset({"static"})
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def access(policy: Policy) -> Callable[[View], View]:
    """Declare what a view needs: `open` nothing, `read` a token where reading is not public."""

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
    async def check() -> None:
        policy = policy_of(app, request.endpoint)
        g.token = await _token()
        if request.endpoint is None or request.method == "OPTIONS":
            # An unknown address tells no more than a known one that may not be read.
            policy = "read"
        if policy == "open" or (policy == "read" and config.public):
            return
        if policy is None:
            raise ForbiddenError("Nobody may do this")
        if g.token is None:
            raise UnauthorizedError(
                "This needs an API token, as Authorization: Bearer …", headers=CHALLENGE
            )
        if not allows(g.token.scope, policy):
            raise ForbiddenError(
                "The token's scope is {have}; this needs {need}", have=g.token.scope, need=policy
            )


async def _token() -> TokenFacts | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    token = None
    if scheme.lower() == "bearer":
        async with resources().db.read() as session:
            token = await find_token(session, secret.strip())
    if token is None:
        raise UnauthorizedError(
            "The API token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return token
