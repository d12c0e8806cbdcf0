"""The text of a file, in any encoding: in pieces, or line by line."""

import codecs
import io
import re
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from saywho.errors import BrokenFileError, FileError, Message
from saywho.formats.source import encodings
from saywho.formats.source.file import Content, head

MAX_LINE: Final = 2**20
_FIRST_LINES: Final = 100
_FIRST_CHARACTERS: Final = 2 * 2**20
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


class Line(NamedTuple):
    """A line: its number from 1, its text (cut if long), and its fault."""

    number: int
    text: str
    fault: Message | None = None


def pieces(content: Content) -> Generator[str, None, None]:
    """Yield a file's text; half surrogates are invalid bytes. Raises BrokenFileError if cut."""
    (codec, alternatives, evidence), has_returns = form_of(content)
    if evidence:
        value = codec.removesuffix("-sig")
        content.notes.assume("encoding", value, alternatives=alternatives, evidence=evidence)
    errors = "surrogatepass" if codec.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(codec)(errors)
    for chunk in content.chunks():
        text = decoder.decode(chunk)
        yield text.replace("\r", "\n") if has_returns else text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise BrokenFileError("the file ends in the middle of a character") from error


def lines(content: Content, limit: int = MAX_LINE) -> Generator[Line, None, None]:
    """Yield the lines of a file, the last with or without a line end."""
    too_long = Message("longer than {size} MB", size=limit >> 20)
    number, line, is_given = 1, "", False
    for piece in pieces(content):
        *ends, remainder = piece.split("\n")
        for end in ends:
            if not is_given:
                line += end
                is_too_long = len(line) > limit and len(line.rstrip("\r")) > limit
                yield Line(number, f"{line}\n", too_long if is_too_long else None)
            number, line, is_given = number + 1, "", False
        if not is_given:
            line += remainder
            if len(line) > limit + 1:
                # At once: it may be all of the file.
                yield Line(number, line, too_long)
                line, is_given = "", True
    if line:
        yield Line(number, line)


def first_lines(content: Content, most: int = _FIRST_LINES) -> list[str]:
    """Return the first lines that are not blank, with their ends, up to any damage.

    A folder or an archive has none.
    """
    return list(islice(lines_of(beginning(content, most)), most))


def beginning(content: Content, most_lines: int | None = None) -> str:
    """Return the first two million characters without blank lines, up to any damage.

    Reading stops after more than `most_lines`.
    """
    if content.has_members:
        return ""
    text, characters = "", 0
    with suppress(BrokenFileError), closing(pieces(content.uncounted)) as read:
        for piece in read:
            characters += len(piece)
            text += _BLANK_LINES.sub("\n", piece)  # Millions of them would take long one by one.
            has_lines = most_lines is not None and text.count("\n") > most_lines
            if has_lines or characters > _FIRST_CHARACTERS:
                break
    return text


def lines_of(text: str) -> Iterator[str]:
    return filter(str.strip, io.StringIO(text, newline="\n"))


def form_of(content: Content) -> encodings.TextForm:
    """Return a text's form, read once for all formats that try a file."""
    form = content.texts.forms.get(content.name)
    if form is None:
        sample = head(content, 4096)
        # Old Macs end lines with a carriage return alone.
        has_returns = b"\r" in sample[:-1] and b"\n" not in sample
        form = content.texts.forms[content.name] = encodings.TextForm(
            _encoding_of(content, sample), has_returns
        )
    return form


def _encoding_of(content: Content, sample: bytes) -> encodings.Encoding:
    """Return the encoding: as chosen, by its mark, by NULs next to ASCII, else by counting."""
    if content.texts.encoding:
        return encodings.Encoding(content.texts.encoding)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return encodings.Encoding("utf-16")
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if low + high > 0.05 * len(sample) and max(low, high) > 3 * min(low, high):
        return encodings.Encoding("utf-16-le" if high > low else "utf-16-be")
    letters = b""
    with suppress(FileError), closing(content.uncounted.chunks()) as chunks:
        first = islice(chunks, 64)  # After so much ASCII, UTF-8 is expected.
        letters = next((chunk for chunk in first if not chunk.isascii()), b"")
        if encodings.count_utf8(letters).bad:
            while len(letters) < 256 * 1024 and (chunk := next(chunks, b"")):
                letters += chunk
    return _counted(letters)


@lru_cache(8)
def _counted(sample: bytes) -> encodings.Encoding:
    """Return UTF-8, or a fitting encoding if most bytes are no UTF-8."""
    count = encodings.count_utf8(sample)
    if not count.bad:
        return encodings.Encoding("utf-8-sig")
    found = encodings.encodings_of(encodings.lines_to_weigh(sample))
    evidence = Message(
        "bytes that are not valid UTF-8: {bad}; valid sequences: {good}",
        bad=f"{count.bad:,}",
        good=f"{count.good:,}",
    )
    if count.good >= count.bad or not found:
        return encodings.Encoding("utf-8-sig", found or ("cp1252", "cp949"), evidence)
    return encodings.Encoding(found[0], (*found[1:], "utf-8"), evidence)
