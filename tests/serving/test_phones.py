"""The switch that lets phones of the network in."""

import os
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Config
from app.runtime.network import network_addresses, switch_phones
from app.serving.phones import PhoneSockets, may_let_phones_in


def listening(host: str = "127.0.0.1") -> socket.socket:
    return socket.create_server((host, 0))


def can_connect(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=5):
            return True
    except ConnectionError:
        return False


def test_a_site_listens_in_the_network_while_it_is_switched_on(tmp_path: Path) -> None:
    addresses = network_addresses()
    if not addresses:
        pytest.skip("this machine is in no private network")
    with listening() as own:
        port = own.getsockname()[1]
        with closing(PhoneSockets(tmp_path, [own], 10)) as phones:
            assert phones.changed() is None
            switch_phones(tmp_path, is_on=True)
            sockets = phones.changed()
            assert sockets is not None
            assert [sock.getsockname() for sock in sockets[1:]] == [
                (address, port) for address in sorted(addresses)
            ]
            assert can_connect((addresses[0], port))
            assert phones.changed() is None
        # After a restart it is on still.
        with closing(PhoneSockets(tmp_path, [own], 10)) as phones:
            assert len(phones.changed() or []) == 1 + len(addresses)
            switch_phones(tmp_path, is_on=False)
            assert phones.changed() == [own]
            assert not can_connect((addresses[0], port))
            assert can_connect(("127.0.0.1", port))


def test_the_switch_is_only_where_nothing_else_decides_the_address(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    with listening() as own, listening("127.0.0.2") as other, listening("0.0.0.0") as everywhere:  # noqa: S104
        assert may_let_phones_in(config, [own, other], {}, tmp_path)
        assert not may_let_phones_in(config, [own, everywhere], {}, tmp_path)
        for elsewhere in (
            replace(config, url="https://saywho.example.org"),
            replace(config, trusted_proxies=1),
        ):
            assert not may_let_phones_in(elsewhere, [own], {}, tmp_path)
        error = os.fstat(2)
        journal = {"JOURNAL_STREAM": f"{error.st_dev}:{error.st_ino}"}
        for environ in (journal, {"container": "podman"}):
            assert not may_let_phones_in(config, [own], environ, tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix:
        assert not may_let_phones_in(config, [unix], {}, tmp_path)
