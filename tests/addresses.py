"""The table of the API's addresses in `docs/api.md`, made of the declared operations.

`make addresses` writes it, and `test_docs.py` checks that it is current.
"""

import re
from pathlib import Path
from typing import Final

from app.blueprints import API
from app.part_list import load_all
from app.views.blueprints import operations_of
from app.views.site.api import document

GUIDE: Final = Path(__file__).parents[1] / "docs" / "api.md"
MARKS: Final = ("<!-- addresses -->", "<!-- end of addresses -->")
NEEDS: Final = {
    "open": "nothing",
    "read": "reading",
    "known": "`read`",
    "token": "`read`",
    "write": "`write`",
    "admin": "`admin`",
    "player": "the player's token",
}
"""How the table names each policy."""


def table() -> str:
    """Return the rows of all operations, in the order of the API's document."""
    blueprints = [*API, *(each for part in load_all().values() for each in part.api)]
    operations = operations_of(blueprints)
    declared = {(each.method, _address(each.path)): each for each in operations}
    rows = ["| request | purpose | needs |", "|---|---|---|"]
    for path, methods in document(operations, is_public=True)["paths"].items():
        for method, described in methods.items():
            address = _address(re.sub(r"{(\w+)}", r"<\1>", path))
            needs = NEEDS[declared[method.upper(), address].policy]
            rows.append(f"| `{method.upper()} {address}` | {described['summary']} | {needs} |")
    return "\n".join(rows)


def _address(path: str) -> str:
    """Return a path with the short names of its parameters, such as `<id>` for `<id:room_id>`."""
    return re.sub(r"<(?:\w+:)?(?:\w+?_)?(\w+)>", r"<\1>", path)


def renewed(text: str) -> str:
    """Return the text of the guide with the present table between its marks."""
    begin, end = MARKS
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{table()}\n{end}{after}"


def main() -> None:
    """Write the table into the guide."""
    GUIDE.write_text(renewed(GUIDE.read_text()))


if __name__ == "__main__":
    main()
