"""The floor: a protocol on uvloop that sends the same bytes to everybody, and reads nothing.

`PEER_BODY` is a file with the bytes. The port is the argument.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import cast

import uvloop

BODY = Path(os.environ["PEER_BODY"]).read_bytes()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
    BODY
)


class Fixed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, _data: bytes) -> None:
        self._transport.write(HEAD + BODY)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Fixed, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
