"""An S3-compatible server for tests: moto, in an environment of its own, on loopback.

Run as a program by moto's own Python, it makes the bucket and a user, and prints the user's keys.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUCKET = "news"
_SETTING_UP = 4  # requests that need no right: those of main()


@contextmanager
def bucket_server(home: Path) -> Iterator[dict[str, str]]:
    """Yield the environment by which a client reaches the bucket: address, region, keys."""
    python = home / "moto" / "bin" / "python"
    venv.create(home / "moto", with_pip=True)
    wanted = Path(__file__).with_name("moto-requirements.txt")
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-r", wanted],
        check=True, timeout=600, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_SETTING_UP), "PYTHONPATH": ""}
    with (home / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [python.with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            env=env, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _await(port, server)
            url = f"http://127.0.0.1:{port}"
            told = subprocess.run(
                [python, __file__, url],
                check=True, timeout=60, env=env, stdout=subprocess.PIPE, text=True,
            ).stdout  # fmt: skip
            yield {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", **json.loads(told)}
        finally:
            server.terminate()
            server.wait(20)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert server.poll() is None
            assert time.monotonic() < patience
            time.sleep(0.1)
        else:
            return


def main(url: str) -> None:
    """Make the bucket and a user that may use it; print the user's keys as JSON."""
    import boto3  # moto brings it; this runs under moto's Python

    keys = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    there = {"endpoint_url": url, "region_name": "us-east-1", **keys}
    boto3.client("s3", **there).create_bucket(Bucket=BUCKET)
    users = boto3.client("iam", **there)
    users.create_user(UserName="archivist")
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    users.put_user_policy(UserName="archivist", PolicyName="all", PolicyDocument=policy)
    made = users.create_access_key(UserName="archivist")["AccessKey"]
    print(
        json.dumps(
            {
                "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
