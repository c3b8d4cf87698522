"""The table of docs/hart.md says what traps, returns and CSR instructions take now."""

import pytest

from tests import trap_table


def test_the_page_has_what_is_measured():
    text = trap_table.PAGE.read_text()
    assert trap_table.renew(text) == text


def test_a_page_without_a_place_for_it_is_refused():
    with pytest.raises(ValueError, match="no table of what traps cost"):
        trap_table.renew("nothing here\n")
