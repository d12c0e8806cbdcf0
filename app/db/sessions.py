"""Who opens sessions, as those see it who need no more of a database."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Sessions(Protocol):
    """Opens sessions: a database, or a holder's view of one."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]: ...
