import json
import re
import shutil

import pytest

from sim.bench import ipc, losses
from sim.bench.runs import BenchError, bare_run
from sim.bench.tables import begin_of, end_of
from sim.config import MachineConfig
from sim.host.programs import build_bare, programs_directory

OUTCOME = ipc.Outcome("text", 2_000, 1_500, {**dict.fromkeys(losses.CAUSES, 0), "branches": 500})


def test_cycles_of_a_program_are_instructions_and_losses():
    outcome = ipc.run_one(ipc.source_of("calls"), 1)

    assert outcome.instructions + sum(outcome.lost.values()) == outcome.cycles
    assert [*outcome.lost] == [*losses.CAUSES]
    for cause in ("branches", "calls", "returns", "load-use", "fetch"):
        assert outcome.lost[cause] > 0


def test_a_wrong_checksum_is_an_error(tmp_path):
    shutil.copy(ipc.source_of("turns").with_suffix(".h"), tmp_path)
    text = ipc.source_of("list").read_text()
    source = tmp_path / "list.c"
    source.write_text(re.sub("#define SUM .*", "#define SUM 0x1234", text))

    with pytest.raises(BenchError, match=r"^list\.c ended at cycle .*: finished, exit code 1$"):
        ipc.run_one(source, 1)


def test_losses_that_do_not_add_up_are_an_error(monkeypatch):
    monkeypatch.setattr(losses.Losses, "look", lambda self, machine: None)

    with pytest.raises(BenchError, match=r"^list\.c: cycles, instructions and losses do not add"):
        ipc.run_one(ipc.source_of("list"), 1)


def test_every_program_of_the_folder_is_measured():
    folder = programs_directory() / "bench" / "ipc"

    assert set(ipc.PROGRAMS) == {path.stem for path in folder.glob("*.c")}


@pytest.mark.parametrize("name", ipc.PROGRAMS)
def test_the_projects_docs_hold_what_a_program_takes_now(name):
    page = (programs_directory().parent / "docs" / "performance.md").read_text()
    table = page.partition(begin_of(ipc.TABLE))[2].partition(end_of(ipc.TABLE))[0]
    elf = build_bare(ipc.source_of(name), {"TURNS": ipc.PROGRAMS[name]})
    engine = bare_run(elf, MachineConfig(engine="native")).start().machine.engine

    now = ipc.Outcome(name, engine.cycle, engine.log.instructions, dict(OUTCOME.lost))

    assert "| " + " | ".join(now.row[:4]) + " |" in table


def test_a_row_has_shares_of_all_cycles(capsys, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(begin_of("ipc") + end_of("ipc"))

    ipc.print_outcomes([OUTCOME])
    ipc.write_docs([OUTCOME], page)

    cells = ["text", "2,000", "1,500", "0.750", "25.0", *["0.0"] * (len(losses.CAUSES) - 1)]
    assert [*re.findall(r"[\w,.]+", capsys.readouterr().out.splitlines()[-2])] == cells
    assert "| " + " | ".join(cells) + " |" in page.read_text()


def test_json_has_the_cycles():
    content = json.loads(json.dumps(ipc.as_json([OUTCOME])))

    assert content == {
        "text": {"cycles": 2_000, "instructions": 1_500, "ipc": 0.75, "lost": OUTCOME.lost}
    }
