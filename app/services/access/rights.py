"""Who may read and write: rights of API tokens and sessions until they or their accounts end, and
of everyone while the site is public.

Readers of one chat have a right to its content. A switch in the site's row makes the site public;
SAYWHO_PUBLIC overrides it.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, NamedTuple, cast, get_args

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import UNTRACKED, Sessions, backend_of, table_of
from app.db.feed import OF_SITE, SITE_PRIVATE, SITE_PUBLIC, Change, Feed
from app.db.result_cache import EVERYTHING, depends_on_account
from app.errors import AppError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from app.models import (
    KEPT_ROOM_ID,
    MAX_ID,
    SITE_ID,
    Assistants,
    LoginSession,
    MediaUse,
    Operator,
    Room,
    RoomPerson,
    Site,
    Token,
    Tweet,
    User,
)
from app.models.base import as_utc
from app.security import digest, new_secret
from app.services.access import accounts
from app.services.access.logins import SignedInAccount, is_in_force
from app.services.event_log import NewEvent, append_events
from saywho.clock import now
from saywho.text import username_key

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""Each scope includes the previous scopes."""
SECRET_PREFIX: Final = "saywho_"  # noqa: S105 - no secret; scanners recognise leaked tokens by it


def check_scope(have: Scope, need: Scope) -> None:
    """Raise ForbiddenError if a scope does not include another."""
    if SCOPES.index(have) < SCOPES.index(need):
        raise ForbiddenError(
            "The token's scope is {have}, but this needs {need}", have=have, need=need
        )


