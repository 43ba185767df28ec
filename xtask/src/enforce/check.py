"""The policy that `keytrail policy` prints is enough for the example's tests, and none of its
actions is too many: without it, a test that uses it fails. Runs in the example's directory, in its
environment; KEYTRAIL is the program."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
keytrail = os.environ["KEYTRAIL"]


def tests(policy, work, *which):
    """Whether the tests pass under a policy."""
    file = work / "policy.json"
    file.write_text(json.dumps(policy))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-p", "enforce", "-x", *which],
        env={**os.environ, "PYTHONPATH": str(here), "POLICY": str(file), "USED": str(work / "used.txt")},
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stdout[-2000:]


def main():
    printed = subprocess.run(
        [keytrail, "policy", ".", "--account", "123456789012", "--region", "us-east-1"],
        check=True,
        capture_output=True,
        text=True,
    )
    policy = json.loads(printed.stdout)
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        passed, told = tests(policy, work)
        if not passed:
            sys.exit("the tests fail under the printed policy:\n" + told)
        used = {}
        for line in (work / "used.txt").read_text().splitlines():
            statement, action, test = line.split("\t")
            used.setdefault((statement, action), test)
        superfluous = []
        for number, statement in enumerate(policy["Statement"]):
            for action in statement["Action"]:
                test = used.get((statement["Sid"], action))
                without = copy.deepcopy(policy)
                without["Statement"][number]["Action"].remove(action)
                if not without["Statement"][number]["Action"]:
                    del without["Statement"][number]
                if test is None or tests(without, work, test)[0]:
                    superfluous.append(f"{statement['Sid']}: {action}")
        if superfluous:
            sys.exit("no test needs " + ", ".join(superfluous))
    print(f"{len(used)} actions in {len(policy['Statement'])} statements: all tests pass, each is needed")


main()
