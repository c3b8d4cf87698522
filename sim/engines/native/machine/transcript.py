"""Transcripts that compiled code writes."""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sim.engines.transcripts import DECIMAL, NAMED, Form, columns, commit_start, header
from sim.host.output_files import open_output

__all__ = ["Saved", "Transcripts"]

_u64, _pointer = ctypes.c_uint64, ctypes.c_void_p
#: Functions of transcript.cpp: what they return, and their arguments.
_FUNCTIONS = {
    "transcript_new": (_pointer, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, _pointer),
    "transcript_name": (None, _pointer, _u64, ctypes.c_char_p),
    "transcript_column": (None, _pointer, _u64, ctypes.c_int),
    "transcript_walks": (None, _pointer),
    "transcript_set": (None, _pointer, _pointer),
    "transcript_chain": (None, _pointer, _pointer),
    "transcript_flush": (None, _pointer),
    "transcript_end": (ctypes.c_int, _pointer),
}
#: Fields of a record that commits need, in the order of `Fields` in transcript.cpp.
_COMMIT = (
    *("trap", "mode", "pc_rdata", "insn", "rd_addr", "rd_wdata", "csr_addr", "csr_wdata"),
    *("csr_whole_addr", "csr_whole_wdata", "csr_mip_rdata", "csr_mip_wdata"),
    *("mem_addr", "mem_rmask", "mem_wmask", "mem_wdata"),
)
#: The number of the cycle among the words of a record.
_CYCLE = (1 << 64) - 1


class Saved(NamedTuple):
    """What a transcript is, and where its file ended; None of a pipe, which keeps what it got."""

    form: Form
    path: Path
    hart_id: int
    end: int | None


class Transcripts:
    """Lets `machine`, the struct of machine.cpp, write transcripts.

    Parameters
    ----------
    library : ctypes.CDLL
        With transcript.cpp in it.
    machine : ctypes.Structure
        The machine.
    fields : sequence of str
        Names of the retire port's fields, in the order of their words.
    """

    def __init__(self, library: ctypes.CDLL, machine: ctypes.Structure, fields: Sequence[str]):
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._library = library
        self._machine = machine
        self._fields = fields
        self._running: list[_Transcript] = []

    def start(self, form: Form, path: Path, hart_id: int) -> None:
        """Writes one from the next record on; raises OSError."""
        self._running.append(_Transcript(self._library, self._fields, form, path, hart_id))
        self._update()

    def stop(self) -> list[tuple[Form, OSError]]:
        """Ends all; returns what has gone wrong, and with which."""
        running, self._running = self._running, []
        self._update()
        return [(each.form, error) for each in running if (error := each.close()) is not None]

    def save(self) -> list[Saved]:
        """What `load` needs to return to this cycle."""
        return [each.save() for each in self._running]

    def load(self, saved: Sequence[Saved]) -> None:
        """All that are running are those that were, as far as they were. Raises OSError."""
        running = {each.path: each for each in self._running}
        self._running = []
        for each in saved:
            going = running.pop(each.path, None)
            if going is None:
                going = _Transcript(self._library, self._fields, *each)
            else:
                going.return_to(each.end)
            self._running.append(going)
        for other in running.values():
            other.close()
        self._update()

    def _update(self) -> None:
        following = None
        for each in self._running:
            self._library.transcript_chain(each.address, following)
            following = each.address
        self._library.transcript_set(ctypes.byref(self._machine), following)


class _Transcript:
    """One of them; `address` is the `Transcript` of transcript.cpp.

    The file is made anew, or goes on behind its first `end` bytes. OSError is raised if it cannot.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        fields: Sequence[str],
        form: Form,
        path: Path,
        hart_id: int,
        end: int | None = None,
    ):
        self._library = library
        self.form, self.path, self._hart_id = form, path, hart_id
        self._file = open_output(path) if end is None else path.open("r+")
        word = {name: number for number, name in enumerate(fields)} | {"cycle": _CYCLE}
        places = (_u64 * len(_COMMIT))(*(word[name] for name in _COMMIT))
        head = "" if end is not None else header(form, fields)
        start = commit_start(hart_id).encode()
        self.address = library.transcript_new(self._file.fileno(), head.encode(), start, places)
        for csr, name in NAMED.items():
            library.transcript_name(self.address, csr, name.encode())
        if form is Form.WALKS:
            library.transcript_walks(self.address)
        if form is Form.RVFI:
            for name in columns(fields):
                library.transcript_column(self.address, word[name], name in DECIMAL)
        if end is not None:
            self.return_to(end)

    def save(self) -> Saved:
        """What it is, and the bytes that it has so far."""
        self._library.transcript_flush(self.address)
        file = self._file
        end = os.lseek(file.fileno(), 0, os.SEEK_CUR) if file.seekable() else None
        return Saved(self.form, self.path, self._hart_id, end)

    def return_to(self, end: int | None) -> None:
        """Takes out what the file has behind `end`, if it is no pipe."""
        self._library.transcript_flush(self.address)
        if end is not None:
            os.ftruncate(self._file.fileno(), end)
            os.lseek(self._file.fileno(), end, os.SEEK_SET)

    def close(self) -> OSError | None:
        """Ends the file; returns what has gone wrong, if anything has."""
        error = self._library.transcript_end(self.address)
        self._file.close()
        return OSError(error, os.strerror(error), str(self.path)) if error else None
