put() { printf %s "$1"; }


refuse() {
  printf 'countersign: %s\n' "$1" >&2
  return 1
}


begin() { # method, url, body file, header lines: reads the request into variables
  local url=$2
  r_method=${1^^} r_body=$3 r_signature=
  r_time=${countersign_time:-$(date +%s.%3N)} r_challenge=${countersign_challenge:-}
  r_nonce=${countersign_nonce:-$(openssl rand -hex 16)}
  r_names=$(put "${countersign_signed_headers:-}" | tr A-Z a-z | tr -s ' \n' '\n\n' | sort -u | sed '/^$/d')
  shift 3
  r_headers=("$@")
  [[ $url =~ ^(https?)://([^/?#]*)([^#]*) && ${BASH_REMATCH[2]} != *@* ]] || refuse 'The URL must be absolute, without a user name.' || return
  r_scheme=${BASH_REMATCH[1]} r_authority=${BASH_REMATCH[2],,} r_target=${BASH_REMATCH[3]}
  r_origin=$r_scheme://${BASH_REMATCH[2]}
  # Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
  [[ $r_origin$r_target =~ $visible ]] || refuse 'The host and the target must be printable ASCII, without blanks.' || return
  [[ -f $r_body || $r_body == /dev/null ]] || refuse "There is no file for the body: $r_body" || return
  [[ $r_method =~ $token ]] || refuse 'The method is not a token.' || return
  [[ $r_challenge =~ $challenge_form && ${#r_challenge} -le 512 ]] ||
    refuse 'The challenge has characters that no server issues, or more than 512.' || return
  [[ $r_scheme == https ]] && r_authority=${r_authority%:443} || r_authority=${r_authority%:80}
  [[ $r_target == /* ]] || r_target=/$r_target
}


visible='^[!-~]*$'


token="^[-A-Z0-9!#\$%&'*+.^_\`|~]{1,64}\$"


challenge_form='^[A-Za-z0-9_.~+/=-]*$'


path() { put "${r_target%%\?*}"; }


header() { # name -> the value as it is sent; fails without it
  local name=$1 line value joined='' found=''
  for line in "${r_headers[@]}"; do
    [[ ${line%%:*} == "$name" || $(tr A-Z a-z <<<"${line%%:*}") == "$name" ]] || continue
    value=${line#*:}
    value=${value#"${value%%[! $'\t']*}"}
    joined+=${found:+, }${value%"${value##*[! $'\t']}"}
    found=1
  done
  joined=${joined#"${joined%%[! $'\t']*}"}
  [[ $found && $joined =~ $printable ]] && put "${joined%"${joined##*[! $'\t']}"}"
}


printable=$'^[\t -~]*$'


has_query() { [[ $r_target == *\??* ]]; }


query() { if has_query; then put "${r_target#*\?}"; fi; }


host() { if [[ $r_authority =~ ^(.*):[0-9]*$ ]]; then put "${BASH_REMATCH[1]}"; else put "$r_authority"; fi; }


port() {
  if [[ $r_authority =~ :([0-9]+)$ ]]; then put "${BASH_REMATCH[1]}"; elif [[ $r_scheme == https ]]; then put 443; else put 80; fi
}


chosen_names() {
  local separator=$1 name before=''
  for name in $r_names; do
    put "$before$name"
    before=$separator
  done
}


lower() { tr A-Z a-z; }


upper() { tr a-z A-Z; }


trim() {
  local text blanks=$'\t\n\v\f\r '
  IFS= read -r -d '' text
  text=${text#"${text%%[!$blanks]*}"}
  put "${text%"${text##*[!$blanks]}"}"
}


collapse() { tr '\t\n\v\f\r ' ' ' | tr -s ' '; }


before() {
  local text
  IFS= read -r -d '' text
  put "${text%%"$1"*}"
}


truncate_text() { # a character begins at each byte that continues none
  local text i count=0 byte
  IFS= read -r -d '' text
  for ((i = 0; i < ${#text}; i++)); do
    printf -v byte %d "'${text:i:1}"
    (((byte & 192) == 128)) || ((++count <= $1)) || break
  done
  put "${text:0:i}"
}


truncate_bytes() { head -c "$1" && cat >/dev/null; }


split_path() { { cat; echo; } | tr / '\n'; }


split_query() { { cat; echo; } | tr '&' '\n' | sed $'s/=/\t/'; }


join_path() { paste -sd/ | tr -d '\n'; }


join_query() { sed $'s/\t/=/' | paste -sd'&' | tr -d '\n'; }


sort_by_value() { sort -s -t$'\t' -k1,1 -k2,2; }


sort_by_name() { sort -s -t$'\t' -k1,1; }


sort_by_text() {
  awk '{ key = $0; sub(/\t/, "=", key); print key "\001" $0 }' | sort -s -t$'\001' -k1,1 | cut -d$'\001' -f2-
}


decode() {
  local text
  IFS= read -r -d '' text
  [[ ! $text =~ %([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$) && ! $text =~ %(0|1|7[Ff]) ]] || refuse 'An escape is not of a letter.' || return
  text=${text//\\/\\\\}
  printf '%b' "${text//%/\\x}" | iconv -f UTF-8 -t UTF-8
}


# Tabs and line feeds are kept: they separate pieces.
rfc3986() {
  od -An -v -tx1 | tr -s ' ' '\n' | awk '
    BEGIN {
      kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~\t\n"
      for (i = 0; i < 256; i++) {
        one = sprintf("%c", i)
        text[sprintf("%02x", i)] = i > 0 && index(kept, one) ? one : sprintf("%%%02X", i)
      }
    }
    $0 != "" { printf "%s", text[$0] }'
}


form() { rfc3986 | sed 's/%20/+/g; s/%2A/*/g; s/~/%7E/g'; }


sha256() { openssl dgst -sha256 -binary; }


sha384() { openssl dgst -sha384 -binary; }


sha512() { openssl dgst -sha512 -binary; }


sha1() { openssl dgst -sha1 -binary; }


md5() { openssl dgst -md5 -binary; }


hex() { od -An -v -tx1 | tr -d ' \n'; }


hex_upper() { hex | tr a-f A-F; }


base64_of() { openssl base64 -A; }


base64url_of() { openssl base64 -A | tr +/ -_ | tr -d =; }


base64_of_hex() { hex | openssl base64 -A; }


from_base64() { # text, also base64url and without padding -> hex
  local text
  text=$(tr -d '=\n' | tr -- -_ +/)
  while ((${#text} % 4)); do text+==; done
  put "$text" | openssl base64 -d -A | hex
}


unhex() { # hex -> the bytes
  local i text=''
  for ((i = 0; i < ${#1}; i += 2)); do text+="\\x${1:i:2}"; done
  printf %b "$text"
}


# Others on the machine can read the arguments of a program, so openssl gets no key.
mac() { # hash, key in hex: HMAC (RFC 2104) of standard input
  local key=$2 size=64 i byte inner='' outer=''
  [[ $1 == sha384 || $1 == sha512 ]] && size=128
  ((${#key} <= 2 * size)) || key=$(unhex "$key" | openssl dgst "-$1" -binary | hex)
  while ((${#key} < 2 * size)); do key+=00; done
  for ((i = 0; i < 2 * size; i += 2)); do
    printf -v byte '%02x%02x' $((16#${key:i:2} ^ 0x36)) $((16#${key:i:2} ^ 0x5c))
    inner+=${byte:0:2} outer+=${byte:2}
  done
  { unhex "$inner"; cat; } | openssl dgst "-$1" -binary | { unhex "$outer"; cat; } | openssl dgst "-$1" -binary
}


uuid_of() {
  local form='^([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})$' variants=89ab
  if [[ $1 =~ $form ]]; then
    local p=("${BASH_REMATCH[@]}")
    put "${p[1]}-${p[2]}-4${p[3]}-${variants:$((16#${p[4]} & 3)):1}${p[5]}-${p[6]}"
  else
    put "$1"
  fi
}


calendar() { date -u -d "@$1" "+$2"; }


without_parameters() { # names, each between blanks
  local start=${r_target%%\?*} rest='' one name kept=()
  has_query || return 0
  IFS='&' read -r -a kept <<<"${r_target#*\?}"
  for one in "${kept[@]}"; do
    name=${one%%=*}
    name=${name//+/ }
    [[ $1 == *" $(printf %b "${name//%/\\x}") "* ]] || rest+="${rest:+&}$one"
  done
  r_target=$start${rest:+?$rest}
}


with_parameter() { # name, value
  [[ -z $2 ]] || if has_query; then r_target+="&$1=$2"; else r_target="${r_target%\?}?$1=$2"; fi
}


countersign_may_retry() { # method, status: the server may have carried out another request, such as a POST
  [[ $2 == 50[234] && $1 =~ ^(GET|HEAD|OPTIONS|PUT|DELETE)$ ]]
}


countersign_curl() { # method, url, body file, header lines: signs every attempt and follows no redirect; prints status and body
  local method=$1 url=$2 body=$3 attempt line arguments response
  shift 3
  for attempt in 1 2 3; do
    countersign_sign "$method" "$url" "$body" "$@" || return
    arguments=(--silent --show-error --globoff --path-as-is --request "$method" --max-redirs 0 --write-out '\n%{http_code}')
    # An empty Content-Type stops curl from adding its own, which would not be signed.
    [[ -s $body ]] && arguments+=(--data-binary "@$body" --header 'Content-Type:')
    [[ $method == HEAD ]] && arguments+=(--head)
    for line in "$@" "${countersign_headers[@]}"; do
      [[ $line == [!@]*:* && $line != *[$'\r\n']* ]] || refuse 'A header is one line: name, colon, value.' || return
      arguments+=(--header "$line")
    done
    response=$(curl "${arguments[@]}" "$countersign_url") || return
    countersign_status=${response##*$'\n'}
    [[ $attempt -lt 3 ]] && countersign_may_retry "$method" "$countersign_status" || break
    sleep "0.$((2 * attempt))"
  done
  printf '%s\n%s\n' "$countersign_status" "${response%$'\n'*}"
  [[ $countersign_status == 2* ]]
}


from_after() {
  local text
  IFS= read -r -d '' text
  [[ $text != *"$1"* ]] || put "${text#*"$1"}"
}


merge_values() { # separator
  awk -F '\t' -v separator="${1//\\/\\\\}" '
    { if (!($1 in seen)) { names[++count] = $1; seen[$1] = 1 } }
    NF > 1 { value[$1] = ($1 in value ? value[$1] separator : "") substr($0, length($1) + 2) }
    END { for (i = 1; i <= count; i++) print names[i] (names[i] in value ? "\t" value[names[i]] : "") }'
}


join_pairs() { # separator
  local piece between='' separator=$1
  sed $'s/\t/=/' | while IFS= read -r piece; do
    put "$between$piece"
    between=$separator
  done
}
