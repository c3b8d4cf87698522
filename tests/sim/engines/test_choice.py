import sys

import amaranth
import pytest

from sim.cli import main as cli
from sim.config import ENGINES
from sim.engines import choice
from sim.engines.base import EngineError
from sim.engines.native.compiler import cxx
from sim.platform.bus import Bus
from sim.platform.ram import Ram
from tests.sim.scripted import ScriptedHart, load

BASE = 0x8000_0000


@pytest.fixture
def no_compiler(monkeypatch):
    """As on a machine with a `$CXX` that is not there, and nothing in the cache."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    cxx.find_compiler.cache_clear()
    yield
    cxx.find_compiler.cache_clear()


@pytest.fixture
def said():
    return []


def make(name, said, tmp_path):
    return choice.make_engine(
        name,
        lambda: ScriptedHart([load(BASE)]),
        Bus(Ram(BASE, 4096)),
        directory=tmp_path,
        say=said.append,
    )


@pytest.mark.parametrize(
    ("name", "made"), [(None, "native"), ("native", "native"), ("pysim", "pysim")]
)
def test_it_makes_the_engine_that_is_wanted(name, made, said, tmp_path):
    assert make(name, said, tmp_path).name == made
    assert said == []
    assert any(tmp_path.iterdir()) == (made == "native"), "where libraries are kept"


@pytest.mark.parametrize(
    "lacking, error",
    [("amaranth.hdl._nir", EngineError), ("elftools", ImportError), (None, ImportError)],
)
def test_what_is_missing_is_amaranths_or_a_fault(monkeypatch, said, tmp_path, lacking, error):
    class Missing:
        def find_spec(self, name, path, target=None):
            if name == "sim.engines.native.machine.engine":
                raise ImportError("not there", name=lacking)

    monkeypatch.delitem(sys.modules, "sim.engines.native.machine.engine", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(error, match="not there"):
        make("native", said, tmp_path)


def test_without_a_compiler_it_is_pysim_and_says_why(no_compiler, said, tmp_path):
    engine = make(None, said, tmp_path)

    assert engine.name == "pysim"
    assert engine.run(10) is not None
    (line,) = said
    assert "no C++ compiler works (tried no-such-compiler)" in line
    assert "the engine is pysim" in line
    assert "\n" not in line


@pytest.mark.parametrize("name", ENGINES)
def test_another_amaranth_is_refused_by_every_engine(monkeypatch, said, tmp_path, name):
    monkeypatch.setattr(amaranth, "__version__", "0.6.0")
    for module in [module for module in sys.modules if module.startswith("sim.engines.")]:
        monkeypatch.delitem(sys.modules, module)

    with pytest.raises(EngineError, match=f"the engine {name} .*pip install amaranth==0.5.10"):
        make(name, said, tmp_path)


def test_the_native_engine_asked_for_by_name_is_not_replaced(no_compiler, said, tmp_path):
    with pytest.raises(EngineError, match="no C\\+\\+ compiler works"):
        make("native", said, tmp_path)
    assert said == []


def test_another_name_is_refused(said, tmp_path):
    with pytest.raises(ValueError, match="engine must be one of native, pysim, not 'abacus'"):
        make("abacus", said, tmp_path)


def test_the_command_ends_with_a_users_error(no_compiler, capsys):
    assert cli.main(["run", "--engine", "native", "hello"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("trapline: error: the engine native does not work here: no C++")
    assert error.count("\n") == 1
