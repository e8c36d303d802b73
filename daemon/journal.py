"""What was asked and what became of it, in SQLite: the memory behind "at most once" and "exactly one final Outcome".

Blocking, and used from one thread. A row is written before a command is carried out and finished after; a row found unfinished
at start was cut off. `delivered` says whether the final Outcome reached the broker; what did not is delivered after the next
connect, with the same command id. Knows nothing of MQTT.

Invariants: (source, id) is unique for as long as the row is kept, also after its content was forgotten. WAL with
synchronous=NORMAL: the end of the process loses nothing, a power cut may lose the last moments and never the file.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from octopus_hub.config.errors import HubError, InputError
from octopus_hub.config.plan import Outcome
from octopus_hub.daemon.submission import Address, Channel, Report, Submission
from octopus_hub.daemon.wire import dump, outcome_to_json

logger = logging.getLogger(__name__)

SCHEMA = 1
BUSY_TIMEOUT_S = 2.0
DAY_S = 86_400.0

TABLE = """
CREATE TABLE command (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    channel TEXT NOT NULL,
    response_topic TEXT,
    correlation BLOB,
    received_at REAL NOT NULL,
    sent_at REAL,
    text TEXT,
    plan TEXT,
    mass REAL,
    status TEXT,
    code TEXT,
    outcome TEXT,
    finished_at REAL,
    delivered INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, id)
) STRICT;
CREATE INDEX command_open ON command (number) WHERE delivered = 0;
CREATE INDEX command_age ON command (received_at);
"""


class JournalError(HubError):
    """The journal can't be read or written (EX_IOERR)."""

    exit_code = 74


class NewerJournal(HubError):
    """The journal was written by a later version (EX_CONFIG)."""

    exit_code = 78


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as `octopus log` shows it; `outcome` are the fields of `wire.outcome_to_json`, empty where forgotten or unfinished."""

    source: str
    id: str
    received_at: float
    text: str | None
    plan: str | None
    mass: float | None
    status: str | None
    outcome: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A final Outcome that has not reached the broker: its JSON fields and where they go."""

    source: str
    id: str
    address: Address
    outcome: Mapping[str, object]


