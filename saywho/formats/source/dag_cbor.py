"""DAG-CBOR, in which Bluesky stores records, and the blocks of a CAR file.

Sources: https://ipld.io/specs/codecs/dag-cbor/spec/, https://ipld.io/specs/transport/car/carv1/.
"""

from collections.abc import Generator
from contextlib import closing
from typing import Any, Final, NamedTuple

from libipld import decode_dag_cbor

from saywho.errors import RecordError
from saywho.formats.reading import TOO_DEEP
from saywho.formats.source.file import Content
from saywho.formats.source.members import damaged

_CID_START: Final = b"\x01"
_LONGEST_VARINT: Final = 9
_LONGEST_SECTION: Final = 2 * 2**20
"""Bytes of a block with its CID; a server of Bluesky accepts half of this size."""


class Block(NamedTuple):
    cid: bytes
    data: bytes


def decode(data: bytes) -> Any:
    """Return the encoded value, with links as bytes. Raises RecordError for anything else."""
    try:
        return decode_dag_cbor(data)
    except ValueError:
        raise RecordError("not valid DAG-CBOR") from None
    except RecursionError:
        raise RecordError(TOO_DEEP) from None


def blocks(content: Content) -> Generator[Block, None, None]:
    """Yield a CAR file's blocks. Raises BrokenFileError for a truncated or other file."""
    with closing(_sections(content)) as sections:
        if not is_header(next(sections, b"")):
            raise damaged(content.name)
        for section in sections:
            size = _cid_size(section)
            if not size:
                raise damaged(content.name)
            yield Block(section[:size], section[size:])


def is_car(start: bytes) -> bool:
    size, at = _varint(start)
    return bool(at) and is_header(start[at : at + size])


def is_header(data: bytes) -> bool:
    try:
        header = decode(data)
    except RecordError:
        return False
    return isinstance(header, dict) and header.get("version") == 1 and "roots" in header


def _varint(data: bytes | bytearray) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[:_LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, place + 1
    return 0, 0


def _cid_size(section: bytes) -> int:
    """Return a CID's size for version 1 with SHA-256; 0 for any other."""
    _, codec_end = _varint(section[1:10])
    hash_at = 1 + codec_end
    is_known = section.startswith(_CID_START) and section[hash_at : hash_at + 2] == b"\x12\x20"
    return hash_at + 34 if is_known and codec_end and len(section) >= hash_at + 34 else 0


def _sections(content: Content) -> Generator[bytes, None, None]:
    """Yield the header, and each block with its CID."""
    data = bytearray()
    with closing(content.chunks()) as chunks:
        for chunk in chunks:
            data += chunk
            while data:
                size, at = _varint(data)
                if not 0 < size <= _LONGEST_SECTION and (at or len(data) >= _LONGEST_VARINT):
                    raise damaged(content.name)
                if not at or len(data) < at + size:
                    break
                yield bytes(data[at : at + size])
                del data[: at + size]
    if data:
        raise damaged(content.name)
