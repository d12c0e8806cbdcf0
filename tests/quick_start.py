"""What every app of a test process would make for itself is made once, and hashes are cheap.

The libraries are those that users run, and have settings for it: a worker that has served for long
has its templates and statements compiled, too. An app that stores a post and shows two pages: 220
ms of processor time without, 110 with. A password's hash: 170 ms without.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any, ClassVar, Final

import httpx
from argon2 import PasswordHasher
from dash import _configs as dash_settings
from dash._hooks import HooksManager
from jinja2.bccache import Bucket, BytecodeCache
from quart import Quart
from quart.routing import QuartRule
from quart.testing import TestApp
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from app import create_app
from app.config import Config
from app.db.postgresql import backend as postgresql
from app.db.sqlite import backend as sqlite
from app.services.access import accounts
from app.serving.worker import PROGRAM, CompiledTemplates, load_templates
from saywho.engine.attribution import EMPTY_BACKGROUND, Background
from saywho.engine.population import Shipped

START_AND_STOP_S: Final = 40
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
REAL: Final = accounts.HASHER


class Templates(BytecodeCache):
    """The compiled templates of all apps of this process, and of the servers before it."""

    def __init__(self) -> None:
        self._kept = CompiledTemplates(PROGRAM)
        self._codes: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        self._kept.load_bytecode(bucket)
        bucket.code = bucket.code or self._codes.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key + bucket.checksum] = bucket.code


class Statements:
    """The compiled statements of all engines of a kind in this process."""

    def __init__(self, make: Callable[..., AsyncEngine]) -> None:
        self._make = make
        self._codes: dict[Any, Any] = {}
        self._dialect: Dialect | None = None
        """Statements are compiled for a dialect, of which else each engine has one."""

    def make(self, *arguments: Any, **options: Any) -> AsyncEngine:
        engine = self._make(*arguments, **options)
        engine.sync_engine.update_execution_options(compiled_cache=self._codes)
        if self._dialect is None:
            event.listen(engine.sync_engine, "connect", partial(self._keep, engine.sync_engine))
        else:
            engine.sync_engine.dialect = self._dialect
        return engine

    def _keep(self, engine: Engine, *_: object) -> None:
        """Keep the dialect of the engine that connects first: now it knows its database."""
        self._dialect = self._dialect or engine.dialect


class SharedRule(QuartRule):
    """A rule of addresses, which is compiled for the first app of this process that has it."""

    compiled: ClassVar[dict[tuple[object, ...], dict[str, Any]]] = {}

    def compile(self) -> None:
        key = (self.rule, self.strict_slashes, self.merge_slashes, repr(self.defaults))
        if key not in self.compiled:
            before = dict(vars(self))
            super().compile()
            changed = {name for name in vars(self) if before.get(name) is not vars(self)[name]}
            self.compiled[key] = {name: vars(self)[name] for name in changed | {"arguments"}}
        vars(self).update(self.compiled[key])


class PatientApp(TestApp):
    """An app under test that may take its time on a busy machine; Quart would give it 6 s."""

    def __init__(self, app: Quart) -> None:
        super().__init__(app, startup_timeout=START_AND_STOP_S, shutdown_timeout=START_AND_STOP_S)


def share_background() -> None:
    """Make the background of no posts but the shipped authors' once: 10 ms for each app."""
    made = Shipped.background
    alone = cache(lambda shipped: made(shipped, EMPTY_BACKGROUND))

    def background(self: Shipped, here: Background) -> Background:
        return alone(self) if here is EMPTY_BACKGROUND else made(self, here)

    Shipped.background = background  # type: ignore[method-assign]


def install() -> None:
    """Let the apps of this process share what they compile and be patient, and hashes be cheap."""
    Quart.jinja_options = {"bytecode_cache": Templates()}
    Quart.url_rule_class = SharedRule
    Quart.test_app_class = PatientApp
    # Each app would read some 50 variables of the environment 18 times.
    dash_settings.load_dash_env_vars = cache(dash_settings.load_dash_env_vars)
    # Each app would look for hooks in every installed package.
    HooksManager.register_setuptools = cache(  # type: ignore[method-assign]
        HooksManager.register_setuptools
    )
    # Each context reads all certificates of the system.
    httpx.create_ssl_context = cache(httpx.create_ssl_context)
    share_background()
    sqlite.make_engine = Statements(sqlite.make_engine).make  # type: ignore[attr-defined]
    postgresql.make_engine = Statements(postgresql.make_engine).make  # type: ignore[attr-defined]
    accounts.HASHER = CHEAP  # type: ignore[misc]
    accounts.NOBODYS_HASH = CHEAP.hash("nobody knows it")  # type: ignore[misc]


def compile_templates() -> None:
    """Store all templates compiled, as a server does, before many processes would compile them."""
    with TemporaryDirectory() as folder:
        load_templates(create_app(Config(env="testing", data_dir=Path(folder))).jinja_env)


if __name__ == "__main__":
    compile_templates()
