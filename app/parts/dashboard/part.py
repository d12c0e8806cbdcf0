"""The part `dashboard` of a site."""

from typing import Final

from app.language.i18n import gettext_noop
from app.part_list import MenuEntry, Part
from app.parts.dashboard import dash_calls, page

PART: Final = Part(
    pages=(page.blueprint, dash_calls.blueprint),
    opens=dash_calls.open_dash,
    menu=(
        MenuEntry(
            "dashboard.show_dashboard", gettext_noop("Dashboard"), also=("dashboard.show_table",)
        ),
    ),
)
