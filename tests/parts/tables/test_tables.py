"""Many texts in one table: in the API, on the page, as CSV, and by the command."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from quart.datastructures import FileStorage

from tests.browsing import missing_in
from tests.conftest import NDJSON, Client, Shared
from tests.installation import Installation
from tests.waiting import settle

BATCH = "/api/v1/compare/batch"
POSTS = 40
SAILOR = [
    f"The ferry leaves the northern harbour at {hour}, wind permitting, and the tide is with us."
    for hour in range(POSTS)
]
STRANGER = [
    f"Soup no. {number} with leek and a pinch of nutmeg!! Salt it, stir it, eat it hot!!"
    for number in range(POSTS)
]
OTHERS = {
    "pilot": "runway {} is closed by fog, we wait... and nobody tells us anything",
    "poet": "o moon {} o silver o night, how long do you stay with me",
    "clerk": "Form {} must be handed in twice. Form {} must be stamped. Thank you.",
}


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Keep a sailor, beside eight others of the language; the cook is a stranger."""
    await shared.writer.add_author("sailor", *SAILOR[: POSTS - 8])
    further = {
        subject: f"Of all {subject} I own, number {{}} is what I would give away last, my friend."
        for subject in ("books", "stamps", "hats", "bikes", "clocks")
    }
    for name, text in {**OTHERS, **further}.items():
        await shared.writer.add_author(name, *(text.format(n, n) for n in range(30)))
    await settle(shared.app)
    return shared.anybody


async def table(client: Client, query: str, texts: list[str], status: int = 200) -> list[Any]:
    body = "\n".join(json.dumps({"text": text, "id": number}) for number, text in enumerate(texts))
    answer = await client.post(f"{BATCH}?{query}", data=body.encode(), headers=NDJSON)
    assert answer.status_code == status, await answer.get_data()
    return [json.loads(line) for line in (await answer.get_data()).splitlines()]


MIXED = [*SAILOR[-8:], *STRANGER[:12]]


async def test_a_summary_counts_the_likely_lines(site: Client) -> None:
    *rows, last = await table(site, "username=sailor&share=0.4", MIXED)
    summary = last["summary"]
    assert [row["id"] for row in rows] == list(range(len(MIXED)))
    assert summary["judged"] == len(MIXED)
    likely = [row["id"] for row in rows if row["verdict"] == "likely"]
    assert set(likely) <= set(range(8))
    assert summary["likely"] == len(likely) == summary["verdicts"].get("likely", 0) > 0


async def test_a_given_share_is_the_starting_belief(site: Client) -> None:
    *rows, last = await table(site, "username=sailor&share=0.1", MIXED[:3])
    assert last["summary"]["share"] == 0.1
    alone = await site.json(f"/api/v1/compare?text={MIXED[0]}&username=sailor&sure=0.1")
    assert rows[0]["none"] == alone["none"]


async def test_lines_by_one_hand_get_one_answer(site: Client) -> None:
    texts = [f"{text} and so on {number}" for number in range(3) for text in SAILOR]
    error, row, last = await table(site, "username=sailor&one_hand=1", ["?!", *texts])
    assert "no letters" in error["error"]
    assert row["lines"] == len(texts)
    assert row["verdict"] == "likely"
    assert last["summary"]["judged"] == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("username=sailor&share=auto", 400),
        ("username=sailor&share=2", 400),
        ("username=sailor&share=some", 400),
    ],
)
async def test_a_share_that_cannot_be_is_refused(site: Client, query: str, status: int) -> None:
    (problem,) = await table(site, query, MIXED[:1], status)
    assert problem["errors"][0]["loc"] == "share"


async def test_several_authors_without_a_share_have_no_summary(site: Client) -> None:
    rows = await table(site, "username=sailor&username=poet", MIXED[:2])
    assert [row["line"] for row in rows] == [1, 2]


async def post(client: Client, **fields: Any) -> tuple[int, str]:
    answer = await client.post("/compare/table", form=fields)
    return answer.status_code, (await answer.get_data()).decode()


async def test_the_page_has_a_row_for_each_line(site: Client) -> None:
    assert 'name="lines"' in await site.page("/compare/table")
    lines = "\n".join([*MIXED, "no", "", "=1+1 is no formula for the tide"])
    status, page = await post(site, lines=lines, username="sailor", share="0.5")
    assert status == 200
    assert page.count("<tr>") == 1 + len(MIXED) + 2
    assert not missing_in(page, "fewer than four words", "/compare?text=The+ferry")
    # Meanwhile a line for each portion of lines says how many are done, and then they are left.
    said = re.findall(r"\d+ of 22 lines \w+", page[: page.index("together-heading")])
    assert said == [f"{n} of 22 lines judged" for n in (20, 22)]


async def test_the_writer_of_a_known_line_is_named_before_its_answer(site: Client) -> None:
    """Whoever is asked about, on the page, as CSV and as JSON."""
    _, page = await post(site, lines=SAILOR[0], username="poet")
    (told,) = re.findall(r'<td class="word"><a href="(/tweet/\d+)"[^>]*>(.*?)</a>', page)
    assert told[1].startswith("sailor wrote exactly this here. It is from ")
    assert SAILOR[0] in await site.page(told[0])
    _, written = await post(site, lines=SAILOR[0], username="poet", **{"as": "csv"})
    assert "sailor wrote exactly this here." in written
    row, _ = await table(site, "username=poet", [SAILOR[0]])
    (known,) = row["read_in"]
    assert (known["username"], f"/tweet/{known['id']}") == ("sailor", told[0])


