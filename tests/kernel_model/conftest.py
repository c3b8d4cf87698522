import pytest

from tests.kernel_model.under import use


@pytest.fixture
def policy(request, monkeypatch):
    """The name of the policy that all kernels have, and their memory is looked through."""
    use(request.param, monkeypatch)
    return request.param
