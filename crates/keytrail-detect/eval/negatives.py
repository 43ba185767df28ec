"""Collects negatives: files of real trees that hold no live key, taken from this machine and not kept.

Files are chosen by the hash of their path, so that every run on the same trees chooses the same ones, with a quota per
kind. Files that hold a private key block are left out: whether a test's private key is one is a matter of opinion.

    negatives.py OUT TREE...
"""

import hashlib
import json
import sys
from pathlib import Path

QUOTA = {
    "python": 1100, "javascript": 500, "minified": 150, "json": 350, "lock": 60, "yaml": 250, "markdown": 250, "text": 150,
    "html": 80, "map": 80, "notebook": 40, "typescript": 200, "config": 80, "test-vectors": 150,
}
LARGEST = 2_000_000


def kind(path):
    name = path.name.lower()
    if any(part in ("vectors", "testdata", "test_data", "data", "fixtures") for part in path.parts[-4:-1]):
        return "test-vectors"
    if name in ("package-lock.json", "yarn.lock", "poetry.lock", "uv.lock", "record", "cargo.lock", ".package-lock.json"):
        return "lock"
    if name.endswith((".min.js", ".min.css", ".bundle.js", ".chunk.js")):
        return "minified"
    return {
        ".py": "python", ".js": "javascript", ".mjs": "javascript", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".md": "markdown",
        ".rst": "text", ".txt": "text", ".html": "html", ".map": "map", ".ipynb": "notebook", ".ts": "typescript", ".cfg": "config",
        ".ini": "config", ".toml": "config", ".sh": "config", ".conf": "config",
    }.get(path.suffix.lower())


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for root in map(Path, sys.argv[2:]):
        for path in root.rglob("*"):
            group = kind(path.relative_to(root))
            if group and not path.is_symlink() and path.is_file() and 0 < path.stat().st_size <= LARGEST:
                found.append((hashlib.sha256(str(path.relative_to(root)).encode()).hexdigest(), group, path))
    left = dict(QUOTA)
    labels = []
    for _, group, path in sorted(found, key=lambda row: row[0]):
        if left[group] == 0:
            continue
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            continue
        left[group] -= 1
        file = Path(f"n{len(labels):05}").joinpath(*[part for part in path.parts[-3:] if part not in ("site-packages", "node_modules")])
        target = out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        labels.append({"file": str(file), "kind": group})
    (out.parent / "negatives.json").write_text(json.dumps(labels, indent=0))
    print(len(labels), "negatives")


if __name__ == "__main__":
    main()
