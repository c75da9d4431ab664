fn random_nonce() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::getrandom(&mut random).map_err(|error| error.to_string())?;
    read_utf8(hex_of(random))
}


fn seconds_of(time: Duration) -> Vec<u8> {
    time.as_secs().to_string().into_bytes()
}


fn milliseconds_of(time: Duration) -> Vec<u8> {
    time.as_millis().to_string().into_bytes()
}


/// A day of the Gregorian calendar.
struct Day {
    year: u64,
    month: usize,
    day: u64,
}


/// Finds the day that is so many days after the first of 1970.
fn day_of(days: u64) -> Day {
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut month, mut rest) = (1970, 1, days);
    while rest >= 365 + is_leap(year) as u64 {
        rest -= 365 + is_leap(year) as u64;
        year += 1;
    }
    let lengths = [31, 28 + is_leap(year) as u64, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while rest >= lengths[month - 1] {
        rest -= lengths[month - 1];
        month += 1;
    }
    Day { year, month, day: rest + 1 }
}


fn calendar(time: Duration, part: &str) -> Vec<u8> {
    let seconds = time.as_secs();
    let Day { year, month, day } = day_of(seconds / 86_400);
    let name = |names: &str, i: usize| names.split(' ').nth(i).unwrap_or("").to_string();
    let month_name = name("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", month - 1);
    let text = match part {
        "YYYY" => format!("{:04}", year),
        "MM" => format!("{:02}", month),
        "MMM" => month_name,
        "mmm" => month_name.to_lowercase(),
        "DD" => format!("{:02}", day),
        "ddd" => name("Thu Fri Sat Sun Mon Tue Wed", (seconds / 86_400 % 7) as usize),
        "HH" => format!("{:02}", seconds / 3600 % 24),
        "mm" => format!("{:02}", seconds / 60 % 60),
        "ss" => format!("{:02}", seconds % 60),
        _ => format!("{:03}", time.subsec_millis()),
    };
    text.into_bytes()
}


fn date_of(time: Duration, between: &[u8]) -> Vec<u8> {
    [calendar(time, "YYYY"), calendar(time, "MM"), calendar(time, "DD")].join(between)
}


fn fitting(nonce: impl AsRef<[u8]>, marks: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<Vec<u8>, String> {
    let nonce = nonce.as_ref();
    let fits = lengths.contains(&nonce.len()) && nonce.iter().all(|byte| marks.as_bytes().contains(byte));
    require(fits, "The nonce cannot be written in the form of the scheme.")?;
    Ok(owned(nonce))
}


fn is_hex_nonce(nonce: &[u8]) -> bool {
    nonce.len() == 32 && nonce.iter().all(|byte| b"0123456789abcdef".contains(byte))
}


fn uuid_of(nonce: &[u8]) -> Vec<u8> {
    if !is_hex_nonce(nonce) {
        return owned(nonce);
    }
    let digit = (nonce[16] as char).to_digit(16).unwrap_or(0);
    let variant = [b"89ab"[digit as usize & 3]];
    [&nonce[..8], b"-", &nonce[8..12], b"-4", &nonce[13..16], b"-", &variant, &nonce[17..20], b"-", &nonce[20..]].concat()
}


fn digits_of(nonce: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(nonce);
    match u128::from_str_radix(&text, 16) {
        Ok(number) if is_hex_nonce(nonce) && !nonce.iter().all(u8::is_ascii_digit) => {
            number.to_string().bytes().rev().collect()
        }
        _ => owned(nonce),
    }
}
