"""The words of dates and times that `saywho/formats/source/written/words.json` has, out of CLDR.

`python -m tests.formats.written_words` writes them anew, from the CLDR that Babel brings.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import babel
from babel import Locale, localedata

from saywho.formats.source.written.clock import FILE, as_key

LANGUAGES: Final = (
    *("en", "zh", "hi", "es", "ar", "fr", "bn", "pt", "ru", "ur", "id", "de", "ja", "mr", "te"),
    *("tr", "ta", "vi", "ko", "it", "th", "gu", "fa", "pl", "uk", "ms", "kn", "ml", "or", "pa"),
    *("ro", "nl", "sw", "my", "am", "so", "ha", "yo", "ig", "zu", "xh", "af", "fil", "ne", "si"),
    *("km", "lo", "he", "el", "hu", "cs", "sv", "sr", "bg", "fi", "da", "no", "nb", "nn", "sk"),
    *("hr", "bs", "lt", "lv", "sl", "et", "sq", "mk", "mt", "is", "ga", "cy", "eu", "ca", "gl"),
    *("az", "uz", "kk", "ky", "tg", "tk", "mn", "hy", "ka", "be", "ps", "sd", "as", "ku", "yue"),
    *("lb", "fo", "gd", "br", "rm", "ln", "rw", "mg", "ti", "om", "dz", "bo", "ug", "kok", "sa"),
)
"""Languages, those that most people speak first."""
BETWEEN: Final = (
    *("at", "um", "à", "às", "a las", "alle", "alle ore", "kl", "om", "klo", "a les", "v", "o"),
    *("в", "о", "у", "ob", "u", "plkst", "la ora", "la", "στις", "lúc", "pukul", "pada", "në"),
    *("ás", "ar", "בשעה", "في", "ساعت", "بوقت", "को", "เวลา", "saa", "nang", "во", "kell"),
)
"""Words between a day and its time: CLDR's patterns `dateTimeFormats-type-atTime`."""
OF_CLOCKS: Final = (
    "uhr",
    "h",
    "ч",
    "год",
    "г",
    "р",
    "ж",
    "kl",
    "klo",
    "ur",
    "hod",
    "de",
    "ga",
    "นาฬิกา",
    "น",
)
"""Words and letters beside years and times in patterns of CLDR, and what is said in their place."""


def made() -> dict[str, Any]:
    """Return the words of all languages."""
    return {
        "source": f"Unicode CLDR, as Babel {babel.__version__} brings it",
        "between": sorted({as_key(word) for word in (*BETWEEN, *OF_CLOCKS)}),
        "languages": {language: of_language(language) for language in LANGUAGES},
    }


def of_language(language: str) -> dict[str, Any]:
    """Return the hours of words for parts of the day, and the numbers of other words."""
    hours: dict[str, set[int]] = defaultdict(set)
    months: dict[str, set[int]] = defaultdict(set)
    weekdays: dict[str, set[int]] = defaultdict(set)
    for locale in locales(language):
        for name, word in words(locale.day_periods):
            hours[as_key(word)].update(hours_of(locale, name))
        for number, word in words(locale.months):
            months[as_key(word)].add(int(number))
        for number, word in words(locale.days):
            weekdays[as_key(word)].add(int(number))
    return {
        "hours": {word: sorted(some) for word, some in sorted(hours.items()) if word and some},
        "months": {
            word: number
            for word, number in certain(months)
            if not word[0].isdecimal() and not re.fullmatch(r"m\d\d", word)
        },
        "weekdays": {
            word: number
            for word, number in certain(weekdays)
            if word.isalpha() or not word.isascii()
        },
    }


def certain(numbers: dict[str, set[int]]) -> list[tuple[str, int]]:
    """Return words that stand for one number."""
    return [(word, min(some)) for word, some in sorted(numbers.items()) if len(some) == 1 and word]


def locales(language: str) -> Iterator[Locale]:
    for name in sorted(localedata.locale_identifiers()):
        if name.split("_")[0] == language and not re.search("_(Latn|Dsrt|Shaw)", name):
            # What one locale takes from another is added to the copy of that one, too.
            localedata._cache.clear()  # noqa: SLF001
            yield Locale.parse(name)


def words(contexts: Any) -> Iterator[tuple[Any, str]]:
    """Yield the words of each width; letters that stand for several months say nothing."""
    for context in contexts.values():
        for width, some in context.items():
            for name, word in some.items():
                if width != "narrow" or name in {"am", "pm"}:
                    yield name, word


def hours_of(locale: Locale, name: str) -> Iterator[int]:
    fixed = {"am": (0, 12), "pm": (12, 24), "noon": (12, 13), "midnight": (0, 1)}
    if name in fixed:
        yield from range(*fixed[name])
        return
    for rule in dict(dict(locale.day_period_rules.items()).get(None, {}).items()).get(name, ()):
        if "from" in rule:
            first, end = rule["from"] // 3600, rule["before"] // 3600
            yield from (hour % 24 for hour in range(first, end if end > first else end + 24))


def written() -> str:
    """Return the file, a language in each line."""
    whole = made()
    rows = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in whole.pop("languages").items()
    ]
    head = json.dumps(whole, ensure_ascii=False)[:-1]
    return f'{head}, "languages": {{\n' + ",\n".join(rows) + "\n}}\n"


if __name__ == "__main__":
    Path(str(FILE)).write_text(written(), encoding="utf-8")
