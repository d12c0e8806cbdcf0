"""Files of Signal's export, found by what they hold: messages name no file, but size and hash."""

from base64 import b64encode
from collections import defaultdict
from hashlib import sha256
from typing import Final

from app.errors import BrokenFileError
from app.formats.post import digits
from app.formats.source.file import Source
from app.formats.source.json import as_object, as_word
from app.formats.source.window import Json

_FOLDER: Final = "files"
_MOST_DIGITS: Final = 12


class SignalFiles:
    """The files in the folder `files`; of those of one size, each is read once to be known."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: dict[int, list[str]] = defaultdict(list)
        self._by_hash: dict[int, dict[str, str]] = {}
        for name, member in source.members.items():
            if f"/{_FOLDER}/" in f"/{name}":
                self._names[member.size].append(name)

    def name_of(self, pointer: Json) -> str | None:
        """Return the name of an attached file, which may be missing; None where nothing tells."""
        locator = as_object(pointer.get("locatorInfo"))
        digest, size = as_word(locator.get("plaintextHash")), digits(locator.get("size"))
        if not digest:
            return None
        names = self._of_size(int(size)) if size and len(size) <= _MOST_DIGITS else {}
        return names.get(digest.rstrip("="), f"{_FOLDER}/{digest}")

    def _of_size(self, size: int) -> dict[str, str]:
        """Return the files of a size, in bytes, by their hashes."""
        if size not in self._by_hash:
            names = self._names.get(size, ())
            self._by_hash[size] = {self._hash(name, size): name for name in names}
        return self._by_hash[size]

    def _hash(self, name: str, size: int) -> str:
        """Return the hash of a file as messages have it; of one that is larger than it says, of
        its beginning, and an empty string for a damaged one."""
        digest, read = sha256(), 0
        try:
            for chunk in self._source.medium(name).uncounted.chunks():
                digest.update(chunk)
                read += len(chunk)
                if read > size:
                    break
        except BrokenFileError:
            return ""
        return b64encode(digest.digest()).decode().rstrip("=")
