"""What processes write into a folder, and what a disk may have kept of it when the power is cut.

`disk_calls.c` is loaded before the system's library. It writes each change of the folder's files
into a log, in order, and lets a chosen call fail. `Disk` plays such a log again and forgets, as a
disk may, what was never synced.
"""

import errno
import mmap
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

WRITE, TRUNCATE, SYNC, CREATE, MKDIR, RENAME, LINK, UNLINK, RMDIR, MARK = range(1, 11)
HEAD: Final = struct.Struct("=IIIIQq")
CONTROL: Final = struct.Struct("=qqIiii")
SECTOR: Final = 512
"""Bytes that a disk writes whole or not at all."""
FAULTS: Final = {
    "write": (1, (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR)),
    "sync": (2, (errno.EIO, errno.ENOSPC, errno.EDQUOT)),
    "name": (4, (errno.EIO, errno.ENOSPC, errno.EDQUOT)),
    "open": (8, (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR)),
}
"""Kinds of calls that can fail, and the errors that they end with."""


class Fault(NamedTuple):
    """The call of that number and kind fails, counted from 1."""

    kind: str
    number: int
    error: int
    lasts: bool
    """Whether all later calls of the kind fail, too."""

    def __str__(self) -> str:
        name = errno.errorcode[self.error]
        return f"{name} at {self.kind} {self.number}{' and all later' if self.lasts else ''}"


class Call(NamedTuple):
    kind: int
    node: int
    offset: int
    path: str
    second: str
    data: bytes


