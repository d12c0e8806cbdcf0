"""Where links lead: in the chat of a reader of one chat, and for other devices in the network."""

import contextlib
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import segno
from markupsafe import Markup
from quart import current_app, request, url_for

from app.asgi.hosts import is_loopback, is_loopback_host
from app.lifespan import listening_hosts, resources
from app.views.cards import has_page
from app.views.policies import is_on_this_machine, own_chat, own_origin

PROBES: Final = ("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.0.2.1")
"""Addresses in each kind of private network and outside: the way there begins at an own one."""
EVERY_ADDRESS: Final = {"0.0.0.0", "::"}  # noqa: S104 - it is compared, and nothing listens there
LONGEST_QR: Final = 500
"""Characters of an address from which a code is too fine for cameras of phones."""
QR_DARK, QR_LIGHT = "#000", "#fff"


def author_path(username: str) -> str:
    """Return where the name of an author leads; for a reader of one chat, to the card there."""
    if own_chat() is None:
        return url_for("authors.show_author", username=username)
    return card_path(username)


def portrait_path(username: str) -> str:
    """Return where it is shown how somebody writes, where the site has portraits."""
    if own_chat() is None and has_page("author_portraits.show_author_portrait"):
        return url_for("author_portraits.show_author_portrait", username=username)
    return author_path(username)


def card_path(username: str) -> str:
    """Return the address of somebody's card in the portrait of the visitor's only chat."""
    if not has_page("portraits.show_portrait"):
        return url_for("rooms.show_room", room_id=own_chat())
    return url_for("portraits.show_portrait", room_id=own_chat(), _anchor=f"person-{username}")


def search_path(words: str) -> str:
    """Return the address of a search, in their chat for a reader of one."""
    if (room_id := own_chat()) is not None:
        return url_for("rooms.show_room", room_id=room_id, q=words)
    return url_for("search.show_search", q=words)


def origins_for_others() -> list[str]:
    """Return the origins at which other devices open the site; none where only this machine can.

    To those who are not at this machine only the address that they used is told.
    """
    origin = own_origin()
    if resources().config.url or not is_loopback_host(urlsplit(origin).netloc):
        return [origin]
    if not is_on_this_machine():
        return []
    hosts = listening_hosts(current_app)
    own = _own_addresses() if EVERY_ADDRESS.intersection(hosts) else hosts
    port = urlsplit(origin).port
    end = f":{port}" if port else ""
    return [f"{request.scheme}://{host}{end}" for host in own if _is_of_network(host)]


def origin_for_others() -> str:
    """Return the origin that links to be sent begin with: the own one where others have none."""
    return next(iter(origins_for_others()), own_origin())


def is_of_this_machine(link: str) -> bool:
    """Return whether a link leads to the machine of whoever opens it."""
    return is_loopback_host(urlsplit(link).netloc)


def is_of_own_network(link: str) -> bool:
    """Return whether a link leads to a private address, which only its network reaches."""
    return _is_of_network(urlsplit(link).hostname or "")


def qr_code(address: str) -> Markup | None:
    """Return a QR code as an `svg`, dark on light with a quiet border; None for a long address."""
    if len(address) > LONGEST_QR:
        return None
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(dark=QR_DARK, light=QR_LIGHT, border=4, omitsize=True, svgclass="qr")
    return Markup(drawn)  # noqa: S704 - It is made of modules alone.


def _is_of_network(host: str) -> bool:
    with contextlib.suppress(ValueError):
        address = ip_address(host)
        return address.version == 4 and address.is_private and not is_loopback(host)
    return False


def _own_addresses() -> Sequence[str]:
    """Return the addresses of this machine from which its networks are reached; nothing is sent."""
    found: dict[str, None] = {}
    for probe in PROBES:
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent,
        ):
            unsent.connect((probe, 9))
            found[unsent.getsockname()[0]] = None
    return list(found)
