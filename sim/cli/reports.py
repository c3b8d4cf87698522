"""What the options ask to be written of a run's result and of its page faults."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.options import Options, RunOptions
from sim.engines.traps import TrapRecord
from sim.guests.bare_faults import BareFaults
from sim.guests.fault_table import PageFault
from sim.guests.symbols import Symbols
from sim.host.output_files import not_whole
from sim.output.chrome_trace import ChromeTrace
from sim.output.csv_report import CsvReport
from sim.output.facts import bare_facts, fault_facts, raised_facts, run_facts
from sim.output.json_report import JsonReport
from sim.output.kanata_log import KanataLog
from sim.output.waves import CycleRange, FirstFaults
from sim.result import Result
from sim.session import BareSession, KernelSession, Session

if TYPE_CHECKING:
    from sim.report.page import ReportPage

__all__ = ["BareReports", "Reports"]

#: Writes to standard output.
_Write = Callable[[bytes], object]


class Reports:
    """The files of a run under the kernel. Raises OSError if one cannot be made."""

    def __init__(self, options: RunOptions, session: KernelSession, write: _Write):
        self._json = None if options.json_path is None else JsonReport(options.json_path, write)
        self._csv = None if options.csv is None else CsvReport(options.csv)
        self._trace = None
        if options.chrome_trace is not None:
            self._trace = _trace(options.chrome_trace, session)
        self._session = session
        self._kanata = None
        if options.kanata is not None:
            self._kanata = KanataLog(
                options.kanata, options.kanata_window or FirstFaults(session.guest)
            )
            session.kernel.watchers.append(self._kanata)
            session.guest.watchers.append(self._kanata.rang)
            session.watchers.append(self._kanata)
        self._symbols = session.symbols()
        self._page = None if options.report is None else _page(options.report, session)
        if any(each is not None for each in (self._json, self._csv, self._trace, self._page)):
            session.guest.faults.settled.append(self._fault)

    def finish(self, result: Result) -> OSError | None:
        """The run is over; what has gone wrong with the JSON, if anything has."""
        self._result = result
        return _finish(self._json, lambda: run_facts(result))

    def close(self) -> list[str]:
        """Ends the other files; says what has gone wrong."""
        engine = self._session.machine.engine
        failures = [
            None if self._csv is None else self._csv.close(),
            None if self._trace is None else self._trace.finish(engine.cycle, engine.passage),
            None if self._page is None else self._page.finish(self._result),
        ]
        told = [not_whole(error) for error in failures if error is not None]
        return told + _close(self._kanata, self._session)

    def _fault(self, fault: PageFault) -> None:
        place = self._symbols.place(fault.served.name, fault.served.pc)
        facts = fault_facts(fault, place)
        if self._json is not None:
            self._json.fault(facts)
        if self._csv is not None:
            self._csv.fault(facts)
        if self._trace is not None:
            self._trace.settled(fault, facts)
        if self._page is not None:
            self._page.fault(fault, facts)


class BareReports:
    """The files of a bare run. Raises OSError if one cannot be made."""

    def __init__(self, options: Options, session: BareSession, elf: bytes, write: _Write):
        self._json = None if options.json_path is None else JsonReport(options.json_path, write)
        self._session = session
        self._kanata = None
        if options.kanata is not None:
            self._kanata = KanataLog(options.kanata, options.kanata_window or CycleRange())
            session.watchers.append(self._kanata)
        self._symbols = Symbols("", elf)
        self._faults = BareFaults(self._fault)
        if self._json is not None:
            session.watchers.append(self._faults)

    def finish(self, result: Result) -> OSError | None:
        """As that of `Reports`."""
        if self._json is None:
            return None
        self._faults.look(self._session.machine)
        exceptions = self._session.machine.engine.log.trap_count
        return _finish(self._json, lambda: bare_facts(result, exceptions))

    def close(self) -> list[str]:
        """As that of `Reports`."""
        return _close(self._kanata, self._session)

    def _fault(self, number: int, trap: TrapRecord) -> None:
        assert self._json is not None
        self._json.fault(raised_facts(number, trap, self._symbols.place("", trap.pc)))


def _trace(path: Path, session: KernelSession) -> ChromeTrace:
    """Writes a trace of the run to `path` from now on."""
    trace = ChromeTrace(path, session.kernel, session.guest.faults)
    session.kernel.watchers.append(trace)
    session.guest.watchers.append(trace.rang)
    return trace


def _page(path: Path, session: KernelSession) -> "ReportPage":
    """Writes a page of the run to `path` from now on."""
    # Not at the top: only who asks for a page waits for what makes it.
    from sim.report.page import ReportPage

    first = session.kernel.first
    assert first is not None
    return ReportPage(path, first.name, session.symbols())


def _close(kanata: KanataLog | None, session: Session) -> list[str]:
    failure = None if kanata is None else kanata.finish(session.cycle)
    return [] if failure is None else [failure]


def _finish(json: JsonReport | None, facts: Callable[[], dict[str, Any]]) -> OSError | None:
    """Writes the rest; returns what has gone wrong."""
    if json is None:
        return None
    try:
        json.finish(facts())
    except OSError as error:
        return error
    return None