def calls_library(folder: Path) -> Path:
    """Compile the library, unless the folder has it."""
    library = folder / "disk_calls.so"
    if not library.exists():
        source = Path(__file__).with_name("disk_calls.c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Recorder:
    """A folder whose changes are written into a log, by processes with these settings."""

    root: Path
    log: Path

    @classmethod
    def of(cls, folder: Path) -> "Recorder":
        """Make the folder `disk` in this one, and a log beside it."""
        root = folder.resolve() / "disk"
        root.mkdir(parents=True)
        log = folder.resolve() / "calls"
        log.touch()
        return cls(root, log)

    def keep(self, *paths: Path) -> None:
        """Let folders and files that are there be on the disk from the beginning, in this order."""
        with self.log.open("ab") as log:
            for path in paths:
                name, node = os.fsencode(path), path.stat().st_ino
                data = b"" if path.is_dir() else path.read_bytes()
                kind = MKDIR if path.is_dir() else CREATE
                log.write(HEAD.pack(kind, 0, len(name), 0, node, 0) + name)
                log.write(HEAD.pack(WRITE, len(data), 0, 0, node, 0) + data)
                for number in (node, path.parent.stat().st_ino):
                    log.write(HEAD.pack(SYNC, 0, 0, 0, number, 0))

    def settings(self) -> dict[str, str]:
        library = calls_library(self.log.parent)
        return {"LD_PRELOAD": str(library), "DISK_ROOT": str(self.root), "DISK_LOG": str(self.log)}

    def mark(self, fact: Any) -> None:
        """Write down that a user has begun something, or was told that it is done."""
        data = msgspec.json.encode(fact)
        with self.log.open("ab", buffering=0) as log:
            log.write(HEAD.pack(MARK, len(data), 0, 0, 0, 0) + data)

    def calls(self) -> list[Call]:
        return list(_parsed(self.log.read_bytes()))


def _parsed(log: bytes) -> Iterator[Call]:
    place = 0
    while place < len(log):
        kind, length, path, second, node, offset = HEAD.unpack_from(log, place)
        place += HEAD.size
        names = log[place : place + path], log[place + path : place + path + second]
        place += path + second
        first, last = map(os.fsdecode, names)
        yield Call(kind, node, offset, first, last, log[place : place + length])
        place += length


@dataclass
class Node:
    """A file or folder: what is surely on the disk, and what was changed since."""

    content: bytearray = field(default_factory=bytearray)
    names: "dict[str, Node] | None" = None
    """Names in a folder; None for a file."""
    pending: list[Any] = field(default_factory=list)

    def settle(self) -> None:
        for change in self.pending:
            self.apply(change)
        self.pending.clear()

    def apply(self, change: Any) -> None:
        """Apply a write to the content."""
        _write(self.content, *change)


class Rename(NamedTuple):
    """A change of names in folders: what goes, and what comes. It happens as a whole."""

    gone: tuple[Node, str] | None
    made: tuple[Node, str, Node] | None

    def apply(self, names: Callable[[Node], dict[str, Node]]) -> None:
        if self.gone:
            names(self.gone[0]).pop(self.gone[1], None)
        if self.made:
            names(self.made[0])[self.made[1]] = self.made[2]

    def of(self, folder: Node) -> bool:
        """Return whether the folder's sync keeps it."""
        kept = self.made[0] if self.made else self.gone[0] if self.gone else None
        return kept is folder


def _write(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write at a place; without data, cut off there or fill up with zeros."""
    end = offset if data is None else offset + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data is None:
        del content[offset:]
    else:
        content[offset:end] = data


class Disk:
    """A disk on which the calls of a log happen one after the other."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.top = Node(names={})
        self._now: dict[int, dict[str, Node]] = {}
        """Names as processes see them, by the folder's identity."""
        self._nodes: dict[int, Node] = {}
        self._names: list[Rename] = []
        """Changes of names that no sync has kept yet, of all folders in order."""

    def play(self, call: Call) -> None:
        if call.kind in {WRITE, TRUNCATE}:
            if (node := self._nodes.get(call.node)) is not None:
                node.pending.append((call.offset, call.data if call.kind == WRITE else None))
        elif call.kind == SYNC:
            self._sync(call.node)
        elif call.kind in {CREATE, MKDIR}:
            folder, name = self._place(call.path)
            if (
                name in self._seen(folder)
                and self._nodes.get(call.node) is self._seen(folder)[name]
            ):
                return  # Two processes have created it.
            node = self._nodes[call.node] = Node(names={} if call.kind == MKDIR else None)
            self._change(Rename(None, (folder, name, node)))
        elif call.kind in {RENAME, LINK}:
            folder, name = self._place(call.path)
            node = self._seen(folder)[name]
            gone = (folder, name) if call.kind == RENAME else None
            self._change(Rename(gone, (*self._place(call.second), node)))
        elif call.kind in {UNLINK, RMDIR}:
            self._change(Rename(self._place(call.path), None))

    def _sync(self, number: int) -> None:
        node = self._nodes.get(number)
        if node is None:
            node = self.top
        if node.names is None:
            node.settle()
            return
        for change in self._names:
            if change.of(node):
                change.apply(_names_of)
        self._names = [change for change in self._names if not change.of(node)]

    def _change(self, change: Rename) -> None:
        change.apply(self._seen)
        self._names.append(change)

    def _seen(self, folder: Node) -> dict[str, Node]:
        return self._now.setdefault(id(folder), {})

    def _place(self, path: str) -> tuple[Node, str]:
        node = self.top
        *parents, name = os.path.relpath(os.path.normpath(path), self._root).split("/")
        for parent in parents:
            node = self._seen(node)[parent]
        return node, name

    def leave(self, target: Path, chance: Random, how: str) -> None:
        """Write what the disk may hold if the power is cut now.

        how: of what was not synced `nothing`, `all`, or `some`: of each file the first writes, the
        last of them torn between two sectors, and each change of names or not.
        """
        names: dict[int, dict[str, Node]] = {}

        def changed(folder: Node) -> dict[str, Node]:
            if id(folder) not in names:
                names[id(folder)] = dict(folder.names or {})
            return names[id(folder)]

        for change in self._names:
            if how == "all" or (how == "some" and chance.random() < 0.5):
                change.apply(changed)
        self._write_folder(self.top, target, changed, chance, how)

    def _write_folder(
        self,
        folder: Node,
        target: Path,
        names: Callable[[Node], dict[str, Node]],
        chance: Random,
        how: str,
    ) -> None:
        target.mkdir(mode=0o700, exist_ok=True)
        for name, node in names(folder).items():
            if node.names is not None:
                self._write_folder(node, target / name, names, chance, how)
                continue
            content = node.content
            if node.pending and how != "nothing":
                content = bytearray(content)
                for change in node.pending if how == "all" else _torn(node.pending, chance):
                    _write(content, *change)
            with open(target / name, "wb", opener=_private) as file:
                file.write(content)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _names_of(folder: Node) -> dict[str, Node]:
    assert folder.names is not None
    return folder.names


def _torn(pending: list[Any], chance: Random) -> Iterator[Any]:
    kept = chance.randrange(len(pending) + 1)
    yield from pending[:kept]
    if kept < len(pending):
        offset, data = pending[kept]
        if data:
            # Sectors are counted from the beginning of the file.
            ends = range(SECTOR - offset % SECTOR, len(data), SECTOR)
            if ends:
                yield offset, data[: chance.choice(ends)]


class Failing:
    """Lets a call of processes with these settings fail."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(bytes(CONTROL.size))
        self.file = file
        with file.open("r+b") as opened:
            self._control = mmap.mmap(opened.fileno(), CONTROL.size)

    def count(self, kind: str) -> None:
        """Count the calls of a kind from now on, and let none fail."""
        self._set(Fault(kind, 0, 0, False))

    @contextmanager
    def at(self, fault: Fault) -> Iterator[None]:
        self._set(fault)
        try:
            yield
        finally:
            self._control[:8] = bytes(8)

    def _set(self, fault: Fault) -> None:
        kinds, _ = FAULTS[fault.kind]
        self._control[:] = CONTROL.pack(fault.number, 0, kinds, fault.error, fault.lasts, 0)

    @property
    def has_failed(self) -> bool:
        return bool(CONTROL.unpack(self._control)[5])

    @property
    def seen(self) -> int:
        return int(CONTROL.unpack(self._control)[1])
