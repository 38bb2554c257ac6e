"""Opening a database, its errors as sentences, and transactions that are whole."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from grader.errors import BadDatabase, StoreError
from grader.store import jobs, schema
from grader.store.database import is_conflict, open_database
from grader.store.notes import note, write_note
from grader.store.submissions import keep
from tests.grader.store.conftest import handed_in, kept

ROOT = Path(__file__).parents[3]


def refusal(where, **how):
    """The sentence with which a database is refused."""
    with pytest.raises(BadDatabase) as caught:
        open_database(where, **how)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_what_was_written_is_there_when_it_is_opened_again(where):
    with open_database(where) as database, database.write() as connection:
        write_note(connection, "exercise", "linreg-torch")
    with open_database(where, create=False) as database, database.read() as connection:
        assert note(connection, "exercise") == "linreg-torch"


def test_a_sqlite_file_is_opened_by_url_too(tmp_path):
    with open_database(f"sqlite:///{tmp_path}/grade.db") as database:
        assert database.name == f"{tmp_path}/grade.db"
    assert (tmp_path / "grade.db").is_file()


def test_a_folder_that_is_missing_is_named(tmp_path):
    said = refusal(tmp_path / "none" / "grade.db")
    assert said == f"There is no folder {tmp_path}/none for the database."


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "loop.py").write_text("import torch\n" * 100)
    assert "file is not a database" in refusal(tmp_path / "loop.py")
    assert (tmp_path / "loop.py").read_text() == "import torch\n" * 100


def test_a_folder_is_no_database(tmp_path):
    assert "unable to open database file" in refusal(tmp_path)


def test_a_file_that_does_not_exist_is_made_only_where_that_is_wanted(tmp_path):
    assert refusal(tmp_path / "grade.db", create=False) == f"There is no database {tmp_path}/grade.db."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_would_not_last(url):
    assert refusal(url) == "A SQLite database needs a file: sqlite:///FILE."


@pytest.mark.parametrize(
    "url", ["", "grade.db", "://", "postgresql://ada:secret@host:port/grades", "postgresql//ada:secret@host"]
)
def test_a_url_that_cannot_be_read_is_not_repeated(url):
    said = refusal(url)
    assert said == "The database URL is not one: sqlite:///FILE or postgresql://USER@HOST/NAME."


@pytest.mark.parametrize("kind", ["mysql", "mysql+pymysql", "postgres", "postgresql+psycopg2", "sqlite+none"])
def test_other_kinds_and_drivers_are_not_supported(kind):
    said = refusal(f"{kind}://ada:secret@host/grades")
    assert said == f"Databases of the kind '{kind}' are not supported; use sqlite or postgresql."


def test_sqlite_takes_no_options(tmp_path):
    said = refusal(f"sqlite:///file:{tmp_path}/grade.db?mode=memory&uri=true")
    assert said == "A SQLite database takes no options: sqlite:///FILE."


def test_an_option_that_postgresql_does_not_know_is_named():
    said = refusal("postgresql://ada:secret@127.0.0.1:1/grades?nonsense=1")
    assert "nonsense" in said
    assert "secret" not in said


def test_postgresql_without_its_driver_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'metronome-grader[postgres]'" in refusal("postgresql://ada@host/grades")


@pytest.mark.parametrize("url", ["ada:secret@127.0.0.1:1/grades", "ada@127.0.0.1:1/grades?password=secret"])
def test_a_server_that_does_not_answer_is_named_without_its_password(url):
    said = refusal(f"postgresql://{url}")
    assert "127.0.0.1:1/grades cannot be used" in said
    assert "secret" not in said


@pytest.mark.postgres
def test_a_database_that_the_server_lacks_is_named_without_the_password(postgres_url):
    said = refusal(postgres_url.replace("postgres@", "postgres:secret@") + "_none")
    assert "_none" in said
    assert "does not exist" in said
    assert "secret" not in said


def test_every_connection_to_sqlite_is_durable_and_lets_readers_read(tmp_path):
    with open_database(tmp_path / "grade.db") as database:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        full = 2
        with database.read() as one, database.read() as other:
            for connection in (one, other):
                values = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]
                assert values == ["wal", full, 1, 30_000]


def test_a_submission_without_its_job_cannot_be_named_by_a_result(database):
    with (
        pytest.raises(StoreError, match=r"The database .* failed: ") as caught,
        database.write() as connection,
    ):
        connection.execute(
            schema.results.insert().values(
                job_id=99, report="{}", outcome="graded", max=1.0, seconds=0.0, graded_at=0.0
            )
        )
    assert not is_conflict(caught.value)


def test_a_transaction_that_fails_leaves_nothing(database):
    def write():
        with database.write() as connection:
            keep(connection, handed_in("ada"), "key")
            write_note(connection, "exercise", "linreg-torch")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with database.read() as connection:
        assert note(connection, "exercise") is None
        for table in (schema.submissions, schema.jobs):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_an_error_of_the_database_is_a_sentence_and_undoes_the_transaction(database):
    def write():
        with database.write() as connection:
            write_note(connection, "exercise", "linreg-torch")
            connection.execute(text("SELECT nonsense FROM nowhere"))

    with pytest.raises(StoreError) as caught:
        write()
    assert str(caught.value).startswith(f"The database {database.name} failed: ")
    assert "\n" not in str(caught.value)
    with database.read() as connection:
        assert note(connection, "exercise") is None


def test_a_text_that_is_not_unicode_is_a_sentence(database):
    with pytest.raises(StoreError, match="takes no text that is not Unicode"), database.read() as connection:
        note(connection, "\udcff")


@pytest.mark.parametrize("instead", [None, "another.db"])
def test_a_sqlite_file_that_is_removed_or_replaced_takes_nothing_that_would_be_lost(tmp_path, instead):
    path, other = tmp_path / "grade.db", tmp_path / "another.db"
    open_database(other).close()
    with open_database(path) as database:
        kept(database, "ada")
        other.replace(path) if instead else path.unlink()
        for transaction in (database.read, database.write):
            with pytest.raises(StoreError, match="no longer the file that was opened"), transaction():
                pass
    assert path.exists() == bool(instead)


def test_two_that_write_the_same_unique_row_are_a_conflict(database):
    kept(database, "ada")
    row = schema.submissions.insert().from_select(
        [column for column in schema.submissions.c if column.name != "id"],
        select(*[column for column in schema.submissions.c if column.name != "id"]),
    )
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.execute(row)
    assert is_conflict(caught.value)


def test_a_missing_value_is_no_conflict(database):
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.execute(schema.metronome.insert().values(key="half", value=None))
    assert not is_conflict(caught.value)


def test_a_reader_sees_one_state_while_another_writes(database):
    with database.read() as reader:
        assert note(reader, "exercise") is None
        with database.write() as writer:
            write_note(writer, "exercise", "linreg-torch")
        assert note(reader, "exercise") is None
    with database.read() as reader:
        assert note(reader, "exercise") == "linreg-torch"


def test_writers_that_wait_keep_no_reader_out_of_sqlite(tmp_path):
    with open_database(tmp_path / "grade.db") as database, ThreadPoolExecutor(20) as pool:
        with database.write():
            writers = [pool.submit(kept, database, f"s{number}") for number in range(20)]
            time.sleep(0.3)
            with database.read() as connection:
                assert note(connection, "schema") == "1"
            assert not any(writer.done() for writer in writers)
        assert len({writer.result()[0].id for writer in writers}) == 20


def test_what_a_writer_read_stays_true_until_it_is_done(where):
    with open_database(where) as database:
        with database.write() as connection:
            write_note(connection, "count", "0")

        def count_up(_):
            with database.write() as connection:
                query = select(schema.metronome.c.value).where(schema.metronome.c.key == "count")
                value = int(connection.execute(query.with_for_update()).scalar())
                row = schema.metronome.update().where(schema.metronome.c.key == "count")
                connection.execute(row.values(value=str(value + 1)))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(count_up, range(80)))
        with database.read() as connection:
            assert note(connection, "count") == "80"


def test_many_may_open_a_new_database_at_once(where):
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: open_database(where), range(8)))
    try:
        for database in opened:
            with database.read() as connection:
                assert jobs.counts(connection) == {}
    finally:
        for database in opened:
            database.close()


WRITER = """
import sys
from pathlib import Path
from grader.models import Submission
from grader.store.database import open_database
from grader.store.notes import write_note
from grader.store.submissions import HandedIn, keep

