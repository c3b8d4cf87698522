"""What version this is follows from every source, and from nothing else."""

from sim.spread import sources


def test_any_source_makes_another_version(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_ROOT", tmp_path)

    def digest():
        return sources.digest.__wrapped__(("hdl", "absent"))

    source = tmp_path / "hdl" / "mmu" / "tlb.py"
    source.parent.mkdir(parents=True)
    seen = {digest()}
    for text in ("a = 1\n", "a = 2\n"):
        source.write_text(text)
        seen.add(digest())
    source.rename(source.with_name("other.py"))
    seen.add(digest())
    assert len(seen) == 4

    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__" / "tlb.pyc").write_bytes(b"x")
    assert digest() in seen
