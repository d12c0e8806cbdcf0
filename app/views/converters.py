"""Converters of what stands in a path."""

from quart import Quart
from werkzeug.routing import BaseConverter


class IdConverter(BaseConverter):
    """A number of up to 16 digits, as many as 2^53 has; anything else is no such address.

    Those that are no ids have nothing: refused here, they would be 405 where a method has a view
    of its own.
    """

    regex = r"[0-9]{1,16}"

    def to_python(self, value: str) -> int:
        return int(value)


def init_app(app: Quart) -> None:
    app.url_map.converters["id"] = IdConverter
