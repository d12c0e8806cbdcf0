"""What somebody typed into the search field, made into a query that cannot fail."""

import re
import unicodedata
from dataclasses import dataclass

_PIECE = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|"))')
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase to be found, or not to be found."""

    text: str
    is_phrase: bool = False
    is_excluded: bool = False


def parse_query(typed: str) -> list[Term]:
    """Return the terms of a query: words, `"a phrase"`, `-word`; pieces nobody could find go."""
    typed = unicodedata.normalize("NFC", typed)
    terms = []
    for piece in _PIECE.finditer(typed):
        phrase = piece["phrase"]
        text = piece["word"] if phrase is None else phrase
        if any(_is_indexed(char) for char in text):
            terms.append(Term(text, phrase is not None, bool(piece["not"])))
    return terms


def _is_indexed(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co"


def match_expression(terms: list[Term]) -> str | None:
    """Return the terms in FTS5's query language; None where nothing is to be found.

    Korean words match their beginning, since endings are written onto them.
    """
    wanted = [_quoted(term) for term in terms if not term.is_excluded]
    unwanted = [_quoted(term) for term in terms if term.is_excluded]
    if not wanted:
        return None
    expression = f"({' AND '.join(wanted)})"
    return expression + "".join(f" NOT {term}" for term in unwanted)


def _quoted(term: Term) -> str:
    # A quote inside would end the string; only a lone word piece could hold one.
    quoted = '"' + term.text.replace('"', "") + '"'
    ends_in_hangul = _HANGUL.search(term.text[-1:]) is not None
    return f"{quoted} *" if ends_in_hangul and not term.is_phrase else quoted
