"""Sends each change of the key table to the search index."""

import json
import os
import urllib.request


def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        print("change", json.dumps(image))
        request = urllib.request.Request(
            os.environ["SEARCH_URL"],
            data=json.dumps(image).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10)
    return {"seen": len(event["Records"])}
