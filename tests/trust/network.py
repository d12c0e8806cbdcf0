"""Databases in network namespaces of their own, on one bridge, whose links can be cut."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence

from tests.postgresql import Place

PROGRAMS = ("ip", "nsenter", "setpriv")


class NoNetworkError(Exception):
    """Links cannot be cut here; the message says why."""


class Network:
    """A bridge with a namespace for each name. Raises NoNetworkError."""

    def __init__(self, names: Sequence[str]) -> None:
        if os.geteuid() or any(shutil.which(each) is None for each in PROGRAMS):
            raise NoNetworkError(f"cutting links needs root, and {', '.join(PROGRAMS)}")
        tag = secrets.token_hex(3)
        self._bridge, self._links = f"sw{tag}", {name: f"sw{tag}{name}" for name in names}
        net = f"10.77.{secrets.randbelow(256)}"
        self.places: dict[str, Place] = {}
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("address", "add", f"{net}.1/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            for number, (name, link) in enumerate(self._links.items(), 10):
                _ip("netns", "add", link)
                _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", link)
                _ip("link", "set", link, "master", self._bridge, "up")
                _ip("-n", link, "address", "add", f"{net}.{number}/24", "dev", "eth0")
                _ip("-n", link, "link", "set", "eth0", "up")
                self.places[name] = Place(f"{net}.{number}", f"/run/netns/{link}")
        except subprocess.CalledProcessError as error:
            self.close()
            raise NoNetworkError(f"links cannot be made: {error.stderr.strip()}") from error

    def cut(self, name: str) -> None:
        """Cut the link, so that packets are lost and nobody is told."""
        _ip("link", "set", self._links[name], "down")

    def mend(self, name: str) -> None:
        _ip("link", "set", self._links[name], "up")

    def close(self) -> None:
        for link in self._links.values():
            subprocess.run(["ip", "netns", "del", link], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self._bridge], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
