"""The figures of the dashboard, in their order."""

from typing import Final

from app.dashboard.figures.apart import ToldApart
from app.dashboard.figures.base import Figure
from app.dashboard.figures.likeness import WhoLikeWhom
from app.dashboard.figures.timeline import Timeline
from app.dashboard.figures.week import Week

FIGURES: Final[dict[str, Figure]] = {
    figure.name: figure for figure in (Timeline(), Week(), WhoLikeWhom(), ToldApart())
}
