"""Small versions of stored pictures: upright, in sRGB, and nothing but pixels.

Decoding an unknown picture may take any time and memory: `app/runtime/sandbox.py` runs it.
"""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
from PIL import ExifTags, Image, ImageCms, ImageOps

from saywho.formats.media.file_bytes import check_pixels

WIDTHS: Final = (320, 960)
SMALL_SUFFIX: Final = "webp"
DECODERS: Final = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
"""Pillow's decoder for each type with small versions. A GIF mostly moves, so it stays."""


class SmallRequest(msgspec.Struct, frozen=True):
    paths: list[str]


class SmallVersion(msgspec.Struct, frozen=True):
    name: str
    width: int
    content: bytes
    """Empty if the original is smaller, moves or cannot be decoded, and so is shown."""


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
    made: dict[int, bytes] = {}
    with Image.open(path, formats=[DECODERS[path.suffix[1:]]]) as image:
        check_pixels(*image.size)
        size = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in {5, 6, 7, 8}:  # It lies on its side.
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
        picture.save(out, SMALL_SUFFIX, quality=75)
        if out.tell() < path.stat().st_size:
            made[width] = out.getvalue()
    return made


def _is_small(width: int, size: tuple[int, int]) -> bool:
    # Without a limit, a screenshot of a whole page would be 17,000 pixels high.
    return width * width * size[1] // size[0] <= 4_000_000


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.draft(image.mode, (2 * size[0], 2 * size[1]))  # A JPEG is decoded in an eighth as fast.
    picture: Image.Image = image
    if image.mode in {"1", "LA", "P", "PA", "YCbCr"} or "transparency" in image.info:
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode not in {"L", "RGB", "RGBA", "CMYK"}:
        raise ValueError(image.mode)  # Pillow would clip 16 bits a colour to white.
    picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _in_srgb(ImageOps.exif_transpose(picture))


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture in the colours that a browser assumes without a profile."""
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
