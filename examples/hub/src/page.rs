//! A page with a peer in it, and the client of socket.io for it, from where npm has put that.

use std::path::Path;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

/// Scripts, styles and connections from here alone.
const POLICY: &str = "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What the page is made of.
pub struct Page {
    /// The client and its licence, if they are there.
    client: Option<(Bytes, Bytes)>,
}

impl Page {
    /// With the client in this folder, which is npm's `socket.io-client`.
    ///
    /// # Errors
    ///
    /// Which of its files can't be read.
    pub fn new(client: Option<&Path>) -> Result<Self, String> {
        let read = |path: &Path| {
            std::fs::read(path).map(Bytes::from).map_err(|error| format!("can't read {}: {error}", path.display()))
        };
        let client = client.map(|folder| {
            Ok::<_, String>((read(&folder.join("dist/socket.io.min.js"))?, read(&folder.join("LICENSE"))?))
        });
        Ok(Self { client: client.transpose()? })
    }

    /// The answer to a request for a part of the page; none if it is for something else.
    pub fn answer<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let client = self.client.as_ref();
        let (kind, body) = match request.uri().path() {
            "/" => ("text/html", include_str!("../page/index.html").into()),
            "/page.js" => ("text/javascript", include_str!("../page/page.js").into()),
            "/page.css" => ("text/css", include_str!("../page/page.css").into()),
            // Where the server of the reference has it, too.
            "/socket.io/socket.io.js" => ("text/javascript", client?.0.clone()),
            "/socket.io/LICENSE" => ("text/plain", client?.1.clone()),
            _ => return None,
        };
        let mut response = Response::new(Full::new(body));
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            *response.body_mut() = Full::from("expected GET or HEAD, found another method\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        let headers = response.headers_mut();
        if let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8")) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_there_without_a_client_and_nothing_else_is() {
        let page = Page::new(None).unwrap();
        let answer = |path: &str| page.answer(&Request::get(path).body(()).unwrap()).map(|response| response.status());
        for path in ["/", "/page.js", "/page.css"] {
            assert_eq!(answer(path), Some(StatusCode::OK), "{path}");
        }
        for path in ["/socket.io/", "/socket.io/socket.io.js", "/socket.io/../page.js", "/x"] {
            assert_eq!(answer(path), None, "{path}");
        }
        let posted = page.answer(&Request::post("/").body(()).unwrap()).unwrap();
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert!(Page::new(Some(Path::new("nowhere"))).is_err_and(|error| error.contains("nowhere")));
    }
}
