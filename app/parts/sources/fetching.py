"""Requests to hosts that people name: polite, bounded, and never into the operator's own network.

A host gets one request at a time, at most one a second. Its name is resolved before each request,
and the connection goes to the checked address, against DNS rebinding. Redirects follow the same
rules.
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
from ipaddress import IPv6Address, ip_address, ip_network
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, NamedTuple, cast
from weakref import WeakValueDictionary

import httpx

from app.config import Config
from app.errors import InvalidInputError
from app.models.work import LONGEST_PAUSE
from app.runtime.http_client import Transport
from saywho import __version__
from saywho.clock import now
from saywho.sizes import MIB

Headers = Mapping[str, str]
PAUSE_S: Final = 1.0
"""Seconds between two requests to a host."""
TIMEOUT_S: Final = 30.0
TIMEOUTS: Final = httpx.Timeout(TIMEOUT_S, connect=8.0).as_dict()
HEADERS: Final = {"User-Agent": f"saywho/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
GONE: Final = frozenset((404, 410))
"""Statuses that confirm that a post does not exist."""
UNKNOWN_PAUSE: Final = timedelta(minutes=5)
"""Pause after too many requests, counted within this time by platforms."""
_SPECIAL: Final = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Networks of protocols, relays and examples that some Pythons call global."""


class FetchError(InvalidInputError):
    """A source that cannot be read; no requests until `not_before`."""

    def __init__(self, message: str, *, not_before: datetime | None = None, **values: Any) -> None:
        super().__init__(message, **values)
        self.not_before = not_before


class Answer(NamedTuple):
    """A decompressed response; the caller closes its body."""

    address: str
    status: int
    headers: httpx.Headers
    body: BinaryIO
    digest: str
    not_before: datetime | None

    @property
    def validators(self) -> dict[str, str]:
        pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
        return {ours: self.headers[theirs] for theirs, ours in pairs if theirs in self.headers}

    @property
    def content_type(self) -> str:
        return str(self.headers.get("Content-Type", ""))[:200]


def allowed(config: Config) -> Callable[[str], bool]:
    return (lambda _: True) if config.follow_private else is_public


def is_public(address: str) -> bool:
    """Return whether an IP address is outside private, local and reserved networks."""
    ip = ip_address(address.partition("%")[0])
    inner = ip.sixtofour if isinstance(ip, IPv6Address) else None
    if any(ip in network for network in _SPECIAL) or (inner and not is_public(str(inner))):
        return False
    # Only 2000::/3 of IPv6 is assigned; other blocks contain IPv4 addresses, or nothing.
    is_assigned = ip.version == 4 or ip in ip_network("2000::/3")
    return ip.is_global and not ip.is_multicast and is_assigned


class Fetcher:
    def __init__(self, may_connect: Callable[[str], bool] = is_public) -> None:
        self._may_connect = may_connect
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Name servers may take long; threads of the shared pool must not wait for them.
        self._resolver = ThreadPoolExecutor(8, thread_name_prefix="resolve")
        self._transport: Transport | None = None

    async def fetch(
        self, address: str, headers: Headers | None = None, *, most_bytes: int
    ) -> Answer:
        """Return a response with status 200 or 304. Raises FetchError."""
        answer = await self.get(address, headers, most_bytes=most_bytes)
        if answer.status in {200, 304}:
            return answer
        answer.body.close()
        raise unanswered(answer, "; is its name right?" if answer.status in {400, *GONE} else "")

    async def get(self, address: str, headers: Headers | None = None, *, most_bytes: int) -> Answer:
        """Return a host's response with any status, after up to five redirects.

        Raises FetchError.
        """
        url = httpx.URL(address)
        for _ in range(6):
            check_port(url)
            answer = await self._ask_in_turn(url, headers or {}, most_bytes)
            location = answer.headers.get("Location")
            if answer.status not in {301, 302, 303, 307, 308} or not location:
                return answer
            answer.body.close()
            with contextlib.suppress(httpx.InvalidURL):
                url = url.join(location)
                if url.scheme in {"http", "https"} and url.host:
                    continue
            raise FetchError("the source redirects to an invalid URL")
        raise FetchError("the source redirects too many times")

    async def aclose(self) -> None:
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
        # A transport without httpx's client has no cookies: cookies of a host would go to another
        # host at the same address.
        if self._transport is None:
            context = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
            self._transport = Transport(context)
        transport = self._transport
        host = url.raw_host.decode("ascii")
        addresses = await self.addresses(host.strip("[]"))
        for place, address in enumerate(addresses):
            try:
                request = httpx.Request(
                    "GET",
                    url.copy_with(host=address),
                    headers={**HEADERS, **headers, "Host": url.netloc.decode("ascii")},
                    extensions={"sni_hostname": host, "timeout": TIMEOUTS},
                )
                response = await transport.handle_async_request(request)
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
        """Resolve a host. Raises FetchError if any address is in the operator's network."""
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


def check_port(url: httpx.URL) -> None:
    """Raise FetchError for a port below 1024 except 80 and 443."""
    port = url.port
    if not (port is None or port in {80, 443} or 1024 <= port <= 65_535):
        rule = "A source must use port 80, 443, or 1024 or higher, not {port}"
        raise FetchError(rule, loc="source", port=url.port)


def unanswered(answer: Answer, hint: str = "") -> FetchError:
    message = "the source answered {status}" + hint
    return FetchError(message, not_before=answer.not_before, status=answer.status)


async def _read(response: httpx.Response, most_bytes: int) -> tuple[BinaryIO, str]:
    """Return the decompressed body and its digest. Raises FetchError for over `most_bytes`."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise FetchError("the response is compressed with an unsupported method")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    digest = hashlib.sha256()
    with contextlib.ExitStack() as on_failure:
        # Twenty hosts may respond at the same time, so bodies over 128 KiB are in files.
        body = on_failure.enter_context(SpooledTemporaryFile(MIB // 8))
        async for chunk in response.aiter_raw():
            while chunk:
                # Half a MiB is decompressed in one step of the event loop.
                part = inflate.decompress(chunk, MIB // 2) if inflate else chunk
                # After the end, `unconsumed_tail` still contains the rest of the chunk.
                chunk = inflate.unconsumed_tail if inflate and not inflate.eof else b""
                body.write(part)
                digest.update(part)
                if body.tell() > most_bytes:
                    raise FetchError(
                        "the response is larger than {limit} MB", limit=most_bytes // MIB
                    )
                await asyncio.sleep(0)
            if inflate and inflate.eof:
                break  # Ignore data after the end.
        if inflate and body.tell() and not inflate.eof:
            raise FetchError("the response is incomplete")
        on_failure.pop_all()
    body.seek(0)
    return cast(BinaryIO, body), digest.hexdigest()


def _not_before(status: int, headers: httpx.Headers) -> datetime | None:
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
    """Return the pause in a header: seconds, seconds since 1970, an ISO or HTTP date."""
    value = value.strip()
    with contextlib.suppress(ValueError, OverflowError, OSError, TypeError):
        if value.isdigit():
            seconds = int(value)
            if seconds < 1_000_000_000:  # Larger numbers are times since 1970.
                return timedelta(seconds=seconds)
            return datetime.fromtimestamp(seconds, UTC) - now()
        if value[:4].isdigit():
            return datetime.fromisoformat(value).astimezone(UTC) - now()
        return parsedate_to_datetime(value) - now()
    return default
