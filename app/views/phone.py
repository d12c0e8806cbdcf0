"""How other devices open a page of the site: origins, a QR code, and the page for phones."""

import asyncio
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import segno
from markupsafe import Markup
from quart import current_app, request

from app.asgi.edge import is_loopback_host
from app.config import Config
from app.errors import ConflictError
from app.language.i18n import gettext
from app.lifespan import listening_hosts, may_let_phones_in, resources
from app.runtime.network import is_of_network, lets_phones_in, own_addresses, switch_phones
from app.services.access.rights import switch_site
from app.views.answers import local_address
from app.views.blueprints import PageBlueprint
from app.views.page import WebPage, render
from app.views.policies import is_on_this_machine, own_origin, writing
from app.views.requests import NextArgs

blueprint = PageBlueprint("phone", policy="read")


class PhonePage(WebPage, frozen=True, kw_only=True):
    template = "site/phone.html"

    back: str
    here: str
    """The page at the address that this browser has."""
    links: list[str]
    """The page at each address that other devices reach."""
    bind: str
    """Address that the site has to listen on for other devices."""
    may_switch: bool
    """Whether a switch in Settings lets phones in."""

    @property
    def qr(self) -> Markup | None:
        return qr_code(self.links[0]) if self.links else None


@blueprint.get("/phone")
async def show_phone(args: NextArgs) -> str:
    path = local_address(args.next)
    links = [origin + path for origin in origins_for_others()]
    may_switch = may_let_phones_in(current_app)
    here = own_origin() + path
    page = PhonePage(
        back=path, here=here, links=links, bind=bind_for_others(), may_switch=may_switch
    )
    return await render(page)


def origins_for_others() -> list[str]:
    """Return the origins for other devices, or none; strangers learn only their own."""
    origin = own_origin()
    if resources().config.url or not is_loopback_host(urlsplit(origin).netloc):
        return [origin]
    if not is_on_this_machine():
        return []
    hosts = listening_hosts(current_app)
    is_everywhere = {"0.0.0.0", "::"}.intersection(hosts)  # noqa: S104 - compared only
    own = own_addresses() if is_everywhere or are_phones_in() else hosts
    port = urlsplit(origin).port
    end = f":{port}" if port else ""
    return [f"{request.scheme}://{host}{end}" for host in own if is_of_network(host)]


def are_phones_in() -> bool:
    """Return whether the switch in Settings lets phones of the network in."""
    return may_let_phones_in(current_app) and lets_phones_in(resources().config.data_dir)


async def admit_phones(*, is_on: bool, becomes_private: bool) -> None:
    """Let phones of the network in from now on, or no more, after making the site private if that
    is wanted and no setting decides it.

    Raises ConflictError if the switch has no effect.
    """
    openness = resources().openness
    if not may_let_phones_in(current_app):
        raise ConflictError("Another setting decides where this site listens; change it there")
    if is_on and becomes_private and openness.setting is None:
        async with writing() as session:
            await switch_site(session, None, is_public=False)
        await openness.settle()  # No phone may come in before.
    await asyncio.to_thread(switch_phones, resources().config.data_dir, is_on=is_on)


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
    return is_of_network(urlsplit(link).hostname or "")


class ProgramHome(NamedTuple):
    """Where whoever gets a card or a file finds saywho."""

    address: str
    """As people read it, or how to run the program."""
    link: str = ""
    """What a code leads to; empty if there is no address."""


def home_here(path: str = "") -> ProgramHome:
    """Return the address of a page, or of the site, if strangers can read it, else `home_of`."""
    origin = own_origin()
    is_near = is_of_this_machine(origin) or is_of_own_network(origin)
    if resources().openness.seems_public and not is_near:
        return ProgramHome(origin.partition("://")[2] + unquote(path), origin + path)
    return home_of(resources().config)


def home_of(config: Config) -> ProgramHome:
    """Return `SAYWHO_HOME`, else how to get saywho."""
    if config.home:
        return ProgramHome(config.home.partition("://")[2], config.home)
    return ProgramHome(
        gettext("Free, on your own computer: Python, make, and “make run” in its folder.")
    )


def qr_code(address: str) -> Markup | None:
    """Return a QR code as `svg` with a border; None for long texts."""
    if len(address) > 500:  # Its code would be too fine for cameras of phones.
        return None
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(dark="#000", light="#fff", border=4, omitsize=True, svgclass="qr")
    return Markup(drawn)  # noqa: S704 - It is made of modules alone.
