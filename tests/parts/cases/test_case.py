"""A report for a case: its sentences, its numbers again, and that it tells of nobody else."""

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
import pytest
from numpy.typing import NDArray

from app.language.i18n import show_date
from app.parts.cases.ratios import EDGES, cells_of, reaching, told, word_of
from saywho.clock import now
from tests.browsing import SAME_ORIGIN, Browser, parts_of, repeated_ids, signed_in
from tests.chats import import_chat, kakaotalk
from tests.conftest import Shared
from tests.installation import Installation
from tests.waiting import settle

CASE = "/compare/case"
PLANTED = ("the violet lantern sank behind Ostrava", "quarantined marzipan", "Wilhelmina Obersby")
"""Sentences and names of others, in posts that share words with the questioned texts."""
OTHERS = {
    "pilot": f"runway {{}} is closed by fog tonight, {PLANTED[0]}, ask Wilhelmina Obersby",
    "poet": "o moon {} o silver o night, how long do you stay with me",
    "clerk": f"Form {{}} must be handed in twice with {PLANTED[1]}. Thank you.",
}
SAILOR = [
    f"Honestly, the ferry leaves at {hour}… wind permitting!! Secretly @harbour_{hour % 3} tells it"
    for hour in range(40)
]
TEXTS = [
    "Honestly, we sail tomorrow at noon… tell @harbour_2 or look at the board in the old hall!!",
    "The ferry leaves late… wind permitting!! Ask Wilhelmina Obersby about fog tonight",
]
CREW = {
    "li": "honestly the deck is wet again and number {} will not be painted before spring",
    "bo": "bring the marmalade crates, crate {} is under the pelican tarpaulin by the stairs",
    "ed": "engine {} coughs like a heron and nobody but the heron seems to care about it",
}
BANNED = ("likely", "guilty", "certain", "proof", "identified", "match", "%)%", "100%")


# --- Words and numbers ---


def test_ratios_are_told_cautiously() -> None:
    def shown(ratio: float) -> float:
        return round(10 ** told(float(np.log10(ratio))), 6)

    assert [shown(each) for each in (1, 1.9, 2, 78, 100, 999, 1000)] == [1, 1, 2, 70, 100, 900, 1e3]
    assert [round(10 ** -told(-float(np.log10(n)))) for n in (1.9, 78, 1000)] == [1, 70, 1000]
    words = [word_of(float(np.log10(n)), "en") for n in (1, 2, 2.1, 10, 11, 100, 101, 1000)]
    assert words == [
        *("neither", "neither", "weak", "weak", "moderate", "moderate"),
        *("moderately_strong", "moderately_strong"),
    ]
    assert word_of(-1.5, "en") == "moderate"
    assert word_of(2.9, "ko") == "moderate"


def test_texts_are_counted_as_far_from_1_as_the_ratio() -> None:
    ratios = [-3.0, -0.5, 0.0, 0.3, 1.0, 1.0, 2.5]
    cells = cells_of(ratios)
    assert len(cells) == len(EDGES) + 1
    for place in (-2.0, -0.30103, 0.0, 0.30103, 1.0, 2.0):
        shown = told(place)
        beyond = [r for r in ratios if (r >= shown if shown >= 0 else told(r) <= shown)]
        assert reaching(cells, shown) == len(beyond), place


# --- The same numbers by another program ---

PRIORS = np.array([900.0, 300.0, 300.0, 100.0, 90.0])
WEIGHTS = np.array([0.111, 0.143, 0.134, 0.11, 0.443])


def array(packed: dict[str, Any]) -> NDArray[Any]:
    data = zlib.decompress(base64.b64decode(packed["data"]))
    numbers = np.frombuffer(data, packed["dtype"]).astype(np.float64)
    rows: NDArray[np.float64] = numbers.reshape(packed["shape"])
    return rows


