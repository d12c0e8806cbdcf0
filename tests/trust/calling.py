"""Requests to a site whose processes are killed: some get no answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from tests.browsing import SAME_ORIGIN
from tests.trust.listener import RETRY_S
from tests.trust.site import Site
from tests.waiting import DEADLINE_S

NO_ANSWER: Final = 503
"""Nobody knows what became of the request."""


class Caller:
    """Sends requests to a site, as its operator where they do not say otherwise."""

    def __init__(self, site: Site, client: httpx.AsyncClient) -> None:
        self.site = site
        self.client = client
        self.unanswered = 0

    def address(self, path: str) -> str:
        return f"{self.site.url()}/api/v1{path}"

    async def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response | None:
        """Return the answer; None if there is none."""
        try:
            answer = await self.client.request(method, self.address(path), **kwargs)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code != NO_ANSWER:
            assert answer.status_code < 500, (path, answer.status_code, answer.text)
            return answer
        self.unanswered += 1
        await asyncio.sleep(RETRY_S)
        return None

    async def ask(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Send until there is an answer. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE_S):
            while (answer := await self.send(method, path, **kwargs)) is None:
                pass
        return answer


class Browsers(Caller):
    """Sends requests to pages, with those cookies alone that they say."""

    def address(self, path: str) -> str:
        return f"{self.site.url()}{path}"


@asynccontextmanager
async def calling(site: Site, most: int) -> AsyncIterator[Caller]:
    """Give a caller for so many clients."""
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {site.token}"}, limits=_limits(most), timeout=DEADLINE_S
    ) as client:
        yield Caller(site, client)


@asynccontextmanager
async def browsing(site: Site, most: int) -> AsyncIterator[Browsers]:
    """Give a caller for so many browsers."""
    kept = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    async with httpx.AsyncClient(
        headers=SAME_ORIGIN, cookies=kept, limits=_limits(most), timeout=DEADLINE_S
    ) as client:
        yield Browsers(site, client)


def _limits(most: int) -> httpx.Limits:
    # Connections that end soon reach all workers.
    return httpx.Limits(max_connections=2 * most, keepalive_expiry=0.5)
