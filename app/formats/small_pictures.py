"""Small versions of stored pictures: upright, in sRGB, and nothing but pixels.

Decoding a picture of unknown origin may take any time and memory: `app/runtime/sandbox.py` runs it.
"""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageCms, ImageOps

from app.formats.media_types import check_pixels

WIDTHS: Final = (320, 960)
"""Widths of small versions, in pixels."""
SMALL_SUFFIX: Final = "webp"
DECODERS: Final = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
"""Pillow's decoder for each type that gets small versions. A GIF mostly moves, so it stays."""
MOST_SMALL_PIXELS: Final = 4_000_000
"""Maximum number of pixels of a small version. Without it, a screenshot of a whole page would be
17,000 pixels high."""
_QUALITY: Final = 75
_ORIENTATION: Final = 0x0112
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""Orientations in which width and height change places."""
_PLAIN: Final = frozenset({"L", "RGB", "RGBA", "CMYK"})
_MAPPED: Final = frozenset({"1", "LA", "P", "PA", "YCbCr"})


class SmallRequest(msgspec.Struct, frozen=True):
    """Pictures to make smaller."""

    paths: list[str]


class SmallVersion(msgspec.Struct, frozen=True):
    """A small version of a picture."""

    name: str
    """Name of the original's file."""
    width: int
    content: bytes
    """Empty if the original is to be shown: it is smaller, moves, or cannot be decoded."""


def small_versions(body: bytes) -> Iterator[SmallVersion]:
    """Yield a version of each width for each picture of an encoded `SmallRequest`."""
    Image.MAX_IMAGE_PIXELS = None  # `check_pixels` refuses instead of warning.
    for path in map(Path, msgspec.json.decode(body, type=SmallRequest).paths):
        made: dict[int, bytes] = {}
        # A damaged picture raises any error of its decoder; 100 million pixels may need too much
        # memory.
        with suppress(Exception):
            made = _versions(path)
        for width in WIDTHS:
            yield SmallVersion(path.name, width, made.get(width, b""))


def _versions(path: Path) -> dict[int, bytes]:
    """Return the content of the small versions that are worth it, by width."""
    made: dict[int, bytes] = {}
    with Image.open(path, formats=[DECODERS[path.suffix[1:]]]) as image:
        check_pixels(*image.size)
        size = image.size
        if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
            size = size[::-1]
        widths = [width for width in WIDTHS if width < size[0] and _is_small(width, size)]
        if not widths or getattr(image, "is_animated", False):
            return {}
        picture = _scaled(image, widths[-1] / size[0])
    for width in reversed(widths):
        height = max(1, round(width * size[1] / size[0]))
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        picture.info.clear()  # Pillow would write profiles and notes of it.
        out = BytesIO()
        picture.save(out, SMALL_SUFFIX, quality=_QUALITY)
        if out.tell() < path.stat().st_size:
            made[width] = out.getvalue()
    return made


def _is_small(width: int, size: tuple[int, int]) -> bool:
    return width * width * size[1] // size[0] <= MOST_SMALL_PIXELS


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    """Return a picture in this scale, upright and in sRGB."""
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.draft(image.mode, (2 * size[0], 2 * size[1]))  # A JPEG is decoded in an eighth as fast.
    picture: Image.Image = image
    if image.mode in _MAPPED or "transparency" in image.info:
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode not in _PLAIN:
        raise ValueError(image.mode)  # Pillow would clip 16 bits a colour to white.
    picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _in_srgb(ImageOps.exif_transpose(picture))


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture in the colours that a browser assumes where it finds no profile."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile := picture.info.get("icc_profile"):
        try:
            source, target = (
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
            )
            converted = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
        except (ImageCms.PyCMSError, OSError):  # A profile for other colours, or a damaged one.
            converted = None
        if converted is not None:
            return converted
    return picture if picture.mode == mode else picture.convert(mode)
