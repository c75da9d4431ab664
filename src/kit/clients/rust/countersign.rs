//! Signs requests with countersign-v1: see protocol.md. Copy this file, and the dependencies of Cargo.toml.
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MODIFIERS: &str =
    "content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range \
                         if-unmodified-since range";
const NOT_SIGNABLE: &str =
    "content-type content-digest content-length host connection transfer-encoding te trailer upgrade \
                            keep-alive accept-encoding set-cookie";

/// A header as it is sent.
#[derive(Clone)]
pub struct Field {
    pub name: String,
    pub value: String,
}

impl Field {
    pub fn new(name: &str, value: &str) -> Field {
        Field { name: name.into(), value: value.into() }
    }
}

/// What is signed. Time, in seconds since 1970, and nonce are chosen if they are `None`.
#[derive(Default)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<Field>,
    pub body: Vec<u8>,
    pub access_key: String,
    pub secret: Vec<u8>,
    pub time: Option<u64>,
    pub nonce: Option<String>,
    pub signed_headers: Vec<String>,
    pub unsigned_body: bool,
}

/// The headers to add, and the string to sign.
pub struct Signed {
    pub headers: Vec<Field>,
    pub text: String,
    pub signature: String,
}

/// A response with its body.
pub struct Response {
    pub status: u16,
    pub headers: Vec<Field>,
    pub body: Vec<u8>,
}

fn require(condition: bool, problem: &str) -> Result<(), String> {
    if condition {
        Ok(())
    } else {
        Err(problem.into())
    }
}

fn is_made_of(text: &str, lengths: std::ops::RangeInclusive<usize>, marks: &str) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| is_one_of(byte, marks))
}

fn is_one_of(byte: u8, marks: &str) -> bool {
    byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{:02x}", byte)).collect()
}

/// Writes path and query with one spelling of each escape.
pub fn normalise(target: &str) -> String {
    let whole = if target.starts_with('/') { target.to_string() } else { format!("/{}", target) };
    let end = if whole.find('?') == Some(whole.len() - 1) { whole.len() - 1 } else { whole.len() };
    let bytes = &whole.as_bytes()[..end];
    let digit = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16)).map(|number| number as u8);
    let mut out = String::new();
    let mut i = 0;
    while i < bytes.len() {
        let escaped = if bytes[i] == b'%' { digit(i + 1).zip(digit(i + 2)) } else { None };
        let byte = escaped.map_or(bytes[i], |(high, low)| high * 16 + low);
        let kept = if escaped.is_some() { "-._~" } else { "-._~!$&'()*+,;=:@/?[]" };
        if is_one_of(byte, kept) {
            out.push(byte as char)
        } else {
            out += &format!("%{:02X}", byte)
        }
        i += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

fn trim(text: &str) -> &str {
    text.trim_matches(|letter| letter == ' ' || letter == '\t')
}

/// Returns the value of a header as it is signed; `None` without it.
pub fn value_of(headers: &[Field], name: &str) -> Result<Option<String>, String> {
    let given = headers.iter().filter(|field| field.name.to_ascii_lowercase() == name);
    let values: Vec<&str> = given.map(|field| trim(&field.value)).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let value = trim(&values.join(", ")).to_string();
    let is_printable = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    require(is_printable, &format!("{} is not printable ASCII", name))?;
    Ok(Some(value))
}

pub fn digest_of(body: &[u8]) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!("sha-256=:{}:", base64::encode(Sha256::digest(body)))
    }
}

fn mac_with(secret: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of HMAC has any length");
    mac.update(text.as_bytes());
    mac
}

fn random_nonce() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::getrandom(&mut random).map_err(|error| error.to_string())?;
    Ok(hex(&random))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns scheme, authority and target of a URL.
fn split_url(url: &str) -> Result<[&str; 3], String> {
    let url = url.split('#').next().unwrap_or("");
    let (scheme, rest) = url.split_once("://").ok_or("The URL must be absolute.")?;
    let at = rest.find(|letter| letter == '/' || letter == '?').unwrap_or(rest.len());
    let (host, target) = rest.split_at(at);
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    require(known && !host.contains('@'), "The URL must be absolute, without a user name.")?;
    require(host.bytes().all(|byte| byte.is_ascii_graphic()), "The host must be printable ASCII, without blanks.")?;
    Ok([scheme, host, target])
}

