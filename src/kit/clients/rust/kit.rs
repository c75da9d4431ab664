// cargo build
// ./target/debug/kit check ../../vectors/plain/*
// ./target/debug/kit call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
mod countersign;

use countersign::{send, sign, Field, Request};
use std::path::Path;
use std::{env, fs, process};

/// Compares a case. Returns the first stage that differs.
fn check(folder: &str) -> Result<(), String> {
    let bytes = |name: &str| fs::read(Path::new(folder).join(name)).unwrap_or_default();
    let text = |name: &str| String::from_utf8_lossy(&bytes(name)).into_owned();
    let exists = |name: &str| Path::new(folder).join(name).exists();
    let lines = |name: &str| text(name).lines().map(String::from).collect::<Vec<_>>();
    let headers = lines("headers")
        .iter()
        .filter_map(|line| line.split_once(':').map(|(name, value)| Field::new(name, value)))
        .collect();
    let made = sign(&Request {
        method: text("method"),
        url: text("url"),
        headers,
        body: bytes("body"),
        access_key: text("access-key"),
        secret: bytes("secret"),
        time: Some(text("time").parse().map_err(|_| "time")?),
        nonce: Some(text("nonce")),
        signed_headers: lines("signed-headers"),
        unsigned_body: exists("unsigned-body"),
    });
    let signed = match made {
        Err(_) if exists("refused") => return Ok(()),
        Err(problem) => return Err(format!("refused: {}", problem)),
        Ok(_) if exists("refused") => return Err("must be refused".into()),
        Ok(signed) => signed,
    };
    if signed.text != text("string-to-sign") {
        return Err("string-to-sign".into());
    }
    let added: String = signed.headers.iter().map(|field| format!("{}: {}\n", field.name, field.value)).collect();
    if added == text("added-headers") {
        Ok(())
    } else {
        Err("added-headers".into())
    }
}

fn member(json: &str, name: &str) -> Result<String, String> {
    let found = json.split_once(&format!("\"{}\"", name)).and_then(|(_, rest)| rest.split('"').nth(1));
    found.map(String::from).ok_or(format!("The credentials lack {}", name))
}

fn call(given: &[String]) -> Result<i32, String> {
    let at = |i: usize| given.get(i).cloned().unwrap_or_default();
    let file = env::var("COUNTERSIGN_CREDENTIALS").unwrap_or("../../credentials.json".into());
    let credentials = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let body = match at(3).strip_prefix('@') {
        Some(path) => fs::read(path).map_err(|error| error.to_string())?,
        None => at(3).into_bytes(),
    };
    let request = Request {
        method: at(0),
        url: at(1),
        headers: if at(2).is_empty() { vec![] } else { vec![Field::new("Content-Type", &at(2))] },
        body,
        access_key: member(&credentials, "accessKey")?,
        secret: member(&credentials, "secret")?.into_bytes(),
        ..Request::default()
    };
    let response = send(request, env::var("COUNTERSIGN_CHECK_RESPONSE").is_ok())?;
    println!("{}\n{}", response.status, String::from_utf8_lossy(&response.body));
    Ok(if response.status / 100 == 2 { 0 } else { 1 })
}

fn main() {
    let given: Vec<String> = env::args().skip(1).collect();
    if given.first().map(String::as_str) == Some("call") {
        process::exit(call(&given[1..]).unwrap_or_else(|problem| {
            eprintln!("{}", problem);
            1
        }));
    }
    let folders = given.get(1..).unwrap_or_default();
    let mut failed = 0;
    for folder in folders {
        if let Err(problem) = check(folder) {
            println!("{}: {}", folder, problem);
            failed += 1;
        }
    }
    println!("{} of {} cases agree", folders.len() - failed, folders.len());
    process::exit(if failed == 0 { 0 } else { 1 });
}
