"""Sizes of data."""

from typing import Final

MIB: Final = 1024 * 1024
"""Bytes of a mebibyte."""
