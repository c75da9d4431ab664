function without_parameters(string $target, array $names): string
{
    [$path, $query] = [...explode('?', $target, 2), ''];
    $all = $query === '' ? [] : explode('&', $query);
    $kept = array_filter($all, fn ($one) => !in_array(urldecode(explode('=', $one, 2)[0]), $names, true));
    if (count($kept) === count($all)) {
        return $target;
    }
    return $kept ? $path . '?' . implode('&', $kept) : $path;
}


function with_parameters(string $target, array $added): string
{
    [$path, $query] = [...explode('?', $target, 2), ''];
    $all = $query === '' ? [] : [$query];
    foreach ($added as [$name, $value]) {
        if ($value !== '') {
            $all[] = "$name=$value";
        }
    }
    return $all ? $path . '?' . implode('&', $all) : $path;
}


/**
 * Returns the headers to add, the string to sign, and the URL to send.
 *
 * @param array $headers pairs of name and value, as sent
 * @param array $options time (seconds since 1970), nonce, signed_headers, session_token, challenge
 */
function sign(string $method, string $url, array $headers, string $body, string $access_key, string $secret, array $options = []): array
{
    $r = prepare($method, $url, $headers, $body, $access_key, $options);
    $r['target'] = without_parameters($r['target'], own_parameters); // with parameters
    $r['target'] = with_parameters($r['target'], signed_parameters($r)); // with parameters
    $text = string_to_sign($r);
    $r['signature'] = signature_of($r, $secret, $text);
    $url = $r['origin'] . with_parameters($r['target'], signature_parameters($r)); // with parameters
    $added = array_filter(added_headers($r), fn ($one) => $one[1] !== '');
    return [array_combine(array_column($added, 0), array_column($added, 1)), $text, $url];
}


/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
function may_retry(string $method, int $status): bool
{
    $idempotent = in_array(strtoupper($method), ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'], true);
    return $idempotent && in_array($status, [502, 503, 504], true);
}


/** Sends a request with curl. Signs every attempt anew, and follows no redirect. Returns status, headers and body. */
function send(string $method, string $url, array $headers, string $body, string $access_key, string $secret, array $options = []): array
{
    for ($attempt = 1; ; $attempt++) {
        [$added, , $signed_url] = sign($method, $url, $headers, $body, $access_key, $secret, $options);
        $names = array_map('strtolower', [...array_column($headers, 0), ...array_keys($added)]);
        // Without this, curl adds a content type that is not signed.
        $lines = in_array('content-type', $names, true) ? [] : ['Content-Type:'];
        foreach ([...$headers, ...array_map(null, array_keys($added), $added)] as [$name, $value]) {
            check(!preg_match('/[\r\n\0]/', $name . $value), 'A header is one line.');
            $lines[] = "$name: $value";
        }
        $received = [];
        $curl = curl_init($signed_url);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_NOBODY => strtoupper($method) === 'HEAD',
            CURLOPT_HTTPHEADER => $lines,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PATH_AS_IS => true,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_HEADERFUNCTION => function ($_, $line) use (&$received) {
                $field = explode(':', $line, 2);
                if (isset($field[1])) {
                    $received[] = [$field[0], trim($field[1])];
                }
                return strlen($line);
            },
        ] + ($body === '' ? [] : [CURLOPT_POSTFIELDS => $body]));
        $content = curl_exec($curl);
        check($content !== false, curl_error($curl));
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if (!may_retry($method, $status) || $attempt === 3) {
            return [$status, $received, $content];
        }
        usleep(200_000 * $attempt);
    }
}
