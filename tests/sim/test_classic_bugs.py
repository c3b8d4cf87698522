"""What docs/classic_bugs.md says: which bugs `--check` catches before the program sees them."""

import pytest

from kernel_model.facts.panic import PANIC_STATUS
from sim import run
from sim.host.programs import build_user, programs_directory

STALE = programs_directory() / "bugs" / "stale.c"


def stale(**options):
    return run(build_user(STALE), memory_mib=16, policy="cow", **options)


def lazy(**options):
    return run("lazy", memory_mib=16, **options)


def flipped(bit):
    return {"fail": f"pte:0x4ff8:{bit}@fault:1"}


def test_the_child_sees_what_the_parent_has_stored_through_a_stale_entry():
    assert stale().output == b"stale: the child sees 1\n"
    assert stale(skip_fence="trap:1").output == b"stale: the child sees 2\n"


def name_of(parameter):
    """A test's name says the program's, not where in memory that is."""
    return getattr(parameter, "__name__", str(parameter))


@pytest.mark.parametrize(
    "program, bug, words",
    [
        (stale, {"skip_fence": "trap:1"}, "when the kernel is entered, where the page table has"),
        (stale, {"skip_fence": "trap:3"}, "when the kernel is entered, where the page table has"),
        (lazy, flipped("V"), "frame 0x80008000, nobody's, is counted 1 times"),
        (lazy, flipped("R"), "can be written and not read"),
        (lazy, flipped("X"), "can be written and executed"),
        (lazy, flipped("U"), "is not the user's"),
        (lazy, flipped("G"), "is global, and the user's"),
        (lazy, flipped("10"), "maps 0x80009000, which is free"),
        (lazy, flipped("60"), "has reserved bits"),
    ],
    ids=name_of,
)
def test_it_is_caught_before_the_program_sees_it(program, bug, words):
    result = program(check=True, **bug)
    (only,) = result.injected
    assert result.exit_status == PANIC_STATUS
    assert words in only.followed
    assert only.followed_cycle == only.cycle


@pytest.mark.parametrize(
    "program, bug",
    [
        (lazy, flipped("A")),
        (lazy, {"fail": "pte:0xc000:D@fault:5"}),
        (lazy, {"fail": "kalloc:9"}),
        (stale, {"fail": "kalloc:3"}),
        (lazy, {"bus_error": "0x80010020@2"}),
    ],
    ids=name_of,
)
def test_what_leaves_memory_as_it_may_be_is_not(program, bug):
    result, unchecked = program(check=True, **bug), program(**bug)
    (only,) = result.injected
    assert (result.exit_status, result.output) == (unchecked.exit_status, unchecked.output)
    assert only.cycle is not None
    assert "panic" not in only.followed
