"""Converters of what stands in a path."""

from quart import Quart
from werkzeug.routing import BaseConverter, ValidationError

from app.models import MAX_ID


class IdConverter(BaseConverter):
    """An id from 1 to 2^53 - 1; anything else is no such address."""

    regex = r"[0-9]{1,16}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if not 0 < number <= MAX_ID:
            raise ValidationError
        return number


def init_app(app: Quart) -> None:
    app.url_map.converters["id"] = IdConverter
