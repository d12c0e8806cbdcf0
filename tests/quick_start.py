"""What every app of a test process would make for itself is made once, and hashes are cheap.

The libraries are those that users run: Quart and Jinja have settings for it. An app that shows two
pages: 220 ms of processor time without, 80 with. A password's hash: 170 ms without.
"""

from types import CodeType
from typing import Final

from argon2 import PasswordHasher
from jinja2.bccache import Bucket, BytecodeCache
from quart import Quart
from quart.testing import TestApp

from app.services.access import operators

START_AND_STOP_S: Final = 40
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
REAL: Final = operators.HASHER


class Templates(BytecodeCache):
    """The compiled templates of all apps of this process."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key + bucket.checksum] = bucket.code


class PatientApp(TestApp):
    """An app under test that may take its time on a busy machine; Quart would give it 6 s."""

    def __init__(self, app: Quart) -> None:
        super().__init__(app, startup_timeout=START_AND_STOP_S, shutdown_timeout=START_AND_STOP_S)


def install() -> None:
    """Let the apps of this process share templates and be patient, and let hashes be cheap."""
    Quart.jinja_options = {"bytecode_cache": Templates()}
    Quart.test_app_class = PatientApp
    operators.HASHER = CHEAP  # type: ignore[misc]
    operators.NOBODYS_HASH = CHEAP.hash("nobody knows it")  # type: ignore[misc]
