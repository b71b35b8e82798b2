//! A head of HTTP/1 as two others see it: `httparse`, and a reader that splits at line ends and colons.

/// Names in lower case, and values.
pub type Fields = Vec<(String, Vec<u8>)>;

/// Splits a head that is known to be right into its start line, before which there may be empty ones, and its fields.
pub fn fields(head: &[u8]) -> (String, Fields) {
    let start = head.iter().position(|byte| !b"\r\n".contains(byte)).expect("a start line");
    let head = &head[start..];
    let head = head.strip_suffix(b"\r\n\r\n").expect("a head ends with an empty line");
    let mut lines = split(head, b"\r\n").into_iter();
    let start = String::from_utf8_lossy(lines.next().expect("a start line")).into_owned();
    let field = |line: &[u8]| {
        let colon = line.iter().position(|&byte| byte == b':').expect("a colon");
        let name = std::str::from_utf8(&line[..colon]).expect("an ASCII name").to_ascii_lowercase();
        let value = line[colon + 1..].trim_ascii();
        (name, value.to_vec())
    };
    (start, lines.map(field).collect())
}

/// How long the head is, with empty lines before it and the one that ends it. It is right up to there.
pub fn head_len(bytes: &[u8]) -> Option<usize> {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte))?;
    let end = bytes[start..].windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    Some(start + end + 4)
}

fn split<'b>(mut bytes: &'b [u8], at: &[u8]) -> Vec<&'b [u8]> {
    let mut parts = Vec::new();
    while let Some(end) = bytes.windows(at.len()).position(|window| window == at) {
        parts.push(&bytes[..end]);
        bytes = &bytes[end + at.len()..];
    }
    parts.push(bytes);
    parts
}

/// The values of a field.
pub fn values<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Vec<&'f [u8]> {
    fields.iter().filter(|(found, _)| found == name).map(|(_, value)| &value[..]).collect()
}

/// Whether one of the values is a list with this token.
pub fn has_token(values: &[&[u8]], token: &str) -> bool {
    let is = |element: &[u8]| element.trim_ascii().eq_ignore_ascii_case(token.as_bytes());
    values.iter().any(|value| value.split(|&byte| byte == b',').any(is))
}

/// What `httparse` makes of a whole request head: its length, method, target and fields. As for a response, any minor version is read.
pub fn httparse_request(head: &[u8]) -> Option<(usize, String, String, Fields)> {
    let mut headers = [httparse::EMPTY_HEADER; 200];
    let mut request = httparse::Request::new(&mut headers);
    let mut head = head.to_vec();
    let version = head.windows(8).position(|bytes| bytes == b" HTTP/1.");
    if let Some(minor) = version.and_then(|at| head.get_mut(at + 8)).filter(|minor| minor.is_ascii_digit()) {
        *minor = b'1';
    }
    let Ok(httparse::Status::Complete(len)) = request.parse(&head) else { return None };
    Some((len, request.method?.into(), request.path?.into(), owned(request.headers)))
}

/// What `httparse` makes of a whole response head: its length, status and fields. It knows HTTP/1.0 and 1.1 only, where RFC 9110 §2.5
/// has a recipient read any minor version as the highest that it knows.
pub fn httparse_response(head: &[u8]) -> Option<(usize, u16, Fields)> {
    let mut headers = [httparse::EMPTY_HEADER; 200];
    let mut response = httparse::Response::new(&mut headers);
    let mut head = head.to_vec();
    if let Some(minor) = head.get_mut(7).filter(|minor| minor.is_ascii_digit()) {
        *minor = b'1';
    }
    let Ok(httparse::Status::Complete(len)) = response.parse(&head) else { return None };
    Some((len, response.code?, owned(response.headers)))
}

fn owned(headers: &[httparse::Header<'_>]) -> Fields {
    headers.iter().map(|header| (header.name.to_ascii_lowercase(), header.value.trim_ascii().to_vec())).collect()
}
