"""The mirror: what acts change, what the API and the command say, and that nothing is kept."""

import json
import random
import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from app.parts.mirror.acts import ACTS, changed, done, places_of, strikable, struck
from app.parts.mirror.mirror_page import lead_sentence, lead_told, measured, place_on_bar
from tests.browsing import Browser, parts_of, signed_in
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import Client, Shared, client_with
from tests.installation import ROOT, Installation
from tests.waiting import settle

MIRROR = "/api/v1/mirror"
OTHERS = {
    "pilot": "runway {} is closed by fog, we wait and nobody tells us anything",
    "poet": "o moon {} o silver o night, how long do you stay with me",
    "clerk": "Form {} must be handed in twice. Form {} must be stamped. Thank you.",
}
SAILOR = [
    f"Honestly, the ferry leaves at {hour}… wind permitting!! Ask @harbour_{hour % 3} for the tide"
    for hour in range(40)
]
DRAFT = "Honestly, we sail tomorrow at noon… ask @harbour_2 or look at the board in the old hall!!"


# --- Acts ---

PARTS = (
    *(
        "https://t.co/Ab9xZ",
        "http://example.org/a…b!c~d",
        "www.example.org/~Ann",
        "(https://a.de/B)",
    ),
    *("@Ann_Kim", "@Ann!", ".@BOB:", "“@Mina”", "#TagOne", "#태그", "#Go!!!", "me@Example.org"),
    *(
        "a.example/B…",
        "R&D",
        "&",
        "…",
        "wait...what",
        "WOW!!!",
        "?!",
        "soooo",
        "hahaha",
        "ㅋㅋㅋㅋ",
        "ㅠㅠ",
    ),
    *(
        "don’t",
        "I'm",
        "it's",
        "“quoted”",
        "'so'",
        "—",
        "well—known",
        "word",
        "Word.",
        "낱말",
        "글이~~",
    ),
    *(
        "[속보]",
        "(aside)",
        "가·나",
        "1–2",
        "😀",
        "👍🏽",
        "\n",
        "\n\n",
        "> ",
        "RT @Ann",
        "<3",
        "..",
        "!",
        "Æ",
    ),
)
_LINK, _NAME, _TAG = r"(?:https?://|www\.)\S+", r"(?<![\w.@+-])@\w+", r"(?<![\w&#])#\w+"


def kinds_of(text: str) -> dict[str, list[str]]:
    """Return links, @names and #tags of a text, by plain patterns of this test's own."""
    links = re.findall(_LINK, text)
    rest = re.sub(_LINK, " ", text)
    return {
        "link": [link.rstrip("!?.,…)~”'\"") for link in links],
        "name": re.findall(_NAME, rest),
        "tag": re.findall(_TAG, rest),
    }


def made_posts(count: int) -> list[str]:
    chance = random.Random(7)  # noqa: S311 - no secret
    return [" ".join(chance.choices(PARTS, k=chance.randint(1, 14))) for _ in range(count)]


@pytest.mark.parametrize("count", [pytest.param(100), pytest.param(1_000, marks=pytest.mark.full)])
def test_no_act_changes_what_it_is_not_about(count: int) -> None:
    seen = set()
    for post in made_posts(count):
        before = kinds_of(post)
        for act in ACTS.values():
            changes = done(act, post)
            if not changes:
                continue
            seen.add(act.name)
            assert changes == sorted(changes)
            after = kinds_of(changed(post, changes))
            for kind, addresses in before.items():
                if kind not in act.about:
                    assert after[kind] == addresses, (act.name, post)
        for word, places in places_of(post).items():
            after = kinds_of(changed(post, struck(post, places)))
            # Beside a quoted part it may stay.
            for kind, addresses in before.items():
                gone = Counter(addresses) - Counter(after[kind])
                assert not Counter(after[kind]) - Counter(addresses), (word, post)
                assert set(gone) <= set(kinds_of(word)[kind]), (word, post)
    assert seen == set(ACTS)


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("ampersand", "salt & pepper, R&D", "salt and pepper, R&D"),
        ("calm", "No! Really?! https://a.de/!", "No. Really? https://a.de/!"),
        ("no_dots", "well... so…what", "well. so. what"),
        ("no_dashes", "late—again, 5–7 - so", "late, again, 5–7, so"),
        ("no_names", "Ask @ann and @bob: now", "Ask and now"),
        ("names_without_sign", "Ask @ann or me@a.de", "Ask ann or me@a.de"),
        ("no_tags", "Fog #harbour again", "Fog again"),
        ("long_forms", "I can’t and she isn't", "I cannot and she is not"),
        ("no_laughing", "진짜 ㅋㅋㅋㅋ 좋다 ㅠㅠ", "진짜 좋다"),
        ("no_brackets", "[속보] 비가 온다", "비가 온다"),
        ("with_full_stop", "So it goes https://t.co/a", "So it goes. https://t.co/a"),
        ("without_full_stop", "So it goes. @ann", "So it goes @ann"),
        ("one_line", "one\n\ntwo", "one two"),
    ],
)
def test_an_act_rewrites_a_text(act: str, before: str, after: str) -> None:
    assert changed(before, done(ACTS[act], before)) == after


