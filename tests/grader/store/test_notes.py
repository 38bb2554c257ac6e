"""Notes about the database itself."""

import pytest

from grader.store import migrations, schema
from grader.store.notes import note, write_note


def test_a_note_that_was_never_written_is_none(database):
    with database.read() as connection:
        assert note(connection, "exercise") is None


@pytest.mark.parametrize("text", ["", "linreg-torch", "Zoë\n\t☃ 'quoted' \"twice\" %s :name", "x" * 100_000])
def test_a_note_is_read_as_it_was_written(database, text):
    with database.write() as connection:
        write_note(connection, "exercise", text)
    with database.read() as connection:
        assert note(connection, "exercise") == text


def test_the_last_note_counts_and_others_stay(database):
    with database.write() as connection:
        write_note(connection, "exercise", "first")
        write_note(connection, "roster", "ada")
        write_note(connection, "exercise", "second")
    with database.read() as connection:
        assert note(connection, "exercise") == "second"
        assert note(connection, "roster") == "ada"
        assert note(connection, migrations.KEY) == str(schema.VERSION)
