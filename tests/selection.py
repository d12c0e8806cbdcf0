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


LATER: Final = (
    "tests/benchmarks/",
    "tests/browser/",
    "tests/cli/",
    "tests/examples/",
    "tests/guide/",
    "tests/trust/",
    "tests/asgi/test_edge.py::test_no_layer_takes_more",
    "tests/cli/test_cli_browser.py::test_a_terminal_shows",
    "tests/cli/test_cli_commands.py::test_a_check_warns_of",
    "tests/cli/test_cli_commands.py::test_bash_completes",
    "tests/cli/test_cli_export.py::test_a_deletion_shows",
    "tests/cli/test_cli_export.py::test_an_export_to_a_file_shows",
    "tests/db/test_failover.py",
    "tests/db/test_feed.py::test_a_commit_of_another_process",
    "tests/db/test_migrate.py",
    "tests/db/test_pooler.py",
    "tests/db/test_postgresql_restore.py",
    "tests/db/test_revisions.py::test_an_upgrade_and_downgrade",
    "tests/db/test_revisions.py::test_every_page_of_it_answers",
    "tests/engine/test_features.py::test_many_and_long_texts",
    "tests/engine/test_judgement.py::test_among_all_an_author",
    "tests/engine/test_judgement.py::test_few_posts_of_a_named",
    "tests/engine/test_judgement.py::test_ratios_probabilities",
    "tests/engine/test_judgement.py::test_strangers_are_hardly_ever",
    "tests/engine/test_little_known.py",
    "tests/formats/source/test_bombs.py",
    "tests/formats/source/test_written.py::test_the_months_of_every_language",
    "tests/formats/test_chats.py::test_a_line_that_no_person",
    "tests/formats/test_chats.py::test_rooms_are_read",
    "tests/formats/test_csv.py::test_a_field_over_one_megabyte",
    "tests/formats/test_dates_of_whatsapp.py",
    "tests/formats/test_day_lines.py::test_a_message_of_one_line_over",
    "tests/formats/test_depth_and_pieces.py::test_time_grows",
    "tests/formats/test_documents.py::test_bad_lines_do_not_stop",
    "tests/formats/test_documents.py::test_memory_does_not_grow",
    "tests/formats/test_file_chats.py::test_long_texts_are_hashed",
    "tests/formats/test_growth.py",
    "tests/formats/test_line.py::test_a_long_file_of_odd_lines",
    "tests/formats/test_registry.py::test_a_file_behind_many",
    "tests/formats/test_registry.py::test_brackets_that_hold_no_posts",
    "tests/formats/test_registry.py::test_odd_values_cost",
    "tests/formats/test_registry.py::test_what_is_nested_too_deeply",
    "tests/formats/test_shapes.py::test_values_of_other_kinds",
    "tests/formats/test_workbook.py::test_the_rows_of_all_workbooks",
    "tests/parts/dashboard/test_dashboard_server.py",
    "tests/parts/dashboard/test_truth.py",
    "tests/parts/games/test_game_pages.py::test_a_game_in_two_languages",
    "tests/parts/games/test_game_privacy.py",
    "tests/parts/games/test_game_streams.py",
    "tests/parts/games/test_games_api.py",
    "tests/parts/games/test_joining.py",
    "tests/parts/games/test_secrets.py",
    "tests/parts/mcp/test_command.py::test_it_ends_with_its_input",
    "tests/parts/mcp/test_command.py::test_the_client",
    "tests/parts/mcp/test_questions.py::test_answers_are_short",
    "tests/parts/pictures/test_picture.py::test_heading_text_bars",
    "tests/parts/pictures/test_year_cards.py",
    "tests/parts/portraits/test_overview.py::test_each_person_has_a_card",
    "tests/parts/portraits/test_overview.py::test_shares_are_told",
    "tests/parts/portraits/test_overview.py::test_the_finding_comes_first",
    "tests/parts/portraits/test_people_alike.py",
    "tests/parts/publish/test_publishing.py::test_a_full_disk",
    "tests/parts/publish/test_publishing.py::test_a_web_server_may_read",
    "tests/parts/quiz/test_room_quiz.py::test_a_game_is_of_the_room",
    "tests/parts/report/test_reports.py::test_a_file_has_no_message",
    "tests/parts/report/test_reports.py::test_only_ticked_messages",
    "tests/parts/report/test_reports.py::test_years_and_authors_have_no_message",
    "tests/parts/sources/test_inner_addresses.py",
    "tests/parts/sources/test_sources_api.py::test_anything_else_is_refused",
    "tests/parts/test_outputs_of_few.py",
    "tests/parts/test_true_sentences.py",
    "tests/parts/test_true_years.py",
    "tests/parts/years/test_room_years.py",
    "tests/parts/years/test_year_pages.py::test_a_year_is_what_one_counts_by_hand",
    "tests/people/test_days_apart.py::test_of_days_at_random",
    "tests/people/test_fingerprint.py::test_what_somebody_does_on_one",
    "tests/people/test_phrases.py",
    "tests/people/test_portrait.py::test_work_grows",
    "tests/people/test_same_chat.py::test_chats_of_the_same_people",
    "tests/runtime/test_sandbox.py",
    "tests/services/compare/test_background.py",
    "tests/services/compare/test_comparing.py::test_all_authors_and_many",
    "tests/services/compare/test_comparing.py::test_comparisons_after_a_change",
    "tests/services/compare/test_elsewhere.py",
    "tests/services/compare/test_left_out.py",
    "tests/services/compare/test_other_languages.py",
    "tests/services/compare/test_quiz_service.py",
    "tests/services/imports/test_answers_in_chats.py",
    "tests/services/imports/test_chosen_rooms.py",
    "tests/services/imports/test_full_disk.py",
    "tests/services/imports/test_imports.py::test_posts_are_counted_in_a_process",
    "tests/services/imports/test_read_again.py",
    "tests/services/imports/test_watching.py",
    "tests/services/posts/test_exporting.py::test_an_export_comes_in",
    "tests/services/rooms/test_recognition.py",
    "tests/services/rooms/test_zone_of_clock.py",
    "tests/services/search/test_dear_searches.py",
    "tests/services/search/test_search_service.py::test_no_query_fails",
    "tests/services/test_joined_names.py::test_parted_names_are_as_if",
    "tests/services/test_room_deletion.py",
    "tests/services/test_vacuum.py",
    "tests/serving/test_connections.py",
    "tests/serving/test_foreign_folder.py",
    "tests/serving/test_http2.py",
    "tests/serving/test_lane.py",
    "tests/serving/test_other_servers.py",
    "tests/serving/test_proxies.py",
    "tests/serving/test_server.py",
    "tests/serving/test_strangers_at_proxies.py",
    "tests/serving/test_supervision.py",
    "tests/serving/test_tls.py",
    "tests/test_create_app.py::test_a_checkout_that_is_not_installed",
    "tests/test_embedders.py::test_bad_vectors",
    "tests/test_footprint.py",
    "tests/test_judge.py::test_answers_are_those_of_a_site",
    "tests/test_lettering.py::test_without_fribidi",
    "tests/test_library.py::test_a_table_has_a_row",
    "tests/test_packages.py",
    "tests/test_parts.py",
    "tests/test_patterns.py",
    "tests/test_population.py::test_a_further_language_is_read_when",
    "tests/test_text.py::test_any_number_of_marks",
    "tests/test_three_calls.py",
    "tests/test_wheel.py",
    "tests/views/access/test_chat_alone.py",
    "tests/views/access/test_chat_readers.py",
    "tests/views/access/test_reader_pages.py",
    "tests/views/access/test_switch.py",
    "tests/views/authors/test_setting_apart.py",
    "tests/views/comparing/test_copied_texts.py",
    "tests/views/comparing/test_languages_of_few.py",
    "tests/views/comparing/test_own_people.py",
    "tests/views/imports/test_adding_only.py",
    "tests/views/imports/test_chat_formats.py",
    "tests/views/imports/test_consent.py",
    "tests/views/imports/test_import_previews.py",
    "tests/views/imports/test_import_progress.py",
    "tests/views/imports/test_imports_api.py::test_an_import_whose_process_was_killed",
    "tests/views/imports/test_imports_api.py::test_cancelling",
    "tests/views/imports/test_reading_choices.py",
    "tests/views/imports/test_room_choices.py",
    "tests/views/imports/test_undo_pages.py",
    "tests/views/posts/test_deleted.py",
    "tests/views/posts/test_small_pictures.py",
    "tests/views/posts/test_typed_filters.py::test_a_filter_selects",
    "tests/views/rooms/test_own_zone.py",
    "tests/views/rooms/test_recognised.py",
    "tests/views/site/test_first_steps.py",
    "tests/views/site/test_generated_clients.py",
    "tests/views/site/test_openapi.py",
    "tests/views/site/test_where_people_are_led.py",
    "tests/views/test_cast.py::test_people_of_chats_are_called_so",
    "tests/views/test_cast.py::test_the_api_says",
    "tests/views/test_extreme_values.py",
    "tests/views/test_first_looks.py::test_what_was_counted_before",
    "tests/views/test_growing_requests.py",
    "tests/views/test_long_reads.py",
    "tests/views/test_loop_holds.py",
    "tests/views/test_markup.py",
    "tests/views/test_origin.py",
    "tests/views/test_plain_text.py",
    "tests/views/test_policies.py::test_roles_have_the_rights_of_the_table[private",
    "tests/views/test_posters.py",
    "tests/views/test_stale_answers.py",
    "tests/views/test_strangers.py",
    "tests/views/test_subjects.py",
    "tests/views/test_time_zones.py",
)
"""Where the ids of tests begin that `make test` leaves to `make test-later`.

They take long, or prove in another way what the others prove too.
"""
SOONER: Final = (
    "tests/browser/test_journeys.py::test_asking_about_two_authors",
    "tests/cli/test_cli_backup.py::test_a_backup_is_restored",
    "tests/cli/test_cli_browser.py",
    "tests/cli/test_cli_commands.py",
    "tests/cli/test_cli_doubts.py",
    "tests/cli/test_cli_export.py",
    "tests/db/test_migrate.py::test_a_fresh_database",
    "tests/db/test_postgresql.py",
    "tests/parts/pictures/test_year_cards.py::test_a_year_of_a_chat_has_cards",
    "tests/serving/test_server.py::test_an_unavailable_address",
    "tests/test_parts.py::test_a_site_without_a_part_answers",
    "tests/views/comparing/test_own_people.py::test_one_tick_asks_about_a_chat",
    "tests/views/test_posters.py::test_a_finding_of_any_length",
    "tests/views/test_stale_answers.py::test_a_view_that_forgets",
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