def again(case: dict[str, Any], author: dict[str, Any], asked: dict[str, Any]) -> float:
    """Compute a ratio of a file, as docs/how-it-decides.md says, with no code of the program."""
    group, expected, whole = array(case["groups"]), array(case["expected"]), array(asked["counts"])
    texts = asked["texts"]
    n = np.minimum(whole, 3 * texts)
    of = (group == np.arange(5)[:, None]).astype(float)
    width, factor = of @ n, WEIGHTS * np.maximum(of @ n, 1) ** -0.3

    def scores(uses: NDArray[Any], totals: NDArray[Any]) -> NDArray[np.float64]:
        gains = of @ (n[:, None] * np.log1p(uses / expected[:, None]))
        sums = gains.T + width * np.log(PRIORS / (PRIORS + totals))
        found: NDArray[np.float64] = sums * factor
        return found

    mine, total = array(author["uses"]), np.array(author["totals"], float)
    known, uses = array(case["others_totals"]), array(case["others_uses"])
    theirs = scores(uses, known)
    unused = (of @ (n[:, None] * (mine[:, None] == 0) * (uses == 0))).T
    if asked["summed"]:
        sums = array(asked["summed"])
        known = np.vstack((known, array(author["summed_totals"])))
        theirs, unused = np.vstack((theirs, sums[:, :5])), np.vstack((unused, sums[:, 5:]))
    own = scores(mine[:, None], total[None])[0]
    less = np.minimum(total[0], known[:, 0])
    silent = 1 / (1 + (less / (1500 * (max(width[0], 100) / 100) ** 0.25)) ** 2)
    silent[silent < 0.01] = 0
    gone = (np.log(PRIORS / (PRIORS + total)) - np.log(PRIORS / (PRIORS + known))) * factor * unused
    shares = np.array([1, 1, 1, 0.5, 0.25])
    if case["language"] != "ko":
        shares[3:] *= min((of @ whole)[0] / (70 * texts), 1) ** 8
    penalty = [0.067 * width[0] ** 0.7 / (1 + each / 1800) for each in (total[0], known[:, 0])]
    lead = (own - theirs - gone * silent[:, None]) @ shares
    lead -= (1 - silent) * (penalty[0] - penalty[1])
    weights = array(author["weights"])
    least = lead[weights > 0].min()
    lead = least - np.log((weights * np.exp(np.minimum(least - lead, 0))).sum() / weights.sum())
    size, count = max(width[0], 30) / 100, weights.sum()
    above = own - factor * width * np.array(author["rates"])
    alike = min(1, (2 * author["length"] * texts / max(width[0], 1)) ** 2)
    typical = size**-0.2 * (above[:3].sum() + alike * above[3:].sum())
    short = min(1, max(width[0], 1) / (30 * texts)) ** 0.6
    ratio = 0.25 + short * 1.28 * size**-0.2 * count / (count + 4) * lead
    ratio += 0.41 * short * max(typical, -5.5 * size**0.3)
    high = np.log(12 * (count + 1) * size ** (0.5 if size > 1 else 0.25))
    low = -np.log(10**1.5) * max(size, 1) ** 0.3
    return float(np.clip(np.clip(ratio, low, high) / np.log(10), -3, 3))


# --- Reports of a site ---


class Report(NamedTuple):
    page: str
    html: str
    json: bytes

    @property
    def case(self) -> Any:
        return json.loads(self.json)


@pytest.fixture(scope="module")
async def operator(shared: Shared) -> Browser:
    await shared.writer.add_author("sailor", *SAILOR)
    for name, text in OTHERS.items():
        await shared.writer.add_author(name, *(text.format(n, n) for n in range(30)))
    said = [
        (f"2024-01-15 15:{minute:02}", name, text.format(minute))
        for minute in range(40)
        for name, text in CREW.items()
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("Crew", *said))
    await settle(shared.app)
    return await signed_in(shared.app, "mina", role="operator")