@pytest.mark.parametrize(
    ("word", "before", "after"),
    [
        ("honestly", "Honestly, we wait", "we wait"),
        ("tide", "We wait for the tide.", "We wait for the."),
        ("tide", "We wait, tide.", "We wait."),
        ("wait", "wait\nWait\nand wait", "and"),
        ("@ann", "Ask @ann, or @ann", "Ask @ann, or"),
        ("so", "so so good", "good"),
        ("we", '"We can wait," he said', '"can wait," he said'),
        ("wait", '"We can wait," he said', '"We can," he said'),
        ("nice", "It is (very nice) here", "It is (very) here"),
        ("so", '"so so good," he said', '"good," he said'),
        ("dogs", "the dogs' bed", "the bed"),
        ("good", "so good:) today", "so today"),
    ],
)
def test_a_struck_word_leaves_a_tidy_text(word: str, before: str, after: str) -> None:
    assert changed(before, struck(before, places_of(before)[word])) == after


NEGATIONS = {
    "en": (
        *("not", "never", "no", "nobody", "cannot", "can't", "don’t", "didn't", "isn't", "without"),
        *("won't", "Not", "NEVER", "cant", "nothing", "nor", "hardly"),
    ),
    "ko": (
        "안",
        "못",
        "않았어요",
        "않는",
        "없어요",
        "아니에요",
        "안돼요",
        "못했어요",
        "없이",
        "몰라요",
        "전혀",
    ),
}
SAID = {
    "en": (
        *(
            "I",
            "we",
            "he",
            "did",
            "do",
            "will",
            "kill",
            "saw",
            "believe",
            "guilty",
            "anyone",
            "it,",
        ),
        *("and", "but", "the", "ferry", "Barack Obama", "8 p.m.", "3rd", "NASA", "today.", "@ann"),
        *(
            '"we go,"',
            "(so very slow)",
            "“wait”",
            "“we are here,”",
            "#Fog",
            "https://t.co/a",
            "R&D",
        ),
    ),
    "ko": (
        *(
            "나는",
            "어제",
            "정말",
            "학교에",
            "갔어요.",
            "먹지",
            "하지",
            "안녕하세요",
            "그래서",
            "친구랑",
        ),
        *(
            "오늘",
            "5시에",
            "ㅋㅋ",
            "(그냥 말이에요)",
            "“진짜 맞아요”",
            '"나도 그래"',
            "@ann",
            "#안개",
        ),
        *("마세요", "이야기"),
    ),
}


def sentences(language: str, count: int) -> list[str]:
    chance = random.Random(11)  # noqa: S311 - no secret
    return [
        " ".join(
            chance.choice(NEGATIONS[language] if chance.random() < 0.2 else SAID[language])
            for _ in range(chance.randint(3, 16))
        )
        for _ in range(count)
    ]


