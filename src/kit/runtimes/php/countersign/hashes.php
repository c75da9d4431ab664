function sha256_of(string $value): string
{
    return hash('sha256', $value, true);
}


function sha384_of(string $value): string
{
    return hash('sha384', $value, true);
}


function sha512_of(string $value): string
{
    return hash('sha512', $value, true);
}


function sha1_of(string $value): string
{
    return hash('sha1', $value, true);
}


function md5_of(string $value): string
{
    return hash('md5', $value, true);
}


function hex_of(string $value): string
{
    return bin2hex($value);
}


function hex_upper(string $value): string
{
    return strtoupper(bin2hex($value));
}


function base64_of(string $value): string
{
    return base64_encode($value);
}


function base64url_of(string $value): string
{
    return rtrim(strtr(base64_encode($value), '+/', '-_'), '=');
}


function base64_of_hex(string $value): string
{
    return base64_encode(bin2hex($value));
}


function from_hex(string $secret): string
{
    return hex2bin($secret);
}


function from_base64(string $secret): string
{
    return base64_decode($secret);
}


function from_base64url(string $secret): string
{
    return base64_decode(strtr($secret, '-_', '+/'));
}


function mac(string $hash, string $key, string $data): string
{
    return hash_hmac($hash, $data, $key, true);
}
