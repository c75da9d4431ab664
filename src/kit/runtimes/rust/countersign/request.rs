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


/// What is signed. Time, since 1970, and nonce are chosen if they are `None`.
#[derive(Default)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<Field>,
    pub body: Vec<u8>,
    pub access_key: String,
    pub secret: Vec<u8>,
    pub time: Option<Duration>,
    pub nonce: Option<String>,
    pub signed_headers: Vec<String>,
    pub session_token: Option<String>,
    pub challenge: Option<String>,
}


/// The headers to add, the string to sign, and the URL to send.
pub struct Signed {
    pub headers: Vec<Field>,
    pub text: Vec<u8>,
    pub url: String,
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


fn owned(text: impl AsRef<[u8]>) -> Vec<u8> {
    text.as_ref().to_vec()
}


fn read_utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| error.to_string())
}


/// A request before it is signed.
struct Prepared {
    method: Vec<u8>,
    scheme: Vec<u8>,
    origin: String,
    authority: Vec<u8>,
    target: Vec<u8>,
    headers: Vec<Field>,
    names: Vec<String>,
    body: Option<Vec<u8>>,
    access_key: Vec<u8>,
    time: Duration,
    timestamp: Vec<u8>,
    nonce: Vec<u8>,
    session_token: Option<Vec<u8>>,
    challenge: Option<Vec<u8>>,
    signature: Vec<u8>,
}


/// A header or parameter of the scheme.
struct Added {
    name: &'static str,
    value: Vec<u8>,
}


fn added(name: &'static str, value: impl AsRef<[u8]>) -> Added {
    Added { name, value: owned(value) }
}


fn is_made_of(text: &str, lengths: std::ops::RangeInclusive<usize>, marks: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte);
    lengths.contains(&text.len()) && text.bytes().all(is_one)
}


fn prepare(given: &Request) -> Result<Prepared, String> {
    let url = given.url.split('#').next().unwrap_or("");
    let (scheme, rest) = url.split_once("://").ok_or("The URL must be absolute.")?;
    let (host, target) = rest.split_at(rest.find(&['/', '?'][..]).unwrap_or(rest.len()));
    let scheme_name = scheme.to_ascii_lowercase();
    let is_known = scheme_name == "https" || scheme_name == "http";
    require(is_known && !host.contains('@'), "The URL must be absolute, without a user name.")?;
    // Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
    require(rest.bytes().all(|byte| byte.is_ascii_graphic()), "The host and the target must be printable ASCII, without blanks.")?;
    require(is_made_of(&given.method, 1..=64, "_!#$%&'*+.^`|~-"), "The method is not a token.")?;
    let is_issued = is_made_of(given.challenge.as_deref().unwrap_or(""), 0..=512, "_.~+/=-");
    require(is_issued, "The challenge has characters that no server issues, or more than 512.")?;
    let lower = host.to_lowercase();
    let authority = lower.strip_suffix(if scheme_name == "https" { ":443" } else { ":80" }).unwrap_or(&lower);
    let mut names: Vec<String> = given.signed_headers.iter().map(|name| name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    let time = given.time.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    let nonce = given.nonce.clone().map_or_else(random_nonce, Ok)?;
    let challenge = given.challenge.clone();
    let challenge = challenge.or_else(|| Some("none".into())); // with challenge
    Ok(Prepared {
        method: given.method.to_uppercase().into_bytes(),
        scheme: scheme_name.into_bytes(),
        origin: format!("{}://{}", scheme, host),
        authority: owned(authority),
        target: format!("{}{}", if target.starts_with('/') { "" } else { "/" }, target).into_bytes(),
        headers: given.headers.clone(),
        names,
        body: Some(given.body.clone()).filter(|body| !body.is_empty()),
        access_key: owned(&given.access_key),
        time,
        timestamp: timestamp_of(time)?,
        nonce: nonce_of(nonce.as_bytes())?,
        session_token: given.session_token.clone().map(String::into_bytes),
        challenge: challenge.map(String::into_bytes),
        signature: Vec::new(),
    })
}


/// Returns what is before the first end, and what is after it.
fn cut_at(text: &[u8], end: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let found = text.windows(end.len().max(1)).position(|window| window == end);
    found.map_or((owned(text), None), |at| (owned(&text[..at]), Some(owned(&text[at + end.len()..]))))
}


/// Returns where the port begins, with its colon.
fn port_start(authority: &[u8]) -> Option<usize> {
    let colon = authority.iter().rposition(|byte| *byte == b':')?;
    Some(colon).filter(|at| authority[at + 1..].iter().all(u8::is_ascii_digit))
}


fn host_of(r: &Prepared) -> Vec<u8> {
    owned(&r.authority[..port_start(&r.authority).unwrap_or(r.authority.len())])
}


fn port_of(r: &Prepared) -> Vec<u8> {
    let port = port_start(&r.authority).map_or(&b""[..], |at| &r.authority[at + 1..]);
    let usual = if r.scheme == b"https" { &b"443"[..] } else { b"80" };
    owned(if port.is_empty() { usual } else { port })
}


fn path_of(r: &Prepared) -> Vec<u8> {
    cut_at(&r.target, b"?").0
}


fn query_of(r: &Prepared) -> Option<Vec<u8>> {
    cut_at(&r.target, b"?").1.filter(|query| !query.is_empty())
}


fn url_of(r: &Prepared) -> Vec<u8> {
    [&r.scheme[..], b"://", &r.authority, &r.target].concat()
}


fn header_value(r: &Prepared, name: &str) -> Result<Option<Vec<u8>>, String> {
    let blanks = &[' ', '\t'][..];
    let same = r.headers.iter().filter(|field| field.name.to_ascii_lowercase() == name);
    let values: Vec<&str> = same.map(|field| field.value.trim_matches(blanks)).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let joined = values.join(", ");
    let value = joined.trim_matches(blanks);
    let is_printable = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    require(is_printable, &format!("{} is not printable ASCII", name))?;
    Ok(Some(owned(value)))
}


fn nothing() -> Option<Vec<u8>> {
    None
}


fn needed(value: Option<impl AsRef<[u8]>>, name: &str) -> Result<Vec<u8>, String> {
    value.map(owned).ok_or(format!("The request lacks {}", name))
}


fn default_to(value: Option<impl AsRef<[u8]>>, fallback: impl AsRef<[u8]>) -> Vec<u8> {
    value.map_or_else(|| owned(fallback), owned)
}


fn only_for(r: &Prepared, methods: &[&str], value: Option<impl AsRef<[u8]>>) -> Option<Vec<u8>> {
    value.map(owned).filter(|_| methods.iter().any(|one| one.as_bytes() == r.method))
}


fn chosen_names(r: &Prepared, separator: &[u8]) -> Option<Vec<u8>> {
    let names: Vec<&[u8]> = r.names.iter().map(|name| name.as_bytes()).collect();
    Some(names.join(separator)).filter(|_| !names.is_empty())
}


fn chosen_lines(r: &Prepared) -> Result<Option<Vec<u8>>, String> {
    let mut lines = Vec::new();
    for name in &r.names {
        lines.extend(line_of(name.as_bytes(), &needed(header_value(r, name)?, name)?)?);
    }
    Ok(Some(lines).filter(|_| !r.names.is_empty()))
}
