"""Tables of Parquet where pyarrow is installed: a process of its own writes them as JSON lines.

pyarrow is compiled and reads files of strangers, so it runs with limits, as workbooks are read.
"""

import json
import os
import sys
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import IO, Final

from saywho.errors import FileError, Message, UnrecognisedFileError
from saywho.formats.source.file import Source, head
from saywho.processes import begin_child_here, cut_at_the_limit, limited_memory, run_child_here
from saywho.sizes import MIB

_MARK: Final = b"PAR1"
_MOST_WRITTEN: Final = 2048 * MIB
_MOST_MEMORY: Final = 2048 * MIB
"""One group of rows is unpacked as a whole."""
_LIMIT_S: Final = 600
_BATCH: Final = 1_000
_LARGE: Final = 3
"""Exit status if the rows do not fit into the limit."""
_UNREADABLE: Final = Message(
    "the table is damaged, or takes more than {size} MB of memory or {seconds} seconds",
    size=_MOST_MEMORY // MIB,
    seconds=_LIMIT_S,
)
_TOO_LARGE: Final = Message("the table unpacks to more than {size} MB", size=_MOST_WRITTEN // MIB)


def put_lines_in_place(source: Source) -> None:
    """Let a file be read as JSON lines if it is a table of Parquet and pyarrow is installed.

    Raises UnrecognisedFileError for a table that cannot be read.
    """
    if not _is_table(source) or find_spec("pyarrow") is None:
        return

    def write(packed: IO[bytes], rows: IO[bytes]) -> None:
        streams = packed.fileno(), rows.fileno()
        module, most_bytes = "saywho.formats.tables.parquet", source.most_rows
        status, _ = run_child_here(module, streams, limit_s=_LIMIT_S, most_bytes=most_bytes)
        if status != 0:
            raise UnrecognisedFileError(
                "{name} cannot be read: {why}. Write it as JSON lines and import that file",
                name=source.name,
                why=_TOO_LARGE if status == _LARGE else _UNREADABLE,
            )

    source.put_in_place(write)


def _is_table(source: Source) -> bool:
    with suppress(FileError):
        return head(source, len(_MARK)) == _MARK
    return False


def main() -> None:
    begin_child_here()
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # The others reserve more than they use.
    from pyarrow.parquet import ParquetFile

    with limited_memory(_MOST_MEMORY), cut_at_the_limit():
        written = 0
        for batch in ParquetFile(sys.stdin.buffer).iter_batches(_BATCH, use_threads=False):
            lines = "".join(f"{_line(row)}\n" for row in batch.to_pylist()).encode()
            if (written := written + len(lines)) > _MOST_WRITTEN:
                os._exit(_LARGE)
            sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
    os._exit(0)


def _line(row: dict[str, object]) -> str:
    known = {name: value for name, value in row.items() if value == value}  # NaN
    return json.dumps(known, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
