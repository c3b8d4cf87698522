from types import SimpleNamespace

import pytest

from kernel_model.mm.peek import vmprint
from sim.output.pages import PagePrint, PageTables
from tests.kernel_model.support import make_hart, switch_to


@pytest.fixture
def hart():
    return make_hart()


@pytest.fixture
def lines():
    return []


def machine(cycle):
    return SimpleNamespace(engine=SimpleNamespace(cycle=cycle))


def watch(hart, lines, *wanted):
    pages = PageTables(hart.kernel, [PagePrint(*one) for one in wanted], lines.append)
    hart.kernel.watchers.append(pages)
    return pages


def test_a_table_is_printed_when_its_process_exits(hart, lines):
    pages = watch(hart, lines, (3, None))
    hart.call("fork")
    switch_to(hart, 3)
    table = list(vmprint(hart.kernel.memory, hart.proc.pagetable))
    assert lines == []
    hart.call("exit", 0)
    assert lines == ["3@exit: prog, size 0x5000", *table]
    switch_to(hart, 2)
    hart.exit()
    pages.finish()
    assert len(lines) == 1 + len(table)


def test_a_table_is_printed_in_its_cycle(hart, lines):
    pages = watch(hart, lines, (2, 200), (2, 100))
    assert [pages.next_stop(cycle) for cycle in (0, 99, 100, 199, 200)] == [
        100,
        100,
        200,
        200,
        None,
    ]
    pages.look(machine(99))
    assert lines == []
    pages.look(machine(100))
    assert lines == ["2@100: prog, size 0x5000", *vmprint(hart.kernel.memory, hart.proc.pagetable)]
    pages.look(machine(101))
    assert sum(line.startswith("2@") for line in lines) == 1
    pages.look(machine(200))
    assert sum(line.startswith("2@") for line in lines) == 2


def test_init_and_processes_that_are_not_there_have_none(hart, lines):
    watch(hart, lines, (1, 5), (7, 5)).look(machine(5))
    assert lines == [
        "1@5: there is no such process with memory of its own",
        "7@5: there is no such process with memory of its own",
    ]


def test_what_the_run_was_too_short_for_is_said(hart, lines):
    pages = watch(hart, lines, (1, None), (2, 1000), (9, None), (0, 7))
    hart.exit()
    pages.finish()
    assert lines == [
        "1@exit: the process has not exited",
        "2@1000: the run has ended before",
        "9@exit: there was no process 9",
        "0@7: there was no process 0",
    ]
