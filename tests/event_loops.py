"""The event loop of tests: that which serves users, and takes less processor time than Python's."""

from collections.abc import Awaitable, Generator
from typing import Any, TypeVar

import pytest
import uvloop

T = TypeVar("T")


class Loop(uvloop.Loop):
    """One that ends with a test's time limit, whose error uvloop would only log while it waits."""

    def __init__(self) -> None:
        super().__init__()
        self._failure: BaseException | None = None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), pytest.fail.Exception):
            self._failure = error
            self.stop()
        else:
            super().call_exception_handler(context)

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        try:
            return super().run_until_complete(future)
        finally:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
