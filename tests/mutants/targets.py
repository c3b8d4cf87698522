"""What is mutated, and by which tests."""

from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutate import Mutant, apply, mutants_of, names_of
from tests.mutants.tree import PROJECT

__all__ = ["SUITES", "TARGETS", "Suite", "find", "helper_files", "suite_of", "test_files"]

#: Files and folders that are mutated unless others are named.
TARGETS = (
    "hdl/mmu",
    "hdl/trap.py",
    "hdl/trap_stage.py",
    "hdl/csr.py",
    "hdl/interrupts.py",
    "kernel_model/pagetable.py",
    "kernel_model/vm.py",
    "kernel_model/kvm.py",
    "kernel_model/lazy.py",
    "kernel_model/copy.py",
    "kernel_model/kalloc.py",
)


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


SUITES = {
    "hdl": Suite(
        tests=("tests/hdl",),
        helpers=("hdl", "sim", "tests/asm", "tests/golden", "tests/support.py"),
        # pysim takes a mutant as it is; the native engine would compile each design anew.
        options=("--engine", "pysim"),
        machine="sim/machine.py",
    ),
    "kernel_model": Suite(
        tests=(
            "tests/kernel_model",
            "tests/programs/test_programs.py",
            "tests/sim/test_kernel_guest.py",
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
}
#: Tests that say nothing about behaviour.
IGNORED = ("tests/hdl/test_names.py", "tests/hdl/verilog")


def suite_of(file: str) -> Suite:
    """The tests for a file."""
    package = file.partition("/")[0]
    if package not in SUITES:
        raise ValueError(f"{file} must be in one of {', '.join(SUITES)}")
    return SUITES[package]


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
        if path.is_file() and path.suffix != ".py":
            raise ValueError(f"{name} must be a folder or a file of Python")
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        mutants = [mutant for file in files for mutant in mutants_in(file)]
        if not mutants:
            raise ValueError(f"{name} has no operator, constant or condition to break")
        found += mutants
    return found


def mutants_in(path: Path) -> list[Mutant]:
    """The mutants of the file `path` that are Python at all."""
    file = str(path.relative_to(PROJECT))
    source = path.read_text()
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return [
        mutant
        for mutant in mutants_of(file, source, names_of(module))
        if compile(apply(source, mutant), file, "exec")
    ]
