/// The segments of a path, or the names and values of a query.
type Pieces = Vec<Vec<Vec<u8>>>;


fn lower_ascii(text: impl AsRef<[u8]>) -> Vec<u8> {
    text.as_ref().to_ascii_lowercase()
}


fn upper_ascii(text: impl AsRef<[u8]>) -> Vec<u8> {
    text.as_ref().to_ascii_uppercase()
}


fn is_blank(byte: &u8) -> bool {
    b"\t\n\x0b\x0c\r ".contains(byte)
}


fn trim_ascii(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |at| at + 1);
    owned(&text[start..end])
}


fn collapse_ascii(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut made: Vec<u8> = Vec::new();
    let mut before = false;
    for byte in text.as_ref() {
        if !is_blank(byte) {
            made.push(*byte)
        } else if !before {
            made.push(b' ')
        }
        before = is_blank(byte);
    }
    made
}


fn up_to(text: impl AsRef<[u8]>, end: &[u8]) -> Vec<u8> {
    cut_at(text.as_ref(), end).0
}


fn from_after(text: impl AsRef<[u8]>, start: &[u8]) -> Vec<u8> {
    cut_at(text.as_ref(), start).1.unwrap_or_default()
}


/// A character begins at each byte that continues none.
fn truncate_text(text: impl AsRef<[u8]>, length: usize) -> Vec<u8> {
    let text = text.as_ref();
    let mut starts = (0..text.len()).filter(|at| text[*at] & 192 != 128);
    owned(&text[..starts.nth(length).unwrap_or(text.len())])
}


fn truncate_bytes(value: impl AsRef<[u8]>, length: usize) -> Vec<u8> {
    value.as_ref().iter().take(length).copied().collect()
}


fn split_path(text: impl AsRef<[u8]>) -> Pieces {
    text.as_ref().split(|byte| *byte == b'/').map(|segment| vec![owned(segment)]).collect()
}


fn split_query(text: impl AsRef<[u8]>) -> Pieces {
    let pairs = text.as_ref().split(|byte| *byte == b'&');
    pairs.map(|pair| pair.splitn(2, |byte| *byte == b'=').map(owned).collect()).collect()
}


fn join_pairs(pieces: Pieces, separator: &[u8]) -> Vec<u8> {
    pieces.iter().map(|piece| piece.join(&b'=')).collect::<Vec<_>>().join(separator)
}


fn join_path(pieces: Pieces) -> Vec<u8> {
    join_pairs(pieces, b"/")
}


fn join_query(pieces: Pieces) -> Vec<u8> {
    join_pairs(pieces, b"&")
}


fn each_piece(pieces: Pieces, change: impl Fn(&[u8]) -> Result<Vec<u8>, String>) -> Result<Pieces, String> {
    pieces.iter().map(|piece| piece.iter().map(|one| change(one)).collect()).collect()
}


fn sort_by_value(mut pieces: Pieces) -> Pieces {
    pieces.sort_by_key(|piece| (piece[0].clone(), piece.get(1).cloned().unwrap_or_default()));
    pieces
}


fn sort_by_name(mut pieces: Pieces) -> Pieces {
    pieces.sort_by_key(|piece| piece[0].clone());
    pieces
}


fn sort_by_text(mut pieces: Pieces) -> Pieces {
    pieces.sort_by_key(|piece| piece.join(&b'='));
    pieces
}


fn merge_values(pieces: Pieces, separator: &[u8]) -> Pieces {
    let mut places = std::collections::HashMap::new();
    let mut merged: Pieces = Vec::new();
    for piece in pieces {
        let place = *places.entry(piece[0].clone()).or_insert(merged.len());
        if place == merged.len() {
            merged.push(piece)
        } else if merged[place].len() == 1 {
            merged[place] = piece
        } else if let Some(value) = piece.get(1) {
            merged[place][1].extend([separator, value].concat())
        }
    }
    merged
}


fn percent_decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, String> {
    let text = text.as_ref();
    let digit = |at: usize| text.get(at).and_then(|byte| (*byte as char).to_digit(16)).map(|number| number as u8);
    let mut made = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let escaped = if text[i] == b'%' { digit(i + 1).zip(digit(i + 2)) } else { None };
        require(escaped.is_some() || text[i] != b'%', "A value contains a % that begins no escape.")?;
        made.push(escaped.map_or(text[i], |(high, low)| high * 16 + low));
        i += if escaped.is_some() { 3 } else { 1 };
    }
    require(!made.iter().any(u8::is_ascii_control), "A value contains a control character.")?;
    require(std::str::from_utf8(&made).is_ok(), "A value contains escapes that are not UTF-8.")?;
    Ok(made)
}


fn escape_except(text: &[u8], marks: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() || marks.contains(byte) {
            made.push(*byte)
        } else {
            made.extend(format!("%{:02X}", byte).bytes())
        }
    }
    made
}


fn rfc3986(text: impl AsRef<[u8]>) -> Vec<u8> {
    escape_except(text.as_ref(), b"-._~")
}


fn form_encode(text: impl AsRef<[u8]>) -> Vec<u8> {
    let spaced = escape_except(text.as_ref(), b"-._* ");
    spaced.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect()
}
