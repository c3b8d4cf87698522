import pytest

from sim.bench.runs import BenchError
from sim.bench.tables import begin_of, end_of, markdown, put

PAGE = f"before\n{begin_of('x')}old\n{end_of('x')}after\n"


def test_a_table_is_replaced_between_its_markers(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)

    put(path, "x", "new\n")
    put(path, "x", "newer\n")

    assert path.read_text() == PAGE.replace("old", "newer")


@pytest.mark.parametrize("page", ["nothing", PAGE + PAGE, PAGE.replace("end of", "")])
def test_a_page_without_a_single_place_is_an_error(page, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(page)

    with pytest.raises(BenchError, match="no single place for the table x"):
        put(path, "x", "new\n")
    assert path.read_text() == page


def test_figures_stand_at_the_right():
    assert markdown(("what", "n"), [("a", "1")], left=1) == "| what | n |\n|---|---:|\n| a | 1 |\n"
