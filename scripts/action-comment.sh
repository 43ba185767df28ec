#!/usr/bin/env bash
# One comment at the pull request, made by the first run and changed by every later one.
set -euo pipefail

report="${RUNNER_TEMP:?}/keytrail-report/keytrail.md"
api="${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:?}"
work=$(mktemp -d "$RUNNER_TEMP/keytrail-comment.XXXXXX")
# Several jobs of one pull request keep a comment each.
name=$(printf %s "${NAME:-keytrail}" | tr -cd 'A-Za-z0-9 ._/-')
mark="<!-- keytrail: $name -->"
# Anybody may write a comment that begins like ours; only our own is changed.
author="${AUTHOR:-github-actions[bot]}"
# GitHub takes 65,536 characters.
longest=65000

number=$(jq -r '.pull_request.number // empty' "${GITHUB_EVENT_PATH:?}")
if [ -z "$number" ]; then
  echo "no pull request, so no comment"
  exit 0
fi
if [ ! -s "$report" ]; then
  echo "no report, so no comment"
  exit 0
fi

# METHOD URL [FILE]: the answer's body in $work/answer; prints the status. The token is in no argument, where other
# processes would see it.
ask() {
  local arguments=(--silent --show-error --max-time 60 --request "$1" --output "$work/answer" --write-out '%{http_code}'
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28')
  [ -z "${3:-}" ] || arguments+=(--header 'Content-Type: application/json' --data-binary "@$3")
  printf 'header = "Authorization: Bearer %s"\n' "${GITHUB_TOKEN:?}" |
    curl --config - "${arguments[@]}" "$2" || true
}

# A comment is a courtesy: that it fails is told, and fails no run. Pull requests from forks have a token that may not.
give_up() {
  echo "::warning::the comment was not written ($1); the job needs \`pull-requests: write\`, and pull requests from forks have no such right"
  exit 0
}

# Numbers of our comments at the pull request, the oldest first.
ours() {
  local page=1 status length
  : > "$work/ours"
  while [ "$page" -le 100 ]; do
    status=$(ask GET "$api/issues/$number/comments?per_page=100&page=$page")
    [ "$status" = 200 ] || return 1
    jq -r --arg mark "$mark" --arg author "$author" \
      '.[] | select((.body // "" | startswith($mark)) and .user.login == $author) | .id' "$work/answer" >> "$work/ours"
    length=$(jq length "$work/answer")
    [ "$length" -eq 100 ] || break
    page=$((page + 1))
  done
  sort -n -o "$work/ours" "$work/ours"
}

jq -n --arg mark "$mark" --rawfile report "$report" --argjson longest "$longest" '
  ($report | if length > $longest then .[:$longest] + "\n\n…\n\nThe rest is in the summary of the job." else . end) as $told
  | {body: ($mark + "\n" + $told)}' > "$work/payload"

ours || give_up "cannot list comments"
known=$(head -n 1 "$work/ours")
if [ -n "$known" ]; then
  status=$(ask PATCH "$api/issues/comments/$known" "$work/payload")
  [ "$status" = 200 ] || give_up "status $status"
  echo "comment $known changed"
elif [ "${FINDINGS:-0}" = 0 ] && [ "${CODE:-0}" = 0 ]; then
  echo "nothing to say, and nothing said before: no comment"
  exit 0
else
  status=$(ask POST "$api/issues/$number/comments" "$work/payload")
  [ "$status" = 201 ] || give_up "status $status"
  made=$(jq -r .id "$work/answer")
  echo "comment $made made"
  # Another run may have made one at the same moment: the oldest stays, and says what the latest run saw.
  ours || exit 0
  known=$(head -n 1 "$work/ours")
  if [ -n "$known" ] && [ "$known" != "$made" ]; then
    [ "$(ask PATCH "$api/issues/comments/$known" "$work/payload")" = 200 ] || give_up "cannot change $known"
    [ "$(ask DELETE "$api/issues/comments/$made")" = 204 ] || give_up "cannot remove $made"
    echo "comment $known was there at the same moment: changed in place of $made"
  fi
fi
