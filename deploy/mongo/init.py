"""Make the database ready for Relance: a replica set of one, and a user who may do what Relance does and no more.

Run in Relance's image by docker-compose.yml, as often as you like: what is there stays. Environment: MONGO_HOST (host
and port by which everybody reaches it), MONGO_DATABASE, MONGO_TLS_CA_FILE and MONGO_TLS_CERTIFICATE_KEY_FILE (the
authority's certificate, and one of its own with its key), and SECRETS, the folder with the two passwords.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

PATIENCE_S = 60.0
USER = "relance"


def main() -> None:
    """Initiate the set, wait for its primary, create or change the user."""
    host, database = os.environ.get("MONGO_HOST", "mongo:27017"), os.environ.get("MONGO_DATABASE", "form_a_friend")
    secrets = Path(os.environ.get("SECRETS", "/run/secrets"))
    root, own = ((secrets / name).read_text().strip() for name in ("mongo_root_password", "mongo_relance_password"))
    client: MongoClient[dict[str, Any]] = MongoClient(
        f"mongodb://{host}/?directConnection=true",
        username="root",
        password=root,
        serverSelectionTimeoutMS=2000,
        tls=True,
        tlsCAFile=os.environ["MONGO_TLS_CA_FILE"],
        tlsCertificateKeyFile=os.environ["MONGO_TLS_CERTIFICATE_KEY_FILE"],
    )
    deadline = time.monotonic() + PATIENCE_S
    while not _is_primary(client, host):
        if time.monotonic() > deadline:
            sys.exit(f"MongoDB at {host} has no primary after {PATIENCE_S:g} s")
        time.sleep(0.2)
    # The health check asks the replica set how it is.
    roles = [{"role": "readWrite", "db": database}, {"role": "clusterMonitor", "db": "admin"}]
    try:
        client.admin.command("createUser", USER, pwd=own, roles=roles)
        print(f"the user {USER} is created")
    except OperationFailure as error:
        if error.code != 51003:  # The user exists.
            raise
        client.admin.command("updateUser", USER, pwd=own, roles=roles)
        print(f"the user {USER} is as it was")


def _is_primary(client: MongoClient[dict[str, Any]], host: str) -> bool:
    try:
        hello = client.admin.command("hello")
        if "setName" not in hello:
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": host}]})
    except PyMongoError as error:
        if isinstance(error, OperationFailure) and error.code == 18:
            sys.exit("MongoDB does not know the password of root: the volume is older than secrets/mongo_root_password")
        return False
    return bool(hello.get("isWritablePrimary"))


if __name__ == "__main__":
    main()
