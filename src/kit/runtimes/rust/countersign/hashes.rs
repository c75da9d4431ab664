fn sha256_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(value).to_vec()
}


fn sha384_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha384::digest(value).to_vec()
}


fn sha512_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha512::digest(value).to_vec()
}


fn hex_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    value.as_ref().iter().map(|byte| format!("{:02x}", byte)).collect::<String>().into_bytes()
}


fn hex_upper(value: impl AsRef<[u8]>) -> Vec<u8> {
    hex_of(value).to_ascii_uppercase()
}


fn base64_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    base64::encode(value).into_bytes()
}


fn base64url_of(value: impl AsRef<[u8]>) -> Vec<u8> {
    base64::encode_config(value, base64::URL_SAFE_NO_PAD).into_bytes()
}


fn base64_of_hex(value: impl AsRef<[u8]>) -> Vec<u8> {
    base64_of(hex_of(value))
}


fn from_hex(secret: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|number| number as u8);
    let bytes = secret.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(*pair.get(1)?)?));
    bytes.collect::<Option<Vec<u8>>>().ok_or_else(|| "The secret is not hex.".into())
}


fn without_padding(secret: &[u8]) -> &[u8] {
    &secret[..secret.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1)]
}


fn from_base64(secret: &[u8]) -> Result<Vec<u8>, String> {
    base64::decode_config(without_padding(secret), base64::STANDARD_NO_PAD).map_err(|error| error.to_string())
}


fn from_base64url(secret: &[u8]) -> Result<Vec<u8>, String> {
    base64::decode_config(without_padding(secret), base64::URL_SAFE_NO_PAD).map_err(|error| error.to_string())
}


fn mac_sha256(key: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Vec<u8> {
    use hmac::{Hmac, Mac};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_ref()).expect("a key of HMAC has any length");
    mac.chain_update(data).finalize().into_bytes().to_vec()
}


fn mac_sha384(key: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Vec<u8> {
    use hmac::{Hmac, Mac};
    let mac = Hmac::<sha2::Sha384>::new_from_slice(key.as_ref()).expect("a key of HMAC has any length");
    mac.chain_update(data).finalize().into_bytes().to_vec()
}


fn mac_sha512(key: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Vec<u8> {
    use hmac::{Hmac, Mac};
    let mac = Hmac::<sha2::Sha512>::new_from_slice(key.as_ref()).expect("a key of HMAC has any length");
    mac.chain_update(data).finalize().into_bytes().to_vec()
}
