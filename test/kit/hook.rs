// Sends requests whose headers and addresses ureq would change, and prints the status of each response.
#[allow(dead_code)]
#[path = "../countersign.rs"]
mod countersign;

use countersign::{send, Field, Request};

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let status = |method: &str, target: &str, headers: Vec<Field>, body: &str| {
        let request = Request {
            method: method.into(),
            url: format!("{}{}", given[3], target),
            headers,
            body: body.into(),
            access_key: given[1].clone(),
            secret: given[2].clone().into_bytes(),
            signed_headers: vec!["X-Account".into()],
            ..Request::default()
        };
        match send(request, true) {
            Ok(response) => println!("{}", response.status),
            Err(problem) => println!("{}", problem),
        }
    };
    let account = || Field::new("X-Account", "7");
    let twice = vec![account(), Field::new("If-Match", "\"a\""), Field::new("if-match", "\"b\"")];
    status("PUT", "/orders", twice, "a");
    status("GET", "/a/../orders/?q=a b&city=Köln&n='x'#part", vec![account()], "");
    status("GET", "/orders", vec![], "");
}
