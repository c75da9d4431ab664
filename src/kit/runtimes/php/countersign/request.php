function check(bool $condition, string $problem): void
{
    if (!$condition) {
        throw new \InvalidArgumentException($problem);
    }
}


function prepare(string $method, string $url, array $headers, string $body, string $access_key, array $options): array
{
    $absolute = preg_match('~^(https?)://([^/?#]*)([^#]*)~is', $url, $parts);
    check($absolute && !str_contains($parts[2], '@'), 'The URL must be absolute, without a user name.');
    // Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
    check((bool) preg_match('/^[!-~]*$/D', $parts[2] . $parts[3]), 'The host and the target must be printable ASCII, without blanks.');
    check(array_filter($headers, 'is_array') === $headers, 'Write headers as pairs: [[name, value], ...].');
    check((bool) preg_match('/^[\w!#$%&\'*+.^`|~-]{1,64}$/D', $method), 'The method is not a token.');
    $isIssued = preg_match('~^[\w.\~+/=-]{0,512}$~D', $options['challenge'] ?? '');
    check((bool) $isIssued, 'The challenge has characters that no server issues, or more than 512.');
    $scheme = strtolower($parts[1]);
    $time = (string) ($options['time'] ?? microtime(true));
    $names = array_unique(array_map('strtolower', $options['signed_headers'] ?? []));
    sort($names, SORT_STRING);
    $r = [
        'method' => strtoupper($method),
        'scheme' => $scheme,
        'origin' => "$parts[1]://$parts[2]",
        'authority' => preg_replace($scheme === 'https' ? '/:443$/D' : '/:80$/D', '', strtolower($parts[2])),
        'target' => str_starts_with($parts[3], '/') ? $parts[3] : "/$parts[3]",
        'headers' => $headers,
        'names' => $names,
        'body' => $body === '' ? null : $body,
        'access_key' => $access_key,
        'time' => $time,
        'timestamp' => timestamp_of($time),
        'nonce' => nonce_of($options['nonce'] ?? bin2hex(random_bytes(16))),
        'session_token' => $options['session_token'] ?? null,
        'challenge' => $options['challenge'] ?? null,
        'signature' => '',
    ];
    $r['challenge'] ??= 'none'; // with challenge
    return $r;
}


function host_of(array $r): string
{
    return preg_replace('/:\d*$/D', '', $r['authority']);
}


function port_of(array $r): string
{
    $found = preg_match('/:(\d+)$/D', $r['authority'], $parts);
    return $found ? $parts[1] : ($r['scheme'] === 'https' ? '443' : '80');
}


function path_of(array $r): string
{
    return explode('?', $r['target'], 2)[0];
}


function query_of(array $r): ?string
{
    $query = explode('?', $r['target'], 2)[1] ?? '';
    return $query === '' ? null : $query;
}


function url_of(array $r): string
{
    return "{$r['scheme']}://{$r['authority']}{$r['target']}";
}


function header_value(array $r, string $name): ?string
{
    $values = [];
    foreach ($r['headers'] as [$key, $value]) {
        if (strtolower($key) === $name) {
            $values[] = trim($value, " \t");
        }
    }
    $value = $values ? trim(implode(', ', $values), " \t") : null;
    check($value === null || preg_match('/^[\t -~]*$/D', $value), "$name is not printable ASCII");
    return $value;
}


function nothing(): ?string
{
    return null;
}


function needed(?string $value, string $name): string
{
    check($value !== null, "The request lacks $name");
    return $value;
}


function default_to(?string $value, string $fallback): string
{
    return $value ?? $fallback;
}


function only_for(array $r, array $methods, ?string $value): ?string
{
    return in_array($r['method'], $methods, true) ? $value : null;
}


function chosen_names(array $r, string $separator): ?string
{
    return $r['names'] ? implode($separator, $r['names']) : null;
}


function chosen_lines(array $r): ?string
{
    $lines = array_map(fn ($name) => line_of($name, needed(header_value($r, $name), $name)), $r['names']);
    return $lines ? implode('', $lines) : null;
}
