"""Each step of a table's plan, on rows that no file needs to hold."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from saywho.formats.assumptions import fields_without
from saywho.formats.records import ReadOptions
from saywho.formats.tables import plan as steps
from saywho.formats.tables.columns import Row
from saywho.formats.tables.plan import Plan, Sample, plan_of

Step = Callable[[Plan, Sample], Plan]
NEW = Plan({})
LONG = ("1743200000000000000", "1743200000000001000", "1743200000000002000")


def after(step: Step, *rows: Row, plan: Plan = NEW, is_table: bool = True) -> Plan:
    return step(plan, Sample(rows, rows, is_table))


def test_a_column_named_like_a_flag_that_counts() -> None:
    rows = [
        {"text": "fog", "retweet": "0", "reply": "1"},
        {"text": "salt", "retweet": "12", "reply": "0"},
    ]
    plan = after(steps.tell_counts_from_flags, *rows)
    assert plan.chosen == {"retweet": "n_reposts", "reply": "n_replies"}
    assert plan.counts == ("reply",)
    flags = [{**row, "retweet": "1"} for row in rows]
    assert after(steps.tell_counts_from_flags, *flags) == NEW


def test_a_column_name_that_has_the_ids_of_posts() -> None:
    posts = [{"name": f"t3_a{n}", "id": f"a{n}", "body": "fog"} for n in range(3)]
    assert after(steps.ignore_names_of_posts, *posts).chosen == {"name": ""}
    people = [{"name": "mina", "id": f"a{n}", "body": "fog"} for n in range(3)]
    assert after(steps.ignore_names_of_posts, *people) == NEW


SENTENCES = (
    "The ferry came late again today.",
    "Nobody waited at the pier for it.",
    "Fog, all day long.",
)


@given(st.permutations(["αυτός", "κείμενό", "τόπος"]), st.sampled_from(["username", "τίς"]))
def test_the_longest_cells_are_the_texts_in_any_language(names: list[str], who: str) -> None:
    """Beside an author; without one, the column is only named in the refusal."""
    text, *others = names
    rows: list[Row] = [
        {who: "mina", text: f"{sentence} {sentence}", **dict.fromkeys(others, f"pier {n}")}
        for n, sentence in enumerate(SENTENCES)
    ]
    plan = after(steps.guess_roles, *rows)
    is_known = who == "username"
    assert plan.chosen.get(text) == ("text" if is_known else None)
    assert (text in plan.looks_like) is not is_known


@pytest.mark.parametrize(
    "rows",
    [
        [{"username": "mina", "ab": "x" * 50, "cd": "pier"}] * 3,
        [{"username": "mina", "923145786719862785": text} for text in SENTENCES],
        [{"username": "mina", "ab": text, "cd": text[::-1]} for text in SENTENCES],
    ],
    ids=["equal cells", "no names above the rows", "two columns of sentences"],
)
def test_no_column_is_the_text_by_its_length_where_it_is_unclear(rows: list[Row]) -> None:
    assert "text" not in after(steps.guess_roles, *rows).chosen.values()


def test_roles_that_no_known_column_has() -> None:
    rows = [{"blogger": "mina", "written": "2024-01-05", "opinion": "The fog came again."}] * 2
    plan = after(steps.guess_roles, *rows)
    assert plan.chosen == {"blogger": "username", "written": "created_at", "opinion": "text"}
    assert plan.guesses["text"].columns == ("opinion",)
    # Any document has some words: only a table's are guessed.
    assert "text" not in after(steps.guess_roles, *rows, is_table=False).guesses
    none = Plan({"author=none": "username"})
    assert fields_without(none.chosen) == {"username"}
    assert "username" not in after(steps.guess_roles, *rows, plan=none).guesses


def test_a_column_that_looks_like_reposts() -> None:
    rows = [{"text": "fog", "was_reposted": "yes"}]
    assert after(steps.guess_roles, *rows).looks_like == {"was_reposted": "repost"}


def test_accounts_beside_names_that_are_shown() -> None:
    rows = [
        {
            "author": name,
            "profile": account,
            "text": "fog",
            "url": f"https://x.com/{account}/status/{n}",
        }
        for n, (name, account) in enumerate([("Mina P.", "mina"), ("Jun", "jun_reef")])
    ]
    plan = after(steps.find_accounts, *rows)
    assert plan.chosen == {"profile": "username", "author": "display_name"}
    assert plan.guesses["username"].columns == ("profile", "author")
    stated = Plan({"author": "username"}, frozenset({"username"}))
    assert after(steps.find_accounts, *rows, plan=stated) == stated


def test_a_column_name_of_things() -> None:
    things = [{"username": "mina", "name": name, "text": "fog"} for name in ("Lamp", "Rope")]
    assert after(steps.ignore_names_of_things, *things).chosen == {"name": ""}
    people = [{"username": "mina", "name": "Mina P.", "text": "fog"}] * 2
    assert after(steps.ignore_names_of_things, *people) == NEW


def test_the_time_of_day_in_a_column_of_its_own() -> None:
    rows = [{"date": "2024-01-05", "time": "10:00", "text": "fog"}]
    chosen = {"date": "created_at", "time": "clock"}
    assert after(steps.join_clock, *rows).chosen == chosen
    whole = [{"date": "2024-01-05 09:00", "time": "10:00", "text": "fog"}]
    assert after(steps.join_clock, *whole) == NEW


def test_numbers_of_rows_are_no_ids() -> None:
    rows = [{"id": str(n), "text": f"fog {n}", "username": "mina"} for n in range(3)]
    plan = after(steps.look_for_ids, *rows)
    assert plan.chosen == {"id": ""}
    assert [*plan.no_ids] == ["id"]
    answered = [{**row, "parent_id": "1"} for row in rows]
    assert after(steps.look_for_ids, *answered) == NEW
    assert after(steps.look_for_ids, *rows, is_table=False) == NEW


def test_ids_that_a_spreadsheet_has_rounded() -> None:
    rounded = [{"id": number, "text": "fog"} for number in LONG]
    assert after(steps.look_for_rounded_ids, *rounded).lost_ids == {"source_id": ["id"]}
    for lost in ("1.7432E+18", 1.7432e18):  # In JSON they are numbers.
        plan = after(steps.look_for_rounded_ids, {"in_reply_to_status_id": lost, "text": "fog"})
        assert plan.lost_ids == {"reply_id": ["in_reply_to_status_id"]}
    exact = {"id": "1743200000000000001", "text": "fog"}
    assert after(steps.look_for_rounded_ids, exact) == NEW


def test_numbers_and_addresses_are_no_texts_beside_words() -> None:
    board = [{"댓글": "3", "내용": "안개다"}, {"댓글": "8", "내용": ""}]
    plan = after(steps.tell_texts_from_counts_and_links, *board)
    assert plan.chosen == {"댓글": "n_replies"}
    liked = {"content": "https://boxd.example/a", "comment": "I hoped so."}
    plan = after(steps.tell_texts_from_counts_and_links, liked)
    assert plan.chosen == {"content": ""}
    alone = {"content": "https://boxd.example/a"}
    assert after(steps.tell_texts_from_counts_and_links, alone) == NEW
    stated = Plan({"댓글": "text"}, frozenset({"text"}))
    assert after(steps.tell_texts_from_counts_and_links, *board, plan=stated) == stated


def test_who_wrote_a_book_is_not_who_reviews_it() -> None:
    book = {"Title": "Fog Hill", "Author": "Ann Pier", "ISBN": "11", "My Review": "Slow."}
    plan = after(steps.ignore_works, book)
    assert (plan.chosen, plan.works) == ({"Title": "", "Author": ""}, ("Title", "Author"))
    post = {"title": "Fog", "author": "mina", "text": "Slow.", "publisher": "quay.example"}
    assert after(steps.ignore_works, post) == NEW
    assert "username" not in after(steps.guess_roles, book, plan=plan).guesses


def test_times_are_no_authors() -> None:
    row = {"poster": "2024-01-05T10:00:00Z", "text": "fog"}
    assert after(steps.ignore_authors_that_are_times, row).chosen == {"poster": ""}
    digits = {"poster": "20240105", "text": "fog"}
    assert after(steps.ignore_authors_that_are_times, digits) == NEW


def test_of_two_times_the_earlier_one_is_when_it_was_written() -> None:
    def rows(*pairs: tuple[str, str]) -> list[Row]:
        return [{"created_at": one, "timestamp": other, "text": "fog"} for one, other in pairs]

    collected = rows(
        ("2024-03-28 14:31:46", "2023-12-03 22:34:40"),
        ("2024-03-28 14:31:47", "2023-12-04 02:13:23"),
    )
    plan = after(steps.choose_earlier_time, *collected)
    assert plan.chosen == {"created_at": "", "timestamp": "created_at"}
    assert plan.guesses["created_at"].columns == ("timestamp", "created_at")
    # The same time in another zone, and the one time of a thread, are none of the posts'.
    zone = rows(
        ("2024-01-05 10:00:01", "2024-01-05 01:00:01"),
        ("2024-01-05 11:00:02", "2024-01-05 02:00:02"),
    )
    assert after(steps.choose_earlier_time, *zone) == NEW
    thread = rows(*((f"2024-01-05 10:00:0{n}", "2024-01-05 01:00:00") for n in range(4)))
    assert after(steps.choose_earlier_time, *thread) == NEW


def test_a_column_of_times_is_found_by_its_values() -> None:
    form = {"타임스탬프": "2024/01/05 3:04:05 오후 GMT+9", "의견": "안개다"}
    assert after(steps.find_times, form).chosen == {"타임스탬프": "created_at"}
    two = {"when1": "2024-01-05 10:00", "when2": "2024-01-05 11:00", "text": "fog"}
    assert after(steps.find_times, two).looks_like == {"when1": "time", "when2": "time"}


def test_na_is_nothing_where_a_column_of_another_kind_has_it() -> None:
    assert after(steps.look_for_na, {"text": "NA", "lang": "NA"}).has_na
    assert not after(steps.look_for_na, {"text": "NA", "lang": "ko"}).has_na


def test_quotation_marks_around_line_breaks() -> None:
    assert after(steps.look_at_texts, {"text": 'fog"\n"salt'}).has_quoted_breaks
    quoted = {"text": '"fog"\nsalt'}
    assert not after(steps.look_at_texts, quoted).has_quoted_breaks


def test_titles_are_words_where_a_post_has_no_others() -> None:
    row = {"title": "Fog", "text": "It came at six."}
    assert after(steps.look_for_titles, row).unread_titles == ("title",)
    plan = after(steps.look_for_titles, row, {"title": "Salt", "text": ""})
    assert (plan.has_titles, plan.unread_titles) == (True, ())


def test_texts_in_html_by_the_program_that_wrote_them() -> None:
    tumblr = {"blog_name": "mina", "body": "<p>fog</p>", "id_string": "1", "post_url": "u"}
    assert after(steps.look_at_texts, tumblr).is_html
    assert not after(steps.look_at_texts, {"text": "<p>fog</p>"}).is_html


def test_the_likeliest_author_is_told_and_not_used() -> None:
    rows = [{"crew": name, "text": "fog"} for name in ("mina", "jun", "mina", "jun")]
    plan = after(steps.look_for_author, *rows)
    assert plan.is_author_open
    assert plan.looks_like == {"crew": "author"}
    assert plan.chosen == {}
    assert after(steps.look_for_author, {"username": "mina", "text": "fog"}) == NEW


def test_each_step_sees_what_the_ones_before_it_chose() -> None:
    rows = [
        {"id": f"{n}", "name": f"{n}", "sender_name": "mina", "text": f"fog {n}"}
        for n in range(1, 4)
    ]
    plan = plan_of(rows, ReadOptions(), is_table=True)
    # The names are the ids of the posts; these count rows, which only shows afterwards.
    assert plan.chosen == {"name": "", "sender_name": "username", "id": ""}
    assert plan_of(rows, ReadOptions(columns={"id": "source_id"}), is_table=True).no_ids == {}
