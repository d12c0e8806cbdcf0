"""Requests to hosts that people name: polite, bounded, and never into the operator's own network.

Of each host at most one request is under way, and one a second begins. A name is resolved before
each request, and the connection goes to the address that was checked: a name that changes between
the two (DNS rebinding) leads nowhere else. Redirects are followed by the same rules.
"""

import asyncio
import contextlib
import hashlib
import socket
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, NamedTuple, cast
from weakref import WeakValueDictionary

import httpx

from app.clock import now
from app.config import MIB
from app.errors import InvalidInputError
from app.http_client import Transport
from app.models.work import LONGEST_PAUSE
from app.parts.sources.destinations import has_web_port, is_public

Headers = Mapping[str, str]
PAUSE_S: Final = 1.0
"""Seconds between the end of a request to a host and the beginning of the next one."""
TIMEOUT_S: Final = 30.0
"""Seconds that a request may take, to the last byte of its answer."""
TIMEOUTS: Final = httpx.Timeout(TIMEOUT_S, connect=8.0).as_dict()
HEADERS: Final = {
    "User-Agent": f"saywho/{version('saywho')}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
}
STEP_BYTES: Final = MIB // 2
"""Bytes that are decompressed in one step of the event loop."""
MOST_IN_MEMORY: Final = MIB // 8
"""Bytes of an answer that are kept in memory; a longer one is in a file without a name."""
MOST_REDIRECTS: Final = 5
FIRST_TIME: Final = 1_000_000_000
"""From here on seconds are a time since 1970, not a pause."""
MOST_LOOKUPS: Final = 8
"""Names that are resolved at the same time."""
MOST_TYPE: Final = 200
"""Characters of a content type."""
GONE: Final = frozenset((404, 410))
"""Statuses by which a platform confirms that it has no such post."""
UNKNOWN_PAUSE: Final = timedelta(minutes=5)
"""The pause of a host that is asked too often; within it Bluesky and Mastodon count requests."""
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


class FetchError(InvalidInputError):
    """A source cannot be read; until `not_before` its host wants no further request."""

    def __init__(self, message: str, *, not_before: datetime | None = None, **values: Any) -> None:
        super().__init__(message, **values)
        self.not_before = not_before


class Answer(NamedTuple):
    """An answer, decompressed; its body is to be closed."""

    address: str
    """Where it came from, behind redirects."""
    status: int
    headers: httpx.Headers
    body: BinaryIO
    digest: str
    """Of the body."""
    not_before: datetime | None
    """Until then the host wants no further request."""

    @property
    def validators(self) -> dict[str, str]:
        """The headers that ask whether this answer has changed."""
        pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
        return {ours: self.headers[theirs] for theirs, ours in pairs if theirs in self.headers}

    @property
    def content_type(self) -> str:
        return str(self.headers.get("Content-Type", ""))[:MOST_TYPE]


class Web:
    """Asks hosts, all requests of one process."""

    def __init__(self, may_connect: Callable[[str], bool] = is_public) -> None:
        self._may_connect = may_connect
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Name servers may take long; threads of the shared pool must not wait for them.
        self._resolver = ThreadPoolExecutor(MOST_LOOKUPS, thread_name_prefix="resolve")
        self._transport: Transport | None = None

    async def fetch(
        self, address: str, headers: Headers | None = None, *, most_bytes: int
    ) -> Answer:
        """Return an answer of status 200 or 304. Raises FetchError."""
        answer = await self.get(address, headers, most_bytes=most_bytes)
        if answer.status in {200, 304}:
            return answer
        answer.body.close()
        raise unanswered(answer, "; is its name right?" if answer.status in {400, *GONE} else "")

    async def get(self, address: str, headers: Headers | None = None, *, most_bytes: int) -> Answer:
        """Return the answer of a host, whatever its status. Raises FetchError."""
        url = httpx.URL(address)
        for _ in range(MOST_REDIRECTS + 1):
            check_port(url)
            answer = await self._ask_in_turn(url, headers or {}, most_bytes)
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not location:
                return answer
            answer.body.close()
            with contextlib.suppress(httpx.InvalidURL):
                url = url.join(location)
                if url.scheme in {"http", "https"} and url.host:
                    continue
            raise FetchError("the source redirects to an invalid URL")
        raise FetchError("the source redirects too many times")

    async def close(self) -> None:
        self._resolver.shutdown(wait=False, cancel_futures=True)
        if self._transport is not None:
            await self._transport.aclose()

    async def _ask_in_turn(self, url: httpx.URL, headers: Headers, most_bytes: int) -> Answer:
        turn = self._turns.setdefault(url.host, asyncio.Lock())
        await turn.acquire()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._ask(url, headers, most_bytes)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise FetchError("{host} did not respond in time", host=url.host) from error
        except (socket.gaierror, UnicodeError) as error:
            unknown = "{host} was not found: its name is wrong, or this server is offline"
            raise FetchError(unknown, host=url.host) from error
        except (OSError, httpx.HTTPError, zlib.error) as error:
            reason = "gzip" if isinstance(error, zlib.error) else type(error).__name__
            raise FetchError(
                "{host} cannot be read ({reason})", host=url.host, reason=reason
            ) from error
        finally:
            asyncio.get_running_loop().call_later(PAUSE_S, turn.release)

    async def _ask(self, url: httpx.URL, headers: Headers, most_bytes: int) -> Answer:
        transport = await self._opened()
        addresses = await self.addresses(url.raw_host.decode("ascii").strip("[]"))
        for place, address in enumerate(addresses):
            try:
                response = await transport.handle_async_request(_request(url, address, headers))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == len(addresses) - 1:
                    raise
                continue
            async with contextlib.aclosing(response):
                body = await _read(response, most_bytes)
            status, headers = response.status_code, response.headers
            return Answer(str(url), status, headers, *body, _not_before(status, headers))
        raise OSError("no address")

    async def addresses(self, host: str) -> list[str]:
        """Resolve the host. Raises FetchError where any address is of the operator's network."""
        look_up = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        answers = await asyncio.get_running_loop().run_in_executor(self._resolver, look_up)
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        if not all(map(self._may_connect, addresses)):
            raise FetchError(
                "{host} is in this machine's private network; to allow it, set"
                " SAYWHO_FOLLOW_PRIVATE=1",
                host=host,
            )
        return addresses[:3]

    async def _opened(self) -> Transport:
        # Without a client around it, so without its cookies: those of one host would go to another
        # one on the same address.
        if self._transport is None:
            context = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
            self._transport = Transport(context)
        return self._transport


