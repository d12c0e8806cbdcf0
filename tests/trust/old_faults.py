"""Plant faults again that this program really had, where the tests of today must fail.

docs/reliability.md lists them with who found them. `python -m tests.trust.old_faults [WORDS]`
plants those whose description has the words, and prints the share that is noticed.
"""

import sys
from typing import Final, NamedTuple

from tests.trust.planting import Mutant, find


class OldFault(NamedTuple):
    """A fault, as it would be in today's code, and the commit that mended it."""

    commit: str
    fault: Mutant


ACCESS: Final = "app/services/access"
_FAULTS: Final = {
    ("847d1b44", "tests/views/test_strangers.py", "app/views/answers.py"): {
        "a stranger counts the events of a private site by Saywho-After": (
            'is_unbound = facts.policy in ("open", "player") or facts.chat is not None',
            "is_unbound = facts.chat is not None",
        )
    },
    ("6e93a480", "tests/views/access/test_login_pages.py", f"{ACCESS}/logins.py"): {
        "a sign-in that a full queue turns away counts as a failure": (
            "await session.execute(delete(LoginFailure).where(is_failure))",
            "await session.execute(select(LoginFailure.id).where(is_failure))",
        )
    },
    ("d9515e93", "tests/views/access/test_login_pages.py", f"{ACCESS}/logins.py"): {
        "a stranger's wrong passwords keep an operator out": (
            'origin = _half(f"device:{device}" if device else f"address:{network_of(address)}")',
            'origin = _half("anywhere")',
        )
    },
    ("30bb7315", "tests/services/access/test_removal.py", f"{ACCESS}/rights.py"): {
        "tokens of a removed operator go on working": (
            "            await session.execute(delete(Token).where(is_own))\n",
            "",
        ),
        "invitations of a removed operator go on working": (
            "removal.invitations = await accounts.end_invitations_of(session, account.id)",
            "removal.invitations = 0",
        ),
    },
    ("a98e0e16", "tests/views/test_freshness.py", "app/views/answers.py"): {
        "pages of a private site can be seen with Back after signing out": (
            '        response.headers["Cache-Control"] = "no-store"\n',
            "",
        )
    },
    ("d8347c4a", "tests/views/posts/test_feeds.py", "app/views/page.py"): {
        "links of the page for a new account contain its token": (
            'left_out = ("token", "tz",',
            'left_out = ("tz",',
        )
    },
    ("8f4e31a2", "tests/asgi/test_edge.py", "app/paths.py"): {
        "a path with several slashes is another one to the limits than to the view": (
            'path, root = "/" + path.lstrip("/"), root.rstrip("/")\n',
            'root = root.rstrip("/")\n    if not root:\n        return path\n',
        )
    },
    ("f7478ca7", "tests/cli/test_cli_restore.py", "app/db/migrate.py"): {
        "a restore takes the triggers of a stranger": ("        backend.refuse_foreign()\n", "")
    },
    ("2d385714", "tests/cli/test_cli_backup.py", "app/cli/database.py"): {
        "a downgrade deletes without a word": (
            "if losses and not yes:",
            "if not losses and not yes:",
        )
    },
    ("5b3c1814", "tests/cli/test_cli_own_folder.py", "app/db/own_folder.py"): {
        "a data folder that came with an archive is used without asking": (
            "if _is_occupied(folder) and not",
            "if not folder and not",
        )
    },
    ("1f9200a6", "tests/cli/test_cli_folder_names.py", "app/db/own_folder.py"): {
        "the database of a folder with a percent sign is somewhere else": (
            "    if strayed := move_stray_database(config):",
            "    if strayed := None:",
        )
    },
    ("bad9e608", "tests/views/access/test_login_pages.py", f"{ACCESS}/accounts.py"): {
        "servers that start together end each other's set-up links": (
            "delete(SetupLink).where(SetupLink.created_at <= time - LINK_LIFETIME)",
            "delete(SetupLink)",
        )
    },
    ("1c1645ad", "tests/views/posts/test_tweets_api.py", "app/services/posts/post_content.py"): {
        "a token of scope write fills the posts of others": (
            "case _ if not may_fill:",
            "case _ if name is None:",
        )
    },
    ("1c1645ad", "tests/views/imports/test_imports_api.py", "app/services/imports/jobs.py"): {
        "a token of scope write cancels the operator's import": (
            "if job.begun_by is None or job.begun_by != asked_by:",
            "if job is None:",
        )
    },
    ("9884ade2", "tests/views/imports/test_adding_only.py", "app/services/rooms/messages.py"): {
        "an import of scope write moves messages of one minute": (
            "if order != here and (may_move or stored == stored_here):",
            "if order != here:",
        )
    },
    ("9884ade2", "tests/views/imports/test_adding_only.py", "app/services/posts/users.py"): {
        "an import of scope write gives an author another name": (
            "if self.id and not may_fill:",
            "if self.id and may_fill is None:",
        )
    },
    ("49f1562d", "tests/parts/publish/test_audiences.py", "app/parts/publish/website.py"): {
        "posts whose audience is not known are published": (
            'or_(IS_PUBLIC, Tweet.visibility.is_(None)) if chosen["old_posts"] else IS_PUBLIC',
            "or_(IS_PUBLIC, Tweet.visibility.is_(None))",
        )
    },
    ("49f1562d", "tests/views/posts/test_feeds.py", "app/services/posts/tweets.py"): {
        "posts for followers are in the feed of an author": (
            "else [IS_PUBLIC, Tweet.user_id == user_id]",
            "else [Tweet.user_id == user_id]",
        )
    },
    ("5bacf21e", "tests/services/imports/test_replacing.py", "app/services/deletion.py"): {
        "answers stay linked to posts that a replacement removed": (
            "    await link_again(session, answering)\n",
            "",
        )
    },
    ("90be5102", "tests/services/imports/test_undo.py", "app/services/posts/meetings.py"): {
        "an undo removes posts that another import sent, too": (
            "return and_(is_brought, is_free, is_sent_by(*import_ids))",
            "return and_(is_brought, is_sent_by(*import_ids))",
        )
    },
    ("635b430b", "tests/services/test_vacuum.py", "app/db/sqlite/backend.py"): {
        "a deleted text stays in the log of SQLite": (
            'if not await asyncio.to_thread(self._checkpoint, "PASSIVE"):',
            "if self.path:\n            return True\n        if self.path is None:",
        )
    },
    ("82742c1f", "tests/formats/test_private_notes.py", "saywho/formats/media/colour_profile.py"): {
        "a picture keeps the name of its screen": (
            "def without_words(profile: bytes) -> bytes:",
            (
                "def without_words(profile: bytes) -> bytes:\n    return profile\n\n\n"
                "def unused(profile: bytes) -> bytes:"
            ),
        )
    },
    (
        "03f5bd0a",
        "tests/serving/test_supervision.py::"
        "test_workers_that_were_stopped_with_their_supervisor_are_kept",
        "app/serving/supervisor.py",
    ): {
        "a supervisor that did not run kills all its workers": (
            "worker.deadline += missed_s",
            "worker.deadline += 0.0",
        )
    },
    (
        "b3c747c2",
        "tests/serving/test_supervision.py::"
        "test_a_stop_ends_what_is_still_answered_before_it_closes_what_that_needs",
        "app/views/quart_app.py",
    ): {
        "a view goes on after a stop has closed what it needs": (
            "            await asyncio.wait(tasks, timeout=STOPPING_S)\n",
            "",
        )
    },
    ("f1f958ee", "tests/services/imports/test_runner.py", "app/services/imports/jobs.py"): {
        "an import that gets on is given up after three kills": (
            '        values["attempts"] = 0\n',
            "        pass\n",
        )
    },
    ("11c10640", "tests/services/imports/test_runner.py", "app/services/imports/job_runner.py"): {
        "an import that loses its database ends as failed": (
            "except (GrantLostError, UnavailableError):\n        raise\n",
            "except GrantLostError:\n        raise\n",
        )
    },
    ("9d0b61b1", "tests/engine/test_little_known.py", "saywho/engine/ground.py"): {
        "letters by chance name whoever wrote least": (
            'return "kind" if _share(runs, known) < FEWEST_SHARED else None',
            "return None",
        ),
        "a text in a language that nobody wrote names somebody": (
            "if not case.is_foreign_to(suspect):\n        return None",
            "if case:\n        return None",
        ),
    },
    ("fe2ca8e3", "tests/cli/test_cli_import.py", "app/cli/outputs.py"): {
        "a name in a file controls the terminal": (
            'return _CONTROLS.sub("\\ufffd", _DIRECTIONS.sub("", line))',
            "return line",
        )
    },
    ("99196d37", "tests/formats/source/test_plain_files.py", "saywho/formats/source/members.py"): {
        "an import follows links out of an unpacked folder": (
            "status = entry.stat(follow_symlinks=False)",
            "status = entry.stat()",
        )
    },
    ("915080dd", "tests/parts/sources/test_fetching.py", "app/parts/sources/fetching.py"): {
        "what follows the end of a gzip stops a worker": (
            'chunk = inflate.unconsumed_tail if inflate and not inflate.eof else b""',
            'chunk = inflate.unconsumed_tail if inflate else b""',
        )
    },
    ("8545a74d", "tests/views/test_time_zones.py", "app/asgi/cached.py"): {
        "an answer has the days of another visitor's zone": (
            "zone = _remembered_zone(cookies) if ZONED in cookies else None",
            "zone = None",
        )
    },
    ("4ef369cb", "tests/views/imports/test_adding_only.py", "app/services/imports/jobs.py"): {
        "a token of scope write replaces an import, which deletes its posts": (
            'if options.replace is not None or options.times == "file":',
            'if options.times == "file":',
        )
    },
    (
        "f75c5f1a",
        "tests/db/test_failover.py::test_writes_lost_by_a_failover_are_in_no_answer",
        "app/lifespan.py",
    ): {
        "model cards show what a failover lost": (
            "for holder in (self.models, self.cards, self.chats):",
            "for holder in (self.models, self.chats):",
        )
    },
    (
        "dce80e95",
        "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
        "app/security.py",
    ): {
        "a power cut after the first start takes the data folder": (
            "    for folder in missing:\n        sync_folder(folder.parent)\n",
            "",
        ),
        "a power cut after the first start signs everybody out": (
            "write_durably(path, secrets.token_urlsafe(48).encode(), replaces=False)",
            "path.write_text(secrets.token_urlsafe(48))",
        ),
    },
    (
        "dce80e95",
        "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
        "app/services/backup.py",
    ): {
        "a power cut takes a backup that was said to be finished": (
            "        security.sync_folder(target.parent)\n        security.write_durably(config",
            "        security.write_durably(config",
        )
    },
    (
        "dce80e95",
        "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
        "app/runtime/network.py",
    ): {
        "phones come in again after a power cut": (
            "        path.unlink(missing_ok=True)\n        sync_folder(data_dir)\n",
            "        path.unlink(missing_ok=True)\n",
        )
    },
    ("9a5f623d", "tests/services/imports/test_watching.py", "saywho/processes.py"): {
        "a pattern that never ends keeps an import busy for ever": (
            "self._seconds if self._open else 0)",
            "0)",
        )
    },
    ("0cb4f51c", "tests/test_text.py", "saywho/text.py"): {
        "a mention is cut at its dot, and its host is a word of the author's": (
            'text = without_hosts(QUOTED.sub("", text) if may_quote(text) else text)',
            'text = QUOTED.sub("", text) if may_quote(text) else text',
        )
    },
    ("3f0e2f65", "tests/formats/test_quotations.py", "saywho/formats/tables/own_words.py"): {
        "quoted words are those of whoever quotes them": (
            "own = without_marked(own) if may_have_others(own, is_post=False) else own",
            "own = text if own == text else own",
        )
    },
    ("dd1f4358", "tests/formats/test_who_may_read.py", "saywho/formats/tables/limits.py"): {
        "rows with a word about their audience that nobody knows are public": (
            'is_closed(text) else "unanswered"',
            'is_closed(text) else "all"',
        )
    },
    ("3e8fbc4e", "tests/services/imports/test_chosen_rooms.py", "saywho/copies.py"): {
        "two exports of one chat in an archive are stored twice": (
            "if is_known and plan.room is not None:",
            "if is_known and plan.room is None:",
        )
    },
}
"""By commit, tests and file: each fault with the lines of today, and those in place of them."""
OLD_FAULTS: Final = tuple(
    OldFault(commit, Mutant(bug, tests, path, *lines))
    for (commit, tests, path), faults in _FAULTS.items()
    for bug, lines in faults.items()
)


def main(word: str = "") -> int:
    """Plant every fault; print the tests that notice, and the share."""
    chosen = [old for old in OLD_FAULTS if word in old.fault.bug]
    missed = 0
    for old in chosen:
        place = find(old.fault)
        missed += place is None
        print(f"{old.commit} {old.fault.bug}\n    {(place or 'NOT NOTICED')[:200]}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
