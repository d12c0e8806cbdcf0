"""A browser of a test: it keeps cookies, says where its requests come from, and signs in."""

import re
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import Morsel, SimpleCookie
from typing import Any, Final, cast

from quart import Quart

from app.lifespan import KEY, Resources
from app.services.access.accounts import OPERATOR, Role, add_account, add_operator
from tests.quick_start import CHEAP

PASSWORD: Final = "correct horse battery"
PASSWORD_HASH: Final = CHEAP.hash(PASSWORD)
SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}


def in_one_line(page: str) -> str:
    """Return a page whose tags stand in one line each, as no template has to write them.

    Days and numbers that no line break may tear apart are the texts that they are.
    """
    page = re.sub(r'<span class="unbroken">([^<]*)</span>', r"\1", page)
    return re.sub(r"<[^<>]*>", lambda tag: re.sub(r"\s+", " ", tag[0]), page)


def missing_in(text: Container[Any], *parts: object) -> list[object]:
    """Return those parts that are not in a text."""
    return [part for part in parts if part not in text]


def found_in(text: Container[Any], *parts: object) -> list[object]:
    """Return those parts that are in a text."""
    return [part for part in parts if part in text]


def repeated_ids(page: str) -> list[str]:
    """Return the ids that more than one element of a page or file has."""
    ids = Counter(re.findall(r'<[^>]*\sid="([^"]+)"', page))
    return [name for name, count in ids.items() if count > 1]


async def body(answer: Any) -> str:
    """Return the text of an answer as a reader sees its letters."""
    return unescape(in_one_line(await answer.get_data(as_text=True)))


def parts_of(app: Quart) -> Resources:
    """Return what the app that serves works with."""
    return cast(Resources, app.extensions[KEY])


def scope_of(method: str, address: str, headers: Mapping[str, str]) -> Any:
    """Return the ASGI scope of a request, as a server hands it to an app."""
    path, _, query = address.partition("?")
    return {
        "type": "http",
        "asgi": {"spec_version": "2.3", "version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 50_000),
        "server": ("localhost", 80),
        "extensions": {},
    }


@dataclass(slots=True)
class Browser:
    """Sends requests to an app that runs in this process, with the cookies that it was given."""

    app: Quart
    headers: dict[str, str] = field(default_factory=lambda: dict(SAME_ORIGIN))
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.1"

    async def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> Any:
        """Send a request; `headers` stand in for those that the browser would send.

        The answer must have the `status`, if one is given.
        """
        status = kwargs.pop("status", None)
        sent = dict(self.headers if headers is None else headers)
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        client = self.app.test_client(use_cookies=False)
        answer = await client.open(
            path,
            method=method,
            headers=sent,
            scope_base={"client": (self.address, 50_000)},
            **kwargs,
        )
        for name, morsel in set_cookies(answer).items():
            self.cookies[name] = morsel.value
            if morsel["max-age"] == "0":
                del self.cookies[name]
        assert status in (None, answer.status_code), (answer.status_code, await answer.get_data())
        return answer

    async def get(self, path: str, **kwargs: Any) -> Any:
        return await self.send("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> Any:
        return await self.send("POST", path, **kwargs)

    async def page(self, path: str) -> str:
        """Return the text of a page that has to be there."""
        answer = await self.get(path, status=200)
        return in_one_line(await answer.get_data(as_text=True))

    async def sign_in(self, name: str = "ann", password: str = PASSWORD, **kwargs: Any) -> Any:
        """Send the form of the sign-in page."""
        return await self.post("/login", form={"name": name, "password": password}, **kwargs)

    async def is_signed_in(self) -> bool:
        answer = await self.get("/settings")
        assert answer.status_code in {200, 303}
        assert (answer.status_code == 200) or answer.headers["Location"].startswith("/login?")
        return bool(answer.status_code == 200)


def set_cookies(answer: Any) -> "dict[str, Morsel[str]]":
    """Return the cookies that an answer sets, with their attributes."""
    cookies: SimpleCookie = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        cookies.load(line)
    return dict(cookies)


async def make_operator(app: Quart, name: str = "ann") -> None:
    """Make an account whose password is cheap to verify."""
    async with parts_of(app).db.write() as session:
        await add_operator(session, name, password_hash=PASSWORD_HASH)


async def signed_in(
    app: Quart, name: str = "ann", *, is_new: bool = True, role: Role = OPERATOR
) -> Browser:
    """Return a browser on which the account of that name, made if new, is signed in."""
    if is_new and role == OPERATOR:
        await make_operator(app, name)
    elif is_new:
        async with parts_of(app).db.write() as session:
            await add_account(session, name, role, password_hash=PASSWORD_HASH)
    browser = Browser(app)
    answer = await browser.sign_in(name)
    assert answer.status_code == 303, answer.status_code
    return browser