async def report_of(browser: Browser, *texts: str, status: int = 200, **fields: Any) -> Report:
    form = urlencode({"username": "sailor", "text": list(texts), **fields}, doseq=True)
    sent = {**SAME_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.send("POST", CASE, data=form, headers=sent)
    page = unescape((await answer.get_data()).decode())
    assert answer.status_code == status, text_of(page)
    assert answer.headers["Cache-Control"] == "no-store"
    files = [base64.b64decode(each) for each in re.findall(r"base64,([\w+/=]+)", page)]
    html, numbers = files or (b"", b"")
    assert not repeated_ids(page)
    assert not repeated_ids(html.decode())
    return Report(page, html.decode(), numbers)


def text_of(html: str) -> str:
    plain = re.sub(r"(?s)<style>.*?</style>|<svg.*?</svg>|<[^>]*>", "", html)
    return " ".join(unescape(plain).split())


@pytest.fixture(scope="module")
async def report(operator: Browser) -> Report:
    return await report_of(operator, *TEXTS)


async def test_a_report_says_how_much_the_texts_support_each_proposition(report: Report) -> None:
    said = text_of(report.html)
    (author,) = report.case["authors"]
    assert author["told"]["ratio"] > 0
    assert "Comparison of 2 texts with the posts of sailor" in said
    assert "No person has checked it" in said
    ratio, worth = (round(10 ** author["told"][each]) for each in ("ratio", "worth"))
    finding = f"support for (1): this wording is about {worth} times as probable if (1) is true"
    assert worth < ratio
    assert finding in said
    assert f"The program computed {ratio}, its upper limit" in said
    assert "It is not the probability that this person is the writer" in said
    counted = author["occurrence"]["counted"]
    assert f"{counted['people']} people wrote {sum(counted['own']):,} texts" in said
    assert f"of about this length. {author['told']['own']:,} (" in said
    assert "They must not be multiplied" in said
    assert "Without links, @names and #tags" in said
    assert "Without the few places that speak most" in said
    assert "Left out:" in said
    assert "SHA-256" in said
    assert {each["part"] for each in author["asked"]} == {"all", "plain", "weakened", "text"}
    assert not [word for word in BANNED if word in said.casefold()]
    assert "ENFSI" not in report.html
    assert not re.search(r"<(a|script|img|form)\b|https?:", report.html)
    # The page tells the same, and offers both files.
    assert finding in report.page
    assert f"The program computed {ratio}, its upper limit" in report.page
    assert 'download="case.html"' in report.page


async def test_a_report_is_written_in_korean_too(operator: Browser) -> None:
    made = await report_of(operator, *TEXTS, language="ko", asked_by="김변호사")
    assert "배 더 나올 법합니다" in made.html
    assert "(1)을 " in made.html
    assert "word-break: keep-all" in made.html
    assert "요청한 사람: 김변호사" in made.html
    left = re.sub(r"saywho replay|[A-Za-z]{1,12}(?=[”…])", "", text_of(made.html))
    assert not re.search(r"\b(?:the|of|and|ratio|texts?)\b", left)


def test_a_file_of_the_form_before_is_computed_again(
    report: Report, installation: Installation, tmp_path: Path
) -> None:
    case = report.case
    case["form"] = 1
    del case["authors"][0]["here"], case["stored_of_others"]
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case))
    lines = installation.done("replay", file).splitlines()
    assert any(line.startswith("not checked   sailor: others_here: 6") for line in lines)
    assert not any(line.startswith("DIFFER") for line in lines)


async def test_few_words_are_printed_and_each_with_its_posts(
    operator: Browser, report: Report
) -> None:
    said = text_of(report.html)
    rests_on = said.partition("What does it rest on?")[2].partition("Limits.")[0]
    standing_out, *_ = rests_on.partition("They are no fingerprints")
    pieces = re.findall(r"“([^”]*)”", rests_on)
    assert pieces, rests_on
    assert sum(len(piece.split()) for piece in {each.casefold() for each in pieces}) <= 31 // 3
    counted = re.findall(r"“([^”]*)” \((\d+); other people (\d+)\)", standing_out)
    assert counted, rests_on
    for piece, own, others in counted:
        assert int(own) == sum(piece.casefold() in post.casefold() for post in SAILOR)
        assert int(others) == 0
    assert re.search(r"Counted in 40 posts of this person, the newest, and \d+ of 6 other", said)
    # Words that others use as often do not stand out.
    common = await report_of(operator, "Ask for tide, I wait and you stay with me by fog tonight")
    assert "“fog" not in text_of(common.html)


