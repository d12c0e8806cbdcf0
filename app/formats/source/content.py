"""One file as formats read it, wherever it lies."""

from typing import BinaryIO, Protocol

from app.formats.source.file import Source


class Content(Protocol):
    """What formats of one file read: a source that is a plain file or stream, or a member."""

    @property
    def name(self) -> str: ...

    @property
    def has_members(self) -> bool: ...

    def head(self, size: int) -> bytes: ...

    def open(self) -> BinaryIO: ...


class Member:
    """One file of a folder, zip or tar, or one beside a plain file, as content of its own."""

    has_members = False

    def __init__(self, source: Source, path: str) -> None:
        self.name = f"{path} in {source.name}"
        self._source = source
        self._path = path

    def head(self, size: int) -> bytes:
        return self._source.head_member(self._path, size)

    def open(self) -> BinaryIO:
        return self._source.open_member(self._path)