def check_port(url: httpx.URL) -> None:
    """Raise FetchError for a port where no web server is asked."""
    if not has_web_port(url):
        rule = "A source must use port 80, 443, or 1024 or higher, not {port}"
        raise FetchError(rule, loc="source", port=url.port)


def unanswered(answer: Answer, hint: str = "") -> FetchError:
    """Return that the source answered with another status."""
    message = "the source answered {status}" + hint
    return FetchError(message, not_before=answer.not_before, status=answer.status)


async def _read(response: httpx.Response, most_bytes: int) -> tuple[BinaryIO, str]:
    """Return the body, decompressed no further than allowed, and its digest."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise FetchError("the response is compressed with an unsupported method")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    digest = hashlib.sha256()
    with contextlib.ExitStack() as on_failure:
        # Twenty hosts are asked at once: long bodies wait in files.
        body = on_failure.enter_context(SpooledTemporaryFile(MOST_IN_MEMORY))
        async for chunk in response.aiter_raw():
            while chunk:
                part = inflate.decompress(chunk, STEP_BYTES) if inflate else chunk
                # Behind the end, `unconsumed_tail` still holds what came with it.
                chunk = inflate.unconsumed_tail if inflate and not inflate.eof else b""
                body.write(part)
                digest.update(part)
                if body.tell() > most_bytes:
                    raise FetchError(
                        "the response is larger than {limit} MB", limit=most_bytes // MIB
                    )
                await asyncio.sleep(0)
            if inflate and inflate.eof:
                break  # What a host sends behind the end is nobody's.
        if inflate and body.tell() and not inflate.eof:
            raise FetchError("the response is incomplete")
        on_failure.pop_all()
    body.seek(0)
    return cast(BinaryIO, body), digest.hexdigest()


def _not_before(status: int, headers: httpx.Headers) -> datetime | None:
    """Return until when a host wants no further request: it refuses, or this was the last one."""
    pauses = []
    if status in {429, 503}:
        default = UNKNOWN_PAUSE if status == 429 else timedelta(0)
        pauses.append(_pause(headers.get("Retry-After", ""), default))
    pauses += [
        _pause(headers.get(f"{prefix}-Reset", ""), UNKNOWN_PAUSE)
        for prefix in ("X-RateLimit", "RateLimit")
        if headers.get(f"{prefix}-Remaining", "").strip() == "0"
    ]
    return now() + min(max(*pauses, timedelta(0)), LONGEST_PAUSE) if pauses else None


def _pause(value: str, default: timedelta) -> timedelta:
    """Return the pause that a header names: seconds, seconds since 1970, an ISO or an HTTP date.

    Mastodon writes an ISO date, Bluesky seconds since 1970.
    """
    value = value.strip()
    with contextlib.suppress(ValueError, OverflowError, OSError, TypeError):
        if value.isdigit():
            seconds = int(value)
            if seconds < FIRST_TIME:
                return timedelta(seconds=seconds)
            return datetime.fromtimestamp(seconds, UTC) - now()
        if value[:4].isdigit():
            return datetime.fromisoformat(value).astimezone(UTC) - now()
        return parsedate_to_datetime(value) - now()
    return default


def _request(url: httpx.URL, address: str, headers: Headers) -> httpx.Request:
    """Return a request that goes to this address of the host."""
    host = url.raw_host.decode("ascii")
    return httpx.Request(
        "GET",
        url.copy_with(host=address),
        headers={**HEADERS, **headers, "Host": url.netloc.decode("ascii")},
        extensions={"sni_hostname": host, "timeout": TIMEOUTS},
    )
