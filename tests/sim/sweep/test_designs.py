"""A hart is compiled on one machine, and found in the cache of another one."""

from sim.config import RunConfig
from sim.host.shared_cache import is_kept
from sim.sweep import designs
from sim.sweep.designs import build, install


def test_what_is_built_here_is_installed_there(tmp_path, monkeypatch):
    files = build(RunConfig(memory_mib=8, counters=True))
    assert {name.partition("-")[0] for name in files} >= {"model"}
    assert any(name.endswith(".so") for name in files)

    monkeypatch.setattr(designs, "cache_directory", lambda: tmp_path)
    install(files)

    assert {path.name for path in tmp_path.iterdir()} == {*files}
    for name, data in files.items():
        assert is_kept(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(data)


def test_what_is_there_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(designs, "cache_directory", lambda: tmp_path)
    (tmp_path / "model-1.so").write_bytes(b"mine")
    install({"model-1.so": b"theirs"})
    assert (tmp_path / "model-1.so").read_bytes() == b"mine"


def test_another_engine_has_nothing_to_ship(monkeypatch):
    monkeypatch.setattr(designs, "NativeEngine", type("Other", (), {}))
    assert build(RunConfig(memory_mib=8, counters=True)) == {}
