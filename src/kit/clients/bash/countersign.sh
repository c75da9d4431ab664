#!/usr/bin/env bash
# Signs requests with countersign-v1: see protocol.md. Needs bash 4, openssl and od. Source this file.
# The secret is in the file $COUNTERSIGN_SECRET_FILE, the access key in $COUNTERSIGN_ACCESS_KEY.
LC_ALL=C
countersign_modifiers='content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range
if-unmodified-since range'
countersign_forbidden='^(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$'

countersign_refuse() {
  printf 'countersign: %s\n' "$1" >&2
  return 1
}

countersign_normalise() { # target
  local rest=$1 out='' one byte
  [[ $rest == /* ]] || rest=/$rest
  [[ ${rest%\?} == *\?* ]] || rest=${rest%\?}
  while [[ -n $rest ]]; do
    one=${rest:0:1}
    if [[ $rest =~ ^%([0-9A-Fa-f]{2}) ]]; then
      printf -v byte "\\x${BASH_REMATCH[1]}"
      [[ $byte == [A-Za-z0-9._~-] ]] || byte=%${BASH_REMATCH[1]^^}
      out+=$byte rest=${rest:3}
    elif [[ $one == [A-Za-z0-9._~!\$\&\'\(\)\*+,\;=:@/?\[\]-] ]]; then
      out+=$one rest=${rest:1}
    else
      printf -v byte %d "'$one"
      printf -v byte %%%02X "$((byte & 255))"
      out+=$byte rest=${rest:1}
    fi
  done
  printf %s "$out"
}

countersign_trim() {
  local text=${1#"${1%%[! $'\t']*}"}
  printf %s "${text%"${text##*[! $'\t']}"}"
}

countersign_value() { # name, header lines... -> the value as it is signed; fails without it
  local name=$1 line joined='' found=''
  shift
  for line in "$@"; do
    [[ ${line%%:*} == "$name" || $(tr A-Z a-z <<<"${line%%:*}") == "$name" ]] || continue
    joined+=${found:+, }$(countersign_trim "${line#*:}")
    found=1
  done
  countersign_trim "$joined"
  [[ $found ]]
}

countersign_unhex() { # hex -> the bytes
  local i text=''
  for ((i = 0; i < ${#1}; i += 2)); do text+="\\x${1:i:2}"; done
  printf %b "$text"
}

# Others on the machine can read the arguments of a program, so openssl gets no key.
countersign_mac() { # key in hex -> HMAC-SHA256 (RFC 2104) of standard input
  local key=$1 i byte inner='' outer=''
  ((${#key} <= 128)) || key=$(countersign_unhex "$key" | openssl dgst -sha256 -binary | od -An -v -tx1 | tr -d ' \n')
  while ((${#key} < 128)); do key+=00; done
  for ((i = 0; i < 128; i += 2)); do
    printf -v byte '%02x%02x' $((16#${key:i:2} ^ 0x36)) $((16#${key:i:2} ^ 0x5c))
    inner+=${byte:0:2} outer+=${byte:2}
  done
  { countersign_unhex "$inner"; cat; } | openssl dgst -sha256 -binary | { countersign_unhex "$outer"; cat; } | openssl dgst -sha256 -binary
}

# countersign_sign METHOD URL BODY_FILE HEADER_LINE... sets countersign_text and the array countersign_headers.
# Set countersign_time, countersign_nonce, countersign_signed_headers and countersign_unsigned_body to choose them.
countersign_sign() {
  local method=${1^^} url=$2 body=$3 name names='' digest='' payload key mac value
  local time=${countersign_time:-$(date +%s)} nonce=${countersign_nonce:-$(openssl rand -hex 16)}
  shift 3
  local all=$'^(https?)://([^/?#]*)([^#]*)' plain=$'^[\t -~]*$' token="^[-a-z0-9!#\$%&'*+.^_\`|~]+\$"
  [[ $url =~ $all && ${BASH_REMATCH[2]} != *@* ]] || countersign_refuse 'The URL must be absolute, without a user name.' || return
  local scheme=${BASH_REMATCH[1]} host=${BASH_REMATCH[2],,} target=${BASH_REMATCH[3]}
  [[ $host =~ ^[!-~]*$ ]] || countersign_refuse 'The host must be printable ASCII, without blanks.' || return
  [[ -f $body || $body == /dev/null ]] || countersign_refuse "There is no file for the body: $body" || return
  [[ ${method,,} =~ $token ]] || countersign_refuse 'The method is not a token.' || return
  [[ $nonce =~ ^[A-Za-z0-9_-]{16,128}$ ]] || countersign_refuse 'The nonce is malformed.' || return
  [[ $COUNTERSIGN_ACCESS_KEY =~ ^[A-Za-z0-9._~-]+$ ]] || countersign_refuse 'The access key is malformed.' || return
  [[ $scheme == https ]] && host=${host%:443} || host=${host%:80}
  for name in $countersign_modifiers; do
    countersign_value "$name" "$@" >/dev/null && names+=" $name"
  done
  names=$(tr A-Z a-z <<<"$names ${countersign_signed_headers:-}" | tr -s ' \n' '\n\n' | sort -u | sed '/^$/d')
  if [[ -s $body && -z ${countersign_unsigned_body:-} ]]; then
    digest="sha-256=:$(openssl dgst -sha256 -binary "$body" | openssl base64 -A):"
  fi
  payload=${countersign_unsigned_body:+unsigned}${digest}
  value=$(countersign_value content-type "$@")
  [[ $value =~ $plain ]] || countersign_refuse 'The content type is not printable ASCII.' || return
  countersign_text="countersign-v1-request"$'\n'"$COUNTERSIGN_ACCESS_KEY"$'\n'"$time"$'\n'"$nonce"$'\n'"$method"$'\n'"$host"
  countersign_text+=$'\n'"$(countersign_normalise "$target")"$'\n'"$value"$'\n'"$payload"
  for name in $names; do
    [[ $name =~ $token && ! $name =~ $countersign_forbidden ]] || countersign_refuse "$name cannot be signed." || return
    value=$(countersign_value "$name" "$@") || countersign_refuse "The request lacks $name." || return
    [[ $value =~ $plain ]] || countersign_refuse "$name is not printable ASCII." || return
    countersign_text+=$'\n'"$name:$value"
  done
  key=$(od -An -v -tx1 "$COUNTERSIGN_SECRET_FILE" | tr -d ' \n')
  mac=$(printf %s "$countersign_text" | countersign_mac "$key" | od -An -v -tx1 | tr -d ' \n')
  countersign_headers=("X-API-Key: $COUNTERSIGN_ACCESS_KEY" "X-API-Timestamp: $time" "X-API-Nonce: $nonce")
  [[ -z $digest ]] || countersign_headers+=("Content-Digest: $digest")
  [[ -z ${countersign_unsigned_body:-} ]] || countersign_headers+=("X-API-Payload: unsigned")
  [[ -z $names ]] || countersign_headers+=("X-API-Signed-Headers: ${names//$'\n'/;}")
  countersign_headers+=("X-API-Signature: v1=$mac")
}

# countersign_may_retry METHOD STATUS HEADER_LINE... The server may have carried out another request, such as a POST.
countersign_may_retry() {
  local method=$1 status=$2 line
  shift 2
  [[ $status == 50[234] ]] || return
  [[ $method =~ ^(GET|HEAD|OPTIONS|PUT|DELETE)$ ]] && return
  for line in "$@"; do
    [[ ${line,,} == idempotency-key:* ]] && return
  done
  return 1
}

# countersign_curl METHOD URL BODY_FILE HEADER_LINE... signs every attempt and follows no redirect. Prints status and body.
countersign_curl() {
  local method=$1 url=$2 body=$3 attempt line arguments response
  shift 3
  for line in "$@"; do
    [[ $line == [!@]*:* && $line != *[$'\r\n']* ]] || countersign_refuse 'A header is one line: name, colon, value.' || return
  done
  for attempt in 1 2 3; do
    countersign_sign "$method" "$url" "$body" "$@" || return
    arguments=(--silent --show-error --globoff --path-as-is --request "$method" --max-redirs 0 --write-out '\n%{http_code}')
    # An empty Content-Type stops curl from adding its own, which would not be signed.
    [[ -s $body ]] && arguments+=(--data-binary "@$body" --header 'Content-Type:')
    [[ $method == HEAD ]] && arguments+=(--head)
    for line in "$@" "${countersign_headers[@]}"; do arguments+=(--header "$line"); done
    response=$(curl "${arguments[@]}" "$url") || return
    countersign_status=${response##*$'\n'}
    [[ $attempt -lt 3 ]] && countersign_may_retry "$method" "$countersign_status" "$@" || break
    sleep "0.$((2 * attempt))"
  done
  printf '%s\n%s\n' "$countersign_status" "${response%$'\n'*}"
  [[ $countersign_status == 2* ]]
}
