"""The text of HTML is what a browser shows, for every element of HTML."""

import re
from typing import Final

from playwright.async_api import Browser

from saywho.formats.source.html import html_to_text

ELEMENTS: Final = (
    "a abbr acronym address area article aside audio b bdi bdo big blockquote br button "
    "canvas caption center cite code col colgroup data datalist dd del details dfn "
    "dialog dir div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 "
    "h4 h5 h6 header hgroup hr i iframe img input ins kbd label legend li link listing "
    "main map mark marquee menu meta meter nav nobr noembed noframes object ol optgroup "
    "option output p param picture pre progress q rb rp rt rtc ruby s samp script search "
    "section slot small source span strike strong style sub summary sup table tbody td "
    "template textarea tfoot th thead time title tr track tt u ul var video wbr xmp "
    "unknown x-own"
)
"""All but `math`, `select` and `svg`, which show elements of their own, not their text."""
AROUND: Final = {
    **dict.fromkeys(("tr", "tbody", "thead", "tfoot", "caption"), "<table>{}</table>"),
    **dict.fromkeys(("td", "th"), "<table><tr>{}</tr></table>"),
    **dict.fromkeys(("option", "optgroup"), "<select size=3>{}</select>"),
    **dict.fromkeys(("rt", "rb", "rp", "rtc"), "<ruby>{}</ruby>"),
    "summary": "<details open>{}</details>",
    "legend": "<fieldset>{}</fieldset>",
}
INSIDE: Final = {
    "tr": "<td>{}</td>",
    **dict.fromkeys(("tbody", "thead", "tfoot"), "<tr><td>{}</td></tr>"),
    "optgroup": "<option>{}</option>",
}
SHOW: Final = """htmls => htmls.map(html => {
    const shown = document.createElement("div");
    document.body.replaceChildren(shown);
    shown.innerHTML = html;
    return shown.innerText;
})"""


def twice(name: str) -> str:
    """Return HTML with the element twice, in words."""
    opened = f"{name} open" if name in {"details", "dialog"} else name
    inside = (INSIDE.get(name, "{}").format(word) for word in ("one", "two"))
    both = "".join(f"<{opened}>{each}</{name}>" for each in inside)
    return f"begin{AROUND.get(name, '{}').format(both)}end"


def as_lines(text: str) -> str:
    """Return a text without its empty lines: our reader parts headings and lists by one, too."""
    return re.sub(r"\n+", "\n", text).strip()


async def test_the_text_of_each_element_is_what_a_browser_shows(browser: Browser) -> None:
    htmls = {name: twice(name) for name in ELEMENTS.split()}
    page = await browser.new_page()
    shown = await page.evaluate(SHOW, list(htmls.values()))
    await page.close()
    read = {name: html_to_text(html) for name, html in htmls.items()}
    # Whose words a quotation is stays until it is cut.
    read = {name: re.sub(r"\[/?quote\]", "", text) for name, text in read.items()}
    assert {name: as_lines(text) for name, text in read.items()} == dict(
        zip(htmls, map(as_lines, shown), strict=True)
    )
