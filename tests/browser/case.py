"""Makes a case for the portal out of an approved session: `case.py list SESSION` prints a list that names its person, and
`case.py wait SESSION` waits until the list has opened the session again. Needs BASE_URL and API_KEY.
"""

import json
import os
import sys
import time

import requests


def asked(path):
    headers = {"X-API-Key": os.environ["API_KEY"]}
    answer = requests.get(f"{os.environ['BASE_URL']}/partner/sessions/{path}", headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


def listed(session):
    read = asked(f"{session}/identity")
    properties = {"name": [read["full_name"]], "birthDate": [read["date_of_birth"]], "topics": ["sanction"]}
    print(json.dumps({"id": "own-1", "schema": "Person", "target": True, "properties": properties}))


def wait(session):
    for _ in range(120):
        if asked(session)["status"] == "manual_review":
            return
        time.sleep(0.5)
    sys.exit(f"{session} is not open again")


{"list": listed, "wait": wait}[sys.argv[1]](sys.argv[2])
