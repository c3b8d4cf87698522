"""What the options ask to be written of a run's result and of its page faults.

What writes a file is imported when there is to be one: most runs want none.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sim.cli.options import Options, RunOptions
from sim.guests.symbols import Symbols
from sim.host.output_files import not_whole
from sim.result import Result
from sim.session import KernelSession, MachineSession, Session

if TYPE_CHECKING:
    from sim.engines.traps import TrapRecord
    from sim.guests.fault_table import PageFault
    from sim.output.chrome_trace import ChromeTrace
    from sim.output.csv_report import CsvReport
    from sim.output.json_report import JsonReport
    from sim.output.kanata_log import KanataLog
    from sim.report.page import ReportPage

__all__ = ["BareReports", "Reports"]

#: Writes to standard output.
_Write = Callable[[bytes], object]


class Reports:
    """The files of a run under the kernel. Raises OSError if one cannot be made."""

    def __init__(self, options: RunOptions, session: KernelSession, write: _Write):
        self._json = _json(options, write)
        self._csv = _csv(options)
        self._trace = _trace(options, session)
        self._page = _page(options, session)
        self._session = session
        self._kanata = _kanata(options, session)
        if any(each is not None for each in (self._json, self._csv, self._trace, self._page)):
            self._symbols = session.symbols()
            session.guest.faults.settled.append(self._fault)

    def finish(self, result: Result) -> OSError | None:
        """The run is over; what has gone wrong with the JSON, if anything has."""
        self._result = result
        if self._json is None:
            return None
        from sim.output.facts import run_facts

        return _finish(self._json, run_facts(result))

    def close(self) -> list[str]:
        """Ends the other files; says what has gone wrong."""
        engine = self._session.machine.engine
        trace, page = self._trace, self._page
        failures = {
            "--csv": None if self._csv is None else self._csv.close(),
            "--chrome-trace": None if trace is None else trace.finish(engine.cycle, engine.passage),
            "--report": None if page is None else page.finish(self._result),
        }
        told = [not_whole(option, error) for option, error in failures.items() if error is not None]
        return told + _close(self._kanata, self._session)

    def _fault(self, fault: "PageFault") -> None:
        from sim.output.facts import fault_facts

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
    """The files of a run without the kernel model. Raises OSError if one cannot be made."""

    def __init__(self, options: Options, session: MachineSession, write: _Write):
        self._json = _json(options, write)
        self._session = session
        self._kanata = _kanata(options, session)
        self._symbols = Symbols("", session.elf)
        if self._json is not None:
            from sim.guests.bare_faults import BareFaults

            self._faults = BareFaults(self._fault, session.machine.engine.log)
            session.watchers.append(self._faults)

    def finish(self, result: Result, more: Mapping[str, Any] | None = None) -> OSError | None:
        """As that of `Reports`; `more` is what else stands in the JSON."""
        if self._json is None:
            return None
        self._faults.look(self._session.machine)
        from sim.output.facts import bare_facts

        exceptions = self._session.machine.engine.log.trap_count
        return _finish(self._json, bare_facts(result, exceptions) | dict(more or {}))

    def close(self) -> list[str]:
        """As that of `Reports`."""
        return _close(self._kanata, self._session)

    def _fault(self, number: int, trap: "TrapRecord") -> None:
        from sim.output.facts import raised_facts

        assert self._json is not None
        self._json.fault(raised_facts(number, trap, self._symbols.place("", trap.pc)))


def _json(options: Options, write: _Write) -> "JsonReport | None":
    if options.json_path is None:
        return None
    from sim.output.json_report import JsonReport

    return JsonReport(options.json_path, write)


def _csv(options: RunOptions) -> "CsvReport | None":
    if options.csv is None:
        return None
    from sim.output.csv_report import CsvReport

    return CsvReport(options.csv)


def _trace(options: RunOptions, session: KernelSession) -> "ChromeTrace | None":
    """Writes a trace of the run from now on."""
    if options.chrome_trace is None:
        return None
    from sim.output.chrome_trace import ChromeTrace

    trace = ChromeTrace(options.chrome_trace, session.kernel, session.guest.faults)
    session.kernel.watchers.append(trace)
    session.guest.watchers.append(trace.rang)
    return trace


def _page(options: RunOptions, session: KernelSession) -> "ReportPage | None":
    """Writes a page of the run from now on."""
    if options.report is None:
        return None
    from sim.report.page import ReportPage

    return ReportPage(options.report, session)


def _kanata(options: Options, session: Session) -> "KanataLog | None":
    """Writes a log of the pipeline from now on."""
    if options.kanata is None:
        return None
    from sim.output.kanata_log import KanataLog
    from sim.output.waves import CycleRange, FirstFaults

    if not isinstance(session, KernelSession):
        log = KanataLog(options.kanata, options.kanata_window or CycleRange())
    else:
        log = KanataLog(options.kanata, options.kanata_window or FirstFaults(session.guest))
        session.kernel.watchers.append(log)
        session.guest.watchers.append(log.rang)
    session.watchers.append(log)
    return log


def _close(kanata: "KanataLog | None", session: Session) -> list[str]:
    failure = None if kanata is None else kanata.finish(session.cycle)
    return [] if failure is None else [failure]


def _finish(json: "JsonReport", facts: dict[str, Any]) -> OSError | None:
    """Writes the rest; returns what has gone wrong."""
    try:
        json.finish(facts)
    except OSError as error:
        return OSError(error.errno, error.strerror, f"--json {error.filename}")
    return None
