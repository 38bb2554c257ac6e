"""Hands a file in to `grade serve` as a learning platform would, waits, and shows the result.

    python examples/deliver.py http://127.0.0.1:8000 loop.py

GRADE_WEBHOOK_SECRETS signs the delivery (https://www.standardwebhooks.com), GRADE_API_TOKENS reads the result.
"""

import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
from standardwebhooks import Webhook

url, path = sys.argv[1], Path(sys.argv[2])
secret, token = os.environ["GRADE_WEBHOOK_SECRETS"].split()[0], os.environ["GRADE_API_TOKENS"].split()[0]
client = httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=8), timeout=30)

body = json.dumps(
    {
        "submission_id": f"example-{uuid.uuid4()}",
        "student_id": "ada",
        "exercise": "linreg-torch",
        "filename": path.name,
        "source": path.read_text(encoding="utf-8"),
        "callback": None,
    }
)
ident, now = f"msg_{uuid.uuid4()}", datetime.now(UTC)
headers = {
    "webhook-id": ident,
    "webhook-timestamp": str(int(now.timestamp())),
    "webhook-signature": Webhook(secret).sign(ident, now, body),
}
answer = client.post("/webhooks/standard", content=body, headers=headers).raise_for_status().json()
print(f"{answer['status']}: {answer['status_url']}")

while True:
    state = client.get(answer["status_url"], headers={"Authorization": f"Bearer {token}"}).json()
    if state["status"] == "done":
        break
    time.sleep(0.2)
report = state["report"]
print(f"{report['summary']} Read it at {answer['status_url']}/report")