async def test_the_page_is_sent_while_the_lines_are_judged(site: Client) -> None:
    form = urlencode({"lines": "\n".join(MIXED), "username": "sailor"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = site.app.test_client().request("/compare/table", method="POST", headers=headers)
    async with asked as connection:
        await connection.send(form)
        await connection.send_complete()
        first = await connection.receive()
    assert b"Judging the lines" in first
    assert b"</html>" not in first


async def test_the_table_comes_as_csv(site: Client) -> None:
    lines = '{"text": "=1+1 is no formula for the tide", "id": "a"}\n{"text": "7"}'
    answer = await site.post(
        "/compare/table", form={"lines": lines, "kind": "jsonl", "username": "sailor", "as": "csv"}
    )
    assert answer.content_type.startswith("text/csv")
    first, second = csv.DictReader(io.StringIO((await answer.get_data()).decode("utf-8-sig")))
    assert (first["id"], first["text"]) == ("a", "'=1+1 is no formula for the tide")
    assert first["verdict"]
    assert 0 < float(first["share"]) < 1
    assert "no letters" in second["why_not"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"lines": " \n"}, "Give at least one line"),
        ({"lines": "a tide\n" * 1_001}, "at most 1,000 lines"),
        ({"lines": "a tide", "username": "nobody"}, "nobody"),
    ],
)
async def test_a_form_that_cannot_be_says_why(
    site: Client, fields: dict[str, str], told: str
) -> None:
    status, page = await post(site, **fields)
    assert status in {404, 422}
    assert told in page


async def test_a_file_is_read_by_its_name(site: Client) -> None:
    content = "id,text\nx1,The tide is with us at nine\nx2,오늘은 빵이 없어요\n"
    file = FileStorage(io.BytesIO(content.encode()), "lines.csv", "file", "text/csv")
    answer = await site.post("/compare/table", form={"username": "sailor"}, files={"file": file})
    page = (await answer.get_data()).decode()
    assert answer.status_code == 200
    assert not missing_in(page, ">x1<", "another language")


async def test_the_column_of_the_texts_can_be_chosen(site: Client) -> None:
    lines = "alpha,beta\nx1,The tide is with us at nine\nx2,The ferry left the quay at ten\n"
    sent = {"lines": lines, "kind": "csv", "username": ["sailor", "poet"]}

    async def ask(**more: str) -> Any:
        data = urlencode(sent | more, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await site.post("/compare/table", data=data, headers=headers)

    refused = await ask()
    assert refused.status_code == 422
    assert '<option value="beta">' in (await refused.get_data()).decode()
    answer = await ask(column="beta")
    assert answer.status_code == 200
    page = (await answer.get_data()).decode()
    assert '<option value="beta" selected>' in page
    assert page.count("The tide is with us at nine") > 1
    # Each of several authors has a column.
    head = page[page.index("<thead>") : page.index("</thead>")]
    assert head.index("sailor") < head.index("poet")
    answer = await ask(column="beta", **{"as": "csv"})
    first, _ = csv.DictReader(io.StringIO((await answer.get_data()).decode("utf-8-sig")))
    chances = [float(first[f"probability of {name}"]) for name in ("sailor", "poet")]
    assert max(chances) == float(first["probability"])
    assert sum(chances) + float(first["none"]) == pytest.approx(1, abs=0.001)


def test_the_command_judges_the_lines_of_a_file(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"sailor": SAILOR[: POSTS - 8]}
    known |= {name: [text.format(n, n) for n in range(30)] for name, text in OTHERS.items()}
    posts = tmp_path / "posts.jsonl"
    lines = [
        json.dumps({"username": name, "text": text})
        for name, some in known.items()
        for text in some
    ]
    posts.write_text("\n".join(lines), encoding="utf-8")
    assert installation.run("import", str(posts)).exit_code == 0
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(MIXED), encoding="utf-8")
    done = installation.run("compare", "-u", "sailor", "--file", str(file))
    *rows, last = map(json.loads, done.stdout.splitlines())
    assert len(rows) == len(MIXED)
    assert last["summary"]["share"] is None
    assert "lines could be judged" in done.stderr
    for options in (["--share", "0.1", "--sure", "0.2"], ["--share", "2"], ["--share", "auto"]):
        refused = installation.run("compare", "-u", "sailor", "--file", str(file), *options)
        assert refused.exit_code == 2
    for option in ("--one-hand", "--column=text=beta"):
        assert installation.run("compare", "-u", "sailor", option, "a tide").exit_code == 2
    table = tmp_path / "lines.csv"
    table.write_text("alpha,beta\nx1,The tide is with us at nine\n", encoding="utf-8")
    of_table = "compare", "-u", "sailor", "--file", str(table)
    chosen = installation.run(*of_table, "--column", "text=beta")
    assert json.loads(chosen.stdout.splitlines()[0])["ranking"]
    for column in ((), ("--column", "text=gamma"), ("--column", "beta")):
        assert installation.run(*of_table, *column).exit_code == 2
