"""Vectors in files that all processes of a machine map, instead of a copy in each.

The files follow the table `Embedding` and can be made from it at any time. One process at a time
appends (a file lock); the manifest, replaced in one step, says how much of them counts.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.db.lock import file_lock_or_none

ID: Final = np.dtype("<i8")
VALUE: Final = np.dtype("<f4")


class Manifest(msgspec.Struct, frozen=True):
    """What the files hold."""

    set_id: int
    generation: int
    dimension: int
    count: int
    covered_to: int
    """Posts up to this id are in, if they have a vector."""


@dataclass(frozen=True, slots=True)
class MappedVectors:
    """The vectors of one set; rows (n, d), ids (n,) ascending."""

    manifest: Manifest
    ids: NDArray[np.int64]
    rows: NDArray[np.float32]


class VectorFile:
    """The files of one database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = folder / "manifest.json"
        self._mapped: tuple[tuple[int, int], MappedVectors] | None = None

    def open(self, set_id: int) -> MappedVectors | None:
        """Return the vectors of the set as far as they are mapped; None before the first."""
        for _ in range(2):
            # The files may be replaced after the manifest was read.
            with contextlib.suppress(OSError, ValueError):
                status = self._manifest.stat()
                version = (status.st_mtime_ns, status.st_ino)
                if self._mapped is None or self._mapped[0] != version:
                    manifest = msgspec.json.decode(self._manifest.read_bytes(), type=Manifest)
                    self._mapped = version, self._map(manifest)
                mapped = self._mapped[1]
                return mapped if mapped.manifest.set_id == set_id else None
        return None

    def append(
        self, set_id: int, ids: Sequence[int], vectors: Sequence[NDArray[np.float32]], to: int
    ) -> bool:
        """Add vectors of posts beyond those that are in; posts up to `to` are then covered.

        A set that is new takes the place of the one before. Return whether it was done: another
        process may be at it, or have been faster.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with file_lock_or_none(self._folder / "lock") as is_held:
            if not is_held:
                return False
            before = self.open(set_id)
            if before is not None and ids and ids[0] <= before.manifest.covered_to:
                return False
            manifest = before.manifest if before and before.manifest.count else None
            manifest = manifest or self._fresh(set_id, vectors)
            with self._path(manifest, "ids").open("r+b") as file:
                file.seek(manifest.count * ID.itemsize)
                file.write(np.asarray(ids, ID).tobytes())
            if ids:
                with self._path(manifest, "rows").open("r+b") as file:
                    file.seek(manifest.count * manifest.dimension * VALUE.itemsize)
                    file.write(np.stack(vectors).astype(VALUE).tobytes())
            count = manifest.count + len(ids)
            self._write(msgspec.structs.replace(manifest, count=count, covered_to=to))
            return True

    def forget(self) -> None:
        """Remove the files; they are made anew."""
        self._mapped = None
        # The lock stays: somebody may hold it.
        for path in (self._manifest, *self._folder.glob("*.*")):
            path.unlink(missing_ok=True)

    def _fresh(self, set_id: int, vectors: Sequence[NDArray[np.float32]]) -> Manifest:
        """Begin anew; whoever has the old files mapped keeps what they were."""
        generation = 1
        with contextlib.suppress(OSError, ValueError):
            old = msgspec.json.decode(self._manifest.read_bytes(), type=Manifest)
            generation = old.generation + 1
        for path in self._folder.glob("*.*"):
            path.unlink(missing_ok=True)
        dimension = len(vectors[0]) if vectors else 0
        manifest = Manifest(set_id, generation, dimension, 0, 0)
        for kind in ("ids", "rows"):
            self._path(manifest, kind).touch(mode=0o600)
        return manifest

    def _write(self, manifest: Manifest) -> None:
        new = self._folder / "manifest.new"
        new.touch(mode=0o600)
        new.write_bytes(msgspec.json.encode(manifest))
        os.replace(new, self._manifest)

    def _map(self, manifest: Manifest) -> MappedVectors:
        """Map the files. Raises ValueError if they are shorter than the manifest says."""
        if not manifest.count:
            return MappedVectors(manifest, np.empty(0, ID), np.empty((0, 0), VALUE))
        ids = np.memmap(self._path(manifest, "ids"), ID, "r", shape=(manifest.count,))
        shape = (manifest.count, manifest.dimension)
        rows = np.memmap(self._path(manifest, "rows"), VALUE, "r", shape=shape)
        return MappedVectors(manifest, np.asarray(ids), np.asarray(rows))

    def _path(self, manifest: Manifest, kind: str) -> Path:
        return self._folder / f"{manifest.set_id}-{manifest.generation}.{kind}"
