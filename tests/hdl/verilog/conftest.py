"""The Verilog that the tests of this folder read: written once."""

import pytest

from hdl.verilog import write


@pytest.fixture(scope="session")
def verilog(tmp_path_factory):
    """The folder with `mmu.v` and `hart.v`."""
    folder = tmp_path_factory.mktemp("verilog")
    write(folder)
    return folder
