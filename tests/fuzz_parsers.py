"""Every parser against invented bytes: `python -m tests.fuzz_parsers [SECONDS]`, for each of them.

Needs atheris, which steers by what of a parser has run; it is not among the locked packages, since
it has no wheels for all systems. What is no report of a bad file ends the run, with the bytes.
"""

import contextlib
import importlib
import importlib.util
import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

IS_THERE: Final = importlib.util.find_spec("atheris") is not None
atheris: Any = importlib.import_module("atheris") if IS_THERE else None
STEERING: Final = ["app.formats", "app.formats.rss", "feedparser"]

with atheris.instrument_imports(include=STEERING) if IS_THERE else contextlib.nullcontext():
    from app.errors import ImportFileError, RecordError
    from app.formats.records import ReadOptions
    from app.formats.registry import FORMATS
    from app.formats.rss import read_feed
    from app.formats.source.file import Source
    from app.services.posts.media import TYPES, suffix_of
    from tests.archives import SMALL_FILES

DEFAULT_SECONDS: Final = 600
MOST_BYTES: Final = 4096


def read_file(data: bytes, format_name: str) -> None:
    """Read a file as a format; files of no format are reported as such."""
    (known,) = (each for each in FORMATS if each.name == format_name)
    try:
        with Source(io.BytesIO(data), limit_bytes=2**20) as source:
            if archive := known.read(source, ReadOptions(include_restricted=True)):
                for _ in archive.items:
                    pass
    except ImportFileError:
        return


def read_entries(data: bytes) -> None:
    """Read a feed."""
    with contextlib.suppress(RecordError):
        list(read_feed(data, content_type="application/xml", name="http://a/"))


def read_medium(data: bytes) -> None:
    """Tell a file's type; a page has none."""
    suffix = suffix_of(data)
    assert suffix is None or suffix in TYPES
    assert not data.lstrip().startswith(b"<") or suffix is None


PARSERS: Final[dict[str, Callable[[bytes], None]]] = {
    **{name: lambda data, name=name: read_file(data, name) for name in SMALL_FILES},  # type: ignore[misc]
    "feed": read_entries,
    "medium": read_medium,
}
SEEDS: Final = SMALL_FILES | {
    "feed": b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>",
    "medium": b"\0\0\0\x18ftypisom",
}


def run(name: str, seconds: int) -> None:
    """Run one parser in this process, which ends with it."""
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        "-timeout=30",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options], PARSERS[name])
    PARSERS[name](SEEDS[name])
    atheris.Fuzz()


def main() -> None:
    if len(sys.argv) == 3:
        run(sys.argv[2], int(sys.argv[1]))
        return
    if not IS_THERE:
        print("the parsers were not fuzzed: atheris is not installed (pip install atheris)")
        return
    seconds = sys.argv[1] if len(sys.argv) > 1 else str(DEFAULT_SECONDS)
    for name in PARSERS:
        command = [sys.executable, "-m", "tests.fuzz_parsers", seconds, name]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr[-4000:]}\nthe parser of {name} failed")
        print(f"{name}: nothing found in {seconds} s")


if __name__ == "__main__":
    main()
