"""Each step of a table's plan, on rows that no file needs to hold."""

from collections.abc import Callable

from app.formats.assumptions import fields_without
from app.formats.records import ReadOptions
from app.formats.tables import plan as steps
from app.formats.tables.columns import Row
from app.formats.tables.plan import Plan, Sample, plan_of

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


def test_roles_that_no_known_column_has() -> None:
    rows = [{"blogger": "mina", "written": "2024-01-05", "opinion": "The fog came again."}] * 2
    plan = after(steps.guess_roles, *rows)
    assert plan.chosen == {"blogger": "username", "written": "created_at", "opinion": "text"}
    assert plan.guesses["text"] == ("opinion",)
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
    assert plan.guesses == {"username": ("profile", "author")}
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
    plan = after(steps.look_for_rounded_ids, *({"id": number, "text": "fog"} for number in LONG))
    assert (plan.has_rounded_ids, plan.has_lost_ids) == (True, True)
    plan = after(steps.look_for_rounded_ids, {"id": "1.7432E+18", "text": "fog"})
    assert (plan.has_rounded_ids, plan.has_lost_ids) == (False, True)
    exact = {"id": "1743200000000000001", "text": "fog"}
    assert after(steps.look_for_rounded_ids, exact) == NEW


def test_titles_are_words_where_a_post_has_no_others() -> None:
    row = {"title": "Fog", "text": "It came at six."}
    assert after(steps.look_for_titles, row).unread_titles == ("title",)
    plan = after(steps.look_for_titles, row, {"title": "Salt", "text": ""})
    assert (plan.has_titles, plan.unread_titles) == (True, ())


def test_texts_in_html_by_the_program_that_wrote_them() -> None:
    tumblr = {"blog_name": "mina", "body": "<p>fog</p>", "id_string": "1", "post_url": "u"}
    assert after(steps.look_for_html, tumblr).is_html
    assert not after(steps.look_for_html, {"text": "<p>fog</p>"}).is_html


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
