"""Runs Keytrail and its peers on the same set and prints one table.

    compare.py SET BIN_DIR KEYTRAIL_SIGHTINGS [--titus EXAMPLES.json] [--misses]

A positive counts as found when a finding lies on one of its lines (within one, for blocks). Every finding elsewhere, in positives or in
negatives, is a false one; several of the same tool on one line count once.
"""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def run(command, cwd=None):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def relative(path, root):
    path = Path(path)
    return str(path.relative_to(root)) if path.is_absolute() else str(path)


def keytrail(binary, root, level):
    flags = ["--foreign"] + (["--low"] if level == "low" else [])
    out = run([binary, str(root), *flags]).stdout
    for line in out.splitlines():
        parts = line.split("\t")
        if len(parts) >= 5:
            if level == "high" and parts[0] != "High":
                continue
            place = re.match(r"(.*):(\d+):\d+$", parts[2]) or re.match(r"(.*):(\d+)$", parts[2])
            yield place[1], int(place[2])


def kingfisher(binary, root, level):
    target = root.parent / "kingfisher.json"
    target.unlink(missing_ok=True)
    run([binary, "scan", str(root), "--no-validate", "--no-update-check", "--format", "json", "--output", str(target), "--no-dedup",
         "--confidence", level, "--include-hidden-findings"] if level == "all" else
        [binary, "scan", str(root), "--no-validate", "--no-update-check", "--format", "json", "--output", str(target), "--no-dedup", "--confidence", level])
    text = target.read_text() if target.exists() else "{}"
    data = json.loads(text)
    for row in data.get("findings", []) if isinstance(data, dict) else data:
        finding = row.get("finding", row)
        yield relative(finding["path"], root), int(finding["line"])


def betterleaks(binary, root):
    target = root.parent / "betterleaks.json"
    target.unlink(missing_ok=True)
    run([binary, str(root), "-o", str(target), "--no-banner", "--silent"])
    for row in json.loads(target.read_text())["findings"]:
        yield relative(row["location"]["path"], root), int(row["location"]["start_line"])


def gitleaks(binary, root):
    target = root.parent / "gitleaks.json"
    target.unlink(missing_ok=True)
    run([binary, "dir", str(root), "--report-format", "json", "--report-path", str(target), "--no-banner", "--max-decode-depth", "5"])
    for row in json.loads(target.read_text() or "[]") or []:
        yield relative(row["File"], root), int(row["StartLine"])


def detect_secrets(binary, root):
    result = run([binary, "scan", "--all-files", "."], cwd=root)
    for path, rows in json.loads(result.stdout)["results"].items():
        for row in rows:
            yield path, row["line_number"]


def judge(findings, positives, root):
    by_file = defaultdict(list)
    for row in positives:
        by_file[row["file"]].append(row)
    hit, false = set(), set()
    for file, line in set(findings):
        rows = by_file.get(file)
        if rows is None:
            false.add((file, line))
            continue
        near = [row["file"] for row in rows if not row["lines"] or any(abs(line - at) <= 1 for at in row["lines"])]
        if near:
            hit.update(near)
        else:
            false.add((file, line))
    return hit, false


def main():
    base, bins, sightings = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute(), sys.argv[3]
    positives = json.loads((base / "positives.json").read_text())
    tools = {
        "Keytrail, low and above": lambda root: keytrail(sightings, root, "low"),
        "**Keytrail, default (medium)**": lambda root: keytrail(sightings, root, "medium"),
        "Keytrail, high": lambda root: keytrail(sightings, root, "high"),
    }
    if "--only-keytrail" not in sys.argv:
        tools |= {
            "Kingfisher, low": lambda root: kingfisher(str(bins / "kingfisher"), root, "low"),
            "Kingfisher, default (medium)": lambda root: kingfisher(str(bins / "kingfisher"), root, "medium"),
            "Betterleaks": lambda root: betterleaks(str(bins / "betterleaks"), root),
            "Gitleaks": lambda root: gitleaks(str(bins / "gitleaks"), root),
            "detect-secrets": lambda root: detect_secrets(str(bins / "detect-secrets"), root),
        }
    print("| tool | found | shaped | vendor | generic | recall tuned | recall held out | false, set | false, negatives | precision | F1 |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, tool in tools.items():
        hit, false = judge(tool(base / "positives"), positives, base / "positives")
        noise = set(tool(base / "negatives"))
        part = lambda test: "%d/%d" % (sum(1 for row in positives if test(row) and row["file"] in hit), sum(1 for row in positives if test(row)))
        share = lambda test: "%.3f" % (sum(1 for row in positives if test(row) and row["file"] in hit) / max(1, sum(1 for row in positives if test(row))))
        wrong = len(false) + len(noise)
        precision = len(hit) / max(1, len(hit) + wrong)
        recall = len(hit) / len(positives)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        level = lambda which: part(lambda row: row["level"] == which)
        print(f"| {name} | {len(hit)}/{len(positives)} | {level('shaped')} | {level('vendor')} | {level('generic')} | "
              f"{share(lambda row: not row['held'])} | {share(lambda row: row['held'])} | {len(false)} | {len(noise)} | {precision:.3f} | {f1:.3f} |")
        if "--misses" in sys.argv and name.startswith("**"):
            for row in positives:
                if row["file"] not in hit and not row["held"]:
                    print("  missed", row["template"], row["kind"], row["file"])
            for place in sorted(false)[:60]:
                print("  false", place)
            for place in sorted(noise)[:200]:
                print("  noise", place)


if __name__ == "__main__":
    main()
