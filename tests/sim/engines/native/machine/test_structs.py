"""What Python and machine.cpp must say alike."""

import re
from pathlib import Path

import sim.engines.native.machine
from sim.engines.native.machine import structs
from sim.engines.story import LOOKUP, READS, Passage
from sim.platform.bus import DEPTH

FOLDER = Path(sim.engines.native.machine.__file__).parent
SOURCE, STORY = ((FOLDER / f"{name}.cpp").read_text() for name in ("machine", "story"))


def members(name, source=SOURCE):
    """The names of a struct's members in the C++ source, in order."""
    body = re.search(rf"^struct {name} {{\n(.*?)^}};", source, re.MULTILINE | re.DOTALL)[1]
    body = re.sub(r"//.*", "", body)
    body = re.sub(r"void \(\*(\w+)\)\(Machine \*\)", r"void \1", body)
    for declaration in body.split(";")[:-1]:
        _type, names = declaration.split(maxsplit=1)
        for item in names.split(","):
            yield item.split("[")[0].strip(" *\n")


def test_events_have_the_same_numbers():
    numbers = dict(re.findall(r"([A-Z]+) = (\d)", re.search(r"enum Event.*", SOURCE)[0]))
    assert numbers == {name: str(getattr(structs, name)) for name in numbers}
    assert len(numbers) == 4


def test_windows_are_of_the_same_size():
    assert f"WINDOWS = {structs.WINDOWS}, CELLS = {structs.CELLS};" in SOURCE
    assert [name for name, *_ in structs._Window._fields_] == list(members("Window"))


def test_members_have_the_same_order():
    assert [name for name, *_ in structs.MachineStruct._fields_] == list(members("Machine"))
    assert list(structs.REQUEST) == list(members("Request"))


def test_pointers_are_those_that_the_source_declares():
    machine = re.search(r"^struct Machine {\n(.*?)^};", SOURCE, re.MULTILINE | re.DOTALL)[1]
    declared = {*re.findall(r"\*(\w+);", machine), *re.findall(r"\(\*(\w+)\)", machine)}
    assert {*structs.POINTERS, "withheld"} == declared


def test_a_port_holds_as_many_answers_as_the_bus_says():
    assert int(re.search(r"\bDEPTH = (\d+)", SOURCE)[1]) == DEPTH


def test_the_story_is_laid_out_alike():
    assert [name for name, *_ in structs._Story._fields_] == list(members("Story", STORY))
    assert list(Passage._fields) == list(members("Passage", STORY))
    one, two, three = (
        [f"{name}_{number}" for name in members("Read", STORY)] for number in range(READS)
    )
    assert list(LOOKUP) == [*list(members("Lookup", STORY))[:-1], *one, *two, *three]
    assert f"READS = {READS}," in STORY
