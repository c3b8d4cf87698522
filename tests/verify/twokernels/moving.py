"""A run of the native engine goes on in pysim: all state of the machine is moved."""

from dataclasses import replace

from sim.boot import snapshot
from sim.boot.session import BootSession
from sim.engines.native.testbench.survey import Survey
from sim.guests.boot_image import Booted
from sim.plain import decode, encode, set_attributes
from sim.platform.devices.captured import Captured
from sim.platform.devices.disk import Disk
from sim.platform.ram import Ram

__all__ = ["moved"]


def moved(native):
    """A session of pysim that stands where the `traced` one of the native engine stands.

    What is typed is not moved, nor what was looked up before. RAM has to answer in the cycle behind
    the request: then nothing is under way on the bus between two cycles.
    """
    assert native.config.latency == 1
    ram = native.machine.ram
    copy = Ram(ram.base, ram.size)
    copy.restore(ram.snapshot())
    disk = None if native.disk is None else Disk(native.disk.image)
    config = replace(native.config, engine="pysim")
    session = BootSession(Booted(config, copy, native.image, disk, native.elf), Captured(b""))
    places = {"machine": session.machine, "disk": session.disk}
    for name, state in snapshot._parts(native):
        part = places[name] if name in places else getattr(session.virt, name)
        set_attributes(part, decode(encode(state, snapshot._CLASSES), snapshot._CLASSES))
    _move_hart(native.machine.engine, session.machine.engine)
    return session


def _move_hart(native, pysim):
    """The signals and memories of the hart, of which each engine has its own in the same order."""
    model, state = native.model, pysim._core.state
    theirs, ours = Survey(model.design), Survey(pysim._simulator._design)
    assert theirs.digest == ours.digest
    native._show(model.address, native._shown)
    before = pysim.snapshot()
    slots = list(before.slots)
    for signal, same in zip(theirs.signals, ours.signals, strict=True):
        if signal in model.shown:
            first, width = model.shown[signal]
            slots[state.get_signal(same)] = _value(native._shown, first, -(-width // 64))
    for memory, same in zip(theirs.memories, ours.memories, strict=True):
        first, words = model.layout.memories[model.circuit.memories[memory]]
        slots[state.get_memory(same)] = tuple(
            _value(model.state, first + words * row, words) for row in range(memory.depth)
        )
    pysim.restore(replace(before, cycle=native.cycle, slots=tuple(slots), log=native.log))


def _value(words, first, count):
    return sum(words[first + number] << 64 * number for number in range(count))
