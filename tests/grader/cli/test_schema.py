"""`grade schema` describes what `--format json` writes."""

import json

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
