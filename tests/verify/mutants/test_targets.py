"""What is mutated, and by which tests: all of it is there."""

from tests.verify.mutants import targets
from tests.verify.mutants.tree import PROJECT


def test_every_file_that_is_named_is_there():
    """A misspelt one would not be broken, not be asked, or not be held to the higher quota."""
    names = [*targets.TARGETS, *targets.CORE, *targets.LEFT_OUT, *targets.IGNORED]
    for suite in targets.SUITES.values():
        names += [*suite.tests, *suite.helpers, *filter(None, [suite.machine])]
    assert [name for name in names if not (PROJECT / name).exists()] == []


def test_the_core_is_what_the_page_says():
    """hdl/mmu, the trap unit and the trap stage with its AMO unit, the CSRs, the virtual memory."""
    core = ("mmu/walker.py", "priv/exception.py", "priv/interrupts.py", "priv/csr.py")
    core += ("priv/table.py", "pipeline/trap.py", "pipeline/amo.py")
    mm = {file.name for file in (PROJECT / "kernel_model" / "mm").glob("*.py")}

    assert all(targets.is_core(f"hdl/{file}") for file in core)
    assert {"regions.py", "fault.py", "policy.py", "usercopy.py"} <= mm
    assert all(targets.is_core(f"kernel_model/mm/{file}") for file in mm)
    assert not any(targets.is_core(f"hdl/{file}") for file in ("hart.py", "pipeline/fetch.py"))
    assert not targets.is_core("kernel_model/kernel.py")
    assert not targets.is_core("sim/machine.py")
