"""The points that are done, in a file that only grows: whatever ends a sweep, they are not lost."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim import __version__
from sim.config import RunConfig
from sim.spread.sources import digest
from sim.sweep.spec import Point

__all__ = ["Ledger", "LedgerError", "key_of"]


class LedgerError(Exception):
    """The file cannot be used; one line that says why."""


def key_of(point: Point, program: str) -> str:
    """What a point's row follows from, as a hash of 32 hexadecimal digits.

    That is its configuration, whatever the file of the sweep says of it, the hash `program` of its
    program, the arguments, and all sources of this version.
    """
    defaults = RunConfig().as_json()
    facts = {
        "config": {**defaults, **point.parameters},
        "program": [program, point.program, *point.arguments],
        "max_cycles": point.max_cycles,
        "version": [__version__, digest()],
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Ledger:
    """Rows by the keys of their points; each is in the file before the next one is begun.

    Members
    -------
    rows : dict of str to dict
        Those that are known.
    """

    def __init__(self, path: Path, descriptor: int):
        self._path, self._descriptor = path, descriptor
        self.rows: dict[str, dict[str, Any]] = {}
        self._read()

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["Ledger"]:
        """The ledger in `path`, for this process alone. Raises LedgerError or OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LedgerError(f"{path}: is no file that can be kept")
            _lock(descriptor, path)
            yield cls(path, descriptor)
        finally:
            os.close(descriptor)

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Keeps a row. Raises OSError."""
        line = json.dumps({"key": key, "row": row}).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self.rows[key] = row

    def forget(self) -> None:
        """Forgets all rows. Raises OSError."""
        os.ftruncate(self._descriptor, 0)
        self.rows.clear()

    def _read(self) -> None:
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        # What was being written when the sweep was ended.
        os.ftruncate(self._descriptor, whole)
        for number, line in enumerate(data[:whole].splitlines(), 1):
            try:
                entry = json.loads(line)
                self.rows[entry["key"]] = dict(entry["row"])
            except (ValueError, TypeError, KeyError) as error:
                raise LedgerError(f"{self._path}:{number}: is no row of a sweep") from error


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # no POSIX
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LedgerError(f"{path}: another sweep is writing to it") from error
