function lower_ascii(string $text): string
{
    return strtr($text, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
}


function upper_ascii(string $text): string
{
    return strtr($text, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
}


function trim_ascii(string $text): string
{
    return trim($text, "\t\n\v\f\r ");
}


function collapse_ascii(string $text): string
{
    return preg_replace('/[\t\n\x0b\f\r ]+/', ' ', $text);
}


function up_to(string $text, string $end): string
{
    return explode($end, $text, 2)[0];
}


function truncate_text(string $text, int $length): string
{
    preg_match('/^(?:[^\x80-\xbf][\x80-\xbf]*){0,' . $length . '}/', $text, $found);
    return $found[0];
}


function truncate_bytes(string $value, int $length): string
{
    return substr($value, 0, $length);
}


function split_path(string $text): array
{
    return array_map(fn ($segment) => [$segment], explode('/', $text));
}


function split_query(string $text): array
{
    return array_map(fn ($pair) => explode('=', $pair, 2), explode('&', $text));
}


function join_path(array $pieces): string
{
    return implode('/', array_map(fn ($piece) => implode('=', $piece), $pieces));
}


function join_query(array $pieces): string
{
    return implode('&', array_map(fn ($piece) => implode('=', $piece), $pieces));
}


function each_piece(array $pieces, callable $change): array
{
    return array_map(fn ($piece) => array_map($change, $piece), $pieces);
}


function sort_by_value(array $pieces): array
{
    usort($pieces, fn ($a, $b) => strcmp($a[0], $b[0]) ?: strcmp($a[1] ?? '', $b[1] ?? ''));
    return $pieces;
}


function sort_by_name(array $pieces): array
{
    usort($pieces, fn ($a, $b) => strcmp($a[0], $b[0]));
    return $pieces;
}


function sort_by_text(array $pieces): array
{
    usort($pieces, fn ($a, $b) => strcmp(implode('=', $a), implode('=', $b)));
    return $pieces;
}


function percent_decode(string $text): string
{
    check(!preg_match('/%(?![0-9A-Fa-f]{2})/', $text), 'A value contains a % that begins no escape.');
    $decoded = rawurldecode($text);
    check((bool) preg_match('//u', $decoded), 'A value contains escapes that are not UTF-8.');
    check(!preg_match('/[\x00-\x1f\x7f]/', $decoded), 'A value contains a control character.');
    return $decoded;
}


function rfc3986(string $text): string
{
    return rawurlencode($text);
}


function form_encode(string $text): string
{
    return strtr(rawurlencode($text), ['%20' => '+', '%2A' => '*', '~' => '%7E']);
}


function from_after(string $text, string $start): string
{
    return explode($start, $text, 2)[1] ?? '';
}


function merge_values(array $pieces, string $separator): array
{
    $merged = [];
    foreach ($pieces as $piece) {
        // A text of digits alone would become a number as a key.
        $key = "=$piece[0]";
        $merged[$key] ??= ['name' => $piece[0], 'values' => []];
        array_push($merged[$key]['values'], ...array_slice($piece, 1));
    }
    $write = fn ($one) => $one['values'] ? [$one['name'], implode($separator, $one['values'])] : [$one['name']];
    return array_map($write, array_values($merged));
}


function join_pairs(array $pieces, string $separator): string
{
    return implode($separator, array_map(fn ($piece) => implode('=', $piece), $pieces));
}
