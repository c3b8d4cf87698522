"""The JSON of real runs, of every program, is valid by docs/run.schema.json, which is strict."""

import copy
import json
import os

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sim.cli import main as cli
from sim.host.programs import build_program, program_names, strip
from tests.docs import ROOT
from tests.hdl.programs import ASM

SCHEMA = json.loads((ROOT / "docs" / "run.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
#: What the programs are run with that do too much or nothing without.
ARGUMENTS = {
    "usertests": ["mem"],
    "lazytests": ["readwrite"],
    "sh": ["-c", "lazy | wc"],
    "grep": ["a", "/nosuch"],
    "cat": ["/nosuch"],
    "wc": ["/nosuch"],
    "sleep": ["1"],
    "kill": ["99"],
    "badaccess": ["text"],
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function: the JSON of a command line."""
    path = tmp_path_factory.mktemp("json") / "result.json"

    def run(*arguments):
        command, *rest = arguments
        cli.main([command, "--quiet", "--memory", "8", "--json", str(path), *rest])
        return json.loads(path.read_text())

    return run


@pytest.fixture(scope="module")
def lazy(written):
    return written("run", "lazy")


@pytest.fixture(scope="module")
def bare(written):
    return written("bare", str(ASM / "lazy_pages.S"))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", program_names())
def test_every_program(written, monkeypatch, name):
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        content = written("run", "--max-cycles", "3M", name, *ARGUMENTS.get(name, []))

    VALIDATOR.validate(content)
    assert content["processes"][0]["name"] == name


def test_counters_of_a_bare_program(written):
    content = written("bare", "--counters", str(ASM / "lazy_pages.S"))

    VALIDATOR.validate(content)
    assert content["counters"]["dtlb_miss_fault"] >= len(content["faults"])


@pytest.mark.parametrize("path", sorted(ASM.glob("*.S")), ids=lambda path: path.stem)
def test_every_bare_program(written, path):
    content = written("bare", str(path))

    VALIDATOR.validate(content)
    assert content["exceptions"] >= len(content["faults"])


@pytest.mark.parametrize(
    "options",
    [
        ["--engine", "pysim", "hello"],
        ["--svadu", "--latency", "7", "lazy"],
        ["--max-cycles", "4000", "lazy"],
        ["--counters", "sh", "-c", "lazy | wc"],
    ],
    ids=" ".join,
)
def test_however_it_was_run(written, options):
    VALIDATOR.validate(written("run", *options))


def test_a_fault_of_a_system_call(written):
    faults = written("run", "lazytests", "readwrite")["faults"]
    copied = [fault for fault in faults if "via" in fault]

    assert {fault["via"] for fault in copied} == {"copyin", "copyout"}
    assert all("pc" not in fault and fault["walk"] == [] for fault in copied)


def test_a_fault_tells_where_what_was_read_and_what_was_written(lazy):
    first = lazy["faults"][0]

    assert first["program"] == "lazy"
    assert first["function"].startswith("read_some+0x")
    source = (ROOT / "programs" / "lazy.c").read_text().splitlines()
    assert "words[WORDS - 1]" in source[first["line"] - 1]
    (read,), (write,) = first["walk"], first["pte_writes"]
    assert read["address"] == write["address"]
    assert (read["value"], read["level"]) == (write["before"], write["level"]) == (0, 0)
    assert write["after"] >> 10 << 12 == first["frame"]


def test_a_program_without_symbols_has_no_function_and_no_line(written, tmp_path):
    path = tmp_path / "stripped"
    path.write_bytes(strip(build_program("badaccess").read_bytes()))

    (fault,) = written("run", str(path), "past")["faults"]

    assert (fault["outcome"], fault["why"]) == ("killed", "past_size")
    assert [fault[name] for name in ("function", "file", "line")] == [None] * 3


def test_a_bare_programs_faults_are_those_of_its_own_handler(bare):
    """It counts them itself, and ends with status 0 only if that is what it expects."""
    assert bare["exit_status"] == 0
    assert [fault["number"] for fault in bare["faults"]] == [*range(1, 8)]
    assert all(fault["mode"] == 0 for fault in bare["faults"])


def test_versions_are_those_of_what_is_there(lazy, bare):
    versions = lazy["versions"]

    assert versions == bare["versions"]
    assert versions["amaranth"].startswith("0.5.")
    assert versions["compiler"]


def paths(content, path=()):
    """The way to everything in a document, by keys and indices; of a list its first is enough."""
    items = content.items() if isinstance(content, dict) else ()
    if isinstance(content, list):
        items = list(enumerate(content))[:1]
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


def refused(content):
    with pytest.raises(ValidationError):
        VALIDATOR.validate(content)


@pytest.mark.parametrize("which", ["lazy", "bare"])
def test_what_is_missing_unknown_or_of_another_kind_is_refused(request, which):
    content = request.getfixturevalue(which)
    parts = {"phases", "kernel_steps"}
    count = 0
    for *way, last in paths(content):
        damaged = copy.deepcopy(content)
        place = damaged
        for step in way:
            place = place[step]
        place[last] = [1.5]
        refused(damaged)
        if isinstance(place, dict):
            del place[last]
            if not parts & {*way}:  # a fault has those parts that it has
                refused(damaged)
            place[last] = copy.deepcopy(at(content, (*way, last)))
            place["unheard_of"] = 1
            refused(damaged)
        count += 1
    assert count > 30


def at(content, way):
    for step in way:
        content = content[step]
    return content


def test_pages_that_were_mapped_ahead_are_told_with_their_fault(written):
    content = written("run", "--policy", "batch:4", "lazy")

    VALIDATOR.validate(content)
    first = content["faults"][0]
    assert first["ahead"] == [first["stval"] // 4096 * 4096 + 4096 * n for n in (1, 2, 3)]
