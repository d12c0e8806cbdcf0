"""URLs for readers of one chat, and for other devices."""

import contextlib
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno
from markupsafe import Markup
from quart import current_app, request, url_for

from app.asgi.edge import is_loopback, is_loopback_host
from app.lifespan import listening_hosts, resources
from app.views.cards import has_page
from app.views.policies import is_on_this_machine, own_chat, own_origin


def author_path(username: str) -> str:
    """Return an author's URL, for readers of one chat of the card there."""
    if own_chat() is None:
        return url_for("authors.show_author", username=username)
    return card_path(username)


def portrait_path(username: str) -> str:
    if own_chat() is None and has_page("author_portraits.show_author_portrait"):
        return url_for("author_portraits.show_author_portrait", username=username)
    return author_path(username)


def card_path(username: str) -> str:
    if not has_page("portraits.show_portrait"):
        return url_for("rooms.show_room", room_id=own_chat())
    return url_for("portraits.show_portrait", room_id=own_chat(), _anchor=f"person-{username}")


def search_path(words: str) -> str:
    if (room_id := own_chat()) is not None:
        return url_for("rooms.show_room", room_id=room_id, q=words)
    return url_for("search.show_search", q=words)


def origins_for_others() -> list[str]:
    """Return the origins for other devices, empty if none can; visitors from elsewhere learn only
    their own.
    """
    origin = own_origin()
    if resources().config.url or not is_loopback_host(urlsplit(origin).netloc):
        return [origin]
    if not is_on_this_machine():
        return []
    hosts = listening_hosts(current_app)
    is_everywhere = {"0.0.0.0", "::"}.intersection(hosts)  # noqa: S104 - compared only
    own = _own_addresses() if is_everywhere else hosts
    port = urlsplit(origin).port
    end = f":{port}" if port else ""
    return [f"{request.scheme}://{host}{end}" for host in own if _is_of_network(host)]


def origin_for_others() -> str:
    """Return the origin of links to send; the own one without other devices."""
    return next(iter(origins_for_others()), own_origin())


def bind_for_others() -> str:
    """Return the address to listen on so that other devices reach the site at its present port."""
    port = urlsplit(own_origin()).port
    return f"0.0.0.0:{port}" if port else "0.0.0.0"  # noqa: S104 - It is shown only.


def is_of_this_machine(link: str) -> bool:
    return is_loopback_host(urlsplit(link).netloc)


def is_of_own_network(link: str) -> bool:
    return _is_of_network(urlsplit(link).hostname or "")


def qr_code(address: str) -> Markup | None:
    """Return a QR code as `svg` with a border; None for long texts."""
    if len(address) > 500:  # Its code would be too fine for cameras of phones.
        return None
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(dark="#000", light="#fff", border=4, omitsize=True, svgclass="qr")
    return Markup(drawn)  # noqa: S704 - It is made of modules alone.


def _is_of_network(host: str) -> bool:
    with contextlib.suppress(ValueError):
        address = ip_address(host)
        return address.version == 4 and address.is_private and not is_loopback(host)
    return False


def _own_addresses() -> Sequence[str]:
    """Return this machine's addresses; no packet is sent."""
    found: dict[str, None] = {}
    # Each kind of private network, and outside: routes to them begin at an own address.
    for probe in ("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.0.2.1"):
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent,
        ):
            unsent.connect((probe, 9))
            found[unsent.getsockname()[0]] = None
    return list(found)
