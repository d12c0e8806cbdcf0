"""`saywho.Judge` answers as a site that holds the same posts."""

import io
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas
import pytest
from quart import Quart

import saywho
from app.services.compare.background import renew_background
from saywho.engine.fitting import FEWEST_FITTED
from tests.browsing import parts_of
from tests.chats import ZONE, import_chat, kakaotalk, telegram
from tests.conftest import client_with
from tests.installation import ROOT
from tests.made_chats import made_authors, made_chat, made_kind
from tests.waiting import settle

DIGITS: Final = 6e-6
"""Relative difference of equal numbers of six digits."""
COPIED: Final = "[민아] [오후 3:02] 바다 기차 저녁 정원\n[준] [오후 3:03] 창문 편지 주전자"


def _replies() -> bytes:
    """Return a chat in which people answer themselves, and one another."""
    chat = json.loads(telegram(7, "boat", *made_kind("own words").said))
    for message in chat["messages"][3::4]:
        message["reply_to_message_id"] = message["id"] - 2
    return json.dumps(chat).encode()


def _posts() -> bytes:
    """Return posts of two platforms and languages, some with media alone, of forty authors."""
    rows = [
        {
            "username": name,
            "text": "" if place % 17 == 3 else f"@su.me {text}" if place % 3 else text,
            "handles": "su.me" if place % 2 else None,
            "media": [{"kind": "photo"}] if place % 17 == 3 else [],
            "created_at": f"{when}:00Z".replace(" ", "T") if place % 5 else None,
            "source_id": f"{place}",
            "platform": "x" if name.isascii() else "mastodon",
        }
        for language in ("en", "ko")
        for seed in range(12)
        for place, (when, name, text) in enumerate(made_authors(seed, language).said)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "a Korean chat": lambda: kakaotalk("방", *made_kind("shared words").said),
    "an English chat": lambda: telegram(3, "quay", *made_chat(4).said),
    "answers": _replies,
    "posts of many authors": _posts,
    "posts to somebody here": lambda: _posts().replace(b"Ros1000", b"Su.Me"),
    "fewer than twenty": lambda: kakaotalk("방", *made_chat(5).said[:15]),
}


SAID: Final = (
    "the ferry was late again today",
    "I had soup and bread for lunch",
    "nobody told me about the meeting",
    "that film was better than the book",
    "we walked along the river at night",
    "my bike needs a new chain",
    "coffee first, then we talk",
    "it rained all weekend here",
    "the train stopped twice for no reason",
    "I will call you tomorrow morning",
)
"""What two made authors say alike; one of them mentions people."""


def mentioning(name: str, handles: str | None = None) -> saywho.Judge:
    said = [f"{SAID[place % 10]} {place}" for place in range(60)]
    mentions = [f"{name} {text}" if place % 2 else text for place, text in enumerate(said)]
    rows = [{"author": "mina", "text": text, "handles": handles} for text in mentions]
    return saywho.Judge(rows + [{"author": "jiu", "text": text} for text in said])


SOURCES: Final = {
    "bluesky": """{"uri": "at://did:plc:a/app.bsky.feed.post/1", "value": {
        "$type": "app.bsky.feed.post", "text": "🚢 @su.me hi", "facets": [{
            "index": {"byteStart": 5, "byteEnd": 11},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:su"}]}]}}""",
    "mastodon-api": """{"id": "1", "account": {"acct": "a"}, "visibility": "public",
        "content": "<p>🚢 @su.me hi</p>", "mentions": [{"acct": "su.me@pix.example"}]}""",
    "mastodon": """{"type": "Note", "attributedTo": "https://a.example/users/a", "to": "as:Public",
        "content": "<p>🚢 @su.me hi</p>", "tag": [{"name": "@su.me@pix.example"}, 5]}""",
}
"""Posts in which the field of mentions says that `su.me` is somebody."""


