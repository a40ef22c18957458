"""A whole verification with requests, as the API documentation shows it.

Needs BASE_URL, API_KEY and SAMPLES: passport.jpg, selfie.jpg and a folder of frames for each challenge.
"""

import json
import os
from pathlib import Path

import requests

BASE_URL = os.environ["BASE_URL"]
HEADERS = {"X-API-Key": os.environ["API_KEY"]}
SAMPLES = Path(os.environ["SAMPLES"])


def call(method, path, **request):
    response = requests.request(method, f"{BASE_URL}{path}", headers=HEADERS, timeout=60, **request)
    response.raise_for_status()
    return response.json()


# 1. Open a session for your user.
session = call("POST", "/partner/sessions", json={
    "external_user_id": "user_12345",
    "redirect_url": "https://partner.example/welcome",
    "metadata": {"plan": "premium"},
})
session_id = session["session_id"]

# 2. Upload the document.
with open(SAMPLES / "passport.jpg", "rb") as image:
    document = call("POST", f"/kyc/{session_id}/document",
                    files={"file": image},
                    data={"document_type": "passport", "country_code": "UTO"})
print(document["full_name"], document["document_number_masked"], document["is_valid"])

# 3. Upload the selfie.
with open(SAMPLES / "selfie.jpg", "rb") as image:
    selfie = call("POST", f"/kyc/{session_id}/selfie", files={"file": image})
print(selfie["match_passed"], selfie["match_score"], selfie["confidence"])

# 4. Answer the liveness challenge.
challenge = call("GET", f"/kyc/{session_id}/liveness/challenge")
print(challenge["instructions"])
frames = sorted((SAMPLES / (challenge["direction"] or "blink")).glob("*.jpg"))
liveness = call("POST", f"/kyc/{session_id}/liveness",
                data={"challenge_id": challenge["challenge_id"]},
                files=[("files", (frame.name, frame.read_bytes(), "image/jpeg")) for frame in frames])
print(liveness["passed"], liveness["checks_performed"])

# 5. Submit.
decision = call("POST", f"/kyc/{session_id}/submit")
print(decision["decision"], decision["risk_level"], decision["review_reasons"])

# 6. Poll the result.
print(json.dumps(call("GET", f"/partner/sessions/{session_id}")))