with open_database(Path(sys.argv[1])) as database:
    for batch in range(int(sys.argv[2]), 1_000_000):
        with database.write() as connection:
            for number in range(5):
                source = b"x" * 3000 + f"{batch}.{number}".encode()
                file = Submission(filename="loop.py", source=source, exercise="e", student=str(batch))
                keep(connection, HandedIn(f"{batch}.{number}", file), "key")
            write_note(connection, "last", str(batch))
        print(batch, flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_transactions_only(tmp_path):
    path, said = tmp_path / "grade.db", -1
    for commits in (1, 7, 20, 33):
        command = [sys.executable, "-c", WRITER, path, str(said + 1)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            for _ in range(commits):
                said = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            said = max([said, *(int(line) for line in writer.stdout if line.endswith("\n"))])
        said = whole_batches(path, said)


def whole_batches(path, said):
    """The last batch in the database, all of them being whole and none that was announced missing."""
    with open_database(path, create=False) as database, database.read() as connection:
        last = int(note(connection, "last"))
        of_student = schema.submissions.c.student
        rows = connection.execute(select(of_student, func.count()).group_by(of_student)).all()
        assert dict(rows) == {str(batch): 5 for batch in range(last + 1)}
        assert jobs.counts(connection) == {"queued": 5 * (last + 1)}
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert last >= said
    return last


def test_nobody_else_sees_a_transaction_before_its_end(where):
    with open_database(where) as one, open_database(where) as other:
        with one.write() as connection:
            keep(connection, handed_in("ada"), "key")
            with other.read() as reader:
                assert jobs.counts(reader) == {}
        with other.read() as reader:
            assert jobs.counts(reader) == {"queued": 1}


def test_a_file_that_another_is_about_to_make_a_database_is_waited_for(tmp_path):
    path = tmp_path / "grade.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("CREATE TABLE metronome (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        other.execute("BEGIN IMMEDIATE")
        opening = pool.submit(open_database, path)
        time.sleep(0.3)
        assert not opening.done()
        other.execute("INSERT INTO metronome VALUES ('schema', '1')")
        other.execute("COMMIT")
        with opening.result() as database:
            assert database.name == str(path)


def test_a_closed_sqlite_database_leaves_one_file_that_nobody_holds(tmp_path):
    with open_database(tmp_path / "grade.db") as database:
        kept(database, "ada")
    assert [path.name for path in tmp_path.iterdir()] == ["grade.db"]
