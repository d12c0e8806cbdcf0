"""Vectors in files that all processes of a machine map, instead of a copy in each.

The files follow the table `Embedding` and can be made from it at any time. One process at a time
appends (a file lock): first the vectors, then the ids, which say how many of them count.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.db.lock import file_lock

ID: Final = np.dtype("<i8")
VALUE: Final = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class MappedVectors:
    """The vectors of one set; rows (n, d), ids (n,) ascending."""

    ids: NDArray[np.int64]
    rows: NDArray[np.float32]

    @property
    def newest(self) -> int:
        """The highest id, 0 without any."""
        return int(self.ids[-1]) if len(self.ids) else 0


NOTHING: Final = MappedVectors(np.empty(0, ID), np.empty((0, 0), VALUE))


class VectorFile:
    """The files of one database: ids and vectors of one set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mapped = NOTHING
        self._state = (0, 0)
        """Inode of the mapped ids, and their number."""

    def open(self, set_id: int, dimension: int) -> MappedVectors:
        """Return the vectors of the set that are in the files."""
        ids, rows = self._paths(set_id)
        # The files may be missing, or another process may be replacing them.
        with contextlib.suppress(OSError, ValueError):
            status = ids.stat()
            count = status.st_size // ID.itemsize
            if self._state != (status.st_ino, count):
                mapped = MappedVectors(
                    np.asarray(np.memmap(ids, ID, "r", shape=(count,))),
                    np.asarray(np.memmap(rows, VALUE, "r", shape=(count, dimension))),
                )
                if ids.stat().st_ino != status.st_ino:
                    return NOTHING
                self._mapped, self._state = mapped, (status.st_ino, count)
            return self._mapped
        return NOTHING

    def append(
        self, set_id: int, ids: Sequence[int], vectors: Sequence[NDArray[np.float32]]
    ) -> bool:
        """Add vectors of posts after those in the files; a new set replaces the one before.

        Return whether it was done: another process may be appending, or have been faster.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        added = np.stack(vectors).astype(VALUE)
        with file_lock(self._folder / "lock", waits=False) as is_held:
            before = self.open(set_id, added.shape[1])
            if not is_held or ids[0] <= before.newest:
                return False
            if before is NOTHING:
                self.remove()
            ids_path, rows_path = self._paths(set_id)
            _write(rows_path, before.rows.nbytes, added)
            _write(ids_path, before.ids.nbytes, np.asarray(ids, ID))
            return True

    def remove(self) -> None:
        """Remove the files; they can be made again."""
        # The lock stays, since another process may hold it. Ids go first, as they come last.
        for path in sorted(self._folder.glob("*.*")):
            path.unlink(missing_ok=True)

    def _paths(self, set_id: int) -> tuple[Path, Path]:
        return self._folder / f"{set_id}.ids", self._folder / f"{set_id}.rows"


def _write(path: Path, place: int, array: NDArray[np.generic]) -> None:
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(array.tobytes())