/// Signs a request. Says why for one that cannot be signed.
pub fn sign(r: &Request) -> Result<Signed, String> {
    let [scheme, host, target] = split_url(&r.url)?;
    let time = r.time.unwrap_or_else(now).to_string();
    let nonce = r.nonce.clone().map_or_else(random_nonce, Ok)?;
    require(is_made_of(&r.method, 1..=64, "_!#$%&'*+.^`|~-"), "The method is not a token.")?;
    require(is_made_of(&nonce, 16..=128, "_-"), "A nonce has 16 to 128 of A-Z a-z 0-9 _ -")?;
    require(is_made_of(&r.access_key, 1..=512, "._~-"), "The access key is malformed.")?;
    let lower = host.to_lowercase();
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let authority = lower.strip_suffix(port).unwrap_or(&lower);
    let mut names: BTreeSet<String> = r.signed_headers.iter().map(|name| name.to_lowercase()).collect();
    for name in MODIFIERS.split(' ') {
        if value_of(&r.headers, name)?.is_some() {
            names.insert(name.into());
        }
    }
    let digest = if r.unsigned_body { String::new() } else { digest_of(&r.body) };
    let payload = if r.unsigned_body { "unsigned" } else { &digest };
    let content_type = value_of(&r.headers, "content-type")?.unwrap_or_default();
    let (method, target) = (r.method.to_uppercase(), normalise(target));
    let first =
        ["countersign-v1-request", &r.access_key, &time, &nonce, &method, authority, &target, &content_type, payload];
    let mut lines: Vec<String> = first.iter().map(|line| line.to_string()).collect();
    for name in &names {
        let allowed = is_made_of(name, 1..=128, "!#$%&'*+.^_`|~-") && !name.starts_with("x-api-");
        require(allowed && NOT_SIGNABLE.split(' ').all(|one| one != name), &format!("{} cannot be signed.", name))?;
        let value = value_of(&r.headers, name)?.ok_or(format!("The request lacks {}", name))?;
        lines.push(format!("{}:{}", name, value));
    }
    let text = lines.join("\n");
    let signature = format!("v1={}", hex(&mac_with(&r.secret, &text).finalize().into_bytes()));
    let mut headers = vec![Field::new("X-API-Key", &r.access_key)];
    headers.push(Field::new("X-API-Timestamp", &time));
    headers.push(Field::new("X-API-Nonce", &nonce));
    if !digest.is_empty() {
        headers.push(Field::new("Content-Digest", &digest))
    }
    if r.unsigned_body {
        headers.push(Field::new("X-API-Payload", "unsigned"))
    }
    let list = names.into_iter().collect::<Vec<_>>().join(";");
    if !list.is_empty() {
        headers.push(Field::new("X-API-Signed-Headers", &list))
    }
    headers.push(Field::new("X-API-Signature", &signature));
    Ok(Signed { headers, text, signature })
}

/// Whether a response is countersigned. The signature is X-API-Signature of the request.
pub fn is_response_signed(signature: &str, secret: &[u8], response: &Response) -> Result<bool, String> {
    let read = |name: &str| value_of(&response.headers, name).map(|value| value.unwrap_or_default());
    let (time, status, digest) = (read("x-api-timestamp")?, response.status.to_string(), digest_of(&response.body));
    let first = ["countersign-v1-response", signature, &time, &status, &read("content-type")?, &digest];
    let mut text = first.join("\n");
    for name in ["content-range", "location"] {
        if let Some(value) = value_of(&response.headers, name)? {
            text += &format!("\n{}:{}", name, value)
        }
    }
    // The MACs of both are compared by verify_slice, in constant time.
    let expected = format!("v1={}", hex(&mac_with(secret, &text).finalize().into_bytes()));
    let received = mac_with(secret, &read("x-api-signature")?).finalize().into_bytes();
    let fits = mac_with(secret, &expected).verify_slice(&received).is_ok();
    let is_time = (1..=12).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    Ok(fits && is_time && digest == read("unencoded-digest")?)
}

/// Whether to send a request once more. The server may have carried out another one, such as a POST.
fn may_retry(r: &Request, status: u16) -> bool {
    let safe = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(&r.method.to_uppercase().as_str());
    let named = r.headers.iter().any(|field| field.name.eq_ignore_ascii_case("idempotency-key"));
    [502, 503, 504].contains(&status) && (safe || named)
}

/// Sends a request with ureq. Signs every attempt anew, and follows no redirect.
pub fn send(mut r: Request, check_response: bool) -> Result<Response, String> {
    // A connection that is kept is tried a second time, with the same nonce.
    let agent = ureq::AgentBuilder::new().redirects(0).max_idle_connections(0).timeout(Duration::from_secs(60)).build();
    // The URL as ureq sends it: it escapes `'` in a query.
    let given = agent.request(&r.method, &r.url);
    r.headers = join_fields(&r.headers);
    r.url = given.request_url().map_err(|error| error.to_string())?.as_url().to_string();
    let mut attempt = 1;
    loop {
        let signed = sign(&r)?;
        let mut request = agent.request(&r.method, &r.url);
        for field in r.headers.iter().chain(&signed.headers) {
            request = request.set(&field.name, &field.value)
        }
        let response = match if r.body.is_empty() { request.call() } else { request.send_bytes(&r.body) } {
            Ok(response) | Err(ureq::Error::Status(_, response)) => read(response, &r.method)?,
            Err(error) => return Err(error.to_string()),
        };
        if may_retry(&r, response.status) && attempt < 3 {
            std::thread::sleep(Duration::from_millis(200 * attempt));
            attempt += 1;
            continue;
        }
        if check_response && !is_response_signed(&signed.signature, &r.secret, &response)? {
            return Err("The response is not countersigned.".into());
        }
        return Ok(response);
    }
}

/// Joins the values of headers with the same name, of which ureq sends the last.
fn join_fields(headers: &[Field]) -> Vec<Field> {
    let mut joined: Vec<Field> = Vec::new();
    for field in headers {
        match joined.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&field.name)) {
            Some(known) => known.value = format!("{}, {}", known.value, field.value),
            None => joined.push(field.clone()),
        }
    }
    joined
}

fn read(response: ureq::Response, method: &str) -> Result<Response, String> {
    let status = response.status();
    require(status >= 200, "ureq takes an interim response for the response.")?;
    let length = response.header("content-length").and_then(|text| text.parse::<usize>().ok());
    let has_body = !method.eq_ignore_ascii_case("HEAD") && status != 304;
    let names: BTreeSet<String> = response.headers_names().into_iter().collect();
    let fields = names.iter().flat_map(|name| response.all(name).into_iter().map(move |value| Field::new(name, value)));
    let headers = fields.collect();
    let mut body = Vec::new();
    response.into_reader().read_to_end(&mut body).map_err(|error| error.to_string())?;
    // ureq takes what ends with the connection for whole, and so it does, unseen, with a chunk that is cut.
    require(!has_body || length.map_or(true, |length| length == body.len()), "The response is cut.")?;
    Ok(Response { status, headers, body })
}
