import pytest

from sim.bench import mmubench, tables
from sim.bench.runs import BenchError
from sim.config import MachineConfig
from sim.host.programs import programs_directory

WORDS = 232


@pytest.fixture
def result():
    """As if every result of mmubench were its own index."""
    return mmubench.Result(2000, 1000, list(mmubench._cases(list(range(WORDS)))))


def test_results_are_cut_into_31_cases(result):
    assert [case.number for case in result.cases] == [f"{n:02}" for n in range(31)]
    assert sum(len(column) for case in result.cases for column in case.columns) == WORDS


def test_a_trap_has_a_column_for_each_phase(result):
    null_trap = result.cases[20]

    assert null_trap.name == "null_trap_S_S"
    # Cases 0 to 13 have 4 results, 14 to 19 have 16: this one starts at 152.
    assert null_trap.columns == [[152 + 4 * i + phase for i in range(4)] for phase in range(4)]
    assert null_trap.best == "152 / 153 / 154 / 155"
    assert null_trap.typical == "158 / 159 / 160 / 161"


def test_too_many_results_are_an_error():
    with pytest.raises(BenchError, match="left 1 results"):
        list(mmubench._cases(list(range(WORDS + 1))))


def test_peers_figures_belong_to_cases(result):
    peers = mmubench._peers()

    assert set(peers) <= {case.number for case in result.cases}
    assert peers["03"] == ["25", "22"]
    assert peers["30"] == ["21 / 9 / 20 / 50", "25 / 23 / 25 / 73"]


def test_docs_table_is_replaced_between_its_markers(result, tmp_path):
    page = tmp_path / "performance.md"
    begin, end = tables.begin_of(mmubench.TABLE), tables.end_of(mmubench.TABLE)
    page.write_text(f"before\n{begin}old\n{end}after\n")
    mmubench.write_docs(result, page)
    once = page.read_text()
    mmubench.write_docs(result, page)

    assert page.read_text() == once
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "| 01 | ld_DTLBhit_Dhit | 5.5 | 4 | 8 | 10 |" in once
    assert "old" not in once


def test_docs_without_a_place_are_an_error(result, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("nothing here\n")

    with pytest.raises(BenchError, match="no single place"):
        mmubench.write_docs(result, page)


def test_the_projects_docs_hold_the_table_as_measured_now(tmp_path):
    page = (programs_directory().parent / "docs" / "performance.md").read_text()
    copy = tmp_path / "performance.md"
    copy.write_text(page)

    mmubench.write_docs(mmubench.run_mmubench(MachineConfig(engine="native")), copy)

    assert copy.read_text() == page


def test_a_run_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(mmubench, "MAX_CYCLES", 10)

    with pytest.raises(BenchError, match="^mmubench ended at cycle 10: limit, exit code None$"):
        mmubench.run_mmubench(MachineConfig())
