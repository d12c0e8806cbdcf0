"""HTTP/1.1 for hypercorn: twice as fast from the cache, with a time limit for heads.

Without this folder, hypercorn reads requests itself.
"""

from typing import Final

KNOWN_VERSIONS: Final = {"hypercorn": "0.18", "httptools": "0.9"}
"""The minor versions that this folder is tested with; `use_own_http1` refuses others."""
