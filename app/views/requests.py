"""Parameters, forms, JSON bodies and cursors of a request."""

import asyncio
import base64
import binascii
import functools
import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice, starmap
from typing import Annotated, Any, Final, Generic, NoReturn, TypeVar, cast
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo
from quart import Quart, Request
from quart.formparser import FormDataParser
from quart.wrappers.request import Body
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestTimeout
from werkzeug.http import parse_range_header
from werkzeug.routing import IntegerConverter, Map

from app import errors
from app.config import Config
from app.current import current_request
from app.models import MAX_ID
from app.runtime.clock import EARLIEST, LATEST
from app.runtime.work_pool import worked_on
from app.services.posts.tweets import TweetKey
from app.services.search.results import DEEPEST
from app.services.search.word_search import ResultKey
from app.views.quart_app import VisitorRequest
from saywho.sizes import MIB
from saywho.text import Gap

Form = TypeVar("Form", bound=msgspec.Struct)
Decoded = TypeVar("Decoded")
Key = TypeVar("Key")
Item = TypeVar("Item")
Piece = Annotated[str, Meta(pattern="^[0-9]{1,7}-[0-9]{1,7}$", examples=["4-9"])]


class NoArgs(msgspec.Struct):
    """The form of an address without parameters."""


class NextArgs(msgspec.Struct):
    next: str = "/"
    """Place to go on."""


def number_of(text: str, most: int = MAX_ID) -> int | None:
    """Return a text's whole number up to `most`; None for anything else."""
    if not re.fullmatch("[0-9]{1,16}", text, re.ASCII) or int(text) > most:
        return None
    return int(text)


def gaps_of(pieces: Iterable[str | tuple[int, int]]) -> list[Gap]:
    pairs = (piece.split("-") if isinstance(piece, str) else piece for piece in pieces)
    return [(int(start), int(end)) for start, end in pairs]


class IdConverter(IntegerConverter):
    """Converter of numbers up to 16 digits; larger numbers match, or other views answer 405."""

    regex = r"[0-9]{1,16}"


class YearConverter(IntegerConverter):
    """Converter of four-digit years whose end can be represented."""

    regex = r"[0-9]{4}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=9998)


def parse_args(form: type[Form], *, is_strict: bool) -> Form:
    """Return the URL's parameters as the form; lists take repeated ones.

    Raises MalformedError; with `is_strict` also for unknown parameters and bytes that are not
    UTF-8.
    """
    asked = current_request()
    if is_strict and _may_have_bytes(asked):
        try:
            unquote_to_bytes(asked.query_string).decode()
        except UnicodeDecodeError:
            raise errors.MalformedError("The URL is not valid UTF-8", loc="query") from None
    return args_of(asked.args, form, is_strict=is_strict)


def _may_have_bytes(asked: Request) -> bool:
    query = asked.query_string
    return not query.isascii() or (
        b"%" in query and any("%" in part for pair in asked.args.items(multi=True) for part in pair)
    )


def args_of(args: MultiDict[str, str], form: type[Form], *, is_strict: bool) -> Form:
    """Return the parameters as the form. Raises MalformedError."""
    fields = _fields(form)
    sent, faults = _sent(args, fields, is_strict=is_strict)
    try:
        parsed = msgspec.convert(sent, form, strict=False)
        for name, value in sent.items():
            if getattr(parsed, fields[name].name) is None:  # msgspec takes the word null for None.
                raise msgspec.ValidationError(f"Invalid enum value {value!r} - at `$.{name}`")
    except msgspec.ValidationError as error:
        faults += _faults(error, sent, form, is_strict=False)
    if not faults:
        return parsed
    if is_strict:
        raise errors.MalformedError(faults[0].detail, errors=faults[: errors.MOST_FAULTS])
    # A page says it in the visitor's language.
    name = faults[0].loc
    raise errors.MalformedError("The value of `{name}` cannot be used", name=name, loc=name)


def _sent(
    args: MultiDict[str, str], fields: Mapping[str, FieldInfo], *, is_strict: bool
) -> tuple[dict[str, Any], list[errors.FieldError]]:
    """Return the parameters that the form has, and the faults of the others."""
    sent, faults = dict[str, Any](), list[errors.FieldError]()
    for name, values in args.lists():
        if name in {"cursor", "tz"} & fields.keys() and values == [""]:
            continue  # As programs write what they do not have.
        if name in fields:
            is_list = fields[name].default_factory is list
            if len(values) > 1 and not is_list:
                faults.append(errors.FieldError(name, f"`{name}` may be given only once"))
            else:
                sent[name] = values if is_list else values[0]
        elif is_strict:
            faults.append(errors.FieldError(name, f"`{name}` is not a parameter of this URL"))
    return sent, faults


@functools.cache
def _fields(form: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(form)}


