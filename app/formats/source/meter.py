from collections.abc import Iterator

from app.errors import LimitReachedError


class Meter:
    def __init__(self, name: str, limit_bytes: int) -> None:
        self._name = name
        self.limit_bytes = limit_bytes
        self.bytes_read = 0
        self.reading = name
        self.files: set[str] = set()

    def counted(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the part of a chunk within the limit. Raises LimitReachedError after it."""
        room = self.limit_bytes - self.bytes_read
        self.bytes_read += len(chunk)
        yield chunk[: max(room, 0)]
        if len(chunk) > room:
            raise self.reached()

    def reached(self) -> LimitReachedError:
        return LimitReachedError(
            "{name} is larger than {limit}, the limit of an import",
            name=self._name,
            limit=self._limit,
        )

    @property
    def _limit(self) -> str:
        return f"{self.limit_bytes / 2**20:,.4g} MB"


class MediaMeter(Meter):
    """Counts an archive's media, which are already packed and so grow by little."""

    def reached(self) -> LimitReachedError:
        return LimitReachedError(
            "the pictures and videos of {name} unpack to more than {limit}, far more than"
            " expected; no more are stored",
            name=self._name,
            limit=self._limit,
        )
