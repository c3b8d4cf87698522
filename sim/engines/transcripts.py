"""Transcripts: a run as text, a line for each record of the retire port or for each walk.

docs/transcripts.md describes both formats. What writes faster than Python has code of its own for
them, with the same result (`sim/engines/native/machine/transcript.cpp`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path

from hdl.arch import MHPMEVENTS, PMPADDRS, PMPCFGS, Csr, Interrupt
from sim.engines.walks import HEADER
from sim.host.output_files import open_output

__all__ = [
    "COLUMNS",
    "DECIMAL",
    "NAMED",
    "Form",
    "Transcript",
    "columns",
    "commit_line",
    "commit_start",
    "header",
    "rvfi_line",
]


class Form(Enum):
    """How a transcript is written."""

    #: As `spike --log-commits` does: what retired.
    COMMITS = "commits"
    #: RVFI's fields as CSV: what retired or raised an exception, and in which cycle.
    RVFI = "rvfi"
    #: Page-table walks as CSV; see `sim.engines.walks`.
    WALKS = "walks"


#: What Spike writes whenever `mip` is written: how `mip` appears to a hypervisor. No CSR of ours.
_MVIP = 0x309
#: What a CSR is called where commits tell that it was written, by its address. Event counters are
#: not told of: they are constants.
NAMED = {
    **{int(csr): f"c{csr}_{csr.name.lower()}" for csr in Csr},
    **{csr: f"c{csr}_mhpmevent{number}" for number, csr in enumerate(MHPMEVENTS, 3)},
    **{csr: f"c{csr}_pmpcfg{csr - PMPCFGS[0]}" for csr in PMPCFGS},
    **{csr: f"c{csr}_pmpaddr{number}" for number, csr in enumerate(PMPADDRS)},
    _MVIP: f"c{_MVIP}_mvip",
}

#: Columns of RVFI: the cycle, and the fields of `hdl.pipeline.retire.RetirePort` but `valid`.
COLUMNS = (
    *("cycle", "order", "insn", "trap", "halt", "intr", "intr_cause", "mode", "ixl"),
    *("rs1_addr", "rs2_addr", "rs1_rdata", "rs2_rdata", "rd_addr", "rd_wdata"),
    *("pc_rdata", "pc_wdata"),
    *("mem_addr", "mem_paddr", "mem_rmask", "mem_wmask", "mem_rdata", "mem_wdata"),
    *("csr_addr", "csr_rmask", "csr_rdata", "csr_wmask", "csr_wdata"),
    *("csr_whole_addr", "csr_whole_wdata", "csr_mip_rdata", "csr_mip_wdata"),
    *("cause", "tval", "id"),
)
#: The field that a hart has besides that does misaligned accesses: the last column.
_SECOND = "mem_paddr2"
#: Those whose numbers are decimal; all others are hexadecimal.
DECIMAL = frozenset(
    ("cycle", "order", "trap", "halt", "intr", "mode", "ixl", "rs1_addr", "rs2_addr", "rd_addr")
)


class Transcript:
    """Writes a transcript to `path`; raises OSError if the file cannot be made.

    What goes wrong later is no reason to end a run: nothing more is written, and `close` tells.
    `fields` are the names of those of the retire port, `hart_id` is what commits call the hart.
    """

    def __init__(self, form: Form, path: Path, fields: Collection[str], hart_id: int = 0):
        self.form = form
        self._columns = columns(fields)
        self._hart_id = hart_id
        self._file = open_output(path)
        self._failure: OSError | None = None
        self.write(header(form, fields))

    def record(self, cycle: int, fields: Mapping[str, int]) -> None:
        """Takes a record of the retire port, in `cycle`; not for one of walks."""
        if self.form is Form.RVFI:
            self.write(rvfi_line(cycle, fields, self._columns))
        else:
            self.write(commit_line(fields, self._hart_id))

    def close(self) -> OSError | None:
        """Ends the file; returns what has gone wrong, if anything has."""
        try:
            self._file.close()
        except OSError as error:
            self._failure = self._failure or error
        return self._failure

    def write(self, text: str) -> None:
        """Appends lines."""
        if self._failure is None:
            try:
                self._file.write(text)
            except OSError as error:
                self._failure = error


def columns(fields: Collection[str]) -> tuple[str, ...]:
    """The columns of RVFI for a hart whose retire port has these `fields`."""
    return (*COLUMNS, _SECOND) if _SECOND in fields else COLUMNS


def header(form: Form, fields: Collection[str] = ()) -> str:
    """What stands before the first record; `fields` as above."""
    names = ",".join(columns(fields))
    return {Form.COMMITS: "", Form.RVFI: f"{names}\n", Form.WALKS: HEADER}[form]


def rvfi_line(cycle: int, fields: Mapping[str, int], names: Sequence[str] = COLUMNS) -> str:
    """The line of a record in the columns of these `names`."""
    values = {"cycle": cycle, **fields}
    cells = (str(values[name]) if name in DECIMAL else hex(values[name]) for name in names)
    return ",".join(cells) + "\n"


def commit_start(hart_id: int) -> str:
    """What every line of commits begins with."""
    return f"core{hart_id:4d}: "


def commit_line(fields: Mapping[str, int], hart_id: int = 0) -> str:
    """The line of an instruction in Spike's log of commits; nothing if it trapped."""
    if fields["trap"]:
        return ""
    insn, address = fields["insn"], _word(fields["mem_addr"])
    line = f"{commit_start(hart_id)}{fields['mode']} {_word(fields['pc_rdata'])} "
    line += f"(0x{insn:08x})" if insn & 3 == 3 else f"(0x{insn:04x})"
    if fields["rd_addr"]:
        line += f" x{fields['rd_addr']:<2} {_word(fields['rd_wdata'])}"
    for csr, value in _written(fields):
        if csr in NAMED:
            line += f" {NAMED[csr]} {_word(value)}"
    if fields["mem_rmask"]:
        line += f" mem {address}"
    if fields["mem_wmask"]:
        size = fields["mem_wmask"].bit_count()
        stored = fields["mem_wdata"] & (1 << 8 * size) - 1
        line += f" mem {address} 0x{stored:0{2 * size}x}"
    return line + "\n"


def _written(fields: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """The CSRs that Spike says an instruction writes, in the order of their addresses."""
    csr = fields["csr_whole_addr"]
    if csr == Csr.MIP:
        # Written with it, and first: SEIP is new, and shows beside SSIP and STIP of before.
        new = fields["csr_mip_wdata"] & 1 << Interrupt.SEI
        yield _MVIP, fields["csr_mip_rdata"] & ~(1 << Interrupt.SEI) | new
    if fields["csr_addr"] == Csr.SIE and csr:
        yield Csr.SIE, fields["csr_wdata"]
    if csr:
        yield csr, fields["csr_whole_wdata"]


def _word(value: int) -> str:
    return f"0x{value:016x}"
