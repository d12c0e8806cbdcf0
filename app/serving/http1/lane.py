"""The lane: answers from the cache where the bytes of a request arrive.

No task, queue, stream or ASGI call: these take nine tenths of the time of a cached answer. A single
request is answered at once. Of many readers, all requests of a turn of the loop are answered
together. Either way a look for commits comes first, so that no answer is older than its question.
Any request that the cache may not answer at once goes on to hypercorn.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final, NamedTuple, Protocol, cast

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from app.asgi.cached import AtOnce, CachedResponse, Prompt
from app.asgi.edge import new_identifiers
from app.db.result_cache import LruStore, Memo
from app.runtime.logs import Answered, LoggedAnswer
from app.serving.http1.exchange import PIECE_BYTES, Http1, Place, own_headers, scope_of
from app.serving.http1.messages import Head, RequestReader, ResponseWriter
from saywho.clock import monotonic, now_ms

TURN: Final = "saywho_turn"
"""Attribute of hypercorn's worker context: the worker's `Turn`."""
KNOWN_BYTES: Final = 16 * 1024 * 1024
"""Memory for heads that were read, and as much for those whose answers are ready."""
PROMPT_BYTES: Final = 700
"""Memory that a head takes when it is read, besides its bytes."""
AT_A_TIME: Final = 64
"""Requests that are answered before other work has its turn, within a millisecond."""
PLACE: Final = token_hex(16).encode()
"""Stands for a request's id in a head that serves many; no client knows it."""

SINGLE_AFTER_S: Final = 0.0002
"""Seconds without an answer after which a request is answered alone, for a look of its own."""

logger = logging.getLogger(__name__)


class SentHead(NamedTuple):
    """A response's head of this second, without its request's id, which is in the middle."""

    second: int
    status: int
    before: bytes
    after: bytes
    body: bytes


class ReadyAnswer(NamedTuple):
    """An answer to every request of the same bytes."""

    head: SentHead
    given_id: str
    logged: LoggedAnswer


