"""The JSON of a report: the counts that its numbers are computed from, and no text.

Every number is computed from the file alone, by `replayed`; so the report itself takes them from
there, too.
"""

import base64
import math
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import prod
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from app.errors import InvalidInputError
from app.parts.cases.ratios import Counted, Word, reaching, told, word_of, worth
from app.runtime.encoding import meant
from saywho.engine.case import Usual
from saywho.engine.features import GROUPS
from saywho.engine.judgement import Bound
from saywho.engine.ratio_counts import (
    AskedCounts,
    Features,
    OtherScores,
    Own,
    Ratio,
    ratio_of,
    scores_of,
)
from saywho.text import clean_username

MOST_BYTES: Final = 1_000_000
MOST_NUMBERS: Final = 2_000_000
"""Numbers in all packed arrays of a file."""
MOST_USES: Final = 100_000_000
"""Uses by other people that are read for all ratios of a file."""
SAME: Final = 1e-5
"""Largest difference of the same number: version 1.1 added up in float32, as its processor did."""
_SIGN: Final = "saywho-case"
DType = Literal["<u1", "<u4", "<f4", "<f8"]


class Packed(Struct, frozen=True, forbid_unknown_fields=True):
    """An array, in rows: the base64 of its zlib-compressed little-endian numbers."""

    dtype: DType
    shape: Annotated[list[Annotated[int, Meta(ge=0, le=MOST_NUMBERS)]], Meta(max_length=2)]
    data: Annotated[str, Meta(max_length=MOST_BYTES)]

    @property
    def size(self) -> int:
        return prod(self.shape)

    def array(self) -> NDArray[Any]:
        """Return the numbers. Raises ValueError if the file states other numbers."""
        numbers = np.dtype(self.dtype)
        wanted = self.size * numbers.itemsize
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(base64.b64decode(self.data, validate=True), wanted + 1)
        except zlib.error as error:
            raise ValueError("an array is damaged") from error
        if len(data) != wanted or not unpacker.eof:
            raise ValueError("an array has another size than it says")
        return np.frombuffer(data, numbers).reshape(self.shape)

    def integers(self, *shape: int) -> NDArray[np.int64]:
        """Return numbers at least 0 of this shape. Raises ValueError."""
        if tuple(self.shape) != shape or self.dtype not in {"<u1", "<u4"}:
            raise ValueError("an array has another shape or type than the others")
        return self.array().astype(np.int64)

    def floats(self, *shape: int) -> NDArray[np.float64]:
        """Return finite numbers of this shape. Raises ValueError."""
        numbers = self.array().astype(np.float64)
        if tuple(self.shape) != shape or not np.isfinite(numbers).all():
            raise ValueError("an array has another shape than the others, or no numbers")
        return numbers


def packed(numbers: NDArray[Any], dtype: DType) -> Packed:
    if dtype == "<u4" and numbers.max(initial=0) < 256:
        dtype = "<u1"
    data = zlib.compress(np.ascontiguousarray(numbers).astype(dtype).tobytes(), 9)
    return Packed(dtype, list(numbers.shape), base64.b64encode(data).decode())


