"""Whose pages are, as the map of an address space names them, is what the kernel says."""

from hdl.arch import PAGE_SIZE
from sim import start
from sim.report.blocks import Words
from sim.report.owners import OwnerWatch


class Told:
    """A watched run, and the owners of pages as they were told so far."""

    def __init__(self, session):
        self.rows, self.names = [], []
        self.kernel = session.kernel
        session.guest.watchers.append(OwnerWatch(session.kernel, self, self).rang)

    def add(self, row):
        self.rows.append(row)

    def number(self, name):
        self.names.append(name)
        return len(self.names) - 1

    def owner(self, proc, page):
        """The last that was told of a page."""
        told = (row for row in reversed(self.rows) if row[1] == proc.pid)
        return next(self.names[row[4]] for row in told if row[2] <= page < row[2] + row[3])


def test_every_page_of_every_process_has_its_owner_s_name():
    with start("labtests", "mmapfamily", memory_mib=2) as session:
        told, looks = Told(session), []

        def rang(rung):
            for proc in told.kernel.procs[1:]:
                regions = proc.space.regions
                looks.append(len(regions.areas))
                for region in regions.parts + regions.areas:
                    for page in (region.start // PAGE_SIZE, region.end // PAGE_SIZE - 1):
                        assert told.owner(proc, page).startswith(f"{region.name} ")

        session.guest.watchers.append(rang)
        session.run()
    assert max(looks) > 0
    assert any(name.startswith("mmap (shared, file ") for name in told.names)


def test_what_does_not_change_is_told_once():
    with start("lazy") as session:
        told = Told(session)
        session.run()
        faults = len(session.guest.faults)
    assert faults == 12
    # A segment, the guard page, the stack; the heap as it grows and shrinks, twice each.
    assert len(told.rows) < faults


def test_names_are_words_of_the_page():
    words = Words([].append)
    with start("lazy") as session:
        told = Told(session)
        told.number = words.number
        session.run()
    # Two segments, the guard page, the stack and the heap, which has several rows.
    assert {row[4] for row in told.rows} == set(range(5))
    assert len(told.rows) > 5
