"""The process that `app/sandbox.py` starts to read what strangers wrote.

It has the bytes as its standard input, and writes a line of JSON for each value that is read. It
imports little, since it starts for each answer.
"""

import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from app.errors import AppError, InvalidInputError, message_of, packed

MIB: Final = 1024 * 1024
MOST_MEMORY: Final = 256 * MIB
"""Bytes that reading may take, beside the program itself."""
MOST_BYTES: Final = 8 * MIB
"""Bytes of what is read."""
NICENESS: Final = 5
REQUEST: Final = "READ"
"""The variable that names the function, its options and its time, unseen by other users."""
UNREADABLE: Final = 3
"""The status where a reason stands in place of the values."""


class ReadError(InvalidInputError):
    """What a stranger wrote cannot be read."""


def main() -> None:
    """Answer the request; the status is not 0 where that fails."""
    # uvloop starts a process with all inheritable files open, the server's sockets too.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.nice(NICENESS)
    module, name, options, limit_s = json.loads(os.environ[REQUEST])
    function = getattr(importlib.import_module(module), name)
    _limit(limit_s)
    size = 0
    try:
        for value in function(sys.stdin.buffer.read(), **options):
            line = _encoded(value) + b"\n"
            size += len(line)
            if size > MOST_BYTES:
                raise ReadError("the answer holds more than can be read")
            sys.stdout.buffer.write(line)
        sys.stdout.flush()
    except Exception as error:
        reason = type(error).__name__
        unexpected = ReadError("the answer cannot be read ({reason})", reason=reason)
        message = message_of(error if isinstance(error, AppError) else unexpected)
        sys.stdout.flush()
        sys.stdout.seek(0)
        sys.stdout.truncate()
        json.dump(packed(message), sys.stdout, default=str)
        sys.exit(UNREADABLE)


def _limit(limit_s: int) -> None:
    """Kill the process when it takes too long, and deny it too much memory."""
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST_MEMORY, hard))
    signal.alarm(limit_s)


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:  # Half a surrogate pair, which is dropped.
        plain = msgspec.to_builtins(value, enc_hook=str, builtin_types=())
        return json.dumps(plain, ensure_ascii=False).encode(errors="ignore")


if __name__ == "__main__":
    main()
