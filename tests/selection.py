"""The tests that are left to `make test-full` and `make soak`, and those that share a process."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

FULL: Final = (
    # Quick runs of the benchmarks.
    r"/test_benchmarks\.py::(?!test_an_unusable_file)",
    r"/test_peers\.py::test_a_quick_run",
    r"/test_listeners\.py::",
    r"/test_wheel\.py::",
    r"/test_proxies\.py::",
    # Storms, and stops and starts of servers in another way than most people's.
    r"/test_histories\.py::test_kills",
    r"/test_(hostile|faults|failovers|switch_under_load)\.py::",
    r"/test_supervision\.py::.*(killed_server_left|no.folder)",
    r"/test_other_servers\.py::.*\[granian\]",
    r"/test_other_servers\.py::test_http2.*\[uvicorn\]",
    r"/test_imports_api\.py::test_an_import_broken_off_by_a_stop",
    r"/test_cli_interrupts\.py::.*\[dry\]",
    r"/test_deletion\.py::test_deletion_while_an_import_runs\[postgresql\]",
    r"/test_server\.py::test_what_prevents_the_start.*\[(newer|no data).*\]",
    r"/test_postgresql\.py::test_a_start_without_the_server.*(name|port)\]",
    r"/test_cli_processes\.py::test_the_commands_are_there_under_quart",
    r"/test_supervision\.py::test_a_(worker_that_hangs|second_interrupt)",
    r"/test_server\.py::test_an_address_to_listen.*\[unknown",
    r"/test_cli_processes\.py::test_a_new_revision",
    r"/test_engine\.py::test_fifty_lives",
    r"/test_failover\.py::test_(replicated|a_commit_that_no|of_several).*",
    r"/test_failover\.py::.*shut down\]",
    r"/test_broken_links\.py::.*-(before|after)",
    r"/test_postgresql\.py::test_commands_do",
    r"/test_migrate\.py::test_several_processes.*\[postgresql\]",
    r"/test_import_pages\.py::test_why_a_file_fails.*-(quote|cut)\]",
    r"/test_vacuum\.py::.*\[postgresql\]",
    r"/test_revisions\.py::test_every_page.*\[postgresql\]",
    r"/test_kept_answers\.py::.*\[sqlite-1\]",
    # Sources that fail in every way, and the longest wait for a post.
    r"/test_visiting\.py::test_nothing_is_lost(?!.*\[sqlite-bluesky\])",
    r"/test_following\.py::test_a_source_that_is_slow",
    r"/test_sources_api\.py::test_a_post_at_an_active_source",
    # In the browser each feature once, in one language and one width; here all the others.
    r"/test_appearance\.py::test_page_is_sound\[.*-1280\]",
    r"/test_appearance\.py::test_page_is_sound\[(?!home-en).*-en-320\]",
    r"/test_appearance\.py::test_page_is_sound\[(?!(home|about|compare|card|search|author|tweet|"
    r"quiz|quiz-answered|table|import-preview|settings)-ko).*-ko-320\]",
    r"/test_appearance\.py::test_one_author_alone",
    r"/browser/.*::.*\[no-javascript\]",
    r"/browser/test_dashboard\.py::test_(keyboard|colours|a_figure)",
    r"/browser/test_quiz\.py::test_a_set_is_shared",
    r"/browser/test_habits\.py::test_the_tab_key.*\[(?!compare\])",
    r"/browser/test_habits\.py::test_(paper_is_white|an_author_among)",
    r"/browser/test_journeys\.py::test_(typing_suggests.*search|going_back)",
    r"/browser/test_operator\.py::test_(an_upload_is_watched|the_end_of)",
    r"/test_uploads\.py::test_hostile_files",
    # Hostile input of a size that only a slow reader minds.
    r"/test_growth\.py::test_a_hostile_file",
    r"/test_growth\.py::.*\[(bad values|long posts|half links|long texts)\]",
    r"::test_hostile_items_do_not_fill_the_memory\[(?!deep lists)",
)
"""What the ids of the tests that `make test` leaves out look like."""

SOAK: Final = (
    # The longest storms, and bugs planted in copies of the program.
    r"/test_mutants\.py::test_a_planted_bug_is_found",
    r"/test_faults\.py::test_a_database_that_hangs",
    r"/test_kept_answers\.py::.*\[sqlite-2\]",
)
"""What takes a minute or more, and is left to `make soak`."""

ON_ONE_DATABASE: Final = (
    r"^tests/(asgi|dashboard|views|services/(compare|imports|sources)|test_\w+\.py)\b"
    r".*[\[-]postgresql\b"
)
"""Tests of requests, comparisons, imports and sources: only `make soak` runs all on PostgreSQL."""

ON_BOTH_DATABASES: Final = (
    r"/test_openapi\.py::test_the_examples_are_answered",
    r"/test_switch\.py::test_the_switch_holds",
    r"/test_freshness\.py::",
    r"/test_live_api\.py::test_(every_worker|resuming_anywhere)",
    r"/test_(similar|stats)_api\.py::",
    r"/test_imports_api\.py::test_another_machine",
    r"/test_metrics\.py::",
    r"/test_bulk\.py::test_a_transaction_has",
)
"""Those of them that `make test` runs there too: every operation once, and what processes share."""

GROUPS: Final = {r"^tests/browser/": "browser", r"/test_server\.py::": "server"}
"""Tests that share what takes long to start, and so a process."""


def mark(item: pytest.Item) -> None:
    """Mark the test as the lists say."""
    name = item.nodeid
    is_on_one = re.search(ON_ONE_DATABASE, name) and not _matches(ON_BOTH_DATABASES, name)
    if is_on_one or _matches(SOAK, name):
        item.add_marker(pytest.mark.soak)
    elif _matches(FULL, name):
        item.add_marker(pytest.mark.full)


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the tests of a group to one process, and all others to whichever is free.

    The group of pytest-xdist 3.8 itself is lost: it stands in the id of a test, which pytest 9.2
    does not let it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((GROUPS[each] for each in GROUPS if re.search(each, nodeid)), nodeid)


def unused(items: Sequence[pytest.Item]) -> list[str]:
    """Return the patterns that name no test: it was renamed, and would run in the wrong place."""
    patterns = [*FULL, *SOAK, ON_ONE_DATABASE, *ON_BOTH_DATABASES, *GROUPS]
    return [each for each in patterns if not any(re.search(each, item.nodeid) for item in items)]


def _matches(patterns: Iterable[str], name: str) -> bool:
    return any(re.search(pattern, name) for pattern in patterns)