Finite = Annotated[float, Meta(ge=-1e6, le=1e6)]
Count = Annotated[int, Meta(ge=0, le=2**40)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Part = Literal["all", "plain", "weakened", "text"]
"""The questioned part: all texts; the same without names, links and tags; without the three pieces
that speak most for the author; or a single text."""


class QuestionedText(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: Digest
    """Hash of the text in UTF-8: NFC, lines end with LF."""
    words: Count


class AskedPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the texts, and the ratio of an author for it."""

    part: Part
    text: Annotated[int, Meta(ge=0, le=50)] | None
    """Number of the text, from 0."""
    texts: Annotated[int, Meta(ge=1, le=50)]
    counts: Packed
    log10_lr: Finite
    bound: Bound | None
    summed: Packed | None = None
    """Of people whose counts are not here: their scores in five groups, and in five groups the
    features that neither they nor the author use."""


class Occurrence(Struct, frozen=True, forbid_unknown_fields=True):
    """How often a ratio occurs in texts of such a length."""

    of: Literal["here", "documented"]
    """The authors: here of the language, or of the documents."""
    counted: Counted


class ToldNumbers(Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of the report on a ratio; ratios are logarithms to base 10."""

    ratio: Finite
    """Rounded towards 0, to one digit of the number."""
    worth: Finite
    """Worth of such a ratio in the test, rounded in the same way."""
    word: Word
    own: Count
    """Own texts with a ratio as far from 1, on the same side."""
    strange: Count


class CaseAuthor(Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, Meta(max_length=320)]
    posts: Count
    first_at: datetime | None
    newest_at: datetime | None
    platform: Annotated[str, Meta(max_length=40)]
    """Empty for a person of a chat."""
    sha256: Digest
    """Hash of the posts by their numbers here: `NUMBER TEXT` and a zero byte for each."""
    others_here: Count
    shipped: Count
    shipped_as: Finite
    """How many authors the shipped ones count as together."""
    totals: Annotated[list[Count], Meta(min_length=5, max_length=5)]
    rates: Annotated[list[Finite], Meta(min_length=5, max_length=5)]
    length: Annotated[float, Meta(ge=0, le=1e6)]
    uses: Packed
    weights: Packed
    """How many authors each other person counts as: first people with counts, then the rest."""
    summed_totals: Packed | None
    asked: Annotated[list[AskedPart], Meta(min_length=1, max_length=53)]
    occurrence: Occurrence
    told: ToldNumbers
    here: Packed | None = None
    """Whether each other person is an author here, as 0 or 1; absent from form 1."""


class CaseFile(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=_SIGN):
    form: Literal[1, 2]
    """Version of the form; files of form 1 say less, and can be computed again, too."""
    program: Annotated[str, Meta(max_length=40)]
    model: Annotated[str, Meta(max_length=40)]
    background: Count
    shipped_sha256: Annotated[str, Meta(max_length=64)]
    made_at: datetime
    language: Literal["en", "ko"]
    texts: Annotated[list[QuestionedText], Meta(min_length=1, max_length=50)]
    groups: Packed
    """The group of each feature, ascending."""
    expected: Packed
    others_totals: Packed
    """Features known of each other person, in five groups."""
    others_uses: Packed
    """How often each other person uses each feature."""
    authors: Annotated[list[CaseAuthor], Meta(min_length=1, max_length=20)]
    stored_of_others: Count = 0
    """Texts that are stored here as posts of authors who were not asked about."""


def encoded(file: CaseFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def read_case(data: bytes) -> CaseFile:
    """Return the file. Raises InvalidInputError if it is no report of this program, or damaged."""
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("it is too large")
        file = msgspec.json.decode(data, type=CaseFile)
        if sum(each.size for each in _arrays(file)) > MOST_NUMBERS:
            raise ValueError("its arrays are too large")
        # People with no feature at all cost something, too.
        others = file.others_uses.size + file.others_totals.size
        if others * sum(len(author.asked) for author in file.authors) > MOST_USES:
            raise ValueError("it has too many ratios")
        if any(clean_username(author.username) != author.username for author in file.authors):
            raise ValueError("it has a name that no author can have")
        if not all(_has_parts(author, len(file.texts)) for author in file.authors):
            raise ValueError("it has a part that is none of its texts")
        return file
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            "The file is not the JSON of a report for a case: {problem}", problem=str(error)
        ) from None


def _has_parts(author: CaseAuthor, texts: int) -> bool:
    parts = {(asked.part, asked.text) for asked in author.asked}
    fit = all(
        (text is None or text < texts) and (part == "text") == (text is not None)
        for part, text in parts
    )
    return fit and len(parts) == len(author.asked)


def _arrays(file: CaseFile) -> Iterator[Packed]:
    yield from (file.groups, file.expected, file.others_totals, file.others_uses)
    for author in file.authors:
        yield from (author.uses, author.weights)
        yield from (author.summed_totals,) if author.summed_totals else ()
        yield from (author.here,) if author.here else ()
        for asked in author.asked:
            yield asked.counts
            yield from (asked.summed,) if asked.summed else ()


# --- Computed again ---


class Replayed(Struct, frozen=True):
    """A number of the file, and the same computed again."""

    username: str
    what: str
    stated: float | str | None
    found: float | str | None = None
    is_checked: bool = True
    """Whether the file has the inputs of the number."""

    def as_json(self) -> dict[str, object]:
        fields = msgspec.structs.asdict(self)
        del fields["is_checked"]
        return {**fields, "same": self.is_same if self.is_checked else None}

    @property
    def is_same(self) -> bool:
        if isinstance(self.stated, float) and isinstance(self.found, float):
            return math.isclose(self.stated, self.found, rel_tol=SAME, abs_tol=SAME)
        return self.stated == self.found


def replayed(file: CaseFile) -> list[Replayed]:
    """Compute every number of the file again. Raises InvalidInputError if its counts are none."""
    try:
        with np.errstate(all="ignore"):
            return list(_replayed(file))
    except (ValueError, ArithmeticError) as error:
        raise InvalidInputError(
            "The file is not the JSON of a report for a case: {problem}", problem=str(error)
        ) from None


def computed(file: CaseFile) -> CaseFile:
    """Return the file with the numbers that its counts give."""
    structs, authors = msgspec.structs, list[CaseAuthor]()
    for author, ratios in _ratios(file):
        asked = [
            structs.replace(part, log10_lr=meant(ratio.log10), bound=ratio.bound)
            for part, ratio in zip(author.asked, ratios, strict=True)
        ]
        whole = structs.replace(author, asked=asked, **_numbers_of_others(author))
        authors.append(structs.replace(whole, told=_told(file, whole, ratios)))
    return structs.replace(file, authors=authors)


def _replayed(file: CaseFile) -> Iterator[Replayed]:
    for author, ratios in _ratios(file):
        for asked, ratio in zip(author.asked, ratios, strict=True):
            what = _what(asked)
            yield Replayed(author.username, f"{what}: log10 ratio", asked.log10_lr, ratio.log10)
            yield Replayed(author.username, f"{what}: bound", asked.bound, ratio.bound)
        found = _told(file, author, ratios)
        for name in ToldNumbers.__struct_fields__:
            stated, again = getattr(author.told, name), getattr(found, name)
            yield Replayed(author.username, f"told: {name}", stated, again)
        numbers = _numbers_of_others(author)
        for name in ("others_here", "shipped", "shipped_as"):
            stated = getattr(author, name)
            yield Replayed(author.username, name, stated, numbers.get(name), bool(numbers))


def _what(asked: AskedPart) -> str:
    return asked.part if asked.text is None else f"text {asked.text + 1}"


def unproved(file: CaseFile, *, has_posts: bool) -> list[Replayed]:
    """Return the statements of the file without their inputs; has_posts: whether the number
    of posts was compared with the posts.
    """
    facts: list[tuple[str, str, object]] = [
        ("", "program", file.program),
        ("", "model", file.model),
        ("", "background", file.background),
        ("", "shipped authors: SHA-256", file.shipped_sha256),
        ("", "made at", file.made_at),
        ("", "texts stored as posts of others", file.stored_of_others),
    ]
    for place, text in enumerate(file.texts, 1):
        facts += (
            ("", f"text {place}: SHA-256", text.sha256),
            ("", f"text {place}: words", text.words),
        )
    for author in file.authors:
        counted = author.occurrence.counted
        facts += [
            (author.username, what, value)
            for what, value in (
                *(
                    []
                    if has_posts
                    else [("posts", author.posts), ("posts: SHA-256", author.sha256)]
                ),
                ("first post", author.first_at),
                ("newest post", author.newest_at),
                ("platform", author.platform),
                ("features, by group", author.totals),
                ("usual rates, by group", author.rates),
                ("usual length", author.length),
                *((f"{_what(asked)}: texts", asked.texts) for asked in author.asked),
                ("authors, in the test", author.occurrence.of),
                ("texts by the same people, in the test", sum(counted.own)),
                ("texts by others, in the test", sum(counted.strange)),
                ("people, in the test", counted.people),
                ("strangers, in the test", counted.strangers),
            )
        ]
    shown = (
        (name, what, value if isinstance(value, int) else str(value)) for name, what, value in facts
    )
    return [Replayed(*fact, is_checked=False) for fact in shown]


def _numbers_of_others(author: CaseAuthor) -> dict[str, Any]:
    """Return how many other people count, here and shipped; nothing for a file of form 1."""
    if author.here is None:
        return {}
    weights = author.weights.floats(author.weights.size)
    is_here = author.here.integers(weights.size) > 0
    return {
        "others_here": int((weights[is_here] > 0).sum()),
        "shipped": int((weights[~is_here] > 0).sum()),
        "shipped_as": meant(float(weights[~is_here].sum())),
    }


def _told(file: CaseFile, author: CaseAuthor, ratios: Sequence[Ratio]) -> ToldNumbers:
    beside = author.others_here > 0
    return told_of(meant(ratios[0].log10), author.occurrence, file.language, beside=beside)


def _ratios(file: CaseFile) -> Iterator[tuple[CaseAuthor, list[Ratio]]]:
    groups = file.groups.integers(file.groups.size).astype(np.uint32)
    size = groups.size
    expected = file.expected.floats(size)
    if not (expected > 0).all() or (np.diff(groups.astype(np.int64)) < 0).any():
        raise ValueError("the features are not in order")
    if groups.max(initial=0) >= len(GROUPS):
        raise ValueError("a feature has no group")
    features = Features.of_groups(groups, expected)
    totals = file.others_totals.integers(file.others_totals.size // 5, 5)
    uses = file.others_uses.integers(size, len(totals))
    for author in file.authors:
        is_korean = file.language == "ko"
        yield author, list(_ratios_of(features, author, totals, uses, is_korean=is_korean))


def _ratios_of(
    features: Features,
    author: CaseAuthor,
    totals: NDArray[np.int64],
    uses: NDArray[np.int64],
    *,
    is_korean: bool,
) -> Iterator[Ratio]:
    size = features.keys.size
    usual = Usual(np.array(author.rates), author.length)
    own = Own(author.uses.integers(size), np.array(author.totals, np.int64), usual)
    hidden = np.zeros((0, 5), np.int64)
    if author.summed_totals:
        hidden = author.summed_totals.integers(author.summed_totals.size // 5, 5)
    weights = author.weights.floats(len(totals) + len(hidden))
    if (weights < 0).any() or not weights.any():
        raise ValueError("nobody counts")
    for asked in author.asked:
        part = AskedCounts(asked.counts.integers(size), asked.texts)
        counted = scores_of(features, part, own.uses, uses, totals)
        sums = asked.summed.floats(len(hidden), 10) if asked.summed else np.zeros((0, 10))
        others = OtherScores(
            np.vstack((totals, hidden)),
            np.vstack((counted.scores, sums[:, :5])),
            np.vstack((counted.unused, sums[:, 5:])),
        )
        if len(others.totals) != len(others.scores):
            raise ValueError("some people have no scores")
        yield ratio_of(features, part, own, others, weights, is_korean=is_korean)


def told_of(ratio: float, occurrence: Occurrence, language: str, *, beside: bool) -> ToldNumbers:
    """Return the figures of the report on a ratio, as a logarithm."""
    shown = told(ratio)
    value = told(worth(ratio, language, beside=beside))
    counted = occurrence.counted
    return ToldNumbers(
        shown,
        value,
        word_of(value, language),
        reaching(counted.own, shown),
        reaching(counted.strange, shown),
    )