async def test_what_may_not_be_printed_is_not_called_absent(operator: Browser) -> None:
    """A short text has few words to print, and its strongest places use them up."""
    short = await report_of(operator, "Honestly, the ferry leaves late… wind permitting!! Secretly")
    rests_on = text_of(short.html).partition("rest on?")[2].partition("Limits.")[0]
    told = re.search(r"\d places? that stands? out in this way (?:is|are) not printed", rests_on)
    assert told, rests_on
    assert "than chance explains" not in rests_on


async def test_a_word_outside_of_the_marks_stands_out_too(operator: Browser) -> None:
    """A word may speak too little for a mark, and be in more posts than chance explains."""
    text = "I think the old mill was sold at auction last year, and my cousin bought it at once"
    made = await report_of(operator, text, language="ko")
    # "tells it" is in all posts, and "care about it" in the posts of one of six others.
    assert "“it” (40개, 다른 사람 40개)" in text_of(made.html)
    assert '<bdi lang="en">it</bdi>' in made.html


async def test_other_peoples_posts_are_counted_for_a_text_without_marks(operator: Browser) -> None:
    made = await report_of(operator, "Dogs and cats sleep under every table, month after month.")
    said = text_of(made.html)
    assert "Each word of the texts is in no more posts of this person than chance explains" in said
    assert "There are no posts of other people here" not in said


async def test_the_word_for_a_ratio_is_that_of_the_cautious_ratio(operator: Browser) -> None:
    """A computed ratio of more than 2 may be no support: the report says by which ratio."""
    texts = ("Dogs and cats sleep under every table, honestly", "Tell it at noon, then wait here")
    reports = [await report_of(operator, text) for text in texts]
    told = [(made.case["authors"][0]["told"], text_of(made.html)) for made in reports]
    told = [(each, said) for each, said in told if each["word"] == "neither"]
    assert any(abs(each["ratio"]) > 0.302 for each, _ in told), told
    for each, said in told:
        is_cautious = each["worth"] != each["ratio"]
        assert is_cautious == ("so the report uses a more cautious ratio" in said)


async def test_a_post_of_another_author_is_told(operator: Browser, report: Report) -> None:
    of_pilot = await report_of(operator, OTHERS["pilot"].format(4), TEXTS[0])
    told_so = "Stored here, word for word, as posts of other authors: 1 of the 2 texts."
    for shown in (text_of(of_pilot.html), of_pilot.page):
        assert told_so in shown
    assert of_pilot.case["stored_of_others"] == 1
    assert "pilot" not in of_pilot.html
    assert report.case["stored_of_others"] == 0
    assert "word for word" not in text_of(report.html)


async def test_numbers_are_the_same_by_another_program(operator: Browser, report: Report) -> None:
    of_chat = await report_of(
        operator, "honestly number 7 is wet again before spring", username="li"
    )
    for case in (report.case, of_chat.case):
        for author in case["authors"]:
            for asked in author["asked"]:
                assert again(case, author, asked) == pytest.approx(
                    asked["log10_lr"], rel=1e-5, abs=1e-6
                )


