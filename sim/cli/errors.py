"""What an error is to the user: one line, and an exit status. Imports all that may go wrong."""

from kernel_model.calls.elf import ExecError
from kernel_model.fs.names import FsError
from sim.boot.snapshot import SnapshotError
from sim.cli.explain import ExplainError
from sim.cli.moments import MomentError
from sim.debug.debugger import DebugError
from sim.engines.base import EngineError
from sim.guests.fault_table import JoinError
from sim.guests.host_files import HostFileError
from sim.guests.loader import LoadError
from sim.host.toolchain import ToolchainError
from sim.platform.bus import ProtocolError
from sim.platform.devices.htif import HtifError
from sim.platform.devices.journal import JournalError
from sim.report.runs import RunFileError
from sim.spread.engine import SpreadError
from sim.sweep.ledger import LedgerError
from sim.sweep.spec import SpecError

__all__ = ["explain"]

#: Exit statuses: a mistake of the user's, and a machine that cannot go on.
_USAGE, _BROKEN = 2, 125

_USER_ERRORS = (
    DebugError,
    EngineError,
    ExecError,
    FsError,
    HostFileError,
    JournalError,
    LedgerError,
    LoadError,
    ExplainError,
    MomentError,
    RunFileError,
    SnapshotError,
    SpecError,
    SpreadError,
    ToolchainError,
    OSError,
)
_MACHINE_ERRORS = (HtifError, JoinError, ProtocolError)


def explain(error: Exception) -> tuple[str, int] | None:
    """The line and the status; None for what is a mistake of ours."""
    if isinstance(error, _MACHINE_ERRORS):
        return str(error), _BROKEN
    if not isinstance(error, _USER_ERRORS):
        return None
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}", _USAGE
    return str(error), _USAGE
