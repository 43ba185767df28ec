#!/usr/bin/env bash
# Starts Keyring on a moto server, both on free ports of 127.0.0.1.
#   ./run.sh          runs until Ctrl-C
#   ./run.sh --check  shows that an anonymous request gets nothing, then stops
set -euo pipefail
cd "$(dirname "$0")"
venv=${VENV:-.venv}

free_port() {
  "$venv"/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() {
  for _ in $(seq 100); do
    if curl --silent --output /dev/null --max-time 2 "$1"; then return; fi
    sleep 0.2
  done
  echo "no answer from $1" >&2
  return 1
}

if [ ! -x "$venv/bin/django-admin" ]; then
  python3 -m venv "$venv"
  "$venv"/bin/pip install --quiet --require-hashes --requirement requirements-dev.txt
fi

work=$(mktemp -d)
children=()
stop() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

moto_port=$(free_port)
"$venv"/bin/moto_server -H 127.0.0.1 -p "$moto_port" >"$work/moto.log" 2>&1 &
children+=($!)

export DJANGO_SETTINGS_MODULE=config.settings.local
export KEYRING_DATABASE="$work/db.sqlite3"
export AWS_ENDPOINT_URL="http://127.0.0.1:$moto_port"
export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing
wait_for "$AWS_ENDPOINT_URL/moto-api/"

"$venv"/bin/python manage.py migrate --verbosity 0
if [ "${1:-}" = "--check" ]; then
  "$venv"/bin/python manage.py seed
else
  "$venv"/bin/python manage.py seed --ask
fi

port=$(free_port)
"$venv"/bin/python manage.py runserver --noreload "127.0.0.1:$port" >"$work/web.log" 2>&1 &
children+=($!)
wait_for "http://127.0.0.1:$port/ops/health/"

url="http://127.0.0.1:$port/api/services/stripe/keys/"
if [ "${1:-}" = "--check" ]; then
  status=$(curl --silent --show-error --output "$work/answer" --write-out '%{http_code}' "$url")
  echo "GET $url"
  echo "$status $(cat "$work/answer")"
  [ "$status" = 401 ]
  exit
fi

echo "Keyring  http://127.0.0.1:$port/console/keys/"
echo "API      $url"
echo "moto     $AWS_ENDPOINT_URL/moto-api/"
wait "${children[1]}"
