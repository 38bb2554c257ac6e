"""A database is brought to this version's schema, or refused with a sentence."""

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from grader.errors import BadDatabase
from grader.store import migrations, schema
from grader.store.database import open_database
from grader.store.notes import note, write_note


def execute(where, *statements):
    """Statements on a database, with nothing of ours in between."""
    url = make_url(where if isinstance(where, str) else f"sqlite:///{where}")
    name = "postgresql+psycopg" if url.drivername == "postgresql" else url.drivername
    engine = create_engine(url.set(drivername=name))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def tables(where):
    """The tables of a database."""
    with open_database(where) as database:
        return set(inspect(database.engine).get_table_names())


def test_a_new_database_has_all_tables_and_the_version(where):
    assert tables(where) == set(schema.metadata.tables)
    with open_database(where) as database, database.read() as connection:
        assert note(connection, migrations.KEY) == str(schema.VERSION)


def test_opening_it_again_changes_nothing(where):
    for _ in range(3):
        with open_database(where) as database, database.write() as connection:
            write_note(connection, "count", (note(connection, "count") or "") + "x")
    with open_database(where) as database, database.read() as connection:
        assert note(connection, "count") == "xxx"


def test_a_newer_schema_is_refused_and_left_alone(where):
    open_database(where).close()
    execute(where, f"UPDATE metronome SET value = '{schema.VERSION + 1}' WHERE key = 'schema'")
    for _ in range(2):
        with pytest.raises(BadDatabase) as caught:
            open_database(where)
        said = str(caught.value)
        assert f"has schema {schema.VERSION + 1}, made by a newer Metronome" in said
        assert f"this one knows schema {schema.VERSION}." in said
        assert "\n" not in said


@pytest.mark.postgres
def test_the_refusal_of_a_newer_schema_holds_no_password(postgres_url):
    url = postgres_url.replace("postgres@", "postgres:secret@")
    open_database(url).close()
    execute(url, "UPDATE metronome SET value = '99' WHERE key = 'schema'")
    with pytest.raises(BadDatabase, match="schema 99") as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("version", ["", "first", "-1", "0", "1.5"])
def test_a_version_that_never_was_is_not_ours(where, version):
    open_database(where).close()
    execute(where, f"UPDATE metronome SET value = '{version}' WHERE key = 'schema'")
    with pytest.raises(BadDatabase, match=r"is not a database of Metronome\.$"):
        open_database(where)


def test_a_database_without_its_version_is_not_ours(where):
    open_database(where).close()
    execute(where, "DELETE FROM metronome")
    with pytest.raises(BadDatabase, match=r"is not a database of Metronome\.$"):
        open_database(where)


@pytest.mark.parametrize("table", ["people", "jobs"])
def test_other_peoples_databases_are_refused_and_left_alone(where, table):
    execute(where, f"CREATE TABLE {table} (name text)", f"INSERT INTO {table} VALUES ('ada')")
    with pytest.raises(BadDatabase, match=r"is not a database of Metronome\.$"):
        open_database(where)
    execute(where, f"DROP TABLE {table}")
    assert tables(where) == set(schema.metadata.tables)


def test_a_table_of_our_name_with_other_columns_is_refused(where):
    execute(where, "CREATE TABLE metronome (bpm integer)")
    with pytest.raises(BadDatabase, match="cannot be used"):
        open_database(where)


def test_the_missing_steps_are_taken_in_order_and_once(where, monkeypatch):
    open_database(where).close()
    taken = []

    def step(number):
        def take(connection):
            taken.append(number)
            connection.execute(text(f"CREATE TABLE step_{number} (it integer)"))

        return take

    first = schema.VERSION
    monkeypatch.setattr(migrations, "STEPS", {first: step(first), first + 1: step(first + 1)})
    monkeypatch.setattr(migrations, "VERSION", first + 2)
    for _ in range(2):
        assert {f"step_{first}", f"step_{first + 1}"} < tables(where)
    assert taken == [first, first + 1]


def test_a_step_that_fails_leaves_the_older_schema(where, monkeypatch):
    open_database(where).close()

    def stumble(connection):
        connection.execute(text("CREATE TABLE half (it integer)"))
        connection.execute(text("SELECT nonsense FROM half"))

    with monkeypatch.context() as newer:
        newer.setattr(migrations, "STEPS", {schema.VERSION: stumble})
        newer.setattr(migrations, "VERSION", schema.VERSION + 1)
        with pytest.raises(BadDatabase, match="nonsense"):
            open_database(where)
    assert tables(where) == set(schema.metadata.tables)
