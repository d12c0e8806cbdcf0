"""Each live stream gets each event once and in order, whatever breaks, and wherever it resumes."""

import asyncio
import re
from typing import Final

from app.clock import now
from app.services.posts.new_tweet import new_tweet
from app.services.posts.writer import PostRequest
from tests.trust.faults import faulty
from tests.trust.world import AUTHORS, Worker, World

CLIENTS: Final = 3
WRITERS: Final = 2
POSTS: Final = 3
LASTS_S: Final = (0.0, 0.01, 0.5, 5.0, 60.0)
"""Seconds that a connection lasts at most."""
READS_S: Final = (0.001, 0.05, 1.0)
WAITS_S: Final = (0.0, 0.0, 0.002, 0.5, 40.0)
"""Seconds for which a full connection makes the server wait."""
EVENT: Final = re.compile(rb"(?:id: (\d+)\n)?event: (\S+)\ndata: .*\n\n|: .*\n\n")
LOG: Final = 'SELECT id, user_id FROM "Event" ORDER BY id'


class Connection:
    """What the server sends to one client, until either breaks it off."""

    def __init__(self, world: World) -> None:
        self.sent = b""
        self._random = world.random
        self._is_full = self._random.random() < 0.3
        self._is_broken = False
        self._task: asyncio.Task[object] | None = None

    async def listen(self, worker: Worker, after: int, user_id: int | None) -> None:
        """Listen as a view does, in the worker."""
        self._task = asyncio.current_task()
        async for data in worker.live.open(after=after, user_id=user_id, right=None):
            if self._is_broken:
                return
            if self._is_full and self._random.random() < 0.7:
                await asyncio.sleep(self._random.choice(WAITS_S))
            self.sent += data

    def break_off(self) -> bytes:
        """End the connection; return what arrived of that which was not received yet."""
        self._is_broken = True
        if self._task is not None:
            self._task.cancel()
        return self.sent[: self._random.randint(0, len(self.sent))]


class Client:
    """Connects again and again, as an EventSource does, and checks what it gets."""

    def __init__(self, world: World) -> None:
        self.user_id = world.random.choice((None, 1, 2))
        self.got: list[int] = []
        self._world = world
        self._last = 0

    async def run(self, newest: "asyncio.Future[int]") -> None:
        """Receive events until the newest one is there."""
        while not (newest.done() and self._last >= newest.result()):
            await self._connect(newest)

    async def _connect(self, newest: "asyncio.Future[int]") -> None:
        worker, connection = await self._world.some_worker(), Connection(self._world)
        work = connection.listen(worker, self._last, self.user_id)
        listening = asyncio.ensure_future(self._world.ask(worker, work))
        until = self._world.loop.time() + self._world.random.choice(LASTS_S)
        while not listening.done() and self._world.loop.time() < until:
            await asyncio.wait([listening], timeout=self._world.random.choice(READS_S))
            connection.sent = self._receive(connection.sent)
            if newest.done() and self._last >= newest.result():
                break
        with self._world.loop.as_process(worker):
            self._receive(connection.break_off())
        await listening

    def _receive(self, data: bytes) -> bytes:
        """Take the whole events; return the rest."""
        end = 0
        for event in EVENT.finditer(data):
            assert event.start() == end, f"not an event: {data[end : event.start()]!r}"
            end = event.end()
            if event[1] is not None:
                assert int(event[1]) > self._last, f"{int(event[1])} came after {self._last}"
                self._last = int(event[1])
                self.got.append(self._last)
            else:
                assert event[2] in {None, b"bye"}, f"the stream has {event[2]!r}"
        return data[end:]


async def play(world: World) -> None:
    """Let clients listen while posts arrive, and compare what they got with the log."""
    clients = [Client(world) for _ in range(CLIENTS)]
    newest = {each.user_id: world.loop.create_future() for each in clients}
    listening = [asyncio.create_task(each.run(newest[each.user_id])) for each in clients]
    async with faulty(world):
        await asyncio.gather(*(_write(world) for _ in range(WRITERS)))
    for user_id, last in newest.items():
        last.set_result(_events(world, user_id)[-1])
    await asyncio.gather(*listening)
    await world.stop()
    for client in clients:
        # A post whose sender is gone may have come last.
        expected = [event for event in _events(world, client.user_id) if event <= client.got[-1]]
        assert client.got == expected, f"got {client.got} of {expected}"


def _events(world: World, user_id: int | None) -> list[int]:
    """Return the events of an author, or all."""
    return [event for event, author in world.rows(LOG) if user_id in {None, author}]


async def _write(world: World) -> None:
    for _ in range(POSTS):
        worker = await world.some_worker()
        post = new_tweet("news", arrived_at=now())
        await world.ask(worker, worker.writer.add(PostRequest(world.random.choice(AUTHORS), post)))
        await asyncio.sleep(world.random.choice((0.0, 0.01, 0.5)))
