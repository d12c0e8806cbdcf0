"""Assistants of the tests: the client of the protocol's own SDK, and one that writes messages."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx2
from mcp import Client as Sdk
from mcp.client.streamable_http import streamable_http_client
from quart import Quart

from app.services.access.rights import switch_assistants
from tests.browsing import parts_of
from tests.conftest import Client
from tests.made_chats import MadeChat

META: Final = "io.modelcontextprotocol/"
NEWEST: Final = "2026-07-28"
LINK: Final = re.compile(r"^\[(\d+)\] .* http://localhost/tweet/(\d+)$", re.MULTILINE)


async def switch(app: Quart, choice: Any) -> None:
    async with parts_of(app).db.write() as session:
        await switch_assistants(session, choice)


async def add_chat(client: Client, chat: MadeChat) -> None:
    """Store a made chat, whose ids are then in the order of its messages."""
    room = {"name": chat.title}
    posts = (
        {
            "username": name,
            "text": text,
            "created_at": f"{time.replace(' ', 'T')}:00Z",
            "room": room,
            "source_id": str(place),
        }
        for place, (time, name, text) in enumerate(chat.said)
    )
    await client.add_posts(*posts)


def cited(answer: str) -> list[int]:
    """Return the numbers of the posts that an answer quotes; each has its own link."""
    found = LINK.findall(answer)
    assert all(number == linked for number, linked in found)
    return [int(number) for number, _ in found]


@asynccontextmanager
async def sdk(client: Client, mode: str = "auto") -> AsyncIterator[Sdk]:
    """Connect the client of the SDK to an app that runs in this process."""
    transport = httpx2.ASGITransport(cast(Any, client.app))
    async with httpx2.AsyncClient(transport=transport, headers=client.headers) as web:
        server = streamable_http_client("http://localhost/mcp", http_client=web)
        async with Sdk(server, mode=mode) as connected:
            yield connected


@dataclass(frozen=True)
class Plain:
    """Writes messages by hand, of the newest revision or of an earlier one."""

    client: Any
    version: str = NEWEST

    async def send(self, message: Any, **headers: str | None) -> Any:
        """Send a message; return the answer of HTTP. headers: None leaves one out."""
        sent = {"Content-Type": "application/json", "MCP-Protocol-Version": self.version}
        if isinstance(message, dict) and isinstance(message.get("params", {}), dict):
            sent["Mcp-Method"] = str(message.get("method"))
            if "name" in message.get("params", {}):
                sent["Mcp-Name"] = str(message["params"]["name"])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in (sent | named).items() if value is not None}
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        own = getattr(self.client, "headers", {})
        return await self.client.send("POST", "/mcp", headers=own | kept, data=data)

    def message(self, method: str, **params: Any) -> dict[str, Any]:
        if self.version == NEWEST:
            meta = {META + "protocolVersion": NEWEST, META + "clientCapabilities": {}}
            params = {"_meta": meta} | params
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}

    async def ask(self, tool: str, **arguments: Any) -> str:
        return str((await self.told(tool, **arguments))["content"][0]["text"])

    async def value(self, tool: str, **arguments: Any) -> Any:
        return (await self.told(tool, **arguments))["structuredContent"]

    async def told(self, tool: str, **arguments: Any) -> Any:
        answer = await self.send(self.message("tools/call", name=tool, arguments=arguments))
        assert answer.status_code == 200, await answer.get_data()
        told = (await answer.get_json())["result"]
        assert told["isError"] is False, told
        return told
