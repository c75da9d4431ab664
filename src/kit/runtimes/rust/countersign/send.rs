/// Returns the name of a parameter, without its escapes.
fn name_of(parameter: &[u8]) -> Vec<u8> {
    let name: Vec<u8> = cut_at(parameter, b"=").0.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&name).unwrap_or(name)
}


fn without_parameters(target: &[u8], names: &[&str]) -> Vec<u8> {
    let (path, query) = cut_at(target, b"?");
    let query = query.filter(|query| !query.is_empty());
    let all: Vec<&[u8]> = query.iter().flat_map(|query| query.split(|byte| *byte == b'&')).collect();
    let is_own = |parameter: &[u8]| names.iter().any(|name| name.as_bytes() == name_of(parameter));
    let kept: Vec<&[u8]> = all.iter().copied().filter(|parameter| !is_own(parameter)).collect();
    if kept.len() == all.len() {
        return owned(target);
    }
    if kept.is_empty() {
        return path;
    }
    [&path[..], b"?", &kept.join(&b'&')].concat()
}


fn with_parameters(target: &[u8], added: &[Added]) -> Vec<u8> {
    let (path, query) = cut_at(target, b"?");
    let mut all: Vec<Vec<u8>> = query.into_iter().filter(|query| !query.is_empty()).collect();
    let present = added.iter().filter(|one| !one.value.is_empty());
    all.extend(present.map(|one| [one.name.as_bytes(), b"=", &one.value].concat()));
    if all.is_empty() {
        path
    } else {
        [&path[..], b"?", &all.join(&b'&')].concat()
    }
}


/// Signs a request. Says why for one that cannot be signed.
pub fn sign(given: &Request) -> Result<Signed, String> {
    let mut r = prepare(given)?;
    r.target = without_parameters(&r.target, &OWN_PARAMETERS); // with parameters
    r.target = with_parameters(&r.target, &signed_parameters(&r)?); // with parameters
    let text = string_to_sign(&r)?;
    r.signature = signature_of(&r, &given.secret, &text)?;
    let mut headers = Vec::new();
    for one in added_headers(&r)?.into_iter().filter(|one| !one.value.is_empty()) {
        headers.push(Field { name: one.name.into(), value: read_utf8(one.value)? })
    }
    let signed = Signed { headers, text, url: given.url.clone() };
    let target = read_utf8(with_parameters(&r.target, &signature_parameters(&r)?))?; // with parameters
    let signed = Signed { url: format!("{}{}", r.origin, target), ..signed }; // with parameters
    Ok(signed)
}


/// Whether to send a request once more. The server may have carried out another one, such as a POST.
fn may_retry(method: &str, status: u16) -> bool {
    let idempotent = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(&method.to_uppercase().as_str());
    idempotent && [502, 503, 504].contains(&status)
}


/// Sends a request with ureq. Signs every attempt anew, and follows no redirect.
pub fn send(mut r: Request) -> Result<Response, String> {
    // A connection that is kept is tried a second time, with the same nonce.
    let agent = ureq::AgentBuilder::new().redirects(0).max_idle_connections(0).timeout(Duration::from_secs(60)).build();
    // The URL as ureq sends it: it escapes `'` in a query.
    let as_sent = |method: &str, url: &str| {
        let request = agent.request(method, url).request_url();
        request.map(|url| url.as_url().to_string()).map_err(|error| error.to_string())
    };
    r.url = as_sent(&r.method, &r.url)?;
    r.headers = join_fields(&r.headers);
    let mut attempt = 1;
    loop {
        let signed = sign(&r)?;
        require(as_sent(&r.method, &signed.url)? == signed.url, "ureq changes the URL.")?; // with parameters
        let mut request = agent.request(&r.method, &signed.url);
        for field in r.headers.iter().chain(&signed.headers) {
            request = request.set(&field.name, &field.value)
        }
        let response = match if r.body.is_empty() { request.call() } else { request.send_bytes(&r.body) } {
            Ok(response) | Err(ureq::Error::Status(_, response)) => read(response, &r.method)?,
            Err(error) => return Err(error.to_string()),
        };
        if !may_retry(&r.method, response.status) || attempt >= 3 {
            return Ok(response);
        }
        std::thread::sleep(Duration::from_millis(200 * attempt));
        attempt += 1;
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
    let mut names = response.headers_names();
    names.sort();
    names.dedup();
    let fields = names.iter().flat_map(|name| response.all(name).into_iter().map(move |value| Field::new(name, value)));
    let headers = fields.collect();
    let mut body = Vec::new();
    response.into_reader().read_to_end(&mut body).map_err(|error| error.to_string())?;
    // ureq takes what ends with the connection for whole, and so it does, unseen, with a chunk that is cut.
    require(!has_body || length.map_or(true, |length| length == body.len()), "The response is cut.")?;
    Ok(Response { status, headers, body })
}
