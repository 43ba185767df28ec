"""A bucket with the files below a directory."""

import pathlib
import sys

import boto3

bucket, root = sys.argv[1], pathlib.Path(sys.argv[2])
client = boto3.client("s3")
client.create_bucket(Bucket=bucket)
for path in sorted(root.rglob("*")):
    if path.is_file():
        client.put_object(Bucket=bucket, Key=path.relative_to(root).as_posix(), Body=path.read_bytes())
