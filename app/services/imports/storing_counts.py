"""Counting of features in a process of its own, beside an import that stores the next posts."""

import pickle
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from saywho.engine.features import Counts, sum_of_features
from saywho.processes import begin_child, child_environment

FIRST_CHARACTERS: Final = 1_000_000
"""Characters that are counted in this process, before the process begins."""
FEWEST_CHARACTERS: Final = 5_000
"""Characters of an author that are sent to the process; fewer are counted sooner own."""
LIMIT_S: Final = 60.0


class FeatureCounter:
    def __init__(self) -> None:
        self._characters = 0
        self._begun: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self._is_closed = False

    @property
    def is_apart(self) -> bool:
        return self._begun is not None

    def sum(self, texts: Sequence[str]) -> Counts:
        """Return what `sum_of_features` returns, in a thread; it counts if the process fails."""
        size = sum(map(len, texts))
        self._characters += size
        is_long = self._characters >= FIRST_CHARACTERS and size >= FEWEST_CHARACTERS
        if is_long and not self._is_closed:
            try:
                _, own = self._begun = self._begun or _begin()
                with own.makefile("rwb") as stream:
                    pickle.dump(texts, stream)
                    stream.flush()
                    return cast(Counts, pickle.load(stream))  # noqa: S301 - this program's
            except (OSError, EOFError, pickle.UnpicklingError):
                self.close()  # A late answer would be taken for the sum of the next texts.
        return sum_of_features(texts)

    def close(self) -> None:
        """End the process; from now on, `sum` counts by itself."""
        self._is_closed = True
        begun, self._begun = self._begun, None
        if begun is not None:
            child, own = begun
            own.close()
            child.kill()
            child.wait()


def _begin() -> tuple["subprocess.Popen[bytes]", socket.socket]:
    own, there = socket.socketpair()
    own.settimeout(LIMIT_S)
    command, number = [sys.executable, "-m", __name__], there.fileno()
    with there:
        try:
            child = subprocess.Popen(command, env=child_environment(), stdin=number, stdout=number)  # noqa: S603
        except OSError:
            own.close()
            raise
    return child, own


def main() -> None:
    begin_child()
    with suppress(EOFError):  # The import has ended.
        while True:
            texts = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that began this one
            pickle.dump(sum_of_features(texts), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
