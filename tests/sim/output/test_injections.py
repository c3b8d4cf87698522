from sim import start
from sim.output.injections import Injections, told


def lines(*arguments, **wanted):
    """What is told of a run of `lazy`."""
    said = []
    with start("lazy", memory_mib=16, **wanted) as session:
        injections = Injections(session.injector, said.append)
        session.run()
        session.finish()
        injections.finish()
        return said, session.injector.injected()


def test_one_is_told_when_it_happens_and_when_something_follows():
    said, (only,) = lines(bus_error="0x80008ff8@1")
    assert said == [
        "trapline: --bus-error 0x80008ff8@1: cycle 4,177, pid 2: "
        "the bus answers a load at 0x80008ff8 with an error",
        "trapline: --bus-error 0x80008ff8@1: cycle 4,254, then: "
        "it is killed: scause 0x5, stval 0x4ff8",
    ]
    assert told(only) == said[0].removeprefix("trapline: ") + (
        "; cycle 4,254: it is killed: scause 0x5, stval 0x4ff8"
    )


def test_one_of_which_nothing_comes_is_told_at_the_end():
    said, (only,) = lines(skip_fence="trap:3")
    assert said[-1] == "trapline: --skip-fence trap:3: the kernel has noticed nothing of it"
    assert only.followed == ""


def test_one_that_does_not_happen_is_told_at_the_end():
    said, (only,) = lines(fail="kalloc:900")
    assert said == ["trapline: --fail kalloc:900: only 12 were asked for"]
    assert told(only) == "--fail kalloc:900: only 12 were asked for"
