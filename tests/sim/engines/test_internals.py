"""Which releases of Amaranth the engines know, and that their netlists are equal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.engines.internals import check_version

SIM = Path(sim.__file__).parent
#: A folder with another release of Amaranth; `make test-oldest` makes one.
OTHER = os.environ.get("TRAPLINE_OTHER_AMARANTH")
#: Says which release it runs on, and what the whole hart becomes.
TRANSLATE = """
import hashlib, warnings
warnings.simplefilter("ignore")
import amaranth
from hdl.hart import Hart
from sim.engines.native.compiler.translation import TranslatedDesign
source = TranslatedDesign(Hart(), (), everything=True).source()
print(amaranth.__version__, hashlib.sha256(source.encode()).hexdigest())
"""


@pytest.mark.parametrize("version", ["0.5.6", "0.5.9", "0.5.10"])
def test_known_releases_are_taken(version):
    check_version(version)


@pytest.mark.parametrize("version", ["0.5.5", "0.5.11", "0.6.0", "0.4.10", "0.5.10.dev3", "1"])
def test_others_are_refused_with_what_to_install(version):
    with pytest.raises(ImportError, match=rf"not {version}: pip install amaranth==0\.5\.10") as e:
        check_version(version)
    assert e.value.name == "amaranth"


def test_private_modules_of_amaranth_are_imported_in_one_file():
    private = re.compile(r"^\s*(from|import) amaranth\S*(\._| import .*\b_)", re.MULTILINE)
    found = {path.name for path in SIM.rglob("*.py") if private.search(path.read_text())}
    assert found == {"internals.py"}


@pytest.mark.skipif(OTHER is None, reason="only one release of Amaranth: see `make test-oldest`")
def test_the_harts_netlist_is_the_same_under_another_release():
    paths = ("", f"{Path(OTHER).resolve()}{os.pathsep}")
    said = [
        subprocess.check_output(
            [sys.executable, "-c", TRANSLATE],
            text=True,
            env={**os.environ, "PYTHONPATH": path + str(SIM.parent)},
        ).split()
        for path in paths
    ]
    (version, source), (other_version, other_source) = said

    assert version != other_version
    assert source == other_source
