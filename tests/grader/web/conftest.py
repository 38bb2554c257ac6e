"""An application over an empty database."""

import pytest

from grader.store.database import open_database
from tests.grader.web.parts import Client, make_parts


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def either(request):
    """A client over either kind of database."""
    where = request.getfixturevalue("tmp_path") / "metronome.db"
    if request.param == "postgresql":
        where = request.getfixturevalue("postgres_url")
    with open_database(where) as opened:
        yield Client(make_parts(opened))


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "metronome.db") as opened:
        yield opened


@pytest.fixture
def parts(database):
    return make_parts(database)


@pytest.fixture
def client(parts):
    return Client(parts)
