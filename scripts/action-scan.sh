#!/usr/bin/env bash
# The scan of action.yml: runs it, writes the summary and the outputs, and hands the exit code on.
set -euo pipefail

out="${RUNNER_TEMP:?}/keytrail-report"
mkdir -p "$out"

arguments=(--output "sarif=$out/keytrail.sarif" --output "json=$out/keytrail.json"
  --output "markdown=$out/keytrail.md" --fail-on "${FAIL_ON:-high}")
[ -z "${REQUIRE:-}" ] || arguments+=(--require "$REQUIRE")
[ -z "${ONLY:-}" ] || arguments+=(--only "$ONLY")
[ -z "${BASELINE:-}" ] || arguments+=(--baseline "$BASELINE")
[ -z "${DIFF:-}" ] || arguments+=(--diff "$DIFF")
[ "${NEW_ONLY:-false}" != true ] || arguments+=(--new-only)
[ -z "${CONFIG:-}" ] || arguments+=(--config "$CONFIG")
while IFS= read -r path; do
  [ -z "$path" ] || paths+=("$path")
done <<< "${PATHS:-.}"

code=0
keytrail scan "${arguments[@]}" -- "${paths[@]}" || code=$?
echo "code=$code" >> "$GITHUB_OUTPUT"

# 0, 4 and 10 leave a report; anything else has told its error already.
case "$code" in
  0 | 4 | 10) ;;
  *) exit 0 ;;
esac

count() {
  jq -r --arg severity "$1" \
    '[.findings[] | select(.suppressed == null and ($severity == "" or .severity == $severity))] | length' \
    "$out/keytrail.json"
}
{
  echo "grade=$(jq -r .grade "$out/keytrail.json")"
  echo "score=$(jq -r .score "$out/keytrail.json")"
  echo "findings=$(count "")"
  echo "critical=$(count critical)"
  echo "high=$(count high)"
  echo "medium=$(count medium)"
  echo "low=$(count low)"
  echo "info=$(count info)"
  echo "paths-closed=$(jq -r .least_cut.closes "$out/keytrail.json")"
  echo "sarif=$out/keytrail.sarif"
  echo "json=$out/keytrail.json"
} >> "$GITHUB_OUTPUT"
# Ten of a kind are shown for a step; what a property or a message holds must not end it.
if [ "${ANNOTATE:-true}" = true ]; then
  jq -r '
    def data: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
    def property: data | gsub(":"; "%3A") | gsub(","; "%2C");
    [.findings[] | select(.suppressed == null)] | .[:10][]
    | (if .severity == "critical" or .severity == "high" then "error"
       elif .severity == "medium" then "warning" else "notice" end) as $level
    | "::\($level) file=\(.location.path | property),line=\(.location.line),title=\(.rule | property)::\(.message | data)"
  ' "$out/keytrail.json"
fi
# GitHub takes ten megabytes of SARIF once they are packed, and a megabyte of summary.
packed=$(gzip -c "$out/keytrail.sarif" | wc -c)
if [ "$packed" -gt 10485760 ]; then
  echo "::warning::the SARIF file is $packed bytes packed, more than code scanning takes"
fi
left_off=$(jq -r '[.runs[0].invocations[0].toolExecutionNotifications[].message.text | select(contains("left off"))] | first // empty' \
  "$out/keytrail.sarif")
if [ -n "$left_off" ]; then
  echo "::notice::SARIF: $left_off"
fi
if [ "${SUMMARY:-true}" = true ]; then
  head -c 1000000 "$out/keytrail.md" >> "$GITHUB_STEP_SUMMARY"
fi
