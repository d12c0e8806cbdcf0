"""What marks beside the tests cannot say: which `make test` runs, their database, their process.

Beside a test, `full` and `soak` leave it to `make test-full` and `make soak`, both to the latter.
`databases` names the kinds of database that it runs on, and may mark one of them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.databases import KINDS, STOCK

T = TypeVar("T")

FOLDER: Final = Path(__file__).parent
ON_SQLITE: Final = (*("asgi", "parts", "views"), *("services/compare", "services/imports"))
"""Folders whose tests only `make soak` runs on PostgreSQL, unless they name it; as of `tests/*.py`.

They are of requests, comparisons, imports and sources, which reach a database by what the other
folders test on both.
"""
TOGETHER: Final = ("tests/browser/",)
"""Where the ids of tests begin that share a browser and its sites."""
ALONE: Final = ("tests/benchmarks/", "tests/trust/")
"""Where tests take long and share nothing."""
QUICK: Final = ("tests/engine/", "tests/formats/")
"""Where a module takes about a second: at the end of a run, no process waits long for another."""


def _beginnings(starts: dict[str, str]) -> tuple[str, ...]:
    """Return where ids begin, by folders of tests."""
    return tuple(f"tests/{folder}{start}" for folder in starts for start in starts[folder].split())


LATER: Final = _beginnings(
    {
        "": "benchmarks/ browser/ cli/ examples/ guide/ trust/ "
        "test_create_app.py::test_a_checkout_that_is_not_installed "
        "test_embedders.py::test_bad_vectors test_footprint.py "
        "test_judge.py::test_answers_are_those_of_a_site "
        "test_lettering.py::test_without_fribidi test_library.py::test_a_table_has_a_row "
        "test_packages.py test_parts.py test_patterns.py "
        "test_population.py::test_a_further_language_is_read_when "
        "test_text.py::test_any_number_of_marks test_three_calls.py test_wheel.py",
        "asgi/": "test_edge.py::test_no_layer_takes_more",
        "cli/": "test_cli_browser.py::test_a_terminal_shows "
        "test_cli_commands.py::test_a_check_warns_of "
        "test_cli_commands.py::test_bash_completes "
        "test_cli_export.py::test_a_deletion_shows "
        "test_cli_export.py::test_an_export_to_a_file_shows",
        "db/": "test_failover.py test_feed.py::test_a_commit_of_another_process "
        "test_migrate.py test_pooler.py test_postgresql_restore.py "
        "test_revisions.py::test_an_upgrade_and_downgrade "
        "test_revisions.py::test_every_page_of_it_answers",
        "engine/": "test_features.py::test_many_and_long_texts "
        "test_judgement.py::test_among_all_an_author "
        "test_judgement.py::test_few_posts_of_a_named "
        "test_judgement.py::test_ratios_probabilities "
        "test_judgement.py::test_strangers_are_hardly_ever test_little_known.py",
        "formats/source/": "test_bombs.py test_written.py::test_the_months_of_every_language",
        "formats/": "test_chats.py::test_a_line_that_no_person "
        "test_chats.py::test_rooms_are_read test_csv.py::test_a_field_over_one_megabyte "
        "test_dates_of_whatsapp.py test_day_lines.py::test_a_message_of_one_line_over "
        "test_depth_and_pieces.py::test_time_grows "
        "test_documents.py::test_bad_lines_do_not_stop "
        "test_documents.py::test_memory_does_not_grow "
        "test_file_chats.py::test_long_texts_are_hashed test_growth.py "
        "test_line.py::test_a_long_file_of_odd_lines "
        "test_registry.py::test_a_file_behind_many "
        "test_registry.py::test_brackets_that_hold_no_posts "
        "test_registry.py::test_odd_values_cost "
        "test_registry.py::test_what_is_nested_too_deeply "
        "test_shapes.py::test_values_of_other_kinds "
        "test_workbook.py::test_the_rows_of_all_workbooks",
        "parts/dashboard/": "test_dashboard_server.py test_truth.py",
        "parts/games/": "test_game_pages.py::test_a_game_in_two_languages "
        "test_game_privacy.py test_game_streams.py test_games_api.py test_joining.py "
        "test_secrets.py",
        "parts/mcp/": "test_command.py::test_it_ends_with_its_input "
        "test_command.py::test_the_client test_questions.py::test_answers_are_short",
        "parts/pictures/": "test_picture.py::test_heading_text_bars test_year_cards.py",
        "parts/portraits/": "test_overview.py::test_each_person_has_a_card "
        "test_overview.py::test_shares_are_told "
        "test_overview.py::test_the_finding_comes_first test_people_alike.py",
        "parts/publish/": "test_publishing.py::test_a_full_disk "
        "test_publishing.py::test_a_web_server_may_read",
        "parts/quiz/": "test_room_quiz.py::test_a_game_is_of_the_room",
        "parts/report/": "test_reports.py::test_a_file_has_no_message "
        "test_reports.py::test_only_ticked_messages "
        "test_reports.py::test_years_and_authors_have_no_message",
        "parts/sources/": "test_inner_addresses.py "
        "test_sources_api.py::test_anything_else_is_refused",
        "parts/": "test_outputs_of_few.py test_true_sentences.py test_true_years.py",
        "parts/years/": "test_room_years.py "
        "test_year_pages.py::test_a_year_is_what_one_counts_by_hand",
        "people/": "test_days_apart.py::test_of_days_at_random "
        "test_fingerprint.py::test_what_somebody_does_on_one test_phrases.py "
        "test_portrait.py::test_work_grows "
        "test_same_chat.py::test_chats_of_the_same_people",
        "runtime/": "test_sandbox.py",
        "services/compare/": "test_background.py "
        "test_comparing.py::test_all_authors_and_many "
        "test_comparing.py::test_comparisons_after_a_change test_elsewhere.py "
        "test_left_out.py test_other_languages.py test_quiz_service.py",
        "services/imports/": "test_answers_in_chats.py test_chosen_rooms.py "
        "test_full_disk.py test_imports.py::test_posts_are_counted_in_a_process "
        "test_read_again.py test_watching.py",
        "services/posts/": "test_exporting.py::test_an_export_comes_in",
        "services/rooms/": "test_recognition.py test_zone_of_clock.py",
        "services/search/": "test_dear_searches.py test_search_service.py::test_no_query_fails",
        "services/": "test_joined_names.py::test_parted_names_are_as_if "
        "test_room_deletion.py test_vacuum.py",
        "serving/": "test_connections.py test_foreign_folder.py test_http2.py test_lane.py "
        "test_other_servers.py test_proxies.py test_server.py test_strangers_at_proxies.py "
        "test_supervision.py test_tls.py",
        "views/access/": "test_chat_alone.py test_chat_readers.py test_reader_pages.py "
        "test_switch.py",
        "views/authors/": "test_setting_apart.py",
        "views/comparing/": "test_copied_texts.py test_languages_of_few.py test_own_people.py",
        "views/imports/": "test_adding_only.py test_chat_formats.py test_consent.py "
        "test_import_previews.py test_import_progress.py "
        "test_imports_api.py::test_an_import_whose_process_was_killed "
        "test_imports_api.py::test_cancelling test_reading_choices.py test_room_choices.py "
        "test_undo_pages.py",
        "views/posts/": "test_deleted.py test_small_pictures.py "
        "test_typed_filters.py::test_a_filter_selects",
        "views/rooms/": "test_own_zone.py test_recognised.py",
        "views/site/": "test_first_steps.py test_generated_clients.py test_openapi.py "
        "test_where_people_are_led.py",
        "views/": "test_cast.py::test_people_of_chats_are_called_so "
        "test_cast.py::test_the_api_says test_extreme_values.py "
        "test_first_looks.py::test_what_was_counted_before test_growing_requests.py "
        "test_long_reads.py test_loop_holds.py test_markup.py test_origin.py "
        "test_plain_text.py "
        "test_policies.py::test_roles_have_the_rights_of_the_table[private test_posters.py "
        "test_stale_answers.py test_strangers.py test_subjects.py test_time_zones.py",
    }
)
"""Where the ids of tests begin that `make test` leaves to `make test-later`.

