"""Joining a game by its code, and a player's place in the next game."""

import hmac
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import allocate_ids, insert_rows, is_among
from app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooManyError,
    UnavailableError,
)
from app.models import Game, GamePlayer, WrongCode
from app.parts.games.rules import PlayerNames
from app.runtime.clock import now, now_ms
from app.security import digest, new_secret
from app.services.access.logins import network_of
from app.services.posts.users import clean_display_name

MOST_PLAYERS: Final = 5_000
LONGEST_NAME: Final = 40
LONGEST_SENT: Final = 1_000
MOST_WRONG: Final = 100
"""Wrong codes within `WINDOW`, after which a network has to wait."""
MOST_OF_NETWORK: Final = 1_000
"""Players of a game from one network; a school has one."""
FREE_OF_NETWORK: Final = 300
"""Players of these who may join at the same time."""
MOST_A_MINUTE: Final = 60
"""Further players from a network within `WINDOW`."""
WINDOW: Final = timedelta(minutes=1)
_RETRY: Final = {"Retry-After": str(int(WINDOW.total_seconds()))}
SECRET_PREFIX: Final = "player_"  # noqa: S105 - no secret


@dataclass(frozen=True, slots=True, eq=False)
class JoinRequest:
    code: str
    name: str
    address: str


class Joined(NamedTuple):
    game_id: int
    player_id: int
    name: str
    secret: str


def player_name(name: str) -> str:
    """Return a typed name as it is shown. Raises InvalidInputError."""
    clean = clean_display_name(" ".join(name.split()))
    if clean is None:
        raise InvalidInputError("A name needs visible letters", loc="name")
    return clean[:LONGEST_NAME].rstrip()


async def join_all(
    session: AsyncSession, requests: Sequence[JoinRequest]
) -> list[Joined | Exception]:
    codes = {request.code for request in requests}
    rows = await session.scalars(select(Game).where(is_among(session, Game.code, codes)))
    games = {game.code: game for game in rows}
    networks = {request.address: digest(network_of(request.address)) for request in requests}
    wrong = await _wrong_codes(session, networks.values())
    names = await _names(session, games.values(), requests)
    counts = await _players(session, games.values())
    came, lately = await _players_by_network(session, games.values(), networks.values())
    outcomes: list[Joined | Exception] = []
    players: list[dict[str, object]] = []
    ids = iter(await allocate_ids(session, GamePlayer, len(requests)))
    for request in requests:
        network, game = networks[request.address], games.get(request.code)
        if wrong[network] >= MOST_WRONG:
            outcomes.append(
                TooManyError(
                    "Too many wrong codes came from your network; try again in a minute",
                    headers=_RETRY,
                )
            )
        elif game is None:
            wrong[network] += 1
            session.add(WrongCode(network=network, sent_at=now()))
            outcomes.append(NotFoundError("No game has this code"))
        elif refusal := _refusal(
            game, counts[game.id], came[game.id, network], lately[game.id, network]
        ):
            outcomes.append(refusal)
        else:
            counts[game.id] += 1
            came[game.id, network] += 1
            lately[game.id, network] += 1
            joined, row = _new_player(game, request.name, next(ids), names[game.id])
            players.append(row | {"network": network.hex(), "joined_ms": now_ms()})
            outcomes.append(joined)
    await session.flush()
    await insert_rows(session, GamePlayer, players)
    return outcomes


def _refusal(
    game: Game, players: int, came: int, lately: int
) -> ConflictError | TooManyError | UnavailableError | None:
    if game.state == "ended":
        return ConflictError("This game has ended")
    if game.is_closed:
        return ConflictError("The host has closed this game to new players")
    if players >= MOST_PLAYERS:
        return UnavailableError("This game is full", retry_after_s=60)
    if came >= MOST_OF_NETWORK:
        return TooManyError(
            "{most} players from your network are already in this game; no more can join",
            most=MOST_OF_NETWORK,
            headers=_RETRY,
        )
    if min(lately, came - FREE_OF_NETWORK) >= MOST_A_MINUTE:
        return TooManyError(
            "Too many players have joined from your network; try again in a minute", headers=_RETRY
        )
    return None


