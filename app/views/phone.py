"""How other devices open a page of the site: origins, a QR code, and the page for phones."""

import contextlib
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno
from markupsafe import Markup
from quart import current_app, request

from app.asgi.edge import is_loopback, is_loopback_host
from app.lifespan import listening_hosts, resources
from app.views.answers import local_address
from app.views.blueprints import PageBlueprint
from app.views.page import WebPage, render
from app.views.policies import is_on_this_machine, own_origin
from app.views.requests import NextArgs

blueprint = PageBlueprint("phone")


class PhonePage(WebPage, frozen=True, kw_only=True):
    template = "site/phone.html"

    back: str
    links: list[str]
    """The page at each address that other devices reach."""
    bind: str
    """Where the site has to listen for other devices."""

    @property
    def qr(self) -> Markup | None:
        return qr_code(self.links[0]) if self.links else None


@blueprint.page("/phone")
async def show_phone(args: NextArgs) -> str:
    path = local_address(args.next)
    links = [origin + path for origin in origins_for_others()]
    return await render(PhonePage(back=path, links=links, bind=bind_for_others()))


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


@blueprint.app_template_test("of_this_machine")
def is_of_this_machine(link: str) -> bool:
    return is_loopback_host(urlsplit(link).netloc)


@blueprint.app_template_test("of_own_network")
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