def _faults(
    error: msgspec.ValidationError, sent: object, form: Any, *, is_strict: bool = True
) -> list[errors.FieldError]:
    """Return the first faults of what was sent, of which msgspec found one."""
    found = [*islice(errors.faults_of(sent, form, is_strict=is_strict), errors.MOST_FAULTS)]
    return [*starmap(_field_error, found or [errors.fault_of(error, form)])]


def _field_error(place: str, why: str) -> errors.FieldError:
    return errors.FieldError(place, f"{place}: {why}")


def check_confirmed(form: MultiDict[str, str]) -> None:
    """Raise InvalidInputError for a deletion that was not confirmed."""
    if form.get("confirm") != "yes":
        raise errors.InvalidInputError(
            "Nothing was deleted: tick the box to confirm first", loc="confirm"
        )


def event_of(asked: Request, header: str) -> int | None:
    """Return the number of an event in a header. Raises MalformedError."""
    value = asked.headers.get(header)
    if value is None:
        return None
    if (event := number_of(value)) is None:
        raise errors.MalformedError(
            "`{name}` must be the number of an event", name=header, loc=header
        )
    return event


JSON_LINES: Final = frozenset(
    {
        *("application/x-ndjson", "application/ndjson"),
        *("application/jsonl", "application/json-lines"),
    }
)
"""Names of the type of JSON lines; the first is documented."""


def require_type(*names: str) -> None:
    """Raise UnsupportedMediaError for another type or a compressed body.

    Where JSON lines are taken, a body may have no type: see `require_lines`.
    """
    asked = current_request()
    if asked.mimetype not in {*names, *(JSON_LINES | {""} if JSON_LINES & set(names) else ())}:
        raise errors.UnsupportedMediaError("The body must be {name}", name=" or ".join(names))
    if asked.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        # Accept-Encoding names what would be accepted (RFC 9110, 15.5.16).
        raise errors.UnsupportedMediaError(
            "The body must not be compressed", headers={"Accept-Encoding": "identity"}
        )


def require_lines(start: bytes, *names: str) -> None:
    """Raise UnsupportedMediaError if a body without a type does not begin as JSON lines do.

    names: the types that are taken.
    """
    if not start.removeprefix(BOM_UTF8).startswith(b"{"):
        raise errors.UnsupportedMediaError("The body must be {name}", name=" or ".join(names))


def decode_json(body: bytes, form: type[Decoded]) -> Decoded:
    """Return the bytes as the form. Raises MalformedError, and InvalidInputError for other JSON."""
    try:
        return msgspec.json.decode(body, type=form)
    except (ValueError, RecursionError) as error:
        fault = error
    # The decoder stops at the first fault, after which there may be no JSON.
    try:
        json.loads(body.decode(), parse_constant=_refuse, parse_int=str)
    except RecursionError:
        raise errors.MalformedError("The JSON is nested too deeply", loc="body") from None
    except ValueError as error:
        raise errors.MalformedError(f"The body is not JSON in UTF-8: {error}", loc="body") from None
    if isinstance(fault, msgspec.ValidationError):
        try:
            faults = _faults(fault, msgspec.json.decode(body), form)
        except ValueError:  # A later value is none of Python's, such as a number out of range.
            faults = [_field_error(*errors.fault_of(fault, form))]
        raise errors.InvalidInputError(faults[0].detail, errors=faults)
    raise errors.InvalidInputError("A string contains an unpaired surrogate", loc="body")


def lines_of(array: bytes, most: int, otherwise: str) -> bytes:
    """Return a JSON array as JSON lines, one item a line.

    otherwise: what to do with an object, or with more items. Raises MalformedError, and
    InvalidInputError for more than `most` items or other JSON.
    """
    array = array.removeprefix(BOM_UTF8)
    if array.lstrip().startswith(b"{"):
        raise errors.InvalidInputError(f"The body must be an array: {otherwise}", loc="body")
    items = decode_json(array, list[msgspec.Raw])
    if len(items) > most:
        raise errors.InvalidInputError(
            f"An array may have at most {most:,} items: {otherwise}", loc="body"
        )
    return b"\n".join(bytes(item).translate(_BLANKS) for item in items)


_BLANKS: Final = bytes.maketrans(b"\r\n", b"  ")
"""In JSON, line breaks are between tokens alone."""


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_Id = Annotated[int, Meta(ge=0, le=MAX_ID)]
_BelowId = Annotated[int, Meta(ge=0, le=MAX_ID + 1)]
_Offset = Annotated[int, Meta(ge=0, le=DEEPEST)]
_Time = Annotated[datetime, Meta(tz=True)]

Next = Annotated[Any, Meta(extra_json_schema={"anyOf": [{"type": "string"}, {"type": "null"}]})]
"""Sort key of the last item, None on the last page; answers have its cursor."""


