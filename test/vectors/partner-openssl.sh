#!/usr/bin/env bash
# countersign-v1 with bash and the openssl command, written from docs/protocol.md alone.
#
# Each argument is a directory that describes a request: the files access-key, secret, time, nonce, method, scheme, host,
# target, body (may be empty), unsigned (there if the body is not signed), headers ("name: value" lines) and names (further
# headers to sign, a line each). Writes beside them string-to-sign and signed, the headers to add.
#
# A directory with the file until describes a link: access-key, secret, until, nonce (may be empty), method, scheme, host and
# target. Signed is then the target to send.
set -eu
export LC_ALL=C

normalise() { # target -> the same, normalised
  local target=$1 out='' i=0 byte code escape='^%[0-9A-Fa-f][0-9A-Fa-f]$'
  [[ $target == /* ]] || target=/$target
  [[ ${target%\?} == *\?* ]] || target=${target%\?}
  while ((i < ${#target})); do
    byte=${target:i:1}
    if [[ ${target:i:3} =~ $escape ]]; then
      code=${target:i+1:2}
      printf -v byte "\\x$code"
      [[ $byte == [A-Za-z0-9._~-] ]] || byte=%${code^^}
      i=$((i + 3))
    else
      if [[ $byte != [][A-Za-z0-9._~\!\$\&\'\(\)*+,\;=:@/?-] ]]; then
        printf -v code '%d' "'$byte"
        printf -v byte '%%%02X' $((code & 255))
      fi
      i=$((i + 1))
    fi
    out+=$byte
  done
  printf %s "$out"
}

# Headers that are signed wherever a request has them.
modifiers=(content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since range)

trimmed() { # text -> the same without the blanks at both ends
  local text=${1#"${1%%[! $'\t']*}"}
  printf %s "${text%"${text##*[! $'\t']}"}"
}

value() { # name -> the values of a header in the file headers, each trimmed, joined, and trimmed again
  local field name joined='' found=''
  while IFS= read -r field; do
    name=${field%%:*}
    [[ ${name,,} == "$1" ]] || continue
    joined+=${found:+, }$(trimmed "${field#*:}")
    found=1
  done <headers
  trimmed "$joined"
  [[ $found ]]
}

mac() { # the MAC of the file string-to-sign with the file secret
  local key mac
  key=$(od -An -v -tx1 secret)
  mac=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:${key//[[:space:]]/}" -r string-to-sign)
  printf %s "${mac%% *}"
}

sign_link() {
  local target nonce own mark='?'
  target=$(<target)
  nonce=$(<nonce)
  [[ ${target%\?} == *\?* ]] || target=${target%\?}
  [[ $target != *\?* ]] || mark='&'
  own="csign-key=$(<access-key)&csign-until=$(<until)${nonce:+&csign-nonce=$nonce}"
  printf 'countersign-v1-link\n%s\n%s\n%s\n%s\n%s\n%s' "$(<access-key)" "$(<until)" "$nonce" "$(<method)" "$host" \
    "$(normalise "$target$mark$own")" >string-to-sign
  printf '%s&csign-signature=v1=%s' "$target$mark$own" "$(mac)" >signed
}

for case in "$@"; do
  cd "$case"
  host=$(<host)
  host=${host,,}
  case $(<scheme) in https) host=${host%:443} ;; *) host=${host%:80} ;; esac
  if [[ -e until ]]; then
    sign_link
    continue
  fi
  method=$(<method)
  names=$(<names)
  for name in "${modifiers[@]}"; do
    value "$name" >/dev/null && names+=$'\n'$name
  done
  [[ -z $names ]] || names=$(sort -u <<<"${names,,}" | sed '/^$/d')
  digest=''
  if [[ -s body && ! -e unsigned ]]; then
    digest="sha-256=:$(openssl dgst -sha256 -binary body | openssl base64 -A):"
  fi
  payload=$digest
  [[ ! -e unsigned ]] || payload=unsigned
  {
    printf 'countersign-v1-request\n%s\n%s\n%s\n' "$(<access-key)" "$(<time)" "$(<nonce)"
    printf '%s\n%s\n%s\n' "${method^^}" "$host" "$(normalise "$(<target)")"
    printf '%s\n%s' "$(value content-type || true)" "$payload"
    for name in $names; do printf '\n%s:%s' "$name" "$(value "$name")"; done
  } >string-to-sign
  {
    printf '%s: %s\n' X-API-Key "$(<access-key)" X-API-Timestamp "$(<time)" X-API-Nonce "$(<nonce)"
    [[ -z $digest ]] || printf 'Content-Digest: %s\n' "$digest"
    [[ ! -e unsigned ]] || printf 'X-API-Payload: unsigned\n'
    [[ -z $names ]] || printf 'X-API-Signed-Headers: %s\n' "${names//$'\n'/;}"
    printf 'X-API-Signature: v1=%s\n' "$(mac)"
  } >signed
done
