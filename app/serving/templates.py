"""Compiled templates, stored between starts next to Python's own compiled modules."""

# Compiling all templates takes 0.6 s of processor time, as much as all imports; reading 0.02 s.

import contextlib
import marshal
import os
import sys
from hashlib import sha256
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

PROGRAM: Final = Path(__file__).parents[1]


class CompiledTemplates(BytecodeCache):
    """Compiled templates of a program, discarded when any module has changed: their code depends on
    filters.
    """

    def __init__(self, program: Path) -> None:
        self._file = Path(cache_from_source(str(program / "templates.py"))).with_suffix(".marshal")
        self._state = _state_of(program)
        self._kept = self._read()
        self._codes: dict[str, CodeType] = {}

    def _read(self) -> dict[str, CodeType]:
        # The last three are errors of `marshal` for a file that contains something else.
        with contextlib.suppress(OSError, EOFError, TypeError, ValueError):
            state, codes = marshal.loads(self._file.read_bytes())  # noqa: S302 - as safe as modules
            if state == self._state:
                return dict(codes)
        return {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get(bucket.key + bucket.checksum)
        self.dump_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self._codes[bucket.key + bucket.checksum] = bucket.code

    def save(self) -> None:
        """Store the loaded templates, unless Python stores no compiled modules either."""
        if self._codes.keys() == self._kept.keys() or sys.dont_write_bytecode:
            return
        part = self._file.with_suffix(f".{os.getpid()}")  # Others may start at the same time.
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(marshal.dumps((self._state, self._codes)))
            part.replace(self._file)
        except OSError:  # The folder is another user's, or the disk is full.
            with contextlib.suppress(OSError):
                part.unlink()


def _state_of(program: Path) -> str:
    digest = sha256(version("jinja2").encode())
    for path in sorted(program.rglob("*.py")):
        stat = path.stat()
        digest.update(repr((str(path), stat.st_mtime_ns, stat.st_size)).encode())
    return digest.hexdigest()


def load_templates(environment: Environment, program: Path = PROGRAM) -> None:
    environment.bytecode_cache = kept = CompiledTemplates(program)
    for name in environment.list_templates():
        environment.get_template(name)
    environment.bytecode_cache = None
    kept.save()
