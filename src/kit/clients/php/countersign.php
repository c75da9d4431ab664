<?php
// Signs requests with countersign-v1: see protocol.md. PHP 8 or later, with its curl extension for sending. Copy this file.

const COUNTERSIGN_MODIFIERS = ['content-encoding', 'content-range', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range'];
const COUNTERSIGN_NOT_SIGNABLE = '/^(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/D';

function countersign_require(bool $condition, string $problem): void
{
    if (!$condition) {
        throw new InvalidArgumentException($problem);
    }
}

/** Writes path and query with one spelling of each escape. */
function countersign_normalise(string $target): string
{
    $target = str_starts_with($target, '/') ? $target : "/$target";
    $target = strpos($target, '?') === strlen($target) - 1 ? substr($target, 0, -1) : $target;
    return preg_replace_callback('/%([\dA-Fa-f]{2})|[^A-Za-z\d._~!$&\'()*+,;=:@\/?\[\]-]/', function ($found) {
        $byte = isset($found[1]) ? chr(hexdec($found[1])) : '';
        if (preg_match('/^[A-Za-z\d._~-]$/D', $byte)) {
            return $byte;
        }
        return isset($found[1]) ? strtoupper($found[0]) : sprintf('%%%02X', ord($found[0]));
    }, $target);
}

/** Returns the value of a header as it is signed; null without it. */
function countersign_value(array $headers, string $name): ?string
{
    $values = [];
    foreach ($headers as [$key, $value]) {
        if (strtolower($key) === $name) {
            $values[] = trim($value, " \t");
        }
    }
    $value = $values ? trim(implode(', ', $values), " \t") : null;
    countersign_require($value === null || preg_match('/^[\t -~]*$/D', $value), "$name is not printable ASCII");
    return $value;
}

function countersign_digest(string $body): string
{
    return $body === '' ? '' : 'sha-256=:' . base64_encode(hash('sha256', $body, true)) . ':';
}

function countersign_mac(string $secret, string $text): string
{
    return 'v1=' . hash_hmac('sha256', $text, $secret);
}

/**
 * Returns the headers to add, and the string to sign.
 *
 * @param array $headers pairs of name and value, as sent
 * @param array $options time (seconds since 1970), nonce, signedHeaders, unsignedBody
 */
function countersign_sign(string $method, string $url, array $headers, string $body, string $accessKey, string $secret, array $options = []): array
{
    $absolute = preg_match('~^(https?)://([^/?#]*)([^#]*)~is', $url, $parts);
    countersign_require($absolute && !str_contains($parts[2], '@'), 'The URL must be absolute, without a user name.');
    countersign_require((bool) preg_match('/^[!-~]*$/D', $parts[2]), 'The host must be printable ASCII, without blanks.');
    countersign_require(array_filter($headers, 'is_array') === $headers, 'Write headers as pairs: [[name, value], ...].');
    $time = (string) ($options['time'] ?? time());
    $nonce = $options['nonce'] ?? bin2hex(random_bytes(16));
    countersign_require((bool) preg_match('/^[\w!#$%&\'*+.^`|~-]{1,64}$/D', $method), 'The method is not a token.');
    countersign_require((bool) preg_match('/^[\w-]{16,128}$/D', $nonce), 'A nonce has 16 to 128 of A-Z a-z 0-9 _ -');
    countersign_require((bool) preg_match('/^[\w.~-]{1,512}$/D', $accessKey), 'The access key is malformed.');
    $authority = preg_replace(strtolower($parts[1]) === 'https' ? '/:443$/D' : '/:80$/D', '', strtolower($parts[2]));
    $present = array_filter(COUNTERSIGN_MODIFIERS, fn ($name) => countersign_value($headers, $name) !== null);
    $names = array_unique(array_merge(array_map('strtolower', $options['signedHeaders'] ?? []), $present));
    sort($names, SORT_STRING);
    $unsigned = $options['unsignedBody'] ?? false;
    $digest = $unsigned ? '' : countersign_digest($body);
    $type = countersign_value($headers, 'content-type') ?? '';
    $lines = ['countersign-v1-request', $accessKey, $time, $nonce, strtoupper($method), $authority];
    array_push($lines, countersign_normalise($parts[3]), $type, $unsigned ? 'unsigned' : $digest);
    foreach ($names as $name) {
        countersign_require(preg_match('/^[a-z\d!#$%&\'*+.^_`|~-]+$/D', $name) && !preg_match(COUNTERSIGN_NOT_SIGNABLE, $name), "$name cannot be signed.");
        $value = countersign_value($headers, $name);
        countersign_require($value !== null, "The request lacks $name");
        $lines[] = "$name:$value";
    }
    $text = implode("\n", $lines);
    $added = ['X-API-Key' => $accessKey, 'X-API-Timestamp' => $time, 'X-API-Nonce' => $nonce]
        + ($digest === '' ? [] : ['Content-Digest' => $digest])
        + ($unsigned ? ['X-API-Payload' => 'unsigned'] : [])
        + ($names ? ['X-API-Signed-Headers' => implode(';', $names)] : []);
    return [$added + ['X-API-Signature' => countersign_mac($secret, $text)], $text];
}

/** Whether a response is countersigned. $signature is X-API-Signature of the request. */
function countersign_response_is_signed(string $signature, string $secret, int $status, array $headers, string $body): bool
{
    $read = fn ($name) => countersign_value($headers, $name) ?? '';
    $digest = countersign_digest($body);
    $lines = ['countersign-v1-response', $signature, $read('x-api-timestamp'), $status, $read('content-type'), $digest];
    foreach (['content-range', 'location'] as $name) {
        if (countersign_value($headers, $name) !== null) {
            $lines[] = "$name:" . countersign_value($headers, $name);
        }
    }
    return hash_equals(countersign_mac($secret, implode("\n", $lines)), $read('x-api-signature'))
        && preg_match('/^\d{1,12}$/D', $read('x-api-timestamp')) && $digest === $read('unencoded-digest');
}

/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
function countersign_may_retry(string $method, array $headers, int $status): bool
{
    $idempotent = in_array(strtoupper($method), ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'], true)
        || countersign_value($headers, 'idempotency-key') !== null;
    return $idempotent && in_array($status, [502, 503, 504], true);
}

/** Sends a request with curl. Signs every attempt anew, and follows no redirect. Returns status, headers and body. */
function countersign_send(string $method, string $url, array $headers, string $body, string $accessKey, string $secret, bool $checkResponse = false): array
{
    for ($attempt = 1; ; $attempt++) {
        [$added] = countersign_sign($method, $url, $headers, $body, $accessKey, $secret);
        // Without this, curl adds a content type that is not signed.
        $lines = countersign_value($headers, 'content-type') === null ? ['Content-Type:'] : [];
        foreach ([...$headers, ...array_map(null, array_keys($added), $added)] as [$name, $value]) {
            countersign_require(!preg_match('/[\r\n\0]/', $name . $value), 'A header is one line.');
            $lines[] = "$name: $value";
        }
        $received = [];
        $curl = curl_init($url);
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
        countersign_require($content !== false, curl_error($curl));
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if (!countersign_may_retry($method, $headers, $status) || $attempt === 3) {
            break;
        }
        usleep(200_000 * $attempt);
    }
    $fits = !$checkResponse || countersign_response_is_signed($added['X-API-Signature'], $secret, $status, $received, $content);
    countersign_require($fits, 'The response is not countersigned.');
    return [$status, $received, $content];
}
