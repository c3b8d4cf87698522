"""Whatever programs map, store, unmap and fork, they see what a plain model says."""

import pytest

from tests.kernel_model.mapping import FILES, Mapping
from tests.kernel_model.under import every_policy, use

pytest_generate_tests = every_policy
STEPS = 250


@pytest.fixture
def policy(request, monkeypatch):
    """Each kernel is looked through after every entry."""
    use(request.param, monkeypatch)
    return request.param


def go(seed, **options):
    mapping = Mapping(seed, **options)
    mapping.run(STEPS)
    mapping.finish()
    return mapping


def test_what_is_mapped_is_what_the_model_says(policy):
    mapped = [go(seed, svadu=bool(seed % 2)) for seed in range(2)]
    assert sum(FILES - len(each.unused) for each in mapped) > 5
