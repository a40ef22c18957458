"""Receives a webhook and checks it with the public Standard Webhooks library; hands it on to node for the same."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

BASE = os.environ["BASE_URL"]
KEY = {"X-API-Key": os.environ["API_KEY"]}
OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
received = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        received.append((body, headers))
        try:
            Webhook(secret).verify(body, headers)
            self.send_response(204)
        except WebhookVerificationError:
            self.send_response(400)
        self.end_headers()

    def log_message(self, *_):
        pass


def refuses(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
secret = requests.post(f"{BASE}/partner/webhooks/secret", headers=KEY).json()["secret"]
url = f"http://127.0.0.1:{server.server_port}/"
endpoint = requests.post(f"{BASE}/partner/webhooks/endpoints", headers=KEY, json={"url": url}).json()
path = f"{BASE}/partner/webhooks/endpoints/{endpoint['endpoint_id']}/test"
tested = requests.post(path, headers=KEY).json()
assert (tested["result"], tested["status"]) == ("delivered", 204), tested
body, headers = received[0]
late = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
assert refuses(secret, body + " ", headers), "a changed body"
assert refuses(secret, body, late), "an old timestamp"
assert refuses(OTHER_SECRET, body, headers), "a wrong secret"
print("Python: accepted the webhook, refused a changed body, an old timestamp and a wrong secret")
case = json.dumps({"secret": secret, "other": OTHER_SECRET, "body": body, "headers": headers})
sys.exit(subprocess.run(["node", "tests/clients/webhooks.cjs"], input=case, text=True).returncode)
