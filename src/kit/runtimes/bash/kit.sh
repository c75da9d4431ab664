#!/usr/bin/env bash
# bash kit.sh check ../../vectors/plain/*
# bash kit.sh call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
source "$(dirname "${BASH_SOURCE[0]}")/countersign.sh"
work=$(mktemp -d)
# Also what countersign.sh has made, whose trap this one replaces.
made=$countersign_text_file
trap 'rm -rf "$work" "$made"' EXIT

check() { # case -> prints the first stage that differs
  local case=$1 headers
  mapfile -t headers <"$case/headers"
  COUNTERSIGN_SECRET_FILE=$case/secret COUNTERSIGN_ACCESS_KEY=$(<"$case/access-key")
  countersign_time=$(<"$case/time") countersign_nonce=$(<"$case/nonce")
  countersign_signed_headers=$(<"$case/signed-headers") countersign_challenge=''
  [[ ! -e $case/challenge ]] || countersign_challenge=$(<"$case/challenge")
  countersign_sign "$(<"$case/method")" "$(<"$case/url")" "$case/body" "${headers[@]}" || { echo refused; return; }
  # A string that is no text is compared by its signature.
  [[ ! -e $case/string-to-sign ]] || cmp -s "$countersign_text_file" "$case/string-to-sign" || { echo string-to-sign; return; }
  { [[ ${#countersign_headers[@]} == 0 ]] || printf '%s\n' "${countersign_headers[@]}"; } | cmp -s - "$case/added-headers" || { echo added-headers; return; }
  [[ $countersign_url == "$(<"$case/sent-url")" ]] || echo sent-url
}

call() { # method, url, content type, body or @file
  local file=${COUNTERSIGN_CREDENTIALS:-../../credentials.json} headers=()
  COUNTERSIGN_ACCESS_KEY=$(sed -n 's/.*"accessKey": *"\([^"]*\)".*/\1/p' "$file")
  sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p' "$file" | tr -d '\n' >"$work/secret"
  COUNTERSIGN_SECRET_FILE=$work/secret
  [[ -z ${3:-} ]] || headers=("Content-Type: $3")
  if [[ ${4:-} == @* ]]; then cat "${4#@}" >"$work/body" || return; else printf %s "${4:-}" >"$work/body"; fi
  countersign_curl "$1" "$2" "$work/body" "${headers[@]}"
}

if [[ $1 == call ]]; then
  shift
  call "$@"
  exit
fi
shift
failed=0
countersign_text_file=$work/text
for case in "$@"; do
  problem=$(check "$case")
  [[ -z $problem ]] || { echo "$case: $problem"; failed=$((failed + 1)); }
done
echo "$(($# - failed)) of $# cases agree"
[[ $failed == 0 ]]
