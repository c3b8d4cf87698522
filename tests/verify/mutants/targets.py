"""What is mutated, and by which tests."""

from dataclasses import dataclass
from pathlib import Path

from tests.verify.mutants.mutate import Mutant, mutants_of, names_of
from tests.verify.mutants.mutate_cpp import mutants_of_cpp
from tests.verify.mutants.tree import PROJECT

__all__ = [
    "SUITES",
    "TARGETS",
    "Suite",
    "find",
    "helper_files",
    "is_core",
    "suite_name",
    "suite_of",
    "test_files",
]

#: Files and folders that are mutated unless others are named.
TARGETS = ("hdl", "kernel_model", "sim")
#: What translates and what maps: nearly all mutants have to be killed there.
CORE = (
    "hdl/mmu/",
    "hdl/priv/",
    "hdl/pipeline/trap.py",
    "hdl/pipeline/amo.py",
    "kernel_model/mm/",
)
#: Files and folders in `TARGETS` that are left out, and why.
LEFT_OUT = {
    "hdl/verilog.py": "it edits text, and its tests run Yosys for minutes",
    "sim/bench/": "it measures, and what it measures differs each time",
}


@dataclass(frozen=True)
class Suite:
    """Tests that a package has to pass: files and folders, and pytest's options.

    `helpers` are what else they depend on. `machine` is a file that a test runs if it has the whole
    hart in it, which it takes ready-made from a cache: its lines do not show that they were used.
    """

    tests: tuple[str, ...]
    helpers: tuple[str, ...]
    options: tuple[str, ...] = ()
    machine: str | None = None


#: What the tests of the engine, as programs, are run with; the sources of what they compile.
_SIM_HELPERS = (
    "hdl",
    "sim",
    "kernel_model",
    "programs",
    "tests/asm",
    "tests/kernel_model/support.py",
    "tests/programs",
    "tests/support.py",
)
_NATIVE_HELPERS = (
    "hdl/arch.py",
    "hdl/events.py",
    "sim/platform/bus.py",
    "sim/engines/base.py",
    "sim/engines/native",
    "tests/sim/engines/native/machine/handmade.py",
    "tests/sim/engines/native/machine/tracer.py",
)


def _native(*names):
    return tuple(f"tests/sim/engines/native/machine/test_{name}.py" for name in names)


SUITES = {
    "hdl": Suite(
        tests=("tests/hdl",),
        helpers=("hdl", "sim", "tests/asm", "tests/verify/golden", "tests/support.py"),
        # pysim takes a mutant as it is; the native engine would compile each design anew.
        options=("--engine", "pysim"),
        machine="sim/machine.py",
    ),
    "kernel_model": Suite(
        tests=(
            "tests/kernel_model",
            "tests/programs/test_programs.py",
            "tests/sim/guests/test_kernel_guest.py",
        ),
        helpers=(
            "hdl",
            "sim",
            "kernel_model",
            "programs",
            "docs/kernel.md",
            "tests/asm/link.ld",
            "tests/programs",
            "tests/sim/user.py",
        ),
    ),
    "sim": Suite(
        tests=("tests/sim",),
        helpers=_SIM_HELPERS,
        options=("--engine", "pysim", "--fuzz-circuits", "60"),
    ),
    # The C++ of the native engine, with a function of Python as the hart: a mutant is compiled in a
    # second or less. Nothing tells which test runs which line, so all are asked.
    "machine.cpp": Suite(
        tests=_native("bus_cpp", "forward_cpp", "log_cpp", "story_cpp", "structs", "transcript"),
        helpers=_NATIVE_HELPERS,
    ),
    "other C++": Suite(
        tests=_native(
            "bus_cpp",
            "counts_cpp",
            "story_cpp",
            "trace_cpp",
            "watch_cpp",
            "transcript",
            "walks_cpp",
        ),
        helpers=_NATIVE_HELPERS,
    ),
}
#: Tests that say nothing about behaviour.
IGNORED = ("tests/hdl/test_names.py", "tests/hdl/verilog")
SUFFIXES = (".py", ".cpp")


def suite_name(file: str) -> str:
    """The name of the tests for a file or a folder, in `SUITES`."""
    package = file.partition("/")[0]
    if package not in TARGETS:
        raise ValueError(f"{file} must be in one of {', '.join(TARGETS)}")
    if file.endswith(".cpp"):
        return "machine.cpp" if file.endswith("/machine.cpp") else "other C++"
    return package


def suite_of(file: str) -> Suite:
    """The tests for a file."""
    return SUITES[suite_name(file)]


def is_core(file: str) -> bool:
    """Whether `file` is part of `CORE`."""
    return file.startswith(CORE)


def test_files(suite: Suite) -> list[Path]:
    """The files with the tests of `suite`, in order."""
    files = []
    for name in suite.tests:
        path = PROJECT / name
        files += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return [
        file for file in files if not any(file.is_relative_to(PROJECT / name) for name in IGNORED)
    ]


def helper_files(suite: Suite) -> list[Path]:
    """What else the tests of `suite` depend on, without the tests themselves."""
    folders = [PROJECT / name for name in suite.tests if (PROJECT / name).is_dir()]
    helpers = [PROJECT / name for name in suite.helpers]
    return helpers + [
        file for path in folders for file in path.rglob("*.py") if not file.name.startswith("test_")
    ]


def find(names: tuple[str, ...] = TARGETS) -> list[Mutant]:
    """All mutants of the files and folders `names`, which are relative to the project.

    Raises ValueError for a name that has none.
    """
    found = []
    for name in names:
        path = (PROJECT / name).resolve()
        if not path.exists() or not path.is_relative_to(PROJECT):
            raise ValueError(f"{name} must be a file or a folder of the project")
        suite_of(str(path.relative_to(PROJECT)))
        if path.is_file() and path.suffix not in SUFFIXES:
            raise ValueError(f"{name} must be a folder or a file of Python or C++")
        mutants = [mutant for file in _sources(path) for mutant in mutants_in(file)]
        if not mutants:
            raise ValueError(f"{name} has no operator, constant or condition to break")
        found += mutants
    return found


def _sources(path):
    """The files that may be broken in the folder `path`, or the file itself."""
    if path.is_file():
        return [path]
    files = sorted(file for suffix in SUFFIXES for file in path.rglob(f"*{suffix}"))
    return [
        file for file in files if not str(file.relative_to(PROJECT)).startswith(tuple(LEFT_OUT))
    ]


def mutants_in(path: Path) -> list[Mutant]:
    """The mutants of the file `path`."""
    file = str(path.relative_to(PROJECT))
    source = path.read_text()
    if path.suffix == ".cpp":
        neighbours = [other.read_text() for other in sorted(path.parent.glob("*.cpp"))]
        return mutants_of_cpp(file, source, neighbours)
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return mutants_of(file, source, names_of(module))
