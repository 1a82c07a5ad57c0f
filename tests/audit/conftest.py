"""The application over this test's own database."""

from tests.http.conftest import _own_home, own_address, own_client

__all__ = ["_own_home", "own_address", "own_client"]
