#!/usr/bin/env bash
# A whole verification with curl, as the API documentation shows it.
# Needs BASE_URL, API_KEY and SAMPLES: passport.jpg, selfie.jpg and a folder of frames for each challenge.
set -euo pipefail
field() { python3 -c "import json, sys; value = json.load(sys.stdin)['$1']; print('' if value is None else value)"; }

# 1. Open a session for your user.
session=$(curl -fsS -X POST "$BASE_URL/partner/sessions" \
  -H "X-API-Key: $API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "external_user_id": "user_12345",
    "redirect_url": "https://partner.example/welcome",
    "metadata": {"plan": "premium"}
  }' | field session_id)

# 2. Upload the document.
curl -fsS -X POST "$BASE_URL/kyc/$session/document" \
  -H "X-API-Key: $API_KEY" \
  -F "file=@$SAMPLES/passport.jpg" \
  -F "document_type=passport" \
  -F "country_code=UTO" | field document_number_masked

# 3. Upload the selfie.
curl -fsS -X POST "$BASE_URL/kyc/$session/selfie" \
  -H "X-API-Key: $API_KEY" \
  -F "file=@$SAMPLES/selfie.jpg" | field match_score

# 4. Answer the liveness challenge.
challenge=$(curl -fsS "$BASE_URL/kyc/$session/liveness/challenge" -H "X-API-Key: $API_KEY")
frames=()
direction=$(field direction <<< "$challenge")
for frame in "$SAMPLES/${direction:-blink}"/*.jpg; do frames+=(-F "files=@$frame"); done
curl -fsS -X POST "$BASE_URL/kyc/$session/liveness" \
  -H "X-API-Key: $API_KEY" \
  -F "challenge_id=$(field challenge_id <<< "$challenge")" \
  "${frames[@]}" | field checks_performed

# 5. Submit.
curl -fsS -X POST "$BASE_URL/kyc/$session/submit" -H "X-API-Key: $API_KEY" | field decision

# 6. Poll the result.
curl -fsS "$BASE_URL/partner/sessions/$session" -H "X-API-Key: $API_KEY"
