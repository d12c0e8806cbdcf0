"""Pages as Telegram Desktop writes them, invented."""

from html import escape
from typing import Any

_HEAD = """<!DOCTYPE html>
<html>

 <head>

  <meta charset="utf-8"/>
<title>Exported Data</title>
  <link href="css/style.css" rel="stylesheet"/>

 </head>

 <body onload="CheckLocation();">

  <div class="page_wrap">

   <div class="page_header">

    <div class="content">

     <div class="text bold">
{title}
     </div>

    </div>

   </div>

   <div class="page_body chat_page">

    <div class="history">
"""
_FOOT = """
    </div>

   </div>

  </div>

 </body>

</html>
"""


def page(*messages: str, title: str = "Lantern Club ") -> bytes:
    return (_HEAD.format(title=escape(title)) + "".join(messages) + _FOOT).encode()


def service(text: str, number: int = -1) -> str:
    return f"""
     <div class="message service" id="message{number}">

      <div class="body details">
{text}
      </div>

     </div>
"""


def div(name: str, inside: str) -> str:
    return f'\n       <div class="{name}">\n{inside}\n       </div>\n'


def message(number: int, name: str | None, text: str = "", **parts: Any) -> str:
    """Return a message; one without a name is joined to the one before.

    `text` is HTML. Parts: `time`, `reply` (an address), `media` (HTML), `forwarded` (a name),
    `reactions` and `signature` (HTML).
    """
    joined = "" if name else " joined"
    title = parts.get("time", "31.01.2026 22:04:05 UTC+09:00")
    inside = div("from_name", name) if name else ""
    words = div("text", text) if text else ""
    if reply := parts.get("reply"):
        inside += div("reply_to details", f'In reply to <a href="{reply}">this message</a>')
    if media := parts.get("media"):
        inside += div("media_wrap clearfix", media)
    if forwarded := parts.get("forwarded"):
        date = f'<span class="date details" title="{title}"> 31.01.2026 22:04:05</span>'
        words = div("forwarded body", div("from_name", f"{forwarded} {date}") + words)
        words = div("pull_left forwarded userpic_wrap", "") + words
    return f"""
     <div class="message default clearfix{joined}" id="message{number}">

      <div class="pull_left userpic_wrap">
       <div class="userpic userpic4"><div class="initials">L</div></div>
      </div>

      <div class="body">

       <div class="pull_right date details" title="{title}">
22:04
       </div>
{inside}{words}{parts.get("signature", "")}{parts.get("reactions", "")}
      </div>

     </div>
"""


def reaction(sign: str, count: int = 0, people: int = 0) -> str:
    pictures = (
        '<div class="userpic userpic7"><div class="initials" title="x">x</div></div>' * people
    )
    shown = f'<span class="userpics">{pictures}</span>' if people else ""
    number = f'<span class="count">\n{count}\n</span>' if count else ""
    return f'<span class="reaction"><span class="emoji">\n{sign}\n</span>{shown}{number}</span>'


def reactions(*given: str) -> str:
    return f'<span class="reactions">{"".join(given)}</span>'
