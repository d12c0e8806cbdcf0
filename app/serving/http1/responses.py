"""The bytes of HTTP/1.1 responses."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Final

WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


PHRASES: Final = {status.value: status.phrase.encode() for status in HTTPStatus}
"""Reason phrases: some clients take an answer without one for a failure."""


class ResponseWriter:
    """Writes one response; each part returns its bytes.

    Raises ValueError for what cannot be sent.
    """

    def __init__(self, *, is_newer: bool, is_head: bool, keeps_alive: bool) -> None:
        self._is_newer = is_newer
        self._is_head = is_head
        self.keeps_alive = keeps_alive
        """Whether another request may follow."""
        self.has_begun = False
        self._head = b""
        """The head, until it is sent with the next part."""
        self._unsent: int | None = None
        """Bytes of the body that are still to be sent, where its length is known."""
        self._is_chunked = False

    def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines = [b"HTTP/1.1 %d %b\r\n" % (status, PHRASES.get(status, b""))]
        length: bytes | None = None
        for name, value in headers:
            lower = name.lower()
            if lower == b"content-length":
                length = value
            elif lower == b"connection":
                self.keeps_alive &= b"close" not in value.lower()
            elif lower != b"transfer-encoding":
                # Quart lets no value through that would end the line.
                lines.append(b"%b: %b\r\n" % (name, value.strip()))
        if status == HTTPStatus.NO_CONTENT:
            length = None  # It must not have one (RFC 9110, 8.6).
        lines += self._framing(length, has_body=status not in WITHOUT_BODY)
        self._head = b"".join([*lines, b"\r\n"])
        self.has_begun = True

    def _framing(self, length: bytes | None, *, has_body: bool) -> Iterator[bytes]:
        """Yield the lines that say where the response ends."""
        if length is not None:
            yield b"content-length: %b\r\n" % length
        elif has_body and self._is_newer:
            yield b"transfer-encoding: chunked\r\n"
        elif has_body:
            self.keeps_alive = False
        has_body &= not self._is_head
        self._unsent = None if has_body and length is None else int(length or 0) * has_body
        self._is_chunked = has_body and length is None and self._is_newer
        if not self.keeps_alive:
            yield b"connection: close\r\n"

    def write(self, data: bytes, *, is_last: bool) -> bytes:
        if self._unsent is not None:
            self._unsent -= len(data)
            if self._unsent < 0 or (is_last and self._unsent):
                raise ValueError("the response is not as long as it said")
        if self._is_chunked:
            data = (b"%x\r\n%b\r\n" % (len(data), data) if data else b"") + is_last * b"0\r\n\r\n"
        head, self._head = self._head, b""
        return head + data if head else data