@pytest.mark.parametrize("format_", SOURCES)
def test_a_file_says_which_dotted_names_are_whole(format_: str) -> None:
    (post,) = chat = saywho.read(io.BytesIO(SOURCES[format_].encode()))
    assert (chat.format, post.text, post.handles) == (format_, "🚢 @su.me hi", "su.me")


@pytest.mark.parametrize("host", [".bsky.social", "@harbour.example", ".sea.co.example"])
def test_no_text_is_given_to_whoever_names_people_on_its_host(host: str) -> None:
    judge, on_no_host = mentioning(f"@sora{host}"), mentioning("@sora")
    assert mentioning("@sora.me", "sora.me").ask(SAID[0]) == on_no_host.ask(SAID[0])
    text = "really? nobody said so before"
    answer = judge.ask(f"@minsu{host} {text}")
    assert answer.verdict == "unfamiliar"
    assert answer.ranking == on_no_host.ask(f"@minsu {text}").ranking
    assert answer.words == judge.ask(text).words
    assert judge.ask(f"@minsu{host} {SAID[0]} ferry").text.startswith(f"@minsu{host} ")


def asked(chat: saywho.Chat) -> Iterator[str | list[str]]:
    """Yield texts: of people here, of nobody, several, and messages copied from a chat."""
    own = [post.text for post in chat if len(post.text.split()) > 1]
    yield from own[:: max(len(own) // 4, 1)][:4]
    yield own[1:4]
    yield "어제는 우리 바다에 갔는데 정말 좋았어 ㅋㅋ 커피도 마셨고"
    yield "The ferry was late again, and the lamp on the quay went out!"
    yield COPIED


@pytest.mark.parametrize("kind", FILES)
async def test_answers_are_those_of_a_site(app: Quart, kind: str) -> None:
    file = FILES[kind]()
    chat = saywho.read(io.BytesIO(file), tz=ZONE, accept_doubts=True)
    assert any(post.handles for post in chat) == kind.startswith("posts")
    report = await import_chat(parts_of(app).db, file)
    assert report.accepted == len(chat)
    await settle(app)
    # A background that was made while the file was stored stands until posts are a quarter more.
    if len(chat) >= FEWEST_FITTED:
        await renew_background(parts_of(app).db)
    client, judge = await client_with(app, "write"), saywho.Judge(chat)
    few = list(chat.people[:3])
    for among in (few, [], few[:1]):
        for text in asked(chat):
            texts = [text] if isinstance(text, str) else text
            sent = await client.post(
                "/api/v1/compare", json={"texts": texts, "usernames": among, "sure": 0.4}
            )
            answer = judge.ask(text, among=among, sure=0.4)
            assert _plain(answer) == _approximate(await sent.get_json()), (text, among)


def _plain(answer: saywho.Answer) -> dict[str, Any]:
    return answer._asdict() | {
        "ranking": [each._asdict() for each in answer.ranking],
        "evidence": [each._asdict() for each in answer.evidence],
        "limits": list(answer.limits),
    }


def _approximate(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the API under the names of the library."""

    def near(number: float | None) -> Any:
        return None if number is None else pytest.approx(number, rel=DIGITS, abs=1e-12)

    same = ("text", "verdict", "limits", "held_back", "words", "lang")
    return {name: sent[name] for name in same} | {
        "ranking": [
            {
                "author": each["username"],
                "probability": near(each["probability"]),
                "log10_ratio": near(each["log10_lr"]),
                "bound": each["bound"],
                "posts": each["tweets"],
            }
            for each in sent["ranking"]
        ],
        "evidence": [
            {
                "text": mark["text"],
                "start": mark["start"],
                "end": mark["end"],
                "author": mark["username"],
                "weight": near(mark["weight"]),
            }
            for mark in sent["evidence"]
        ],
        "somebody_else": near(sent["none"]),
        "needed": near(sent["needed"]),
        "strangers": near(sent["strangers"]),
    }


async def test_held_out_posts_are_those_of_the_model_card(app: Quart) -> None:
    file = FILES["an English chat"]()
    await import_chat(parts_of(app).db, file)
    await settle(app)
    card = await (await client_with(app, "write")).json("/api/v1/compare/card")
    held_out = saywho.Judge(saywho.read(io.BytesIO(file), tz=ZONE)).held_out()
    assert held_out is not None
    names = [author["username"] for author in card["authors"]]
    assert (list(held_out.people), list(map(list, held_out.confusion))) == (
        names,
        card["confusion"],
    )
    assert held_out[:3] == tuple(card["held_out"][name] for name in ("asked", "right", "by_chance"))


def _in_books(most: int = 400) -> list[saywho.Post]:
    """Return posts of which twelve together are a text, such as a chapter."""
    numbers = Counter[str]()
    posts = list[saywho.Post]()
    for _, name, text in made_authors(3, "en").said[:most]:
        numbers[name] += 1
        source = f"{name}/{numbers[name] // 12}"
        posts.append(
            saywho.Post(name, text, None, None, None, None, "post", (), None, "local", source)
        )
    return posts


def test_whole_texts_are_held_out_as_if_they_had_never_been_there() -> None:
    posts = _in_books()
    held_out = saywho.Judge(posts).held_out(by="source")
    assert held_out is not None
    assert held_out.asked == len(held_out.texts) == sum(map(sum, held_out.confusion))
    for text in held_out.texts[::3]:
        rest = saywho.Judge([post for post in posts if post.source != text.source])
        answer = rest.ask([post.text for post in posts if post.source == text.source])
        first = answer.ranking[0]
        assert (first.author, answer.verdict) == (text.first, text.verdict)
        assert first.log10_ratio == pytest.approx(text.log10_ratio, abs=0.05)
    right = [text.first == text.author for text in held_out.texts]
    assert held_out.right == round(sum(right) / len(right), 4)


def test_whole_authors_and_a_split_of_one_s_own_are_held_out() -> None:
    posts = _in_books()
    judge = saywho.Judge(posts)
    strangers = judge.held_out(by="author")
    assert strangers is not None
    assert all(text.author != text.first for text in strangers.texts)
    unsaid = [text.verdict != "likely" for text in strangers.texts]
    assert strangers.right == round(sum(unsaid) / len(unsaid), 4)
    assert strangers.by_chance == 0
    # Of the folds, each leaves out half of the texts of everybody.
    folds = judge.held_out(by=[int(str(post.source)[-1]) % 2 for post in posts])
    assert folds is not None
    assert {text.source for text in folds.texts} == {text.source for text in strangers.texts}
    some = judge.held_out(by=[post.source if n < 60 else None for n, post in enumerate(posts)])
    assert some is not None
    assert {text.source for text in some.texts} < {post.source for post in posts[:60]}
    assert some.asked > 1
    for by, said in (("book", "'source', 'author' or"), ([1, 2], "each of the 240 posts")):
        with pytest.raises(ValueError, match=said):
            judge.held_out(by=by)
    pairs = saywho.Judge((post.author, post.text) for post in posts)
    with pytest.raises(ValueError, match="no post has a source"):
        pairs.held_out(by="source")


def test_every_text_is_compared_with_every_text() -> None:
    file = ROOT / "examples" / "13_notebook" / "posts.jsonl"
    chat = saywho.read(file)
    posts = [post._replace(source=f"{post.author}/{n % 2}") for n, post in enumerate(chat)]
    judge = saywho.Judge(posts)
    of_each: dict[str, list[str]] = {}
    for post in posts:
        of_each.setdefault(str(post.source), []).append(post.text)
    delta, ratio = judge.matrix(measure="delta"), judge.matrix()
    assert {*delta.rows} == of_each.keys()
    assert ratio.rows == ratio.columns == delta.rows == delta.columns
    assert np.allclose(delta.values, delta.values.T)
    assert (np.diag(delta.values) == 0).all()
    assert np.isnan(np.diag(ratio.values)).all()
    assert np.nanmax(np.abs(ratio.values)) <= 3
    table = saywho.features(posts, by="source", most=10_000)
    words = table.values[:, [name[0].isalpha() for name in table.columns]]
    shares = (words / words.sum(axis=1, keepdims=True))[:, :500]
    scores = (shares - shares.mean(axis=0)) / shares.std(axis=0)
    cosines = scores @ scores.T / np.outer(*[np.linalg.norm(scores, axis=1)] * 2)
    order = [table.rows.index(name) for name in delta.rows]
    assert np.allclose(delta.values, 1 - cosines[order][:, order])
    # Each text is nearest to the other by its author.
    for place, name in enumerate(delta.rows):
        other = delta.rows.index(name[:-1] + str(1 - int(name[-1])))
        assert np.nanargmax(ratio.values[place]) == other
        assert ratio.values[place, other] > 2
    # Texts of nobody here have the same distances, and are not known to be of its people.
    given = judge.matrix(of_each, measure="delta")
    order = [given.rows.index(name) for name in delta.rows]
    assert np.allclose(given.values[order][:, order], delta.values)
    assert np.nanmax(judge.matrix(of_each).values) <= 3
    for texts, options, said in (
        (of_each, {"measure": "zeta"}, "measure is"),
        ({"one": "some words of mine here"}, {}, "at least two texts"),
        ({"one": "some words of mine here", "two": "12:30"}, {}, "two: the text has too few words"),
    ):
        with pytest.raises(ValueError, match=said):
            judge.matrix(texts, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def judge() -> saywho.Judge:
    return saywho.Judge((name, text) for _, name, text in made_authors(1, "en").said)


def test_a_judge_is_pickled_without_the_shipped_authors(judge: saywho.Judge) -> None:
    packed = pickle.dumps(judge)
    assert len(packed) < 6_000_000
    again = pickle.loads(packed)  # noqa: S301 # of this test
    text = "The lamp and the kettle, again!"
    assert again.ask(text) == judge.ask(text)
    assert again.people == judge.people


def test_threads_share_a_judge(judge: saywho.Judge) -> None:
    texts = [text for _, _, text in made_authors(2, "en").said][:60]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(judge.ask, texts)) == judge.ask_many(texts)


def test_what_cannot_be_asked_is_a_value_error(judge: saywho.Judge) -> None:
    first = judge.people[0]
    questions: tuple[tuple[str | list[str], dict[str, Any], str], ...] = (
        ("", {}, "text must not be empty"),
        ("12:30 !!", {}, "contains no letters"),
        ([f"a{n}" for n in range(1_001)], {}, "1 to 1000 texts"),
        ("tea", {"among": ["nobody"]}, "'nobody' has no posts here"),
        ("tea", {"among": [first, first.upper()]}, "named twice"),
        ("tea", {"sure": 0}, "above 0"),
    )
    for text, options, said in questions:
        with pytest.raises(ValueError, match=said):
            judge.ask(text, **options)
    with pytest.raises(TypeError, match="a list of names"):
        judge.ask("tea", among=first)
    with pytest.raises(ValueError, match="no posts"):
        saywho.Judge([("mina", "  ")])


def test_a_judge_takes_what_has_authors_and_texts() -> None:
    chat = saywho.read(io.BytesIO(FILES["an English chat"]()), tz=ZONE)
    pairs = [(post.author, post.text) for post in chat]
    of_each: dict[str, list[str]] = {name: [] for name, _ in pairs}
    for name, text in pairs:
        of_each[name].append(text)
    table = chat.to_pandas()
    text = next(iter(of_each.values()))[3]
    alike = [saywho.Judge(given).ask(text) for given in (chat, table, chat.to_records())]
    alike_too = [
        saywho.Judge(given).ask(text)
        for given in (
            pairs,
            table[["text", "author"]],
            table[["author", "text"]].to_numpy(),
            {"author": [name for name, _ in pairs], "text": [text for _, text in pairs]},
        )
    ]
    assert alike == alike[:1] * 3
    assert alike_too == alike_too[:1] * 4
    assert saywho.Judge(of_each).people == saywho.Judge(chat).people
    # What pandas writes into a file and reads again has no times and no None.
    again = pandas.read_csv(io.StringIO(table.to_csv(index=False)))
    assert saywho.Judge(again).ask(text) == alike[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pandas.DataFrame({"ab": ["x"], "cd": ["y"]}), "this has ab, cd"),
        (pandas.DataFrame({"author": ["mina"], "tweet": ["y"]}), "this has author, tweet"),
        (pandas.DataFrame([["a", "b", "c"]], columns=["author", "text", "text"]), "once each"),
        (pandas.DataFrame({"author": ["mina"], "text": [None]}), "must be strings, not 'mina'"),
        (pandas.DataFrame({"author": ["a"], "text": ["b"], "created_at": ["x"]}), "created_at"),
        (pandas.Series(["a text"], index=["mina"]), "pairs of author and text, not 'a text'"),
        ([(float("nan"), "tea")], "must be strings, not nan and 'tea'"),
        ([("mina", None)], "must be strings"),
        (["ab", "cd"], "pairs of author and text, not 'ab'"),
        ([("mina", "tea", 3)], "pairs of author and text"),
        ([{"mina", "tea"}], "pairs of author and text"),
        ([{"name": "mina", "words": "tea"}], "must be strings, not None"),
        ({"mina": 3}, "pairs of author and text, not 3"),
        ({"mina": None}, "pairs of author and text, not None"),
        ({"mina": [3]}, "must be strings, not 'mina' and 3"),
        ("mina: tea", "pairs of author and text, not 'mina: tea'"),
        (3, "pairs of author and text, not 3"),
        (None, "pairs of author and text, not None"),
    ],
)
def test_what_has_no_authors_and_texts_is_refused_in_a_sentence(given: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said) as raised:
        saywho.Judge(given)
    assert "_" not in str(raised.value).replace("created_at", "")


def test_a_whole_book_is_asked_in_pieces(judge: saywho.Judge) -> None:
    *_, (_, author, _) = made_authors(1, "en").said
    said = [text for _, name, text in made_authors(1, "en").said if name == author]
    book = "\r\n\n".join(said * 300) + "\n\n\0 caf\u00e9 cafe\u0301"
    assert len(book) > 500_000
    answer = judge.ask(book)
    assert answer.ranking[0].author == author
    assert answer.text == "\n\n".join(said * 300) + "\n\n caf\u00e9 caf\u00e9"
    assert answer.evidence
    for piece in answer.evidence:
        assert answer.text[piece.start : piece.end] == piece.text
    # Sixty texts are as many.
    assert judge.ask(said[:60]).ranking[0].author == author


def test_a_judge_cuts_long_texts_as_a_reading_does() -> None:
    books = {
        name: " ".join(text for _, _, text in made_authors(n, "en").said) * 9
        for n, name in enumerate("AB")
    }
    assert all(len(text) > 50_000 for text in books.values())
    rows = "".join(
        json.dumps({"author": name, "text": text}) + "\n" for name, text in books.items()
    )
    read = saywho.read(io.BytesIO(rows.encode()), accept_doubts=True)
    text = "The lamp and the kettle, again!"
    assert saywho.Judge(books).ask(text) == saywho.Judge(read).ask(text)


def test_too_little_is_said_to_be_too_little() -> None:
    days = (date(2024, 1, 1) + timedelta(day) for day in range(3))
    judge = saywho.Judge([("mina", f"{day} 바다에 갔다") for day in days])
    answer = judge.ask("바다에 또 갔다 왔어")
    assert (answer.verdict, answer.somebody_else) == ("short", None)
    assert judge.held_out() is None
