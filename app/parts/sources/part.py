"""The part `sources` of a site."""

from contextlib import aclosing
from typing import Final

from app.part_list import Part
from app.parts.sources import pages
from app.parts.sources.following import Follower, sources_job

PART: Final = Part(
    pages=(pages.blueprint,),
    api=(pages.api,),
    opens=lambda here: aclosing(Follower(here.config)),
    jobs=lambda here: [sources_job(here.of_parts["sources"])],
)
