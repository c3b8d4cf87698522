"""Journals: the input of a run, written down as it comes, and given again.

A journal is lines of JSON, one for each piece of input:

    {"cycle": 81234, "input": "echo hi\\n"}

`cycle` is when it came. A piece with `"waited": true` came while no process could run, so that
simulated time stood. Bytes that are no UTF-8 stand as lone surrogates, as Python's
`surrogateescape` has it.

The first line says what kind of source it was: `{"echo": true, "interrupts": true}` a terminal,
`{"echo": false, "interrupts": false}` a pipe. Without such a line nothing is echoed, and input
comes at its cycles.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from sim.host.input_files import read_whole
from sim.host.output_files import position_of, return_to

__all__ = ["Entry", "Journal", "JournalError", "Replay", "load_journal"]


class JournalError(Exception):
    """A journal cannot be read; one line that says where and why."""


@dataclass(frozen=True)
class Entry:
    """A piece of input."""

    cycle: int
    data: bytes
    waited: bool = False


class Journal:
    """Writes a journal. Each line is in the file at once, whatever ends the run.

    Members
    -------
    failure : OSError or None
        What kept a piece of input from being written. The run goes on without its journal: whoever
        types loses nothing else.
    """

    def __init__(self, file: TextIO):
        self._file = file
        self.failure: OSError | None = None

    def record(self, cycle: int, data: bytes, waited: bool) -> None:
        """`data` came at `cycle`, or, if `waited`, when everything waited for it."""
        line = {"cycle": cycle, "input": data.decode(errors="surrogateescape")}
        if self.failure is None:
            with self._failures():
                self._write(line | {"waited": True} if waited else line)

    def close(self) -> None:
        """Closes the file."""
        with self._failures():
            self._file.close()

    def save_state(self) -> object:
        """See `sim.checkpoint.Restorable`."""
        return position_of(self._file), self.failure

    def load_state(self, state: Any) -> None:
        """What was written down since then is taken out of the file."""
        position, self.failure = state
        with self._failures():
            return_to(self._file, position)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error

    def record_source(self, echo: bool, interrupts: bool) -> None:
        """The source is of that kind; see `kernel_model.dev.state.Console`."""
        self._write({"echo": echo, "interrupts": interrupts})

    def _write(self, line: Mapping[str, object]) -> None:
        print(json.dumps(line), file=self._file, flush=True)


class Replay:
    """Input at the cycles that a journal says; its end is the end of input.

    Parameters
    ----------
    entries : iterable of Entry
        In the order in which they came.
    echo, interrupts : bool
        The kind of the source. If it does not interrupt, each piece comes when it is asked for, as
        from a pipe, whatever its cycle.
    """

    def __init__(self, entries: Iterable[Entry], echo: bool = False, interrupts: bool = True):
        self._entries = list(entries)
        self._released = False  # the first entry's turn has come, since everything waits for it
        self.echo = echo
        self.interrupts = interrupts

    @property
    def interactive(self) -> bool:
        """It is that of a terminal, on which more is typed."""
        return self.interrupts and bool(self._entries)

    def poll(self, now: int, room: int) -> bytes:
        """The next piece, or `room` bytes of it, if its cycle has come."""
        if not self._entries:
            return b""
        entry = self._entries[0]
        has_come = entry.cycle <= now and not entry.waited
        if self.interrupts and not has_come and not self._released:
            return b""
        if len(entry.data) > room:
            self._entries[0] = Entry(now, entry.data[room:])
        else:
            del self._entries[0]
        self._released = False
        return entry.data[:room]

    def next_arrival(self, now: int) -> int | None:
        """The next piece's cycle, unless it comes when everything waits for it."""
        if self._entries and self.interrupts and not self._entries[0].waited:
            return self._entries[0].cycle
        return None

    def wait(self, now: int) -> bool:
        """Everything waits: the next piece comes, whatever its cycle. False if there is none."""
        self._released = bool(self._entries)
        return self._released

    def ended(self, now: int) -> bool:
        """All has been given."""
        return not self._entries


def load_journal(path: Path) -> Replay:
    """The journal in the file at `path`; raises JournalError or OSError."""
    entries: list[Entry] = []
    source: dict[str, bool] = {}
    text = read_whole(path).decode(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            match _json(line):
                case {"echo": bool(), "interrupts": bool(), **others} as kind if not others:
                    source = kind
                case fields:
                    entries.append(_entry(fields, entries))
        except ValueError as error:
            raise JournalError(f"{path}, line {number}: {error}") from None
    return Replay(entries, **source)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg}") from None


def _entry(fields: object, before: Sequence[Entry]) -> Entry:
    """The entry of a line; raises ValueError."""
    match fields:
        case {"cycle": int(cycle), "input": str(text), **others} if type(cycle) is int:
            waited = others.pop("waited", False)
        case _:
            raise ValueError('not of the form {"cycle": N, "input": "text"}')
    if others or not isinstance(waited, bool):
        raise ValueError(f"unknown {', '.join(map(str, others)) or 'value of waited'}")
    earliest = before[-1].cycle if before else 0
    if cycle < earliest:
        raise ValueError(f"cycle {cycle} is before {earliest}")
    if not text:
        raise ValueError("input is empty")
    try:
        return Entry(cycle, text.encode(errors="surrogateescape"), waited)
    except UnicodeEncodeError:
        raise ValueError("input has a surrogate that stands for no byte") from None