def around_negations(text: str, language: str) -> list[tuple[str, ...]]:
    """Return each negation with the pieces next to it."""
    pieces = ["", *(each.strip('.,"(“”)') for each in text.split()), ""]
    known = {each.casefold() for each in NEGATIONS[language]} | {"마세요"}
    return [
        tuple(pieces[place - 1 : place + 2])
        for place, piece in enumerate(pieces)
        if piece.casefold() in known
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("count", [pytest.param(60), pytest.param(2_000, marks=pytest.mark.full)])
def test_no_strike_turns_a_sentence_around(language: str, count: int) -> None:
    offered = 0
    for text in sentences(language, count):
        for word, places in strikable(text).items():
            offered += 1
            after = changed(text, struck(text, places))
            assert around_negations(after, language) == around_negations(text, language), (
                word,
                text,
            )
            # Marks of a pair stay together.
            assert after.count("(") == after.count(")"), (word, text)
            assert after.count("“") == after.count("”"), (word, text)
            assert after.count('"') % 2 == 0, (word, text)
            assert not re.search(r"\d|p\.m|nasa|obama|barack", word) or word[0] in "@#h", (
                word,
                text,
            )
        for act in ACTS.values():
            for start, end, new in done(act, text):
                assert new or not around_negations(text[start:end], language), (act.name, text)
    assert offered > count


def test_brackets_with_a_negation_stay() -> None:
    assert done(ACTS["no_brackets"], "We did (not) win") == []
    assert changed("We did (so) win", done(ACTS["no_brackets"], "We did (so) win")) == "We did win"


# --- The answer ---


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """A site that everybody may read, and a client with a token of the smallest scope."""
    await shared.writer.add_author("sailor", *SAILOR)
    for name, text in OTHERS.items():
        await shared.writer.add_author(name, *(text.format(n, n) for n in range(30)))
    crew = kakaotalk("Crew", *said(["li", "bo"], times=20))
    await import_chat(parts_of(shared.app).db, crew)
    await settle(shared.app)
    return await client_with(shared.app, "read")


async def ask(client: Client, *texts: str, status: int = 200, **given: Any) -> Any:
    form = {"texts": texts, "username": "sailor", **given}
    answer = await client.post(MIRROR, json=form)
    assert answer.status_code == status, await answer.get_data()
    assert status != 200 or answer.headers["Cache-Control"] == "no-store"
    return await answer.get_json()


def rewritten(texts: list[str], suggestion: dict[str, Any]) -> list[str]:
    places = [suggestion, *suggestion["further"]]
    for place in sorted(places, key=lambda place: -place["start"]):
        text = texts[place["text_index"]]
        left = text[: place["start"]] + place["with"] + text[place["end"] :]
        texts = [*texts[: place["text_index"]], left, *texts[place["text_index"] + 1 :]]
    return texts


@pytest.mark.parametrize("texts", [[DRAFT], [DRAFT, "Honestly… ask @harbour_1, not me!!"]])
async def test_what_is_announced_is_the_answer_after_it_is_done(
    site: Client, texts: list[str]
) -> None:
    found = await ask(site, *texts)
    assert found["lead"] > found["goal"]
    assert found["suggestions"]
    told = [each["act"] if each["kind"] == "act" else each["word"] for each in found["suggestions"]]
    assert "honestly" in told
    worth = [
        (found["lead"] - each["lead_after"]) / each["touched"] ** 0.25
        for each in found["suggestions"]
    ]
    assert worth == sorted(worth, reverse=True)
    assert worth[-1] > 0
    # No two leave the same words, such as to strike the only @name, and to leave out @names.
    possible = [*found["suggestions"], *found["habits"]]
    left = [re.findall(r"\w+", " ".join(rewritten(texts, each))) for each in possible]
    before = re.findall(r"\w+", " ".join(texts))
    assert not [words for words in left if words != before and left.count(words) > 1]
    for each in [*found["suggestions"][:3], *found["habits"][:1]]:
        after = await ask(site, *rewritten(texts, each))
        assert after["lead"] == pytest.approx(each["lead_after"], abs=1e-9)


def test_two_words_are_one_phrase_only_without_a_sign_between() -> None:
    text = "so very slow, very slow indeed (so slow) is 8 p.m. at https://t.co/a or so Very  slow"
    places = places_of(text)
    phrases = {words for words in places if " " in words}
    assert phrases == {"so very", "very slow", "slow indeed", "so slow", "is 8", "or so"}
    left = changed(text, struck(text, places["very slow"]))
    assert left == "so indeed (so slow) is 8 p.m. at https://t.co/a or so"
    assert "is 8" not in strikable(text)
    assert places_of("ha ha ha")["ha ha"] == [(0, 5)]


async def test_a_phrase_of_the_author_is_one_suggestion(site: Client, operator: Browser) -> None:
    draft = "The old board says that ferry leaves in fog or whatever they tell us here"
    found = await ask(site, draft)
    (phrase,) = (each for each in found["suggestions"] if each["word"] == "ferry leaves")
    assert (phrase["act"], phrase["touched"], phrase["rates"]) == (
        "strike",
        2,
        {"own": 400, "others": 0},
    )
    assert draft[phrase["start"] : phrase["end"]].strip() == "ferry leaves"
    # No word of it is suggested once more.
    words = " ".join(each["word"] or "" for each in found["suggestions"]).split()
    assert words.count("ferry") == words.count("leaves") == 1
    page = await shown(operator, text=draft)
    assert "Strike “ferry leaves”, or say it otherwise" in page
    struck_page = await shown(operator, text=draft, strike="ferry leaves")
    assert ">\nThe old board says that in fog or" in struck_page
    other = await shown(operator, text=draft, **{"word": "ferry leaves", "other-0": "it goes"})
    assert ">\nThe old board says that it goes in fog or" in other


async def test_rates_say_how_often_it_is_used(site: Client) -> None:
    found = await ask(site, DRAFT)
    rates = {each["word"] or each["act"]: each["rates"] for each in found["suggestions"]}
    assert rates["honestly"] == {"own": 400, "others": 0}
    assert rates["calm"] == {"own": 400, "others": 0}
    # What is counted in several parts has no count of its own.
    found = await ask(site, "Honestly, wind-ferry, it goes today… nobody knows of the old hall")
    hyphened = [each for each in found["suggestions"] if "wind-ferry" in (each["word"] or "")]
    assert [each["rates"] for each in hyphened] == [None]


async def test_no_reason_contradicts_its_suggestion(site: Client) -> None:
    found = await ask(site, "We wait and you tell us anything, honestly… ask @harbour_2 for me!!")
    words = [each["word"] for each in found["suggestions"]]
    assert "honestly" in words
    for each in found["suggestions"]:
        rates = each["rates"]
        assert not rates or rates["others"] is None or rates["own"] > rates["others"], each
    assert not {"we", "wait", "you", "anything"} & set(words)


async def test_a_mirror_needs_a_token_and_an_author_of_their_own_posts(
    site: Client, shared: Shared
) -> None:
    assert (await shared.anybody.post(MIRROR, json={"texts": [DRAFT]})).status_code == 401
    await ask(site, DRAFT, username="nobody", status=404)
    of_chat = await ask(site, DRAFT, username="li", status=422)
    assert of_chat["errors"][0]["loc"] == "username"
    too_long = await ask(site, "tide " * 3_000, "wind " * 3_000, status=422)
    assert "25,000" in too_long["detail"]


async def test_too_little_text_is_no_success(site: Client) -> None:
    found = await ask(site, "Honestly, @harbour_2!!")
    assert (found["verdict"], found["lead"]) == ("short", None)
    assert found["suggestions"] == found["habits"] == []
    # No suggestion leaves too few words.
    four = await ask(site, "Honestly we sail tomorrow")
    assert all(each["kind"] == "act" for each in four["suggestions"])


async def test_drafts_are_nowhere_afterwards(
    site: Client, shared: Shared, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "Honestly, quintessential zebras sail at noon and ask @harbour_2"
    await ask(site, secret)
    assert "zebras" not in caplog.text
    found = await (await shared.anybody.get("/api/v1/search?q=zebras")).get_json()
    assert found["items"] == []


# --- The page ---


@pytest.fixture(scope="module")
async def operator(site: Client) -> Browser:
    return await signed_in(site.app, "mina", role="operator")


async def shown(browser: Browser, **fields: Any) -> str:
    answer = await browser.send("POST", "/mirror", form={"username": "sailor"} | fields)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return unescape((await answer.get_data()).decode())


async def test_the_page_shows_the_bar_and_the_suggestions(operator: Browser) -> None:
    form = await operator.page("/mirror")
    assert "Look in the mirror" in form
    assert ">sailor<" in form
    assert ">li<" not in form  # A person of a chat.
    page = await shown(operator, text=DRAFT)
    assert "This still reads more like you" in page
    assert "Only you write like this" in page
    assert 'name="strike" value="honestly"' in page
    assert "no mirror hides the writer" in page
    assert page.count('class="goal"') == 1
    _, *widths = re.findall(r'class="fill" width="([\d.]+)%"', page)
    assert max(map(float, widths)) == 100
    assert len({*widths}) > 3, "bars that differ are something to choose by"
    assert re.search(r"about [\d,]+ times likelier from you than from other people", page)
    assert "Blind guessing names the writer in 3 of 100" in page
    assert "Blind guessing does in 25" in page
    assert "logarithm" not in page
    # At the goal there is nothing to do, and the rest is folded.
    strange = "Runway is closed by fog, o moon, o silver, Form must be stamped and nobody tells us"
    reached = await shown(operator, text=strange)
    assert "Only you write like this" in reached
    assert "Suggestions with the largest effect" not in reached
    assert "habits-heading" not in reached
    folded = reached.partition("<summary>Further suggestions</summary>")[2]
    assert 'class="plain suggestions"' not in reached or 'class="plain suggestions"' in folded


async def test_a_word_that_its_sentence_needs_is_only_to_be_said_otherwise(
    site: Client, operator: Browser
) -> None:
    draft = "Honestly, we sail at 12:30… wind not permitting anything, look at the old board!!"
    found = await ask(site, draft)
    acts = {each["word"]: each["act"] for each in found["suggestions"] if each["word"]}
    assert (acts["permitting"], acts["honestly"]) == ("reword", "strike")
    assert "not" not in acts
    page = await shown(operator, text=draft)
    assert "Say “permitting” otherwise" in page
    assert 'name="word" value="permitting"' in page
    assert 'name="strike" value="permitting"' not in page
    otherwise = {"word": "permitting", "other-0": "allowing"}
    assert "wind not allowing anything" in await shown(operator, text=draft, **otherwise)


async def test_the_page_changes_the_draft_as_it_was_chosen(operator: Browser) -> None:
    struck_page = await shown(operator, text=DRAFT, strike="honestly")
    assert ">\nwe sail tomorrow at noon… ask" in struck_page
    calm = await shown(operator, text=DRAFT, act="calm")
    assert "in the old hall.<" in calm
    # What was done is told, and can be undone without any script; nothing of it is stored.
    assert "You struck “honestly”." in struck_page
    told = re.search(
        r"about ([\d,]+) times likelier from you; now it is about ([\d,]+)", struck_page
    )
    assert told
    before, after = (int(each.replace(",", "")) for each in told.groups())
    assert before > after
    # The lead before comes with the form, and is of these drafts alone.
    seen = re.search(r'name="seen" value="\S+ (\S+)"', await shown(operator, text=DRAFT))
    assert seen
    for text, told_before in ((DRAFT, "150 "), (f"{DRAFT} again", "(?!150 )")):
        page = await shown(operator, text=text, strike="honestly", seen=f"5 {seen[1]}")
        assert re.search(f"Before, the text was about {told_before}", page)
    (earlier,) = re.findall(r'<textarea name="earlier" hidden>\n([^<]*)<', struck_page)
    assert earlier == DRAFT
    undone = await shown(operator, text="else", earlier=earlier, undo="1", act="calm")
    assert f">\n{DRAFT}</textarea>" in undone
    assert "Done: Write no exclamation marks." in calm
    assert "Undo" not in undone
    other = await shown(operator, text=DRAFT, **{"word": "honestly", "other-0": "In truth"})
    assert ">\nIn truth, we sail" in other
    # A draft is never struck as a whole, and nothing unknown is done.
    assert ">\nHonestly</textarea>" in await shown(operator, text="Honestly", strike="honestly")
    assert "we sail" in await shown(operator, text=DRAFT, act="nothing", strike="nowhere")


async def test_what_cannot_be_mirrored_loses_nothing(operator: Browser) -> None:
    for fields, told in (
        ({"text": DRAFT, "username": "nobody"}, "nobody"),
        ({"text": ""}, "Give 1 to 50 texts"),
        ({"text": "7 8 9"}, "no letters"),
    ):
        answer = await operator.send("POST", "/mirror", form={"username": "sailor"} | fields)
        page = unescape((await answer.get_data()).decode())
        assert answer.status_code in {404, 422}
        assert told in page
        assert fields["text"] in page


async def test_the_author_of_a_draft_is_chosen_not_guessed(operator: Browser) -> None:
    await operator.send("POST", "/settings/own", form={"username": ""})
    page = await operator.page("/mirror")
    assert re.search(r'<select [^>]*required>\s*<option value=""></option>', page)
    assert "selected>" not in page


async def test_the_mirror_is_for_accounts(operator: Browser, shared: Shared) -> None:
    for method in ("GET", "POST"):
        answer = await Browser(shared.app).send(method, "/mirror")
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login")
    assert 'href="/mirror"' in await operator.page("/")
    assert 'href="/mirror"' not in await Browser(shared.app).page("/")


def test_the_command_mirrors_a_file(installation: Installation, tmp_path: Path) -> None:
    known = {"sailor": SAILOR}
    known |= {name: [text.format(n, n) for n in range(30)] for name, text in OTHERS.items()}
    posts = tmp_path / "posts.jsonl"
    rows = [{"username": name, "text": text} for name, some in known.items() for text in some]
    posts.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert installation.run("import", str(posts)).exit_code == 0
    draft = tmp_path / "draft.txt"
    draft.write_text(DRAFT, encoding="utf-8")
    found = json.loads(installation.done("mirror", str(draft), "-u", "sailor", "--json"))
    assert found["suggestions"]
    told = installation.done("mirror", str(draft), "-u", "sailor")
    assert "“honestly”" in told
    assert "three other programs still named the writer" in told
    assert re.search(r"about [\d,]+ times likelier from you than from other people", told)
    assert "nats" not in told
    draft.write_text(
        "Runway is closed by fog, o moon, o silver, Form must be stamped", encoding="utf-8"
    )
    reached = installation.done("mirror", str(draft), "-u", "sailor")
    assert "does not make it anonymous" in reached
    assert not [line for line in reached.splitlines() if line.startswith("- ")]
    assert "no mirror hides the writer" in told
    assert installation.run("mirror", str(draft), "-u", "nobody").exit_code == 2
    assert installation.run("mirror", str(tmp_path / "none.txt")).exit_code == 2


def test_told_figures_are_those_of_the_measurements() -> None:
    """If this fails, write the figures of docs/measurements.md into measured.json."""
    told = measured()
    document = (ROOT / "docs" / "measurements.md").read_text("utf-8")
    each = " to ".join(map(str, told.programs))
    assert re.search(rf"\| named first by each other program \|.* → {each} \|", document)
    flowing = " ".join(document.split())
    assert f"at 1.4 (at least one program {told.any_program} %)" in flowing
    (four,) = re.findall(r"The programs still name (\d+) / (\d+) / (\d+) %", flowing)
    assert told.among_four == (min(map(int, four)), max(map(int, four)))


@pytest.mark.parametrize("lead", [-0.3, 0.0, 0.3])
def test_once_as_likely_is_told_as_equally_likely(lead: float) -> None:
    assert "is about as likely from you as from other people." in lead_sentence(lead)


async def test_leads_beyond_measure_are_told_beside_the_present_one(shared: Shared) -> None:
    """Twelve suggestions that all leave a million times are nothing to choose by."""
    async with shared.app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert "about more than" not in lead_sentence(30)
        told = [lead_told(lead, 40) for lead in (0.1, 5, 30, 39.99)]
    few, many = "about 150 times", "about 22,000 times less than now"
    assert told == ["at the goal", few, many, "hardly less than now"]
    assert place_on_bar(40, 40) - place_on_bar(30, 40) > 5
