"""Give the job a token of the App as actions/create-github-app-token v3.2.0 does (`lib/main.js`).

It is masked, and may do what is asked. The state of GitHub has the App's client ID, ID and key. No token is revoked,
because a composite action has no post step.
"""

import json
import secrets
from pathlib import Path

from tests.simulation.local_action import INPUTS, RUN, fail, output

PREFIX = "permission-"

file = Path(RUN["state"])
state = json.loads(file.read_text(encoding="utf-8"))
app = state["app"]
if (INPUTS["client-id"], INPUTS["private-key"]) != (app["client_id"], app["key"]):
    fail("A JSON web token could not be decoded")
token = f"ghs_{secrets.token_hex(18)}"
asked = {name.removeprefix(PREFIX): level for name, level in INPUTS.items() if name.startswith(PREFIX)}
state["tokens"][token] = asked | {"app": str(app["id"])}
file.write_text(json.dumps(state), encoding="utf-8")
print(f"::add-mask::{token}")
output(f"token={token}")
