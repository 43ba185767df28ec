#!/usr/bin/env bash
# Puts `keytrail` on the path: the released binary of this version, its checksum compared, or else built from the
# action's own source. What was fetched and does not fit its checksum ends the run; it is never built around.
set -euo pipefail

if command -v keytrail > /dev/null; then
  echo "keytrail is there already: $(command -v keytrail)"
  exit 0
fi

here="${ACTION:?}"
root="${RUNNER_TEMP:?}/keytrail"
mkdir -p "$root/bin"

version="${VERSION:-}"
if [ -z "$version" ]; then
  version=$(sed -n '/^\[workspace\.package\]/,/^\[/ s/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml")
fi
case "$version" in
  '' | *[!0-9A-Za-z.+-]*)
    echo "::error::\`$version\` is no version of keytrail"
    exit 1
    ;;
esac

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
  Linux-aarch64) target=aarch64-unknown-linux-gnu ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) target='' ;;
esac

# The body of $1 into $2; prints the status, 000 where nobody answers.
fetch() {
  curl --silent --show-error --location --retry 2 --max-time 300 --output "$2" --write-out '%{http_code}' "$1" || true
}

sum() {
  if command -v sha256sum > /dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

reason="there is no binary for $(uname -s) on $(uname -m)"
if [ -n "$target" ] && [ -n "${REPOSITORY:-}" ]; then
  name="keytrail-$version-$target.tar.gz"
  base="${GITHUB_SERVER_URL:-https://github.com}/$REPOSITORY/releases/download/v$version"
  status=$(fetch "$base/$name" "$root/$name")
  if [ "$status" = 200 ]; then
    status=$(fetch "$base/$name.sha256" "$root/$name.sha256")
    if [ "$status" != 200 ]; then
      echo "::error::$name has no checksum beside it ($status), so it is not used"
      exit 1
    fi
    expected=$(cut -d ' ' -f 1 "$root/$name.sha256")
    if [ -z "$expected" ] || [ "$(sum "$root/$name")" != "$expected" ]; then
      echo "::error::$name does not fit its checksum, so it is not used"
      exit 1
    fi
    tar -xzf "$root/$name" -C "$root/bin" keytrail
    echo "$root/bin" >> "${GITHUB_PATH:?}"
    echo "keytrail $version for $target, as released; its checksum fits"
    exit 0
  fi
  reason="$base has no $name ($status)"
fi

echo "$reason; building keytrail from the action's source, which takes some minutes"
cargo install --quiet --locked --path "$here/crates/keytrail" --root "$root"
echo "$root/bin" >> "${GITHUB_PATH:?}"