class PageArgs(Struct):
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Page(Struct, Generic[Item], frozen=True):
    """A page of a list; `next` is null on the last one."""

    items: list[Item]
    next: Next


class Cursor(Generic[Key]):
    def __init__(self, form: Any, make: Callable[[Any], Key] = lambda key: key) -> None:
        self._decoder = msgspec.json.Decoder(form)
        self._make = make

    def decode(self, cursor: str | None) -> Key | None:
        """Return the sort key. Raises MalformedError for other strings."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            return self._make(self._decoder.decode(data))
        except (binascii.Error, ValueError, OverflowError, RecursionError):
            raise _other_list() from None


def _other_list() -> errors.MalformedError:
    detail = "`cursor` is not from this list; start again from the first page"
    return errors.MalformedError(detail, loc="cursor")


def listed_cursor(cursor: str | None) -> str | None:
    """Return a cursor that only the list at the request's address takes."""
    return cursor and f"{cursor}.{_list_mark()}"


def unlisted_cursor(cursor: str | None) -> str | None:
    """Return a cursor of `listed_cursor`. Raises MalformedError for one of another list."""
    if cursor is None:
        return None
    own, _, mark = cursor.rpartition(".")
    if mark != _list_mark():
        raise _other_list()
    return own


def _list_mark() -> str:
    return blake2b(current_request().path.casefold().encode(), digest_size=4).hexdigest()


def cursor_of(key: object) -> str | None:
    if key is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def _in_utc(key: TweetKey) -> TweetKey:
    time, tweet_id = key
    if time is not None and not EARLIEST <= time <= LATEST:
        raise ValueError("out of range")
    return time and time.astimezone(UTC), tweet_id


# PostgreSQL refuses NUL, which no name has.
AUTHOR_CURSOR: Final = Cursor[str](Annotated[str, Meta(pattern=r"^[^\0]*$")])
ID_CURSOR: Final = Cursor[int](_Id)
RESULT_CURSOR: Final = Cursor[ResultKey](tuple[_BelowId, _Offset, bool, bool], ResultKey._make)
TWEET_CURSOR: Final = Cursor[TweetKey](tuple[_Time | None, _Id], _in_utc)


def messages_cursor(args: Any) -> Cursor[TweetKey] | Cursor[ResultKey]:
    return RESULT_CURSOR if args.q.strip() else TWEET_CURSOR


MOST_FIELDS: Final = 300


class FormParser(FormDataParser):
    """Parser that limits all forms' fields, as Quart's for multipart; long forms use a thread."""

    async def parse(
        self,
        body: Body,
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[MultiDict, MultiDict]:  # type: ignore[type-arg]
        if mimetype not in {"application/x-www-form-urlencoded", "application/x-url-encoded"}:
            return await super().parse(body, mimetype, content_length, options)
        form = (await body).decode(errors="replace")
        if form.count("&") >= MOST_FIELDS:
            raise errors.TooLargeError("A form may have at most {most} fields", most=MOST_FIELDS)
        read = functools.partial(parse_qsl, form, keep_blank_values=True)
        pairs = await worked_on([form], read, inline_characters=50_000)
        return MultiDict(pairs), MultiDict()


def too_large(limit_mb: int) -> errors.TooLargeError:
    return errors.TooLargeError("The body may have at most {limit} MB", limit=f"{limit_mb:,}")


class FormRequest(VisitorRequest):
    form_data_parser_class = FormParser

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # One range of bytes counts; others are to be ignored, which Quart answers by 416.
        if "Range" in self.headers:
            asked = parse_range_header(",".join(self.headers.getlist("Range")))
            if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
                self.headers.remove("Range")

    @property
    def blueprints(self) -> list[str]:
        """Names from the matched blueprint upwards; Quart (0.22) splits them at every use."""
        return [] if self.url_rule is None else _blueprints_of(self.url_rule.endpoint)


@functools.cache
def _blueprints_of(endpoint: str) -> list[str]:
    *names, _ = endpoint.split(".")
    return [".".join(names[:count]) for count in range(len(names), 0, -1)]


async def whole_body() -> bytes:
    """Return the body, without a byte order mark, which JSON may not have, and some programs write.

    It does without `asyncio.wait_for` of Quart (0.22), which in Python 3.11 may lose cancellation,
    and makes a task. Raises RequestTimeout.
    """
    asked = current_request()
    try:
        async with asyncio.timeout(asked.body_timeout):
            return cast(bytes, await asked.body).removeprefix(BOM_UTF8)
    except TimeoutError:
        raise RequestTimeout from None


def init_app(app: Quart, config: Config) -> None:
    app.url_map.converters |= {"id": IdConverter, "year": YearConverter}
    app.request_class = FormRequest
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_mb * MIB
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS
    app.config["BODY_TIMEOUT"] = 30