def test_every_number_is_computed_again_from_the_file(
    report: Report, installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(report.json)
    *lines, about = installation.done("replay", file).splitlines()
    checked = [line for line in lines if not line.startswith("not checked ")]
    assert len(checked) > 10
    assert all(line.startswith("same ") for line in checked)
    assert any("sailor: others_here: 6" in line for line in checked)
    # What the file cannot prove is named.
    unproved = " ".join(line for line in lines if line not in checked)
    for part in ("text 2: words: ", "sailor: posts: 40", "sailor: people, in the test: "):
        assert part in unproved
    assert "single words" in about
    # The posts are on another computer.
    elsewhere = installation.run("replay", file, "--posts")
    assert elsewhere.exit_code == 1
    assert re.search("DIFFER +sailor: posts", elsewhere.output)


async def test_the_ratio_is_that_of_the_answer_about_the_author_alone(
    operator: Browser, report: Report
) -> None:
    asked = urlencode([*(("text", text) for text in TEXTS), ("username", "sailor")])
    answer = await operator.send("GET", f"/api/v1/compare?{asked}")
    (ranked,) = (await answer.get_json())["ranking"]
    first = report.case["authors"][0]["asked"][0]
    assert first["log10_lr"] == pytest.approx(ranked["log10_lr"], abs=1e-5)
    assert first["bound"] == ranked["bound"]
    both = await report_of(operator, *TEXTS, username=["pilot", "sailor"])
    _, sailor = both.case["authors"]
    assert sailor["asked"][0]["log10_lr"] == pytest.approx(first["log10_lr"], abs=1e-12)
    assert both.html.count("<article") == 2
    assert "a page of their own" in both.html


async def test_nothing_of_anybody_else_is_in_the_files(operator: Browser, report: Report) -> None:
    made = [
        report,
        await report_of(operator, CREW["li"].format("seventy") + " pelican", username="li"),
    ]
    secrets = [
        *PLANTED,
        *("Wilhelmina", "Obersby", "harbour", "pilot", "poet", "clerk"),
        *("marmalade", "pelican", "heron", "Secretly", "tarpaulin"),
        *TEXTS,
    ]
    for each in made:
        for data in (each.html, each.json.decode()):
            shown = unescape(data).casefold()
            assert not [secret for secret in secrets if secret.casefold() in shown]
    case = made[1].case
    (li,) = case["authors"]
    # Of the others in a chat there are summed scores, and no counts.
    assert li["others_here"] >= 2
    assert li["summed_totals"]["shape"][0] == 2
    assert case["others_uses"]["shape"][1] == case["others_totals"]["shape"][0]
    assert all(asked["summed"] for asked in li["asked"])
    assert len(report.json) < 200_000
    assert len(report.html) < 100_000


FRENCH = (
    "Rends-moi demain l'argent que tu me dois, sinon je raconterai à toute la rue ce que tu as fait"
    " l'été dernier derrière la gare, et personne ne te saluera plus."
)
KOREAN = "내일까지 돈을 안 갚으면 작년 여름에 네가 한 일을 동네 사람들한테 전부 말할 거야."


async def test_what_cannot_be_reported_loses_nothing(operator: Browser) -> None:
    for texts, fields, part in (
        ([FRENCH], {}, "not seem to be in a language that sailor writes here"),
        ([KOREAN], {}, "not seem to be in a language that sailor writes here"),
        (TEXTS, {"username": "nobody"}, "nobody"),
        (["Honestly we"], {}, "There is no ratio for sailor"),
        ([SAILOR[3]], {}, "stored here as a post of sailor"),
        (TEXTS, {"username": []}, "Name 1 to 10 authors"),
        ([], {}, "Give 1 to 50 texts"),
    ):
        failed = await report_of(
            operator, *texts, status=422 if part != "nobody" else 404, **fields
        )
        assert part in failed.page
        assert not texts or texts[0] in failed.page
        assert not failed.html
        assert re.search(r'class="alert" role="alert">[^<]*' + re.escape(part), failed.page)
        # Text browsers show what is hidden; only another text or author mends this.
        assert not re.search("<textarea|The files|Save the report", failed.page)
        assert 'formaction="/compare" name="private"' in failed.page
    assert (await operator.send("GET", CASE)).status_code == 303


async def test_a_text_in_another_language_has_no_ratio_of_its_own(operator: Browser) -> None:
    texts = TEXTS[0], FRENCH.partition(",")[0], TEXTS[1]
    made = await report_of(operator, *texts)
    (author,) = made.case["authors"]
    assert [each["text"] for each in author["asked"] if each["part"] == "text"] == [0, 2]
    said = text_of(made.html)
    told = said.partition("The ratios of the single texts are: ")[2].partition(".")[0]
    assert [each == "no ratio" for each in told.split("; ")] == [False, True, False]
    assert "A text without a ratio has too few words, or seems to be in another language" in said
    in_korean = await report_of(operator, *texts, language="ko")
    assert "; 비율 없음; " in text_of(in_korean.html)


async def test_an_answer_offers_a_report_where_one_can_be_made(operator: Browser) -> None:
    for text, is_offered in ((TEXTS[0], True), (FRENCH, False), (KOREAN, False)):
        page = await operator.page("/compare?" + urlencode({"username": "sailor", "text": text}))
        assert ('action="/compare/case"' in page) == is_offered


async def test_a_draft_is_in_no_address_and_no_log(
    operator: Browser, shared: Shared, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "Honestly, quintessential zebras sail at noon… wind permitting!!"
    form = {"private": "1", "tweet_text": secret, "username": "sailor"}
    answer = await operator.send("POST", "/compare", form=form)
    page = (await answer.get_data()).decode()
    (button,) = re.findall(rf'<form method="post" action="{CASE}">.*?</form>', page, re.DOTALL)
    assert secret in button
    await report_of(operator, secret)
    assert "zebras" not in caplog.text
    # Visitors have no button, and no report.
    visitor = Browser(shared.app)
    asked = await visitor.page("/compare?text=Honestly+we+sail+tomorrow+at+noon&username=sailor")
    assert CASE not in asked
    refused = await visitor.send("POST", CASE, form={"text": secret, "username": "sailor"})
    assert refused.status_code in {303, 401, 403}


# --- Files that are damaged, or changed ---


def change(name: str, value: Any) -> Callable[[Any], None]:
    def do(case: Any) -> None:
        *path, last = name.split(".")
        at = case
        for step in path:
            at = at[int(step)] if step.isdigit() else at[step]
        at[int(last) if last.isdigit() else last] = value

    return do


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the facts of a file, by path; packed arrays are the counts that it computes from."""
    if isinstance(value, list):
        value = {str(place): each for place, each in enumerate(value)}
    if not isinstance(value, dict):
        yield path, value
    elif "dtype" not in value:
        for name, each in value.items():
            yield from leaves_of(each, f"{path}.{name}" if path else name)


def other_than(value: Any) -> Any:
    if isinstance(value, str):
        if re.fullmatch("[0-9a-f]{64}", value):
            return "0" * 64
        return "2001-02-03T04:05:06Z" if value.endswith("Z") else f"{value}x"
    return 2 * value + 1


async def test_no_fact_of_a_report_changes_in_silence(
    operator: Browser, report: Report, installation: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "case.json"
    of_chat = await report_of(operator, CREW["li"].format("seventy"), username="li")

    def unproved() -> tuple[int, list[str]]:
        found = installation.run("replay", file)
        lines = found.output.splitlines()
        return found.exit_code, [line for line in lines if line.startswith("not checked ")]

    silent = []
    for case in (report.case, of_chat.case):
        file.write_text(json.dumps(case))
        status, as_it_was = unproved()
        assert status == 0
        for path, value in leaves_of(case):
            if value is not None:
                changed = json.loads(json.dumps(case))
                change(path, other_than(value))(changed)
                file.write_text(json.dumps(changed))
                if unproved() == (0, as_it_was):
                    silent.append(path)
    assert " ".join(silent) == ""


BOMB = {"dtype": "<f8", "shape": [2000, 2000], "data": ""}


@pytest.mark.parametrize(
    ("do", "status"),
    [
        (change("authors.0.asked.0.log10_lr", 2.99), 1),
        (change("authors.0.told.word", "strong"), 1),
        (change("authors.0.totals", [100] * 5), 1),
        (change("authors.0.others_here", 40), 1),
        (change("authors.0.shipped_as", 9.5), 1),
        (change("form", 3), 2),
        (change("kind", "other"), 2),
        (change("authors", []), 2),
        (change("unknown", 1), 2),
        (change("groups", BOMB), 2),
        (change("others_uses", {**BOMB, "shape": [1000, 2000]}), 2),
        (change("expected.data", "!!"), 2),
        (change("others_uses.shape", [10**9, 10**9]), 2),
        (change("authors.0.weights.data", base64.b64encode(zlib.compress(b"\0" * 8)).decode()), 2),
        (change("authors.0.rates", [0.0] * 4), 2),
        (change("authors.0.totals", [-1] * 5), 2),
    ],
)
def test_a_changed_file_is_told(
    report: Report,
    installation: Installation,
    tmp_path: Path,
    do: Callable[[Any], None],
    status: int,
) -> None:
    case = report.case
    do(case)
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case))
    found = installation.run("replay", file)
    assert found.exit_code == status, found.output
    assert ("DIFFER" in found.output) == (status == 1)
    assert status == 1 or len(found.output.splitlines()) == 1


@pytest.mark.parametrize("name", ["mina\x1b[1A\x1b[2Ksame", "mi\u202ena", "a\nsame", "a\rsame"])
def test_a_name_that_no_author_can_have_is_refused(
    report: Report, installation: Installation, tmp_path: Path, name: str
) -> None:
    case = report.case
    case["authors"][0]["username"] = name
    (tmp_path / "case.json").write_text(json.dumps(case))
    found = installation.run("replay", tmp_path / "case.json")
    assert (found.exit_code, len(found.output.splitlines())) == (2, 1)
    assert name not in found.output


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff\xfe", b"{}", b" " * 1_000_001])
def test_what_is_no_report_gets_one_line(
    installation: Installation, tmp_path: Path, data: bytes
) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(data)
    found = installation.run("replay", file)
    assert found.exit_code == 2
    assert found.output.startswith("saywho: The file is not the JSON of a report for a case")
    assert len(found.output.splitlines()) == 1


def test_the_command_writes_both_files(installation: Installation, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    rows = [{"username": "sailor", "text": text} for text in SAILOR]
    posts.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert installation.run("import", str(posts)).exit_code == 0
    asked = tmp_path / "letter.txt"
    asked.write_text(TEXTS[0], encoding="utf-8")
    html = tmp_path / "case.html"
    told_lines = installation.done("case", "-u", "sailor", asked, "-o", html)
    assert str(html) in told_lines
    assert "saywho replay case.json" in html.read_text("utf-8")
    assert installation.run("replay", tmp_path / "case.json", "--posts").exit_code == 0
    assert installation.run("case", "-u", "nobody", asked, "-o", html).exit_code == 2
    nowhere = tmp_path / "missing" / "case.html"
    lost = installation.run("case", "-u", "sailor", asked, "-o", nowhere)
    assert lost.exit_code == 1
    assert lost.stderr == f"saywho: {nowhere} cannot be written: No such file or directory\n"
    same = installation.run("case", "-u", "sailor", asked, "-o", tmp_path / "x.json")
    assert same.exit_code == 2


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "leaves at last",
            (r"it is \S+ Left out: “leaves at”\.", r"한 곳을 빼면 비율은 \S+ 뺀 곳: “"),
        ),
        (
            "asked @harbour_2",
            (r"it is \S+ It is not printed:", r"한 곳을 빼면 비율은 \S+ 이름이나"),
        ),
        ("asked… wind permitting!!", (r"computes only \S+", r"한 곳을 빼면 프로그램이 계산한")),
    ],
)
async def test_one_strongest_place_is_not_called_several(
    operator: Browser, text: str, sentences: tuple[str, str]
) -> None:
    for language, sentence in zip(("en", "ko"), sentences, strict=True):
        whole = f"my cousin bought an odd mill by auction and {text}"
        said = text_of((await report_of(operator, whole, language=language)).html)
        assert re.search(sentence, said), said
        assert not re.search("few places|몇 곳|of these places|그중", said), said


async def test_posts_of_one_day_are_not_told_as_a_period(report: Report) -> None:
    known = re.findall("Known: 40 posts, ([^.]+)", text_of(report.html))
    assert known == [show_date(now().date())]
