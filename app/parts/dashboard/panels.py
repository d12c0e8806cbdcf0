"""The dashboard's panels, and its address."""

from typing import Final

from app.parts.dashboard.figures import AnyPanel
from app.parts.dashboard.times import Timeline, Week

DASHBOARD: Final = "/dashboard"
PANELS: Final[dict[str, AnyPanel]] = {panel.name: panel for panel in (Timeline(), Week())}
