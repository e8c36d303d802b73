"""The journal: at most once, exactly one final Outcome, and sentences that can be forgotten."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Call, Command, Outcome, Status
from octopus_hub.daemon.journal import DAY_S, Journal, JournalError, NewerJournal
from octopus_hub.daemon.submission import Address, Channel, Report, Submission

NOW = 1_700_000_000.0
MQTT = Address(Channel.MQTT, "answers/me", b"\x00\x01")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """An empty journal."""
    journal = Journal(path)
    yield journal
    journal.close()


def submission(command_id: str = "a-1", *, source: str = "me", received_at: float = NOW, address: Address = MQTT) -> Submission:
    """A command "buy milk"."""
    return Submission(Command(command_id, "buy milk", source, received_at), address)


def report(command_id: str = "a-1") -> Report:
    """What became of it."""
    call = Call("todo_add", ("list",), {"item": "milk", "amount": 2})
    outcome = Outcome(command_id, Status.DONE, "buy milk", (call,), say="I added milk.", confidence=0.9, times_ms={"total": 30.0})
    return Report(outcome, 'todo_add("List"; item="milk")', 0.8)


def test_an_id_is_accepted_once(journal: Journal) -> None:
    """The second command of a source with the same id is not accepted."""
    assert journal.accept(submission())
    assert not journal.accept(submission())


def test_ids_of_sources_are_their_own(journal: Journal) -> None:
    """A source can't use up the ids of another."""
    assert journal.accept(submission(source="me"))
    assert journal.accept(submission(source="you"))


def test_an_id_is_known_after_a_restart(journal: Journal, path: Path) -> None:
    """Another process that opens the file knows what was accepted."""
    journal.accept(submission())
    again = Journal(path)
    assert not again.accept(submission())
    again.close()


def test_an_unfinished_command_is_found(journal: Journal) -> None:
    """Accepted and not finished is what a crash leaves behind."""
    journal.accept(submission("a-1"))
    journal.accept(submission("a-2"))
    journal.finish("me", report("a-1"), at=NOW)
    assert journal.unfinished() == [("me", "a-2", "buy milk")]


def test_the_first_outcome_stays(journal: Journal) -> None:
    """A command that is finished can't be finished again."""
    journal.accept(submission())
    journal.finish("me", report(), at=NOW)
    journal.finish("me", Report(replace(report().outcome, status=Status.INTERRUPTED)), at=NOW)
    assert journal.entries(1)[0].status == "done"


def test_an_outcome_is_undelivered_until_marked(journal: Journal) -> None:
    """What did not reach the broker is kept with where it goes."""
    journal.accept(submission())
    assert journal.undelivered() == []
    journal.finish("me", report(), at=NOW)
    (item,) = journal.undelivered()
    assert (item.source, item.id, item.address, item.outcome["status"]) == ("me", "a-1", MQTT, "done")
    journal.mark_delivered("me", "a-1")
    assert journal.undelivered() == []


def test_local_outcomes_are_not_for_the_broker(journal: Journal) -> None:
    """What came over the socket is answered there or not at all."""
    journal.accept(submission(address=Address(Channel.LOCAL)))
    journal.finish("me", report(), at=NOW)
    assert journal.undelivered() == []


def test_entries_are_the_last_ones_oldest_first(journal: Journal) -> None:
    """The journal is read like a log."""
    for number in range(5):
        journal.accept(submission(f"a-{number}", received_at=NOW + number))
    journal.finish("me", report("a-4"), at=NOW)
    entries = journal.entries(2)
    assert [entry.id for entry in entries] == ["a-3", "a-4"]
    assert entries[1].plan == 'todo_add("List"; item="milk")'
    assert entries[1].outcome["say"] == "I added milk."
    assert entries[1].mass == 0.8


def test_old_commands_are_purged(journal: Journal) -> None:
    """What is older than the days it may be kept goes."""
    journal.accept(submission("old", received_at=NOW - 8 * DAY_S))
    journal.finish("me", report("old"), at=NOW)
    journal.accept(submission("new"))
    assert journal.purge(NOW) == 1
    assert [entry.id for entry in journal.entries(9)] == ["new"]


def words_in(path: Path) -> bool:
    """Is "milk" anywhere in the files of the journal?"""
    return any(b"milk" in file.read_bytes() for file in path.parent.glob(path.name + "*"))


@pytest.mark.parametrize("command_id", ["a-1", None], ids=["one", "all"])
def test_forgotten_words_are_gone_from_the_disk(journal: Journal, path: Path, command_id: str | None) -> None:
    """Forgetting wipes the bytes, and keeps the id so that it is not carried out again."""
    journal.accept(submission())
    journal.finish("me", report(), at=NOW)
    assert words_in(path)
    assert journal.forget(command_id) == 1
    assert not words_in(path)
    assert not journal.accept(submission())


def test_the_beginning_of_an_id_will_do(journal: Journal) -> None:
    """Where just one command begins so; the table shows no more of it. A whole id is never the beginning of another."""
    for command_id in ("abc", "abcd-1", "abxy-2"):
        journal.accept(submission(command_id))
        journal.finish("me", report(command_id), at=NOW)
    with pytest.raises(InputError, match="with which 3 begin: abc, abcd-1, abxy-2"):
        journal.forget("ab")
    assert journal.forget("abx") == 1
    assert journal.forget("abc") == 1
    assert {entry.id for entry in journal.entries(9) if entry.text} == {"abcd-1"}


def test_forgetting_an_unknown_id_says_so(journal: Journal) -> None:
    """A slip in the id is not taken for success."""
    with pytest.raises(InputError, match='no finished command with the id "b-7"'):
        journal.forget("b-7")


def test_no_word_is_kept_where_text_is_not(path: Path) -> None:
    """With keep_text false neither text nor plan, answer or free argument reaches the disk."""
    journal = Journal(path, keep_text=False)
    journal.accept(submission())
    journal.finish("me", report(), at=NOW)
    (entry,) = journal.entries(1)
    assert entry.outcome["calls"] == [{"function": "todo_add", "devices": ["list"], "arguments": {"amount": 2}}]
    assert not words_in(path)
    journal.close()


def test_only_the_owner_can_read_it(journal: Journal, path: Path) -> None:
    """The file is private from the start."""
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_newer_journal_is_left_alone(path: Path) -> None:
    """A journal of a later version is a fault of the installation, not something to repair."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerJournal, match="schema 99"):
        Journal(path)


def test_a_broken_journal_is_put_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is no database is kept under another name, said aloud, and a new one is begun."""
    path.write_bytes(b"not a database, " * 100)
    with caplog.at_level(logging.WARNING):
        journal = Journal(path)
    assert journal.accept(submission())
    journal.close()
    assert "journal broken" in caplog.text
    assert len(list(path.parent.glob("journal.db.broken-*"))) == 1


def test_a_directory_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """A journal that can't be opened is one clear error."""
    with pytest.raises(JournalError, match=r"the journal .*journal\.db can't be opened"):
        Journal(tmp_path / "nowhere" / "journal.db")
