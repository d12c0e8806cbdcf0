"""The search for contact details in a text: phone numbers, mail addresses and postal addresses.

The result decides whether a text may be shown to strangers, so doubtful texts count as contact
details: account numbers, long prices and scores in many parts. Every pattern takes linear time.
"""

import re
from typing import Final

from app.compute.links import VISIBLE_LINK
from app.compute.text import normalized

_LINK: Final = re.compile(VISIBLE_LINK)
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0f\ufeff]")
"""Invisible characters that may be between digits: marks of direction, and parts of emoji."""
_MAIL: Final = re.compile(
    r"(?<![\w.+%@-])[\w.+%-]{1,64}(?:@| ?(?:[(\[]at[)\]]|골뱅이) ?)\w", re.IGNORECASE
)
"""Mail address, even with an incomplete host; `@name@host` of Mastodon is not one."""
_BETWEEN: Final = r"[ .\-\u2010-\u2015\u2212/()·]"
_DIGITS: Final = re.compile(rf"\+?\d(?:{_BETWEEN}{{0,3}}\d){{6,}}")
"""Seven digits or more, grouped or not."""
_FEWEST_DIGITS: Final = 9
"""Smallest number of digits that are a phone number in any grouping."""
_LOCAL: Final = re.compile(
    rf"(?<!\d)(?!(?:19|20)\d\d{_BETWEEN}(?:19|20)\d\d)\d{{3,4}}{_BETWEEN}\d{{4}}(?!\d)"
)
"""Phone number without its area code, such as 1588-1234; two years are not one."""
_SPELLED: Final = re.compile("공일공|영일영")
_MEASURED: Final = r"(?:[시분초일월년주개명번살원장회차층도점대%](?!지|길|호)|k?m\b|cm\b|k?g\b)"
"""Units after a number that counts something: 버스로 10분."""
_POSTAL: Final = re.compile(
    "|".join(
        (
            # 테헤란로 152, 테헤란로4길 12, but not 앞으로 3.
            r"(?<![가-힣])[가-힣\d]{2,12}(?<!으)[로길] ?\d{1,4}(?:-\d{1,4})?"
            rf"(?!\d| ?{_MEASURED})",
            r"[가-힣\d][동리가] ?\d{1,4}(?:-\d{1,4}| ?번지)",  # 역삼동 123-45
            r"\d{1,4}동 ?\d{1,4}호|우편번호|〒|丁目|番地",
            r"\d{1,5}[a-z]? (?:(?!(?:the|an?|on|in|my|our|of|this|that|to|per)\b)"
            r"[a-z][\w'.-]{0,20} ){1,3}"
            r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|square|terrace)\b",
            r"\bp\.? ?o\.? ?box \d|\bpostfach \d",
            r"(?:straße|strasse|str\.|gasse|weg|platz|allee) ?\d{1,4}\b",
            r"\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|chemin|impasse|allée|quai) ",
        )
    ),
    re.IGNORECASE,
)


def tells_contact(text: str) -> bool:
    """Return whether the text contains a phone number, a mail address or a postal address."""
    plain = _UNSEEN.sub("", text if text.isascii() else normalized(normalized(text, "NFKD")))
    return (
        _MAIL.search(plain) is not None
        or _has_phone_number(_LINK.sub("\n", plain))
        or _POSTAL.search(plain) is not None
    )


def _has_phone_number(text: str) -> bool:
    return _SPELLED.search(text) is not None or any(
        run[0][0] in "+0"
        or sum(map(str.isdigit, run[0])) >= _FEWEST_DIGITS
        or _LOCAL.search(run[0]) is not None
        for run in _DIGITS.finditer(text)
    )
