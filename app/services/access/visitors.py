"""Who sends a request: somebody with a token, with an account, or nobody in particular."""

from typing import Any, Final, NamedTuple

from app.db.result_cache import depends_on_account
from app.services.access.logins import SignedInAccount
from app.services.access.rights import TokenFacts


class Visitor(NamedTuple):
    token: TokenFacts | None = None
    account: SignedInAccount | None = None

    @property
    def chat(self) -> int | None:
        """The only chat that they may read; None for the whole site."""
        return self.account.room_id if self.account else None

    @property
    def kind(self) -> tuple[str, int | None]:
        """Their rights, which many visitors share."""
        if self.token is not None:
            return f"token {self.token.scope}", None
        return self.account.role if self.account else "nobody", self.chat


NOBODY: Final = Visitor()


class NotedFacts:
    """A visitor's account or token, of which an answer notes whether it reads whose it is."""

    def __init__(self, facts: SignedInAccount | TokenFacts) -> None:
        self._facts = facts

    def __getattr__(self, name: str) -> Any:
        if name not in OF_KIND:
            depends_on_account()
        return getattr(self._facts, name)


OF_KIND: Final = frozenset({"is_operator", "role", "room_id", "scope"})
"""What visitors of a kind have in common."""
