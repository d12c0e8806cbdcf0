"""What a batch gains on this machine: `python examples/05_batch/measure.py [REQUESTS]`.

Both apps are called in this process as a server would call them, in turns, without HTTP.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import batched_app
import naive_app
from quart import Quart

AT_ONCE: Final = 64
FORM: Final = [(b"content-type", b"application/x-www-form-urlencoded")]


async def send(app: Quart, method: str, path: str, body: bytes = b"") -> int:
    """Send a request as a server does; return the status."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [*FORM, (b"content-length", str(len(body)).encode())],
        "client": None,
        "server": None,
        "extensions": {},
    }
    statuses: list[int] = []
    is_sent = asyncio.Event()

    async def receive() -> Any:
        if is_sent.is_set():
            await asyncio.Event().wait()  # The client stays connected.
        is_sent.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def answer(message: Any) -> None:
        statuses.append(message.get("status", 0))

    await app(scope, receive, answer)  # type: ignore[arg-type]
    return statuses[0]


async def rate(app: Quart, requests: list[tuple[str, str, bytes]], at_once: int) -> float:
    """Return the requests a second, so many of them at once."""
    waiting: Iterator[tuple[str, str, bytes]] = iter(requests)

    async def work() -> None:
        for each in waiting:
            assert await send(app, *each) in {200, 201}

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(work())
    return len(requests) / (time.perf_counter() - started)


async def main(count: int) -> None:
    # 7 has no divisor in common with 1,000: every name comes, each time another one.
    reads = [("GET", f"/user/user{7 * number % 1_000}", b"") for number in range(count)]
    inserts = [("POST", "/user", f"username=new{number}".encode()) for number in range(count)]
    print(f"requests/s, {count:,} of each   naive  batched  batched : naive")
    for name, requests, at_once in (
        (f"a user by name, {AT_ONCE} at once", reads, AT_ONCE),
        (f"a new user, {AT_ONCE} at once", inserts, AT_ONCE),
        ("a user by name, one by one", reads, 1),
    ):
        for app in (naive_app.app, batched_app.app):
            await rate(app, reads[:100], at_once)  # The first requests build what the next reuse.
        naive = await rate(naive_app.app, requests, at_once)
        batched = await rate(batched_app.app, requests, at_once)
        print(f"{name:<28} {naive:>8,.0f} {batched:>8,.0f} {batched / naive:>10.1f}")
    for sessions in (naive_app.sessions, batched_app.sessions):
        await sessions.kw["bind"].dispose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 2_000))
