"""Workbooks of Excel, as small as they can be."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from tests.archives import zip_bytes

Cell = str | float | datetime
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = f"""<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>
<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>"""


def workbook(
    *sheets: list[list[Cell]], hidden: int = 0, from_1904: bool = False, names: Sequence[str] = ()
) -> bytes:
    """Return a workbook with sheets of these names, or called Sheet1, Sheet2 and so on."""
    return zip_bytes(parts_of(*sheets, hidden=hidden, from_1904=from_1904, names=names))


def parts_of(
    *sheets: list[list[Cell]], hidden: int = 0, from_1904: bool = False, names: Sequence[str] = ()
) -> dict[str, bytes]:
    listed = links = ""
    parts = {"xl/styles.xml": STYLES}
    first_day = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    for number, rows in enumerate(sheets, 1):
        state = ' state="hidden"' if number == hidden else ""
        name = names[number - 1] if names else f"Sheet{number}"
        listed += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"{state}/>'
        target = f"worksheets/sheet{number}.xml"
        links += f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet" Target="{target}"/>'
        parts[f"xl/{target}"] = _sheet(rows, first_day)
    whole = f'<Relationship Id="r0" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    for name, inner in (("_rels/.rels", whole), ("xl/_rels/workbook.xml.rels", links)):
        parts[name] = f'<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="{int(from_1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>"
    )
    return {name: part.encode() for name, part in parts.items()}


def _sheet(rows: list[list[Cell]], first_day: datetime) -> str:
    lines = "".join(f"<row>{''.join(_cell(cell, first_day) for cell in row)}</row>" for row in rows)
    return f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cell(cell: Cell, first_day: datetime) -> str:
    if isinstance(cell, str):
        return f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    if isinstance(cell, datetime):
        return f'<c s="1"><v>{(cell - first_day) / timedelta(days=1)!r}</v></c>'
    return f"<c><v>{cell!r}</v></c>"
