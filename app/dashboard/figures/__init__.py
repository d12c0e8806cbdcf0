"""The figures of the dashboard, in their order."""

from typing import Final

from app.dashboard.figures.authors import ToldApart, WhoLikeWhom
from app.dashboard.figures.base import Figure
from app.dashboard.figures.posting import Timeline, Week

FIGURES: Final[dict[str, Figure]] = {
    figure.name: figure for figure in (Timeline(), Week(), WhoLikeWhom(), ToldApart())
}
