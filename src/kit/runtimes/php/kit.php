<?php
// php kit.php check ../../vectors/plain/*
// php kit.php call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
require __DIR__ . '/countersign.php';

function check(string $case): ?string
{
    $read = fn ($name) => file_get_contents("$case/$name");
    $lines = array_filter(explode("\n", $read('headers')), 'strlen');
    [$added, $text, $url] = Countersign\sign(
        $read('method'),
        $read('url'),
        array_map(fn ($line) => explode(':', $line, 2), $lines),
        $read('body'),
        $read('access-key'),
        $read('secret'),
        [
            'time' => $read('time'),
            'nonce' => $read('nonce'),
            'signed_headers' => array_filter(explode("\n", $read('signed-headers')), 'strlen'),
            'challenge' => file_exists("$case/challenge") ? $read('challenge') : null,
        ],
    );
    // A string that is no text is compared by its signature.
    if (file_exists("$case/string-to-sign") && $text !== $read('string-to-sign')) {
        return 'string-to-sign';
    }
    $made = implode('', array_map(fn ($name, $value) => "$name: $value\n", array_keys($added), $added));
    if ($made !== $read('added-headers')) {
        return 'added-headers';
    }
    return $url === $read('sent-url') ? null : 'sent-url';
}

function call(string $method, string $url, string $type = '', string $body = ''): int
{
    $credentials = json_decode(file_get_contents(getenv('COUNTERSIGN_CREDENTIALS') ?: '../../credentials.json'), true);
    $sent = str_starts_with($body, '@') ? file_get_contents(substr($body, 1)) : $body;
    if ($sent === false) {
        return 1;
    }
    [$status, , $content] = Countersign\send(
        $method,
        $url,
        $type === '' ? [] : [['Content-Type', $type]],
        $sent,
        $credentials['accessKey'],
        $credentials['secret'],
    );
    echo "$status\n$content\n";
    return $status >= 200 && $status < 300 ? 0 : 1;
}

$given = array_slice($argv, 2);
if ($argv[1] === 'call') {
    exit(call(...$given));
}
$failed = array_filter(array_combine($given, array_map('check', $given)));
foreach ($failed as $case => $problem) {
    echo "$case: $problem\n";
}
echo count($given) - count($failed), ' of ', count($given), " cases agree\n";
exit($failed ? 1 : 0);
