"""A command without a daemon: no journal, no action."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.interpreters import TableInterpreter

from octopus_hub.config.errors import HubError, UnavailableService
from octopus_hub.config.hub import JournalSettings
from octopus_hub.config.loader import Config, demo_directory, load_config
from octopus_hub.config.plan import Command, Plan, Status
from octopus_hub.daemon.journal import Journal, JournalError
from octopus_hub.daemon.once import say_once
from octopus_hub.daemon.submission import Address, Channel, Submission


class Asked(TableInterpreter):
    """Keeps what the journal had when it was asked."""

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self.journal = journal
        self.noted: list[str | None] = []

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """As the table."""
        with closing(Journal(self.journal)) as journal:
            self.noted += [entry.status for entry in journal.entries(9)]
        return super().interpret(text, deadline_s)


def demo(journal: Path) -> Config:
    """The demo house with a journal of its own."""
    config = load_config(demo_directory())
    return replace(config, hub=replace(config.hub, journal=JournalSettings(journal)))


def submission() -> Submission:
    """A command of the command line."""
    return Submission(Command("c-1", "turn on the hallway light", "cli", time.time()), Address(Channel.LOCAL))


def test_a_command_is_noted_before_and_after(tmp_path: Path) -> None:
    """It is in the journal without an Outcome while it is carried out, and with it afterwards."""
    path = tmp_path / "journal.db"
    interpreter = Asked(path)
    assert say_once(demo(path), interpreter, submission(), tmp_path / "state").outcome.status is Status.DONE
    assert interpreter.noted == [None]
    with closing(Journal(path)) as journal:
        assert [entry.status for entry in journal.entries(9)] == ["done"]


@pytest.mark.parametrize(("journal", "state", "error"), [(".", "state", JournalError), ("journal.db", "file", UnavailableService)])
def test_without_a_journal_nothing_is_done(tmp_path: Path, journal: str, state: str, error: type[HubError]) -> None:
    """Where it can't be written, or its directory not be made, that is told before anything is understood."""
    (tmp_path / "file").touch()
    interpreter = Asked(tmp_path / "other.db")
    with pytest.raises(error):
        say_once(demo(tmp_path / journal), interpreter, submission(), tmp_path / state)
    assert not interpreter.journal.exists()
