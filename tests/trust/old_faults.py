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
OLD_FAULTS: Final = (
    OldFault(
        "847d1b44",
        Mutant(
            "a stranger counts the events of a private site by Saywho-After",
            "tests/views/test_strangers.py",
            "app/views/answers.py",
            'is_unbound = facts.policy in ("open", "player") or facts.chat is not None',
            "is_unbound = facts.chat is not None",
        ),
    ),
    OldFault(
        "b43d6eaf",
        Mutant(
            "two changes of a password with the same old password are both made",
            "tests/views/access/test_settings_pages.py",
            f"{ACCESS}/logins.py",
            "if account is None or account.password_hash != password_hash:",
            "if account is None:",
        ),
    ),
    OldFault(
        "6e93a480",
        Mutant(
            "a sign-in that a full queue turns away counts as a failure",
            "tests/views/access/test_login_pages.py",
            f"{ACCESS}/logins.py",
            "await session.execute(delete(LoginFailure).where(is_failure))",
            "await session.execute(select(LoginFailure.id).where(is_failure))",
        ),
    ),
    OldFault(
        "d9515e93",
        Mutant(
            "a stranger's wrong passwords keep an operator out",
            "tests/views/access/test_login_pages.py",
            f"{ACCESS}/logins.py",
            'origin = _half(f"device:{device}" if device else f"address:{network_of(address)}")',
            'origin = _half("anywhere")',
        ),
    ),
    OldFault(
        "30bb7315",
        Mutant(
            "tokens of a removed operator go on working",
            "tests/services/access/test_removal.py",
            f"{ACCESS}/rights.py",
            "            await session.execute(delete(Token).where(is_own))\n",
            "",
        ),
    ),
    OldFault(
        "30bb7315",
        Mutant(
            "invitations of a removed operator go on working",
            "tests/services/access/test_removal.py",
            f"{ACCESS}/rights.py",
            "removal.invitations = await accounts.end_invitations_of(session, account.id)",
            "removal.invitations = 0",
        ),
    ),
    OldFault(
        "a98e0e16",
        Mutant(
            "pages of a private site can be seen with Back after signing out",
            "tests/views/test_freshness.py",
            "app/views/answers.py",
            '        response.headers["Cache-Control"] = "no-store"\n',
            "",
        ),
    ),
    OldFault(
        "d8347c4a",
        Mutant(
            "links of the page for a new account contain its token",
            "tests/views/posts/test_feeds.py",
            "app/views/page.py",
            'left_out = ("token", "tz",',
            'left_out = ("tz",',
        ),
    ),
    OldFault(
        "8f4e31a2",
        Mutant(
            "a path with several slashes is another one to the limits than to the view",
            "tests/asgi/test_edge.py",
            "app/paths.py",
            'path, root = "/" + path.lstrip("/"), root.rstrip("/")\n',
            'root = root.rstrip("/")\n    if not root:\n        return path\n',
        ),
    ),
    OldFault(
        "f7478ca7",
        Mutant(
            "a restore takes the triggers of a stranger",
            "tests/cli/test_cli_restore.py",
            "app/db/migrate.py",
            "        backend.refuse_foreign()\n",
            "",
        ),
    ),
    OldFault(
        "2d385714",
        Mutant(
            "a downgrade deletes without a word",
            "tests/cli/test_cli_backup.py",
            "app/cli/database.py",
            "if losses and not yes:",
            "if not losses and not yes:",
        ),
    ),
    OldFault(
        "5b3c1814",
        Mutant(
            "a data folder that came with an archive is used without asking",
            "tests/cli/test_cli_own_folder.py",
            "app/db/own_folder.py",
            "if _is_occupied(folder) and not",
            "if not folder and not",
        ),
    ),
    OldFault(
        "1f9200a6",
        Mutant(
            "the database of a folder with a percent sign is somewhere else",
            "tests/cli/test_cli_folder_names.py",
            "app/db/own_folder.py",
            "    if strayed := move_stray_database(config):",
            "    if strayed := None:",
        ),
    ),
    OldFault(
        "bad9e608",
        Mutant(
            "servers that start together end each other's set-up links",
            "tests/views/access/test_login_pages.py",
            f"{ACCESS}/accounts.py",
            "delete(SetupLink).where(SetupLink.created_at <= time - LINK_LIFETIME)",
            "delete(SetupLink)",
        ),
    ),
    OldFault(
        "1c1645ad",
        Mutant(
            "a token of scope write fills the posts of others",
            "tests/views/posts/test_tweets_api.py",
            "app/services/posts/post_content.py",
            "case _ if not may_fill:",
            "case _ if name is None:",
        ),
    ),
    OldFault(
        "1c1645ad",
        Mutant(
            "a token of scope write cancels the operator's import",
            "tests/views/imports/test_imports_api.py",
            "app/services/imports/jobs.py",
            "if job.begun_by is None or job.begun_by != asked_by:",
            "if job is None:",
        ),
    ),
    OldFault(
        "9884ade2",
        Mutant(
            "an import of scope write moves messages of one minute",
            "tests/views/imports/test_adding_only.py",
            "app/services/rooms/messages.py",
            "if order != here and (may_move or stored == stored_here):",
            "if order != here:",
        ),
    ),
    OldFault(
        "9884ade2",
        Mutant(
            "an import of scope write gives an author another name",
            "tests/views/imports/test_adding_only.py",
            "app/services/posts/users.py",
            "if self.id and not may_fill:",
            "if self.id and may_fill is None:",
        ),
    ),
    OldFault(
        "49f1562d",
        Mutant(
            "posts whose audience is not known are published",
            "tests/parts/publish/test_audiences.py",
            "app/parts/publish/website.py",
            'or_(IS_PUBLIC, Tweet.visibility.is_(None)) if chosen["old_posts"] else IS_PUBLIC',
            "or_(IS_PUBLIC, Tweet.visibility.is_(None))",
        ),
    ),
    OldFault(
        "49f1562d",
        Mutant(
            "posts for followers are in the feed of an author",
            "tests/views/posts/test_feeds.py",
            "app/services/posts/tweets.py",
            "else [IS_PUBLIC, Tweet.user_id == user_id]",
            "else [Tweet.user_id == user_id]",
        ),
    ),
    OldFault(
        "5bacf21e",
        Mutant(
            "answers stay linked to posts that a replacement removed",
            "tests/services/imports/test_replacing.py",
            "app/services/deletion.py",
            "    await link_again(session, answering)\n",
            "",
        ),
    ),
    OldFault(
        "90be5102",
        Mutant(
            "an undo removes posts that another import sent, too",
            "tests/services/imports/test_undo.py",
            "app/services/posts/meetings.py",
            "return and_(is_brought, is_free, is_sent_by(*import_ids))",
            "return and_(is_brought, is_sent_by(*import_ids))",
        ),
    ),
    OldFault(
        "635b430b",
        Mutant(
            "a deleted text stays in the log of SQLite",
            "tests/services/test_vacuum.py",
            "app/db/sqlite/backend.py",
            'if not await asyncio.to_thread(self._checkpoint, "PASSIVE"):',
            "if self.path:\n            return True\n        if self.path is None:",
        ),
    ),
    OldFault(
        "82742c1f",
        Mutant(
            "a picture keeps the name of its screen",
            "tests/formats/test_private_notes.py",
            "saywho/formats/media/colour_profile.py",
            "def without_words(profile: bytes) -> bytes:",
            "def without_words(profile: bytes) -> bytes:\n    return profile\n\n\n"
            "def unused(profile: bytes) -> bytes:",
        ),
    ),
    OldFault(
        "03f5bd0a",
        Mutant(
            "a supervisor that did not run kills all its workers",
            "tests/serving/test_supervision.py::"
            "test_workers_that_were_stopped_with_their_supervisor_are_kept",
            "app/serving/supervisor.py",
            "worker.deadline += missed_s",
            "worker.deadline += 0.0",
        ),
    ),
    OldFault(
        "b3c747c2",
        Mutant(
            "a view goes on after a stop has closed what it needs",
            "tests/serving/test_supervision.py::"
            "test_a_stop_ends_what_is_still_answered_before_it_closes_what_that_needs",
            "app/views/quart_app.py",
            "            await asyncio.wait(tasks, timeout=STOPPING_S)\n",
            "",
        ),
    ),
    OldFault(
        "f1f958ee",
        Mutant(
            "an import that gets on is given up after three kills",
            "tests/services/imports/test_runner.py",
            "app/services/imports/jobs.py",
            '        values["attempts"] = 0\n',
            "        pass\n",
        ),
    ),
    OldFault(
        "11c10640",
        Mutant(
            "an import that loses its database ends as failed",
            "tests/services/imports/test_runner.py",
            "app/services/imports/job_runner.py",
            "except (GrantLostError, UnavailableError):\n        raise\n",
            "except GrantLostError:\n        raise\n",
        ),
    ),
    OldFault(
        "d74eebbd",
        Mutant(
            "a quiz asks for a text that another of the choices wrote",
            "tests/parts/quiz/test_shared_texts.py",
            "app/services/compare/stored_texts.py",
            "        writers[as_read(text)].add(user_id)\n",
            "        pass\n",
        ),
    ),
    OldFault(
        "9d0b61b1",
        Mutant(
            "letters by chance name whoever wrote least",
            "tests/engine/test_little_known.py",
            "saywho/engine/ground.py",
            'return "kind" if _share(runs, known) < FEWEST_SHARED else None',
            "return None",
        ),
    ),
    OldFault(
        "9d0b61b1",
        Mutant(
            "a text in a language that nobody wrote names somebody",
            "tests/engine/test_little_known.py",
            "saywho/engine/ground.py",
            "if not case.is_foreign_to(suspect):\n        return None",
            "if case:\n        return None",
        ),
    ),
    OldFault(
        "5a2e526a",
        Mutant(
            "who is recognised in a chat depends on posts elsewhere",
            "tests/views/rooms/test_recognised.py",
            "app/services/compare/held_out.py",
            "newest = await newest_posts(session, user_id, asked, room_id)",
            "newest = await newest_posts(session, user_id, asked)",
        ),
    ),
    OldFault(
        "fe2ca8e3",
        Mutant(
            "a name in a file controls the terminal",
            "tests/cli/test_cli_import.py",
            "app/cli/outputs.py",
            'return _CONTROLS.sub("\\ufffd", _DIRECTIONS.sub("", line))',
            "return line",
        ),
    ),
    OldFault(
        "99196d37",
        Mutant(
            "an import follows links out of an unpacked folder",
            "tests/formats/source/test_plain_files.py",
            "saywho/formats/source/members.py",
            "status = entry.stat(follow_symlinks=False)",
            "status = entry.stat()",
        ),
    ),
    OldFault(
        "78e28b37",
        Mutant(
            "a repository of Bluesky with keys that repeat each other takes minutes",
            "tests/formats/test_bluesky_repo.py",
            "saywho/formats/posts/bluesky.py",
            "_LONGEST_KEY: Final = 1_024",
            "_LONGEST_KEY: Final = 10**9",
        ),
    ),
    OldFault(
        "9c1e91f2",
        Mutant(
            "a live source leads to any port",
            "tests/parts/sources/test_inner_addresses.py",
            "app/parts/sources/fetching.py",
            "if not (port is None or port in {80, 443} or 1024 <= port <= 65_535):",
            "if not (port is None or port <= 65_535):",
        ),
    ),
    OldFault(
        "915080dd",
        Mutant(
            "what follows the end of a gzip stops a worker",
            "tests/parts/sources/test_fetching.py",
            "app/parts/sources/fetching.py",
            'chunk = inflate.unconsumed_tail if inflate and not inflate.eof else b""',
            'chunk = inflate.unconsumed_tail if inflate else b""',
        ),
    ),
    OldFault(
        "8545a74d",
        Mutant(
            "an answer has the days of another visitor's zone",
            "tests/views/test_time_zones.py",
            "app/asgi/cached.py",
            "zone = _remembered_zone(cookies) if ZONED in cookies else None",
            "zone = None",
        ),
    ),
    OldFault(
        "4ef369cb",
        Mutant(
            "a token of scope write replaces an import, which deletes its posts",
            "tests/views/imports/test_adding_only.py",
            "app/services/imports/jobs.py",
            'if options.replace is not None or options.times == "file":',
            'if options.times == "file":',
        ),
    ),
    OldFault(
        "f75c5f1a",
        Mutant(
            "model cards show what a failover lost",
            "tests/db/test_failover.py::test_writes_lost_by_a_failover_are_in_no_answer",
            "app/lifespan.py",
            "for holder in (self.models, self.cards, self.chats):",
            "for holder in (self.models, self.chats):",
        ),
    ),
    OldFault(
        "dce80e95",
        Mutant(
            "a power cut after the first start takes the data folder",
            "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
            "app/security.py",
            "    for folder in missing:\n        sync_folder(folder.parent)\n",
            "",
        ),
    ),
    OldFault(
        "dce80e95",
        Mutant(
            "a power cut takes a backup that was said to be finished",
            "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
            "app/services/backup.py",
            "        security.sync_folder(target.parent)\n        security.write_durably(config",
            "        security.write_durably(config",
        ),
    ),
    OldFault(
        "dce80e95",
        Mutant(
            "phones come in again after a power cut",
            "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
            "app/runtime/network.py",
            "        path.unlink(missing_ok=True)\n        sync_folder(data_dir)\n",
            "        path.unlink(missing_ok=True)\n",
        ),
    ),
    OldFault(
        "dce80e95",
        Mutant(
            "a power cut after the first start signs everybody out",
            "tests/trust/test_power.py::test_a_power_cut_takes_nothing_that_was_acknowledged[new]",
            "app/security.py",
            "write_durably(path, secrets.token_urlsafe(48).encode(), replaces=False)",
            "path.write_text(secrets.token_urlsafe(48))",
        ),
    ),
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