class Journal:
    """An open journal. All methods raise JournalError."""

    def __init__(self, path: Path, *, keep_text: bool = True, days: float = 7.0) -> None:
        self._path = path
        self._keep_text = keep_text
        self._days = days
        self._connection = _open(path)

    def close(self) -> None:
        """Closes the file; the journal is of no use afterwards."""
        self._connection.close()

    def accept(self, submission: Submission) -> bool:
        """Notes a command before anything is done about it; False if its id was seen before."""
        command, address = submission.command, submission.address
        row = (
            *(command.source, command.id, str(address.channel), address.response_topic, address.correlation),
            *(command.received_at, command.sent_at, command.text if self._keep_text else None),
        )
        with self._translated():
            cursor = self._connection.execute(
                "INSERT INTO command (source, id, channel, response_topic, correlation, received_at, sent_at, text)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                row,
            )
        return cursor.rowcount == 1

    def finish(self, source: str, report: Report, *, at: float) -> None:
        """Notes the final Outcome of an accepted command, once; a second one changes nothing."""
        outcome = report.outcome if self._keep_text else without_words(report.outcome)
        content = dump(outcome_to_json(outcome)).decode()
        plan = report.plan if self._keep_text else None
        row = (plan, report.mass, str(outcome.status), str(outcome.code), content, at, source, outcome.command_id)
        with self._translated():
            self._connection.execute(
                "UPDATE command SET plan = ?, mass = ?, status = ?, code = ?, outcome = ?, finished_at = ?"
                " WHERE source = ? AND id = ? AND status IS NULL",
                row,
            )

    def mark_delivered(self, source: str, command_id: str) -> None:
        """Notes that nobody waits for this Outcome any more."""
        with self._translated():
            self._connection.execute("UPDATE command SET delivered = 1 WHERE source = ? AND id = ?", (source, command_id))

    def unfinished(self) -> list[tuple[str, str, str]]:
        """Source, id and text of accepted commands without an Outcome: at start, those that were cut off."""
        with self._translated():
            rows = self._connection.execute("SELECT source, id, text FROM command WHERE status IS NULL ORDER BY number").fetchall()
        return [(source, command_id, text or "") for source, command_id, text in rows]

    def undelivered(self) -> list[Undelivered]:
        """Final Outcomes for MQTT that have not reached the broker, oldest first."""
        with self._translated():
            rows = self._connection.execute(
                "SELECT source, id, channel, response_topic, correlation, outcome FROM command"
                " WHERE delivered = 0 AND outcome IS NOT NULL AND channel = ? ORDER BY number",
                (str(Channel.MQTT),),
            ).fetchall()
        return [
            Undelivered(source, command_id, Address(Channel(channel), topic, correlation), json.loads(outcome))
            for source, command_id, channel, topic, correlation, outcome in rows
        ]

    def entries(self, limit: int) -> list[Entry]:
        """The last `limit` commands, oldest first."""
        with self._translated():
            rows = self._connection.execute(
                "SELECT source, id, received_at, text, plan, mass, status, outcome FROM command ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            Entry(source, command_id, received_at, text, plan, mass, status, json.loads(outcome) if outcome else {})
            for source, command_id, received_at, text, plan, mass, status, outcome in reversed(rows)
        ]

    def forget(self, command_id: str | None = None) -> int:
        """Wipes what was said and done, of one command id or of all, and returns of how many; the ids stay, as seen. The beginning
        of an id will do where just one begins so.

        Raises InputError for an id that is not there, or the beginning of several.
        """
        where, values = ("WHERE id = ?", (self._whole_id(command_id),)) if command_id is not None else ("WHERE TRUE", ())
        with self._translated():
            wipe = f"UPDATE command SET text = NULL, plan = NULL, outcome = NULL, delivered = 1 {where} AND status IS NOT NULL"
            cursor = self._connection.execute(wipe, values)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return cursor.rowcount

    def _whole_id(self, begun: str) -> str:
        """The id of a finished command that is, or begins with, `begun`."""
        with self._translated():
            query = "SELECT DISTINCT id FROM command WHERE substr(id, 1, ?) = ? AND status IS NOT NULL ORDER BY id"
            found = [str(row[0]) for row in self._connection.execute(query, (len(begun), begun))]
        if begun in found or len(found) == 1:
            return begun if begun in found else found[0]
        if found:
            raise InputError(
                f'expected the beginning of one id, got "{begun}", with which {len(found)} begin: {", ".join(found[:5])}'
            )
        raise InputError(f'no finished command with the id "{begun}" is in the journal')

    def purge(self, now: float) -> int:
        """Removes finished commands older than the days they are kept; returns how many."""
        with self._translated():
            cursor = self._connection.execute(
                "DELETE FROM command WHERE received_at < ? AND status IS NOT NULL", (now - self._days * DAY_S,)
            )
        return cursor.rowcount

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self._path} can't be used: {error}") from error


def without_words(outcome: Outcome) -> Outcome:
    """The Outcome without anything that may repeat the sentence: its text, the answer, free arguments."""
    calls = tuple(
        replace(call, arguments={name: value for name, value in call.arguments.items() if not isinstance(value, str)})
        for call in outcome.calls
    )
    return replace(outcome, text="", say="", calls=calls)


def _open(path: Path) -> sqlite3.Connection:
    """Opens or makes the file; one that is no database any more is put aside with a warning."""
    try:
        return _connect(path)
    except OSError as error:
        raise JournalError(f"the journal {path} can't be opened: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, no such directory, read-only, disk full
            raise JournalError(f"the journal {path} can't be opened: {error}") from error
        aside = path.with_name(f"{path.name}.broken-{int(time.time())}")
        logger.warning("journal broken path=%s error=%s kept_as=%s; a new one is begun", path, error, aside)
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    try:
        return _connect(path)
    except sqlite3.Error as error:
        raise JournalError(f"the journal {path} can't be made: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise NewerJournal(f"the journal {path} has schema {version}, this version of octopus reads up to {SCHEMA}")
    if version == 0:
        connection.executescript(f"BEGIN; {TABLE} PRAGMA user_version = {SCHEMA}; COMMIT;")
