"""What the tests of the host's compilers share."""

import pytest

from sim.host import own_programs, toolchain


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of one's own."""
    directory = tmp_path / "cache"
    directory.mkdir()
    for module in (toolchain, own_programs):
        monkeypatch.setattr(module, "cache_directory", lambda: directory)
    return directory
