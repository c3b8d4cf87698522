"""A run and its page faults as data, for JSON and CSV: docs/run.schema.json says what each is.

Every number is an integer; what is not known is None.
"""

import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from kernel_model.facts.accounts import Account
from sim import __version__
from sim.engines.story import Lookup
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import PageFault
from sim.guests.lives import OTHER_WORK, Part
from sim.guests.symbols import Place
from sim.host.toolchain import ToolchainError, compiler_version
from sim.result import Result

__all__ = ["bare_facts", "fault_facts", "key", "raised_facts", "run_facts"]

_OF_A_KERNEL = (
    *("abi", "pages_promised", "heap_frames_used", "frames_used"),
    *("area_pages_promised", "area_frames_used", "superpages"),
)
#: Members of an account that are called otherwise here.
_NAMES = {"resident": "resident_pages"}


def key(name: str) -> str:
    """What a part of a fault is called in data."""
    return name.replace(" ", "_")


_KEYS = {part: key(part.value) for part in Part}


def run_facts(result: Result) -> dict[str, Any]:
    """All of a run under the kernel but its faults."""
    content = _common(result) | {name: getattr(result, name) for name in _OF_A_KERNEL}
    content |= {f"{name}_cycles": cycles for name, cycles in result.remainders}
    content["injected"] = _injected(result)
    content["processes"] = [_account(account) for account in result.processes]
    counters = result.counters
    if counters is not None:
        content |= {"boot_counters": counters.boot, "idle_counters": counters.idle}
        for process in content["processes"]:
            nothing = dict.fromkeys(counters.run, 0)
            process["counters"] = counters.processes.get(process["pid"], nothing)
    return content


def bare_facts(result: Result, exceptions: int) -> dict[str, Any]:
    """All of a bare run, in which the hart raised so many exceptions, but its page faults."""
    return _common(result) | {"exceptions": exceptions, "injected": _injected(result)}


def fault_facts(fault: PageFault, place: Place) -> dict[str, Any]:
    """A page fault of a process, whose instruction is at `place`."""
    life = fault.life
    outcome = fault.served.outcome
    steps = {part.name: part.cycles for part in life.kernel_parts}
    others = life.other_steps(steps.get(OTHER_WORK, 0))
    return {
        **fault.as_json(),
        "program": fault.served.name,
        **(place._asdict() if fault.served.via is None else {}),
        "why": outcome.why.name.lower(),
        "begin": life.begin,
        "phases": {_KEYS[part]: cycles for part, cycles in life.cycles_by_part.items()},
        "kernel_steps": {key(name): cycles for name, cycles in steps.items()},
        "other_steps": {part.name: part.cycles for part in others},
        "frame": outcome.frame,
        "ahead": list(outcome.ahead),
        "page_tables": len(outcome.tables),
        "walk": list(_walk(life.trap.lookup if fault.served.via is None else None)),
        "pte_writes": [write._asdict() for write in outcome.writes],
    }


def raised_facts(number: int, trap: TrapRecord, place: Place) -> dict[str, Any]:
    """A page fault of a bare program, as the hart raised it."""
    told = {name: getattr(trap, name) for name in ("cycle", "mode", "pc")}
    return {
        "number": number,
        **told,
        "cause": int(trap.cause),
        "stval": trap.tval,
        **place._asdict(),
    }


def _common(result: Result) -> dict[str, Any]:
    """What there is with and without a kernel."""
    return {
        "exit_status": result.exit_status,
        "end": result.end.value,
        "cycles": result.cycles,
        "instructions": result.instructions,
        "config": result.config.as_json() | {"engine": result.engine},
        "versions": {
            "trapline": __version__,
            "amaranth": version("amaranth"),
            "python": platform.python_version(),
            "compiler": _compiler(),
        },
        "counters": None if result.counters is None else result.counters.run,
    }


def _injected(result: Result) -> list[dict[str, Any]]:
    return [asdict(each) for each in result.injected]


def _compiler() -> str | None:
    try:
        return compiler_version()
    except ToolchainError:
        return None


def _account(account: Account) -> dict[str, int | str | None]:
    return {_NAMES.get(name, name): value for name, value in asdict(account).items()}


def _walk(lookup: Lookup | None) -> Iterator[dict[str, int]]:
    for read in () if lookup is None else lookup.reads:
        yield read._asdict()
