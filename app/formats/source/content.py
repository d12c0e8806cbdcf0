"""One file, wherever it lies: a source of its own, or a member of one."""

from typing import BinaryIO

from app.formats.source.file import Source


class Member:
    """One file of a folder, zip or tar, or one beside a plain file, read as a source is."""

    has_members = False

    def __init__(self, source: Source, path: str) -> None:
        self.name = f"{path} in {source.name}"
        self._source = source
        self._path = path

    def head(self, size: int) -> bytes:
        return self._source.head_member(self._path, size)

    def open(self) -> BinaryIO:
        return self._source.open_member(self._path)


Content = Source | Member
