"""The disk under both kernels: the same in the end, and whole wherever the machine goes down."""

from random import Random

import pytest

from sim import End, start_boot
from sim.guests.disk_image import read_image
from sim.guests.image_writer import image_of
from sim.host.own_kernel import build_kernel
from tests.verify.twokernels import fsck
from tests.verify.twokernels.run import KERNELS, Case, image
from tests.verify.twokernels.scripts import encoded, make

SEED = 5
SCRIPTS = 5
#: Cycles between two looks at the disk, at most.
_STEP = 200_000
SHELL = (
    "mkdir a; cd a; echo x > y; ln y z; mkdir b; rm y b; cat /usertests > big; echo 1 > big; rm z"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A disk with commands that make and remove files."""
    scripts = [make(Random(f"disk {SEED + n}")) for n in range(SCRIPTS)]
    cases = [Case(("/sh", "-c", SHELL))]
    cases += [Case(("/actor", f"/{n}"), directory=f"/in.{n}") for n in range(SCRIPTS)]
    path = tmp_path_factory.mktemp("disk") / "fs.img"
    path.write_bytes(image(cases, {str(n): encoded(each) for n, each in enumerate(scripts)}))
    return path


@pytest.fixture(scope="module")
def states(path):
    """The disk at random moments under the kernel in C, the last of them its end."""
    random, states = Random(SEED), []
    with KERNELS["C"](path) as session:
        end = End.LIMIT
        while end is End.LIMIT:
            end = session.step(random.randrange(1, _STEP))
            states.append(session.disk.read(0, 512 * session.disk.sectors))
    assert end is End.FINISHED
    return states


def test_both_kernels_leave_the_same_disk(path, states):
    with KERNELS["Python"](path) as session:
        assert session.run() is End.FINISHED
        ours = image_of(session.kernel.fs)

    assert contents(states[-1]) == contents(ours)
    assert fsck.check(states[-1]) == fsck.check(ours)
    assert fsck.log_of(states[-1]) == []


def test_the_disk_is_whole_wherever_the_machine_goes_down(states):
    assert len(set(states)) > 20
    for state in states:
        fsck.check(fsck.recovered(state))
        read_image(state)


def test_a_boot_goes_on_with_a_log_that_was_committed(states, tmp_path):
    state = next(state for state in states if fsck.log_of(state) and fsck.recovered(state) != state)
    path = tmp_path / "fs.img"
    path.write_bytes(state)
    with start_boot(build_kernel(), disk=path, until="\1case") as session:
        assert session.run() is End.FINISHED
        after = session.disk.read(0, 512 * session.disk.sectors)

    assert fsck.log_of(after) == []
    assert contents(after) == contents(state)
    assert fsck.check(after)[2] == 0  # what nobody has a name for is free


def contents(image):
    return {path: getattr(entry, "data", entry) for path, entry in read_image(image)[0].items()}
