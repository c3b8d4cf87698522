"""The timing diagram of the MMU is what a simulation shows, and shows what its page tells."""

from tests.docs import ROOT
from tests.timing_picture import draw, trace


def test_it_is_what_is_simulated_now():
    assert (ROOT / "docs" / "mmu.svg").read_text() == draw(), "`make docs` draws it"


def test_it_shows_the_cycles_that_the_page_tells():
    """From each request to its answer: 4, 0, 2, 2, 8, 0."""
    rows, notes = trace()
    values = {row.name: row.values for row in rows}
    done = [
        cycle
        for cycle, (data, update) in enumerate(
            zip(values["data__done"], values["update__done"], strict=True)
        )
        if data or update
    ]
    begun = [cycle for cycle, _ in notes]
    assert [end - start for start, end in zip(begun, done, strict=True)] == [4, 0, 2, 2, 8, 0]
    assert "(mmu.svg)" in (ROOT / "docs" / "mmu_part.md").read_text()
