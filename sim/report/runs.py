"""Reads back what `run --json` has written."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.host.input_files import read_whole

__all__ = ["Run", "RunFileError", "read_run"]

#: Of a number that counts something; others may have 64 bits. JavaScript adds these exactly.
_COUNT = range(1 << 52)
_WORD = range(1 << 64)
#: What is needed, and of which type it is, or in which range.
_RUN: Mapping[str, Any] = {
    "faults": list,
    "processes": list,
    "config": dict,
    "versions": dict,
    "end": str,
    **dict.fromkeys(
        ("exit_status", "cycles", "instructions", "boot_cycles", "idle_cycles"), _COUNT
    ),
    **dict.fromkeys(("pages_promised", "heap_frames_used", "frames_used"), _COUNT),
    **dict.fromkeys(("area_pages_promised", "area_frames_used", "superpages"), _COUNT),
}
_FAULT: Mapping[str, Any] = {
    **dict.fromkeys(("number", "cycle", "pid", "cause", "begin", "page_tables"), _COUNT),
    **dict.fromkeys(("stval", "frame"), _WORD),
    "retired_cycle": (int, type(None)),
    **dict.fromkeys(("program", "outcome", "why"), str),
    **dict.fromkeys(("phases", "kernel_steps", "other_steps"), dict),
    **dict.fromkeys(("walk", "pte_writes", "ahead"), list),
}
#: What a copy by a system call has not, or only that, or what is not known of a program.
_PERHAPS: Mapping[str, Any] = {
    "pc": _WORD,
    **dict.fromkeys(("line", "retired_cycle"), _COUNT),
    **dict.fromkeys(("function", "file", "via"), str),
}
_PROCESS: Mapping[str, Any] = {
    **dict.fromkeys(("pid", "size", "resident_pages", "minor_faults", "syscalls"), _COUNT),
    **dict.fromkeys(("user_cycles", "kernel_cycles"), _COUNT),
    "name": str,
}
_LEVEL: Mapping[str, Any] = {"level": range(3), "address": _WORD}
_READ = {"cycle": _COUNT, **_LEVEL, "value": _WORD}
_WRITE = {**_LEVEL, "before": _WORD, "after": _WORD}


class RunFileError(Exception):
    """A file has no result of a run; one line that says why."""


@dataclass(frozen=True)
class Run:
    """The result of a run under the kernel, as its file has it.

    Attributes
    ----------
    path : Path
        The file.
    facts : mapping
        All but the faults; see docs/run.schema.json.
    faults : list
        The faults, in order.
    """

    path: Path
    facts: Mapping[str, Any]
    faults: list[dict[str, Any]]


def read_run(path: Path) -> Run:
    """The run in the file. Raises RunFileError, or OSError with the file's name."""
    try:
        content = json.loads(read_whole(path), parse_constant=_number, parse_float=_number)
    # RecursionError is that of lists in lists in lists.
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise RunFileError(f"{path}: it is no JSON: {reason}") from error
    if isinstance(content, dict) and "exceptions" in content:
        raise RunFileError(f"{path}: it is of a bare run, whose faults the kernel did not serve")
    _check(path, "it", content, _RUN)
    if content.get("counters") is not None:
        _check_counts(path, "counters", content["counters"])
    for number, process in enumerate(content["processes"]):
        _check(path, f"processes[{number}]", process, _PROCESS)
    for number, fault in enumerate(content["faults"]):
        _check_fault(path, f"faults[{number}]", fault)
    faults = content.pop("faults")
    return Run(path, content, faults)


def _check_fault(path: Path, where: str, fault: Any) -> None:
    _check(path, where, fault, _FAULT)
    known = {name: kind for name, kind in _PERHAPS.items() if fault.get(name) is not None}
    _check(path, where, fault, known)
    for name in ("phases", "kernel_steps", "other_steps"):
        _check_counts(path, f"{where}.{name}", fault[name])
    for name, members in (("walk", _READ), ("pte_writes", _WRITE)):
        for number, entry in enumerate(fault[name]):
            _check(path, f"{where}.{name}[{number}]", entry, members)


def _number(text: str) -> float:
    """Raises ValueError for NaN, Infinity and what is too large, which are no JSON."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number")
    return number


def _check_counts(path: Path, where: str, value: Any) -> None:
    """Raises RunFileError unless `value` is an object all whose members count something."""
    _check(path, where, value, {})
    _check(path, where, value, dict.fromkeys(value, _COUNT))


def _check(path: Path, where: str, value: Any, members: Mapping[str, Any]) -> None:
    """Raises RunFileError unless `value` is an object with these members."""
    if not isinstance(value, dict):
        raise RunFileError(f"{path}: {where} is no object: it is no result of trapline run --json")
    for name, kind in members.items():
        if name not in value:
            raise RunFileError(
                f"{path}: {where} has no {name}: "
                "it is no result of trapline run --json, or one of another version"
            )
        if not _is(value[name], kind):
            raise RunFileError(f"{path}: {name} of {where} is not what trapline run --json writes")


def _is(value: Any, kind: Any) -> bool:
    """The value is of a type, or an integer of a range."""
    if isinstance(kind, range):
        return type(value) is int and value in kind
    return isinstance(value, kind) and not isinstance(value, bool)
