"""`grade schema` describes what `--format json` writes."""

import json
import tomllib

from grader.exercise import load_exercise, slugs
from grader.models import Report


def test_the_schema_is_the_reports(run):
    done = run("schema")
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    assert set(schema["properties"]) == set(Report.model_fields)
    assert schema["properties"]["outcome"]["enum"] == [
        "graded",
        "student_error",
        "limit_exceeded",
        "needs_person",
        "grader_error",
    ]


def test_the_schema_of_an_exercise_fits_the_exercises_there_are(run):
    done = run("schema", "exercise")
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    required = set(schema["required"])
    for slug in slugs():
        table = tomllib.loads((load_exercise(slug).folder / "exercise.toml").read_text())
        assert required <= table.keys() <= schema["properties"].keys()


def test_there_is_no_schema_of_anything_else(run):
    assert run("schema", "nonsense").exit_code == 2