def _new_player(
    game: Game, name: str, player_id: int, names: PlayerNames
) -> tuple[Joined, dict[str, object]]:
    name = names.take(name)
    secret = new_secret(SECRET_PREFIX)
    row = {
        "id": player_id,
        "game_id": game.id,
        "name": name,
        "name_key": username_key(name),
        "sha256": digest(secret).hex(),
    }
    return Joined(game.id, player_id, name, secret), row


async def _wrong_codes(session: AsyncSession, networks: Iterable[bytes]) -> Counter[bytes]:
    query = (
        select(WrongCode.network, func.count())
        .where(WrongCode.network.in_(set(networks)), WrongCode.sent_at > now() - WINDOW)
        .group_by(WrongCode.network)
    )
    return Counter(dict((await session.execute(query)).all()))


async def _players(session: AsyncSession, games: Collection[Game]) -> Counter[int]:
    query = (
        select(GamePlayer.game_id, func.count())
        .where(GamePlayer.game_id.in_([game.id for game in games]))
        .group_by(GamePlayer.game_id)
    )
    return Counter(dict((await session.execute(query)).all()))


async def _players_by_network(
    session: AsyncSession, games: Collection[Game], networks: Iterable[bytes]
) -> tuple[Counter[tuple[int, bytes]], Counter[tuple[int, bytes]]]:
    """Return the players of each game and network, all and within `WINDOW`."""
    time_ms = now_ms()
    is_late = GamePlayer.joined_ms.between(time_ms - WINDOW // timedelta(milliseconds=1), time_ms)
    query = (
        select(GamePlayer.game_id, GamePlayer.network, func.count())
        .add_columns(func.count().filter(is_late))
        .where(GamePlayer.game_id.in_([game.id for game in games]))
        .where(is_among(session, GamePlayer.network, {network.hex() for network in networks}))
        .group_by(GamePlayer.game_id, GamePlayer.network)
    )
    came, lately = Counter[tuple[int, bytes]](), Counter[tuple[int, bytes]]()
    for game_id, network, players, late_players in await session.execute(query):
        key = game_id, bytes.fromhex(network)
        came[key], lately[key] = players, late_players
    return came, lately


async def _names(
    session: AsyncSession, games: Collection[Game], requests: Sequence[JoinRequest]
) -> dict[int, PlayerNames]:
    """Return the names in each game; none if all requested ones are free."""
    names = {game.id: PlayerNames() for game in games}
    name_keys = {username_key(request.name) for request in requests}
    is_here = GamePlayer.game_id.in_(list(names))
    one = select(GamePlayer.id).where(is_here, is_among(session, GamePlayer.name_key, name_keys))
    if len(name_keys) == len(requests) and await session.scalar(one.limit(1)) is None:
        return names
    rows = await session.execute(select(GamePlayer.game_id, GamePlayer.name_key).where(is_here))
    for game_id, key in rows:
        names[game_id].add(key)
    return names


async def find_next_place(
    session: AsyncSession, player_sha256: str, site_key: str
) -> Joined | None:
    """Return a player's place in the next game; None without one, or after its end."""
    secret = next_secret(site_key, player_sha256)
    query = (
        select(GamePlayer.game_id, GamePlayer.id, GamePlayer.name)
        .join(Game, Game.id == GamePlayer.game_id)
        .where(GamePlayer.sha256 == digest(secret).hex(), Game.state != "ended")
    )
    row = (await session.execute(query)).first()
    return None if row is None else Joined(*row, secret)


def next_secret(site_key: str, sha256: str) -> str:
    """Return a player's secret in the next game, from the hash of the present one and the site's
    key: database readers cannot play.
    """
    return SECRET_PREFIX + hmac.digest(site_key.encode(), f"next {sha256}".encode(), "sha256").hex()
