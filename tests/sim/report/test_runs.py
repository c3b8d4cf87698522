"""What `run --json` has written is read back; of anything else one line says what it is not."""

import copy
import json

import pytest

from sim.cli import main as cli
from sim.report.runs import RunFileError, read_run
from tests.docs import ROOT


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "x.json"
    assert cli.main(["run", "--quiet", "--json", str(path), "lazy"]) == 0
    return path


def refused(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(RunFileError) as caught:
        read_run(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_a_run_is_read_back(written):
    content = json.loads(written.read_text())
    run = read_run(written)
    assert run.faults == content.pop("faults")
    assert run.facts == content


@pytest.mark.parametrize(
    "arguments", [["lazytests", "readwrite"], ["badaccess", "guard"], ["hello"]]
)
def test_whatever_run_writes_is_read(tmp_path, arguments):
    path = tmp_path / "x.json"
    cli.main(["run", "--quiet", "--memory", "8", "--json", str(path), *arguments])
    assert read_run(path).facts["processes"]


@pytest.mark.parametrize("text", ["", "{", "no", '"\ud800"', "[" * 100_000, "1" * 5_000, "\0"])
def test_what_is_no_json(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(RunFileError, match="it is no (JSON|object)"):
        read_run(path)


def test_what_is_of_something_else(tmp_path):
    path = tmp_path / "x.json"
    assert refused(path, []) == "it is no object: it is no result of trapline run --json"
    schema = (ROOT / "docs" / "run.schema.json").read_text()
    assert refused(path, schema).startswith("it has no faults: ")


def test_a_bare_run_has_no_faults_that_a_kernel_served(tmp_path):
    path = tmp_path / "x.json"
    result = {"faults": [], "exceptions": 0, "cycles": 10}
    assert refused(path, result).startswith("it is of a bare run")


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("cycles", None, "cycles of it is not what"),
        ("cycles", True, "cycles of it is not what"),
        ("cycles", -1, "cycles of it is not what"),
        ("cycles", 1 << 52, "cycles of it is not what"),
        ("config", [], "config of it is not what"),
        ("counters", [], "counters is no object"),
        ("counters", 3, "counters is no object"),
        ("counters", {"data_stall": 1 << 52}, "data_stall of counters is not what"),
        ("faults", {}, "faults of it is not what"),
        ("faults", [3], "faults[0] is no object"),
        ("processes", [{}], "processes[0] has no pid"),
    ],
)
def test_a_member_that_is_not_as_it_should_be(tmp_path, written, name, value, said):
    content = json.loads(written.read_text()) | {name: value}
    assert refused(tmp_path / "x.json", content).startswith(said)


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("phases", {"walk": "two"}, "walk of faults[2].phases is not what"),
        ("stval", "0x4000", "stval of faults[2] is not what"),
        ("stval", 1 << 64, "stval of faults[2] is not what"),
        ("begin", 1 << 52, "begin of faults[2] is not what"),
        ("retired_cycle", 1 << 52, "retired_cycle of faults[2] is not what"),
        ("phases", {"walk": 1 << 52}, "walk of faults[2].phases is not what"),
        (
            "walk",
            [{"cycle": 1, "address": 0, "value": 0, "level": 3}],
            "level of faults[2].walk[0]",
        ),
        ("retired_cycle", "never", "retired_cycle of faults[2] is not what"),
        ("line", {}, "line of faults[2] is not what"),
        ("via", 3, "via of faults[2] is not what"),
        ("walk", [{"level": 0}], "faults[2].walk[0] has no cycle"),
        ("pte_writes", [7], "faults[2].pte_writes[0] is no object"),
    ],
)
def test_a_fault_that_is_not_as_it_should_be(tmp_path, written, name, value, said):
    content = json.loads(written.read_text())
    content["faults"][2][name] = value
    assert refused(tmp_path / "x.json", content).startswith(said)


def test_each_member_of_a_fault_is_asked_for(tmp_path, written):
    content = json.loads(written.read_text())
    aside = {"pc", "function", "file", "line"}  # a copy of a system call has none
    for name in content["faults"][0].keys() - aside:
        broken = copy.deepcopy(content)
        del broken["faults"][0][name]
        assert refused(tmp_path / "x.json", broken).startswith(f"faults[0] has no {name}")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_no_browser_takes_for_json(tmp_path, written, number):
    text = written.read_text().replace('"latency": 1,', f'"latency": {number},')
    assert f"it is no JSON: {number} is no number" == refused(tmp_path / "x.json", text)