class Connection(Protocol):
    """The connection of a lane, whose time limits follow what the lane sends."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def note_sent(self, *, is_whole: bool) -> None: ...
    def note_taken(self, *, is_idle: bool) -> None: ...


class Lane(asyncio.Protocol):
    """The protocol of a connection, in front of its stream reader's."""

    def __init__(self, connection: Connection, turn: "Turn") -> None:
        self.connection: Connection | None = connection
        self.transport = connection.writer.transport
        self._inner: Any = self.transport.get_protocol()
        self._turn = turn
        self._given = len(vars(connection.reader)["_buffer"])
        """Bytes that the inner protocol was given."""
        self._is_sending = False
        self.http1: Http1 | None = None
        """The connection's requests; None until hypercorn serves the connection."""
        self.ready: Mapping[bytes, ReadyAnswer] = {}
        """The turn's ready answers for this connection's place."""
        self.waiting: bytes | None = None
        """A request that arrived in this turn of the loop."""
        self.arrived = 0.0
        self.transport.set_protocol(self)

    def begin(self, http1: Http1) -> None:
        """Take requests, now that hypercorn serves the connection."""
        self.http1, self.ready = http1, self._turn.ready_at(http1.place)

    def data_received(self, data: bytes) -> None:
        http1 = self.http1
        if (
            self.waiting is None
            and http1 is not None
            and (data in self.ready or _may_be_asked(data))
            and http1.has_read_all(self._given)
            and not self.transport.get_write_buffer_size()
        ):
            self.waiting = data
            self._turn.add(self)
            return
        self.pass_on()
        self._give(data)

    def pass_on(self) -> None:
        """Give the request that waits to hypercorn."""
        data, self.waiting = self.waiting, None
        if data is not None:
            self._give(data)

    def _give(self, data: bytes) -> None:
        self._given += len(data)
        self._inner.data_received(data)

    def send(self, data: bytes) -> None:
        """Answer the request that waits."""
        self.waiting = None
        self.transport.write(data)
        if self.connection is not None:
            self._is_sending = bool(self.transport.get_write_buffer_size())
            self.connection.note_sent(is_whole=not self._is_sending)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
        if self._is_sending and self.connection is not None and self.http1 is not None:
            self._is_sending = False
            self.connection.note_taken(is_idle=self.http1.has_read_all(self._given))

    def eof_received(self) -> bool | None:
        self.pass_on()
        return bool(self._inner.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        self.pass_on()
        self._inner.connection_lost(exc)
        self.connection = self.http1 = None  # They refer back to this object.


def _may_be_asked(data: bytes) -> bool:
    """Return whether these bytes look like one whole request that the cache may answer.

    Only saves reading: `Turn` decides about a request that was read.
    """
    return (
        data.startswith((b"GET ", b"HEAD "))
        and data.endswith(b"\r\n\r\n")
        and len(data) <= PIECE_BYTES
        and b"saywho_session" not in data
        and b"uthorization: " not in data
    )


class Turn:
    """The requests of a worker that arrived in one turn of the loop."""

    def __init__(self, at_once: AtOnce, config: Config, context: WorkerContext) -> None:
        self._at_once = at_once
        self._config = config
        self._is_stopping = context.terminated.is_set
        self._loop = asyncio.get_running_loop()
        self._lanes: deque[Lane] = deque()
        self._reader = RequestReader()
        self._prompts: LruStore[tuple[Place, bytes], tuple[Prompt, int]] = LruStore(
            KNOWN_BYTES, lambda known: known[1]
        )
        """Requests by their bytes, so that the repeated ones are not read again."""
        self._ready: dict[Place, dict[bytes, ReadyAnswer]] = {}
        """Answers to repeated requests, while `_state` is the same; the memo has the bodies."""
        self._ready_bytes = 0
        self._state: tuple[Memo[CachedResponse], int, int] | None = None
        """The memo, its time and the clock's second: what an answer depends on."""
        self._began: float | None = None
        """When the first request since the last answers arrived."""
        self._answered = 0.0
        """When the last requests were answered."""
        self._identifiers: list[str] = []
        """Ids for the next requests; random digits are dear one by one."""

    def ready_at(self, place: Place) -> Mapping[bytes, ReadyAnswer]:
        return self._ready.setdefault(place, {})

    def add(self, lane: Lane) -> None:
        if self._began is None:
            self._began = monotonic()
            if not self._lanes:
                if self._began - self._answered >= SINGLE_AFTER_S:
                    lane.arrived = self._began
                    self._answer([lane])
                    return
                self._loop.call_soon(self._answer_turn)
        lane.arrived = self._began
        self._lanes.append(lane)

    def _answer_turn(self) -> None:
        lanes = [self._lanes.popleft() for _ in range(min(AT_A_TIME, len(self._lanes)))]
        if self._lanes:
            self._loop.call_soon(self._answer_turn)
        self._answer(lanes)

    def _answer(self, lanes: Sequence[Lane]) -> None:
        self._began = None
        # After the requests have arrived: none is answered without a commit before it.
        memo = None if self._is_stopping() else self._at_once.current_memo()
        state = (memo, memo.time, now_ms() // 1000) if memo is not None else None
        if state != self._state or self._ready_bytes > KNOWN_BYTES:
            for ready in self._ready.values():
                ready.clear()
            self._state, self._ready_bytes = state, 0
        answers: list[Answered] = []
        if len(self._identifiers) < len(lanes):
            self._identifiers = new_identifiers(AT_A_TIME)
        for lane in lanes:
            try:
                if answered := self._try(lane, self._identifiers.pop()):
                    answers.append(answered)
            except Exception:
                logger.exception("a request was not read at once")
            lane.pass_on()
        self._answered = monotonic()
        if answers:
            # Of those that were answered together, the one that waited longest.
            self._at_once.note(answers, self._answered - lanes[0].arrived, None)

    def _try(self, lane: Lane, identifier: str) -> Answered | None:
        data, http1 = lane.waiting, lane.http1
        if data is None or http1 is None or lane.transport.is_closing():
            return None
        ready = lane.ready.get(data) or self._find(http1.place, data)
        if ready is None:
            return None
        (_, _, before, after, body), given_id, logged = ready
        identifier = given_id or identifier
        lane.send(b"".join((before, identifier.encode(), after, body)))
        return logged, identifier

    def _find(self, place: Place, data: bytes) -> ReadyAnswer | None:
        if self._state is None or (prompt := self._prompt(data, place)) is None:
            return None
        memo, _, second = self._state
        if (response := self._at_once.find(memo, prompt)) is None:
            return None
        head = self._head(response, prompt, second)
        logged = LoggedAnswer.of(prompt.kind.method, prompt.asked, head.status, is_hit=True)
        self._ready_bytes += PROMPT_BYTES + len(data)
        ready = self._ready[place][data] = ReadyAnswer(head, prompt.given_id, logged)
        return ready

    def _prompt(self, data: bytes, place: Place) -> Prompt | None:
        if (known := self._prompts.get((place, data))) is not None:
            return known[0]
        self._reader.feed(data)
        events = [*self._reader.events]
        self._reader.events.clear()
        match events:
            case [Head(keeps_alive=True, asks=False) as head, None]:
                pass
            case _:  # The reader may be in the middle of a request, or has refused one.
                self._reader = RequestReader()
                return None
        prompt = self._at_once.prompt(scope_of(head, self._config, *place))
        if prompt is not None:
            size = PROMPT_BYTES + len(data)
            self._prompts.put((place, data), (prompt, size))
        return prompt

    def _head(self, response: CachedResponse, prompt: Prompt, second: int) -> SentHead:
        key = prompt.kind, response.is_known(prompt.question.tags)
        head = response.heads.get(key)
        if not isinstance(head, SentHead) or head.second != second:
            status, headers = self._at_once.head(response, prompt, PLACE)
            is_head = prompt.kind.method == "HEAD"
            writer = ResponseWriter(is_newer=True, is_head=is_head, keeps_alive=True)
            writer.begin(status, [*headers, *own_headers(self._config, second)])
            before, _, after = writer.head.partition(PLACE)
            body = b"" if is_head or status != HTTPStatus.OK else response.body
            head = response.heads[key] = SentHead(second, status, before, after, body)
        return head


def turn_of(app: Any, config: Config, context: WorkerContext) -> Turn | None:
    """Return the worker's `Turn`; None if hypercorn or the app is to see every request."""
    attributes: dict[str, Any] = vars(context)
    if TURN not in attributes:
        attributes[TURN] = _new_turn(getattr(app, "app", None), config, context)
    return cast(Turn | None, attributes[TURN])


def _new_turn(app: Any, config: Config, context: WorkerContext) -> Turn | None:
    at_once = getattr(app, "extensions", {}).get(AtOnce.__name__)
    if at_once is None or app.asgi_app is not at_once.edge:
        return None  # Another layer may stand in front of ours.
    is_seen = config.server_names or config.accesslog or config.statsd_host
    return None if is_seen or context.max_requests is not None else Turn(at_once, config, context)
