"""What several processes, and several versions, keep of models in one folder."""

import ctypes
import os
import signal
import subprocess
import sys
import time

import pytest

from sim.engines.native.compiler import cxx, store
from sim.engines.native.compiler.cxx import compile_library
from sim.host import shared_cache
from tests.sim.engines.native.compiler.test_model import hart_unit

pytestmark = pytest.mark.usefixtures("fresh")

ANSWER = 'extern "C" int answer() { return %d; }'
#: Of another process that makes a model of a unit of the hart in the folder of its argument.
MAKING = """
import sys
from pathlib import Path
from tests.sim.engines.native.compiler.test_model import hart_unit
model = hart_unit(Path(sys.argv[1]))
print(model.image.library, model.cached, *model.state)
"""


def started(folder):
    """A process that makes the model; it may be killed with all that it has started."""
    return subprocess.Popen(
        [sys.executable, "-c", MAKING, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def answer(path):
    return ctypes.CDLL(str(path)).answer()


def kinds(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_two_processes_that_make_the_same_at_once_agree(compiler, tmp_path):
    """Neither goes on before both are compiling."""
    meeting, cache = tmp_path / "meeting", tmp_path / "cache"
    meeting.mkdir()
    waiting = f"[ $(ls {meeting} | wc -l) -lt 2 ] && [ $n -lt 600 ]"
    compiler(f"touch {meeting}/$$; n=0; while {waiting}; do sleep 0.05; n=$((n + 1)); done")

    both = [started(cache) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert " False " in said[0], "both have compiled"
    assert kinds(cache) == [".json", ".so"]
    assert hart_unit(cache).cached


def test_one_that_is_killed_while_it_compiles_leaves_nothing_to_be_taken_for_whole(
    compiler, tmp_path
):
    begun, cache = tmp_path / "begun", tmp_path / "cache"
    compiler(
        f'[ -e {begun} ] || {{ for out; do [ "$last" = -o ] && echo half >"$out"; last=$out; done; '
        f"touch {begun}; exec sleep 600; }}"
    )

    process = started(cache)
    for _ in range(1200):
        if begun.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    (left,) = cache.iterdir()
    assert (left / next(left.glob("*.so")).name).read_text() == "half\n"
    model = hart_unit(cache)
    assert not model.cached
    assert hart_unit(cache).cached
    os.utime(left, (0, 0))
    compile_library(ANSWER % 1, "test", cache)
    assert kinds(cache) == [".json", ".so", ".so"], "and after a day nothing at all"


def test_a_library_by_the_name_of_another_is_made_anew(tmp_path, capsys):
    """Such as one that was copied there."""
    one, two = (compile_library(ANSWER % n, "test", tmp_path)[0] for n in (1, 2))
    two.unlink()  # it is loaded
    two.write_bytes(one.read_bytes())

    assert compile_library(ANSWER % 2, "test", tmp_path) == (two, False)
    assert answer(two) == 2
    assert capsys.readouterr().err == f"trapline: {two} is damaged and is made anew\n"


@pytest.mark.parametrize("other", ["amaranth", "compiler", "sources", "seal"])
def test_what_another_version_has_kept_is_neither_taken_nor_touched(
    other, tmp_path, monkeypatch, capsys
):
    with monkeypatch.context() as patch:
        if other == "amaranth":
            patch.setattr("amaranth.__version__", "another")
        elif other == "compiler":
            version = cxx.find_compiler()[0], "another 1.0"
            patch.setattr("sim.engines.native.compiler.model.find_compiler", lambda: version)
            patch.setattr(cxx, "find_compiler", lambda: version)
        elif other == "sources":
            fingerprint = store.fingerprint
            patch.setattr(store, "fingerprint", lambda *facts: fingerprint(*facts, "changed"))
        else:
            for module in (shared_cache, cxx, store):
                patch.setattr(module, "SEAL", b"\ntrapline sha256 ")
        hart_unit(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    model = hart_unit(tmp_path)

    # Where the C++ is made the same way it is the same library.
    assert model.cached == (other in ("amaranth", "sources"))
    assert {path: path.read_bytes() for path in before} == before
    assert len(list(tmp_path.glob("*.json"))) == 2
    assert hart_unit(tmp_path).cached
    assert "damaged" not in capsys.readouterr().err
