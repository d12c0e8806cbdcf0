"""The folder that a job writes, here or in a store, and the manifest that is written last."""

from typing import Any, Final

import msgspec

from app.bulk.inputs import JobError, store
from app.compute.features import RECIPE
from app.compute.words import WORDS_RECIPE

MANIFEST: Final = "manifest.json"
"""A folder without it is not complete."""
WORK: Final = "_work"
"""Files of steps in between, which go at the end."""


class LeftOut(msgspec.Struct, frozen=True):
    """Records of a file that are no posts, for one reason."""

    file: str
    fate: str
    detail: str
    records: int
    first: str
    """Where the first one is: its byte, line or record."""


class Manifest(msgspec.Struct, frozen=True):
    """What the inputs held, and how it was prepared."""

    id: str
    """Tells one run from another."""
    recipe: int = RECIPE
    words_recipe: int = WORDS_RECIPE
    authors: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reposts: int = 0
    restricted: int = 0
    skipped: int = 0
    left_out: list[LeftOut] = []


class Target:
    """A folder of a job."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._system, self._path = store(name)

    def refuse_existing(self) -> None:
        """Raise JobError if it exists."""
        from pyarrow.fs import FileType

        if self._system.get_file_info(self._path).type != FileType.NotFound:
            raise JobError("{name} exists already; name another folder", name=self.name)

    @property
    def place(self) -> str:
        """Its address, as Spark takes it."""
        return self.name if "://" in self.name else str(self._path)

    def inside(self, name: str) -> str:
        """Return the address of what is inside."""
        return f"{self.place}/{name}"

    def remove(self, name: str) -> None:
        self._system.delete_dir(f"{self._path}/{name}")

    def write(self, name: str, content: bytes) -> None:
        with self._system.open_output_stream(f"{self._path}/{name}") as file:
            file.write(content)

    def files(self, table: str) -> list[str]:
        """Return the Parquet files of a table, by name."""
        from pyarrow.fs import FileSelector

        infos = self._system.get_file_info(
            FileSelector(f"{self._path}/{table}", allow_not_found=True)
        )
        return sorted(each.path for each in infos if each.path.endswith(".parquet"))

    def open(self, path: str) -> Any:
        return self._system.open_input_file(path)

    def manifest(self) -> Manifest:
        """Return the manifest. Raises JobError for a folder without one, or of another version."""
        try:
            with self.open(f"{self._path}/{MANIFEST}") as file:
                found = msgspec.json.decode(file.read(), type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise JobError(
                "{name} holds nothing that was prepared to its end", name=self.name
            ) from error
        if (found.recipe, found.words_recipe) != (RECIPE, WORDS_RECIPE):
            raise JobError(
                "{name} was prepared by another version; prepare it again", name=self.name
            )
        return found
