"""How a phone opens a page of the site: a link and a QR code, or how to let phones in."""

from markupsafe import Markup

from app.views.access.login import NextArgs, local_address
from app.views.blueprints import PageBlueprint
from app.views.links import bind_for_others, origins_for_others, qr_code
from app.views.page import WebPage, render

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
