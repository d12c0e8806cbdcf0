"""A game that clients follow, its newest documents, and the stream of each client."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import structs

from app.parts.games.documents import GameView, SharedView, moment
from app.parts.games.states import GameState
from app.runtime.clock import now_ms
from app.services.access.rights import Right
from app.services.live_streams.stream import HEARTBEAT, ClientStream, LiveStreams

GONE: Final = b"event: gone\ndata: {}\n\n"

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Channel:
    """A game that is followed here, and its newest documents."""

    game_id: int
    state: GameState | None = None
    """None before it was read, and once it is gone."""
    host: GameView | None = None
    shared: SharedView | None = None
    host_number: int = 0
    shared_number: int = 0
    """How many documents of each kind there were."""
    players: Set[int] = frozenset()
    """Those who are in the game."""
    streams: dict["GameStream", None] = field(default_factory=dict)

    @property
    def is_counted(self) -> bool:
        return self.state is not None and self.state.state in {"waiting", "asking"}

    def renew_host(self, view: GameView) -> None:
        """Take a document for the host, if it says anything new."""
        if view != self.host:
            self.host, self.host_number = view, self.host_number + 1

    def renew_shared(self, view: SharedView) -> None:
        """Take a document for all players, if it says anything new."""
        if self.shared is None or structs.replace(view, now=self.shared.now) != self.shared:
            self.shared, self.shared_number = view, self.shared_number + 1

    def document(self, *, is_host: bool) -> bytes:
        """Return the newest document as an event; nothing before there is one."""
        view = self.host if is_host else self.shared
        if view is None:
            return b""
        if isinstance(view, SharedView):
            view = structs.replace(view, now=moment(now_ms()))
        return b"id: %d\nevent: game\ndata: %s\n\n" % (view.version, _encode(view))


class GameStream(ClientStream):
    """One client's stream of a game: the host's, or a player's."""

    __slots__ = ("channel", "player_id", "sent")

    def __init__(
        self,
        hub: LiveStreams,
        channel: Channel,
        player_id: int | None,
        right: Right | None,
        holder: Right | None,
    ) -> None:
        super().__init__(hub, right, holder)
        self.channel = channel
        self.player_id = player_id
        """None of a host."""
        self.sent = 0
        """The number of the document that was sent last."""

    @property
    def newest(self) -> int:
        channel = self.channel
        return channel.host_number if self.player_id is None else channel.shared_number

    @property
    def is_out(self) -> bool:
        """Whether the game is gone, or the player."""
        player, channel = self.player_id, self.channel
        return channel.state is None or not (player is None or player in channel.players)

    def take(self) -> bytes:
        """Return what the client lacks, if anything, and note that it is sent."""
        if self.is_out:
            self.end()
            return GONE
        if self.sent < self.newest:
            self.sent, self.is_due = self.newest, False
            return self.channel.document(is_host=self.player_id is None)
        if self.is_due:
            self.is_due = False
            return HEARTBEAT
        return b""

    def push_document(self, documents: Mapping[bool, bytes]) -> None:
        """Send the newest document without waiting if the client takes it, else wake the stream.

        documents: the host's (True) and that of all players (False).
        """
        is_new = self.sent < self.newest
        if is_new and not self.is_out and self.push(documents[self.player_id is None]):
            self.sent, self.is_due = self.newest, False
        elif is_new or self.is_out or self.is_due:
            self.wake()
