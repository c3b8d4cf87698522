"""What tests of pages and of traces have in common."""

import pytest

from tests import chromium


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """An empty page of a browser of the module's own, which has said `chromium.require()`."""
    with chromium.browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page
