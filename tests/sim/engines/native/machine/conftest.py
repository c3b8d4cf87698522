"""What tests of several files of this folder need."""

import resource

import pytest


@pytest.fixture
def no_growth():
    """Lets no file grow, once it is called, beyond the size that it is given."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
