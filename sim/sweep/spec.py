"""What a sweep is to run, from a file of TOML: a grid of parameters, and programs."""

import math
import random
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.config import ConfigError, RunConfig
from sim.host.input_files import read_whole
from sim.sweep.places import line_of

__all__ = ["PARAMETERS", "Point", "Spec", "SpecError", "read_spec"]

#: What a table may name: parameters of `RunConfig`.
PARAMETERS = {
    "hart": (
        *("itlb_entries", "dtlb_entries", "walk_cache_entries", "btb_entries", "latency"),
        *("svadu", "misaligned", "hpm_counters", "pmp_entries"),
    ),
    "kernel": (
        *("policy", "quantum", "kernel_cost", "memory_mib", "tick", "abi", "check"),
        "stack_pages",
    ),
    "faults": ("fail", "skip_fence", "bus_error", "drop_tlb"),
}
#: What stands before all tables, with what it is if it is not there.
_TOP = {"sample": None, "seed": 0, "max_cycles": 1_000_000_000}
_RUN = ("program", "arguments")
#: The most values of one parameter.
_MOST = 10_000
_SHAPES = "a value, a list of them, or {from, to, step} or {from, to, factor}"


class SpecError(Exception):
    """A file that tells of no sweep: one line that says where, which key, and why."""


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Members
    -------
    number : int
        From 1 on, in the order of the grid.
    parameters : mapping
        Those of `RunConfig` that the file names.
    program : str
        As the file has it.
    arguments : tuple of str
        The program's.
    max_cycles : int
        It has failed if it takes more.
    """

    number: int
    parameters: Mapping[str, Any]
    program: str
    arguments: tuple[str, ...]
    max_cycles: int


@dataclass(frozen=True)
class Spec:
    """What a file asks for.

    Members
    -------
    path : Path
        The file.
    axes : mapping of str to tuple
        The values of each parameter that it names, in its order; the last one changes fastest.
    commands : tuple of (str, tuple of str)
        Programs and their arguments; they change faster still.
    sample : int or None
        So many points of the grid at random; None = all.
    seed : int
        Which they are follows from it.
    max_cycles : int
        See `Point`.
    """

    path: Path
    axes: Mapping[str, tuple[Any, ...]]
    commands: tuple[tuple[str, tuple[str, ...]], ...]
    sample: int | None
    seed: int
    max_cycles: int

    @property
    def swept(self) -> list[str]:
        """The parameters that have more than one value."""
        return [name for name, values in self.axes.items() if len(values) > 1]

    @property
    def size(self) -> int:
        """Points of the whole grid."""
        return math.prod(map(len, self.axes.values())) * len(self.commands)

    def points(self) -> Iterator[Point]:
        """All that are to be run, in the order of the grid."""
        numbers: Any = range(self.size)
        if self.sample is not None:
            numbers = sorted(random.Random(self.seed).sample(numbers, self.sample))
        return map(self._point, numbers)

    def _point(self, number: int) -> Point:
        rest, command = divmod(number, len(self.commands))
        parameters = {}
        for name, values in reversed([*self.axes.items()]):
            rest, value = divmod(rest, len(values))
            parameters[name] = values[value]
        return Point(number + 1, parameters, *self.commands[command], self.max_cycles)


def read_spec(path: Path) -> Spec:
    """What the file `path` asks for. Raises SpecError or OSError."""
    try:
        text = read_whole(path).decode()
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: {error}") from error
    return _Reader(path, text).read(content)


class _Reader:
    """Reads one file, and complains of its lines."""

    def __init__(self, path: Path, text: str):
        self._path, self._text = path, text

    def read(self, content: dict[str, Any]) -> Spec:
        known = (*_TOP, *PARAMETERS, "run")
        for key in content:
            if key not in known:
                self._fail("", key, f"must be one of {', '.join(known)}")
        axes = {
            name: self._values(table, name, value)
            for table, names in PARAMETERS.items()
            for name, value in self._table(content, table, names).items()
        }
        commands = tuple(self._commands(content.get("run")))
        top = {name: self._count(content, name, default) for name, default in _TOP.items()}
        spec = Spec(self._path, axes, commands, **top)
        if spec.sample is not None and spec.sample > spec.size:
            self._fail("", "sample", f"must be at most {spec.size}, the points of the grid")
        return spec

    def _table(self, content: dict[str, Any], table: str, names: tuple[str, ...]) -> dict[str, Any]:
        found = content.get(table, {})
        if not isinstance(found, dict):
            self._fail("", table, f"must be a table, [{table}]")
        for key in found:
            if key not in names:
                self._fail(table, key, f"must be one of {', '.join(names)}")
        return dict(found)

    def _count(self, content: dict[str, Any], key: str, default: int | None) -> Any:
        value, least = content.get(key, default), 0 if key == "seed" else 1
        if key in content and (type(value) is not int or value < least):
            self._fail("", key, f"must be a number from {least} on, not {value!r}")
        return value

    def _values(self, table: str, name: str, given: Any) -> tuple[Any, ...]:
        found = self._range(table, name, given) if isinstance(given, dict) else given
        values: list[Any] = found if isinstance(found, list) else [found]
        if not values:
            self._fail(table, name, f"has no value; it must be {_SHAPES}")
        wanted = type(getattr(RunConfig, name))
        given_as = str if wanted is tuple else wanted
        parameters: list[Any] = []
        for value in values:
            if type(value) is not given_as:
                self._fail(table, name, f"must be {_SHAPES}, each {_WORDS[wanted]}, not {value!r}")
            parameter: Any = tuple(value.split()) if wanted is tuple else value
            if parameter in parameters:
                self._fail(table, name, f"has {value!r} twice")
            try:
                RunConfig(**{name: parameter})
            except ConfigError as error:
                self._fail(table, name, str(error).removeprefix(f"{name} "))
            parameters.append(parameter)
        return tuple(parameters)

    def _range(self, table: str, name: str, given: dict[str, Any]) -> list[int]:
        ways = ({"from", "to"}, {"from", "to", "step"}, {"from", "to", "factor"})
        if {*given} not in ways or any(type(each) is not int for each in given.values()):
            self._fail(table, name, f"must be {_SHAPES}, whole numbers")
        value, last = given["from"], given["to"]
        step, factor = given.get("step", 0 if "factor" in given else 1), given.get("factor", 1)
        if step < 0 or factor < 1 or (step, factor) == (0, 1) or (factor > 1 and value < 1):
            self._fail(table, name, "never comes to its end")
        values: list[int] = []
        while value <= last and len(values) <= _MOST:
            values.append(value)
            value = value * factor + step
        if len(values) > _MOST:
            self._fail(table, name, f"has more than {_MOST} values")
        return values

    def _commands(self, runs: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
        if not isinstance(runs, list) or not runs or not all(isinstance(r, dict) for r in runs):
            self._fail("", "run", "must be there: a table [[run]] for each program")
        for number, run in enumerate(runs):
            for key in run:
                if key not in _RUN:
                    self._fail("run", key, f"must be one of {', '.join(_RUN)}", number)
            program = run.get("program")
            if not isinstance(program, str) or not program:
                self._fail("run", "program", "must be a name or a file", number)
            given = run.get("arguments", "")
            lines = given if isinstance(given, list) else [given]
            if not lines or not all(isinstance(line, str) for line in lines):
                why = "must be a line of arguments, or a list of such lines"
                self._fail("run", "arguments", why, number)
            for line in lines:
                try:
                    yield program, tuple(shlex.split(line))
                except ValueError as error:
                    self._fail("run", "arguments", f"{error}: {line!r}", number)

    def _fail(self, table: str, key: str, why: str, number: int = 0) -> Any:
        line = line_of(self._text, table, key, number) or line_of(self._text, table, "", number)
        where = f"{self._path}:{line}" if line else str(self._path)
        raise SpecError(f"{where}: {f'{table}.' if table else ''}{key}: {why}")


_WORDS = {
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    tuple: "a text, blanks between several",
}