They take long, or prove in another way what the others prove too.
"""
SOONER: Final = _beginnings(
    {
        "browser/": "test_journeys.py::test_asking_about_two_authors",
        "cli/": "test_cli_backup.py::test_a_backup_is_restored test_cli_browser.py "
        "test_cli_commands.py test_cli_doubts.py test_cli_export.py",
        "db/": "test_migrate.py::test_a_fresh_database test_postgresql.py",
        "parts/pictures/": "test_year_cards.py::test_a_year_of_a_chat_has_cards",
        "serving/": "test_server.py::test_an_unavailable_address",
        "": "test_parts.py::test_a_site_without_a_part_answers",
        "views/comparing/": "test_own_people.py::test_one_tick_asks_about_a_chat",
        "views/": "test_posters.py::test_a_finding_of_any_length "
        "test_stale_answers.py::test_a_view_that_forgets",
    }
)
"""Where those ids begin that it runs all the same: the longest beginning of an id decides.

All others on PostgreSQL are left, too.
"""


def first_of(values: Iterable[T], *first: T) -> list[Any]:
    """Return parameters of which these are tried alone, and the others by `make test-full`."""
    params: list[Any] = []
    for value in values:
        several: Any = value if type(value) is tuple else (value,)
        is_first = value in first
        params.append(value if is_first else pytest.param(*several, marks=pytest.mark.full))
    return params


def kinds_for(definition: pytest.Item) -> Sequence[Any]:
    """Return the kinds of database that a test runs on."""
    place = definition.path.parent.relative_to(FOLDER)
    marker = definition.get_closest_marker("databases")
    kinds = marker.args if marker else KINDS
    if place == Path("db"):
        return (*kinds, STOCK) if "sqlite" in kinds else kinds
    if marker:
        return kinds
    if place == Path() or any(map(place.is_relative_to, ON_SQLITE)):
        return "sqlite", pytest.param("postgresql", marks=pytest.mark.soak)
    return KINDS


def is_for_soak(kind: Any) -> bool:
    """Return whether a kind of database is marked for `make soak`."""
    return any(mark.name == "soak" for mark in getattr(kind, "marks", ()))


def is_all_later(place: str) -> bool:
    """Return whether `make test` leaves out all tests of a module or folder."""
    is_sooner = place.startswith(SOONER) or any(start.startswith(place) for start in SOONER)
    return place.startswith(LATER) and not is_sooner


def is_later(item: pytest.Item) -> bool:
    """Return whether `make test` leaves out a test; it runs one module on PostgreSQL."""
    later, sooner = (
        max((len(start) for start in starts if item.nodeid.startswith(start)), default=0)
        for starts in (LATER, SOONER)
    )
    if sooner > later:
        return False
    callspec = getattr(item, "callspec", None)
    kind = callspec.params.get("databases", "sqlite") if callspec else "sqlite"
    return kind != "sqlite" or later > 0


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the tests of a module to one process: what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ALONE):
            return nodeid
        module = nodeid.partition("::")[0]
        return next((start for start in TOGETHER if nodeid.startswith(start)), module)


def turn_of(item: pytest.Item) -> tuple[bool, float]:
    """Return what sorts a test: the longest time limits come first, the quick modules last."""
    marker = item.get_closest_marker("timeout")
    return item.nodeid.startswith(QUICK), -float(marker.args[0]) if marker else 0.0