class TokenFacts(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    created_by: str | None = None
    """Operator who created it in the settings, in lists; None if a command did."""
    ends_at: datetime | None = None
    """First time at which it is not valid; None if it is valid until it is revoked."""


async def add_token(
    session: AsyncSession,
    name: str,
    scope: Scope,
    *,
    account_id: int | None = None,
    ends_at: datetime | None = None,
) -> tuple[int, str]:
    """Add a token; return its id and its secret, which is not stored.

    account_id: its operator; None for a command. ends_at: first time at which it is not valid,
    after now; None to be valid until it is revoked. Raises InvalidInputError, ForbiddenError.
    """
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise InvalidInputError("The token name must have 1 to 100 characters", loc="name")
    if account_id is not None:
        await accounts.check_account(session, account_id)
    secret, time = new_secret(SECRET_PREFIX), now()
    if ends_at is not None and ends_at <= time:
        raise InvalidInputError("The day until which the token works must be in the future")
    token = Token(
        name=name,
        scope=scope,
        sha256=digest(secret),
        created_at=time,
        created_by_id=account_id,
        ends_at=ends_at,
    )
    session.add(token)
    await session.flush()
    return token.id, secret


async def tokens_by_digest(
    session: AsyncSession, digests: Sequence[bytes]
) -> dict[bytes, TokenFacts]:
    return _valid((await session.execute(_tokens(), {"digests": digests})).all())


def token_at_once(feed: Feed, sha256: bytes) -> dict[bytes, TokenFacts] | None:
    """Return what `tokens_by_digest` would of one digest, or None if that takes its session."""
    statement = 'SELECT sha256, id, name, scope, created_at, ends_at FROM "Token" WHERE sha256 = ?'
    rows = feed.read_at_once(statement, sha256)
    return None if rows is None else _valid([*row[:4], *map(as_utc, row[4:])] for row in rows)


def _valid(rows: Iterable[Sequence[Any]]) -> dict[bytes, TokenFacts]:
    time = now()
    return {
        sha256: TokenFacts(token_id, name, scope, created_at, None, ends_at)
        for sha256, token_id, name, scope, created_at, ends_at in rows
        if ends_at is None or ends_at > time
    }


@cache
def _tokens() -> Select[*tuple[Any, ...]]:
    token = table_of(Token).c
    facts = token.sha256, token.id, token.name, token.scope, token.created_at, token.ends_at
    return select(*facts).where(token.sha256.in_(bindparam("digests", expanding=True)))


async def list_tokens(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[TokenFacts]:
    query = select(Token, Operator.name).outerjoin(Operator, Operator.id == Token.created_by_id)
    rows = await session.execute(query.where(*conditions).order_by(Token.id))
    return [_facts(token, maker) for token, maker in rows]


def _has_not_ended() -> ColumnElement[bool]:
    return or_(Token.ends_at.is_(None), Token.ends_at > now())


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """End a token. Raises NotFoundError."""
    token = await session.get(Token, token_id) if 0 < token_id <= MAX_ID else None
    if token is None:
        raise NotFoundError("There is no token {token_id}", token_id=token_id)
    await session.delete(token)


def _facts(token: Token, maker: str | None = None) -> TokenFacts:
    scope = cast(Scope, token.scope)
    return TokenFacts(token.id, token.name, scope, token.created_at, maker, token.ends_at)


INVALID: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Right(NamedTuple):
    """A request's authority: an API token, a session, or a public site."""

    kind: str
    """`token`, `session`, `visitor`, or a kind of a part."""
    id: int

    @property
    def is_account(self) -> bool:
        return self.kind == "session"


VISITOR: Final = Right("visitor", 0)
"""The right of everyone not signed in, on a public site."""


async def ended_rights(session: AsyncSession, rights: Collection[Right]) -> set[Right]:
    queries = {
        "token": select(Token.id).where(_has_not_ended()),
        "session": select(LoginSession.id).where(is_in_force()),
    }
    ended = set(rights)
    for kind, query in queries.items():
        if ids := {right.id for right in rights if right.kind == kind}:
            in_force = await session.scalars(query.where(query.selected_columns.id.in_(ids)))
            ended -= {Right(kind, right_id) for right_id in in_force}
    if VISITOR in ended and await is_row_public(session):
        ended.discard(VISITOR)
    return ended


async def is_same_chat(session: AsyncSession, room_id: int, other_id: int) -> bool:
    meant = select(KEPT_ROOM_ID).where(Room.id == other_id)
    return await session.scalar(meant) == room_id


async def has_message(session: AsyncSession, room_id: int, tweet_id: int) -> bool:
    query = select(Tweet.id).where(Tweet.id == tweet_id, Tweet.room_id == room_id)
    return await session.scalar(query) is not None


async def has_file(session: AsyncSession, room_id: int, name: str) -> bool:
    query = select(MediaUse.id).join(Tweet, Tweet.id == MediaUse.tweet_id)
    query = query.where(MediaUse.name == name, Tweet.room_id == room_id)
    return await session.scalar(query.limit(1)) is not None


def select_speakers(room_id: int) -> Select[int, str]:
    """Return a query for id and name of a chat's people, most messages first."""
    return (
        select(User.id, User.username)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == room_id, RoomPerson.messages > 0, User.deleted_at.is_(None))
        .order_by(RoomPerson.messages.desc(), User.username_key)
    )


async def are_speakers(session: AsyncSession, room_id: int, user_ids: Collection[int]) -> bool:
    speakers = await session.scalars(select_speakers(room_id).where(User.id.in_(user_ids)))
    return {*speakers} == {*user_ids}


class AccountRemoval(msgspec.Struct):
    name: str
    setup_links: int
    invitations: int = 0
    revoked_tokens: list[TokenFacts] = []
    remaining_tokens: list[TokenFacts] = []
    """Kept tokens of the operator, and tokens of unknown creators."""


async def remove_account(
    session: AsyncSession, name: str, *, keeps_tokens: bool = False
) -> AccountRemoval:
    """Remove an account with its sessions and an operator's creations, or that name's set-up links.

    Raises NotFoundError.
    """
    removal = AccountRemoval(name.strip(), await accounts.end_setup_links(session, name))
    if removal.setup_links and await accounts.find_account(session, name) is None:
        return removal
    account = await accounts.get_account(session, name)
    removal.name = account.name
    if account.role == accounts.OPERATOR:
        is_own = Token.created_by_id == account.id
        own_tokens = await list_tokens(session, is_own, _has_not_ended())
        removal.invitations = await accounts.end_invitations_of(session, account.id)
        is_unknown = Token.created_by_id.is_(None)
        removal.remaining_tokens = await list_tokens(session, is_unknown, _has_not_ended())
        if keeps_tokens:
            removal.remaining_tokens = [*own_tokens, *removal.remaining_tokens]
        else:
            await session.execute(delete(Token).where(is_own))
            removal.revoked_tokens = own_tokens
    await session.delete(account)
    return removal


async def is_row_public(session: AsyncSession) -> bool:
    """Return the row's switch: public until someone chose."""
    return await session.scalar(select(Site.public).where(Site.id == SITE_ID)) is not False


async def is_site_public(session: AsyncSession, setting: bool | None) -> bool:
    """Return whether reading needs no sign-in, by SAYWHO_PUBLIC or the row."""
    return await is_row_public(session) if setting is None else setting


async def switch_site(session: AsyncSession, setting: bool | None, *, is_public: bool) -> None:
    """Make the site public or private. Raises ConflictError if SAYWHO_PUBLIC decides."""
    if setting is not None:
        raise ConflictError(
            "The setting SAYWHO_PUBLIC already decides who may read this site; change it there"
        )
    if await is_row_public(session) != is_public:
        kind = SITE_PUBLIC if is_public else SITE_PRIVATE
        await append_events(session, [NewEvent(kind, EVERYTHING, posts=0)])
    await _set_site(session, public=is_public)


async def _set_site(session: AsyncSession, **values: object) -> None:
    row = backend_of(session).insert(Site).values(id=SITE_ID, **values)
    # Without its row the site would be public again after the next start.
    await session.execute(row.on_conflict_do_update(index_elements=[Site.id], set_=values))


CHOICES: Final[tuple[Assistants, ...]] = get_args(Assistants)
"""Whether assistants may read the site, and learn names."""


async def read_assistants(session: AsyncSession) -> Assistants:
    """Return whether assistants may read, and whether people are letters or names to them."""
    return await session.scalar(select(Site.assistants).where(Site.id == SITE_ID)) or "off"


async def switch_assistants(session: AsyncSession, choice: Assistants) -> None:
    await _set_site(session, assistants=choice)


class PublicAccess:
    """Knows whether reading needs no sign-in, now, or on PostgreSQL up to a second ago."""

    def __init__(self, db: Sessions, feed: Feed, setting: bool | None) -> None:
        self._db = db
        self._feed = feed
        self.setting = setting
        """SAYWHO_PUBLIC; None leaves the decision to the switch."""
        self._switch: bool | None = None
        """State of the switch; None to be read."""
        self._changes = 0
        """Number of changes announced by the feed."""
        feed.subscribe(self._note)
        feed.on_reset(self._forget)

    @property
    def seems_public(self) -> bool:
        """The last known state, for a page's look, never for a right."""
        return self._switch is not False if self.setting is None else self.setting

    @property
    def is_known_public(self) -> bool:
        """Whether reading needs no sign-in, by the commits that the feed has announced; False
        before the switch was read.
        """
        return self._switch is True if self.setting is None else self.setting

    async def is_public(self) -> bool:
        """Return whether reading needs no sign-in; without a readable log, by the row."""
        if self.setting is not None:
            return self.setting
        if await self._feed.catch_up() and self._switch is not None:
            return self._switch
        changes = self._changes
        async with self._db.read() as session:
            is_public = await is_row_public(session)
        if changes == self._changes:
            self._switch = is_public
        return is_public

    async def is_surely_public(self) -> bool:
        """Return `is_public`, or False if the database is away."""
        try:
            return await self.is_public()
        except AppError:
            return False

    async def settle(self) -> None:
        """Wait, after a switch, until no process uses the earlier state."""
        await asyncio.sleep(self._feed.oldest_s)

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind in OF_SITE:
                self._changes += 1
                self._switch = change.kind == SITE_PUBLIC

    def _forget(self, _newest: int) -> None:
        self._changes += 1
        self._switch = None


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


class TrackedFacts:
    """A visitor's account or token, of which an answer notes whether it reads whose it is."""

    def __init__(self, facts: SignedInAccount | TokenFacts) -> None:
        self._facts = facts

    def __getattr__(self, name: str) -> Any:
        if name not in OF_KIND:
            depends_on_account()
        return getattr(self._facts, name)


OF_KIND: Final = frozenset({"is_operator", "role", "room_id", "scope"})
"""What visitors of a kind have in common."""


# --- Which person of their chat a reader says to be; only the account itself is told ---

MOST_OFFERED = 200


class ReaderIdentity(NamedTuple):
    room_id: int
    usernames: list[str]
    """The people of the chat, most messages first."""
    username: str | None
    """The chosen person; None for nobody, and for a person who is not in the chat any more."""
    is_chosen: bool
    """Whether the reader has answered, perhaps without a person."""


async def read_identity(session: AsyncSession, account_id: int, room_id: int) -> ReaderIdentity:
    people = (await session.execute(select_speakers(room_id).limit(MOST_OFFERED))).all()
    account = await session.get(Operator, account_id)
    person_id = account.person_id if account else None
    named = aliased(User)
    author_id = select(func.coalesce(named.joined_to_id, named.id)).where(named.id == person_id)
    chosen = select_speakers(room_id).where(User.id == author_id.scalar_subquery())
    row = (await session.execute(chosen)).first() if person_id else None
    return ReaderIdentity(
        room_id,
        [person.username for person in people],
        row.username if row else None,
        account is not None and account.is_person_chosen,
    )


async def choose_identity(
    session: AsyncSession, account_id: int, room_id: int, username: str
) -> None:
    """Note a person of the chat, or no person for an empty name. Raises NotFoundError."""
    person_id = None
    if username:
        named = select_speakers(room_id).where(User.username_key == username_key(username))
        row = (await session.execute(named)).first()
        if row is None:
            raise NotFoundError("User '{username}' doesn't exist", username=username)
        person_id = row.id
    own = update(Operator).where(Operator.id == account_id)
    values = {"person_id": person_id, "is_person_chosen": True}
    await session.execute(own.values(values), execution_options=UNTRACKED)
