function seconds_of(string $time): string
{
    return (string) (int) floor((float) $time);
}


function milliseconds_of(string $time): string
{
    return (string) (int) floor((float) $time * 1000);
}


function calendar(string $time, string $part): string
{
    $milliseconds = (int) round((float) $time * 1000);
    $forms = ['YYYY' => 'Y', 'MM' => 'm', 'MMM' => 'M', 'mmm' => 'M', 'DD' => 'd', 'ddd' => 'D', 'HH' => 'H', 'mm' => 'i', 'ss' => 's'];
    if (!isset($forms[$part])) {
        return sprintf('%03d', $milliseconds % 1000);
    }
    $made = gmdate($forms[$part], intdiv($milliseconds, 1000));
    return $part === 'mmm' ? strtolower($made) : $made;
}


function date_of(string $time, string $between): string
{
    return implode($between, [calendar($time, 'YYYY'), calendar($time, 'MM'), calendar($time, 'DD')]);
}


function fitting(string $nonce, string $form): string
{
    check((bool) preg_match("/^$form$/D", $nonce), 'The nonce cannot be written in the form of the scheme.');
    return $nonce;
}


function uuid_of(string $nonce): string
{
    $form = '/^([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})$/D';
    if (!preg_match($form, $nonce, $p)) {
        return $nonce;
    }
    return "$p[1]-$p[2]-4$p[3]-" . '89ab'[hexdec($p[4]) & 3] . "$p[5]-$p[6]";
}


/** The decimal digits of a number in hex, the last one first. */
function digits_of(string $nonce): string
{
    if (!preg_match('/^[0-9a-f]{32}$/D', $nonce) || ctype_digit($nonce)) {
        return $nonce;
    }
    $digits = [0];
    foreach (str_split($nonce) as $one) {
        $carry = hexdec($one);
        foreach ($digits as $i => $digit) {
            $digits[$i] = ($digit * 16 + $carry) % 10;
            $carry = intdiv($digit * 16 + $carry, 10);
        }
        for (; $carry > 0; $carry = intdiv($carry, 10)) {
            $digits[] = $carry % 10;
        }
    }
    return implode('', $digits);
}
