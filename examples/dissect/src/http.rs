//! What comes before the frames: requests, responses, and their bodies.

/// One direction of HTTP/1.1, as far as it must be understood to find where frames begin.
#[derive(Debug, Default)]
pub struct Http {
    head: Vec<u8>,
    body: Body,
}

#[derive(Debug, Default)]
enum Body {
    #[default]
    None,
    Length(u64),
    /// `line` is a chunk's size as far as it has come, or a line of the trailer.
    Chunked {
        line: Vec<u8>,
        remaining: u64,
        last: bool,
    },
    /// To the end of the connection.
    Endless,
}

/// A head, and what it says.
#[derive(Clone, Debug)]
pub struct Head {
    pub bytes: Vec<u8>,
    /// The first line and the fields, as they stand, in printable characters.
    pub lines: Vec<String>,
    pub start: String,
    pub fields: Vec<(String, Vec<u8>)>,
}

/// Above any sensible head; a "head" that is longer is none.
const MAX_HEAD: usize = 64 << 10;

impl Http {
    /// Takes the next head from the front of `bytes`, past the body of the one before. `Err` if it can't be one.
    pub fn head(&mut self, bytes: &mut &[u8]) -> Result<Option<Head>, ()> {
        self.body.skip(bytes);
        while !matches!(self.body, Body::None) || !bytes.is_empty() {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(None) };
            *bytes = rest;
            self.head.push(byte);
            if self.head.ends_with(b"\r\n\r\n") || self.head.ends_with(b"\n\n") {
                return Head::parse(std::mem::take(&mut self.head)).map(Some).ok_or(());
            }
            if self.head.len() > MAX_HEAD
                || self.head.len() == 1 && !byte.is_ascii_graphic() && !byte.is_ascii_whitespace()
            {
                return Err(());
            }
        }
        Ok(None)
    }

    /// How many bytes of a head wait for its end.
    pub fn held(&self) -> usize {
        self.head.len()
    }

    /// What follows the head that came last. `answers` is the method of the request, for a response.
    pub fn body_of(&mut self, head: &Head, answers: Option<&str>) {
        let length =
            || head.field("content-length").and_then(|value| String::from_utf8_lossy(value).trim().parse().ok());
        let chunked =
            head.field("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
        self.body = match answers {
            Some("HEAD") => Body::None,
            Some(_) if matches!(head.status(), Some(100..=199 | 204 | 304)) => Body::None,
            _ if chunked => Body::Chunked { line: Vec::new(), remaining: 0, last: false },
            Some(_) => length().map_or(Body::Endless, Body::Length),
            None => length().map_or(Body::None, Body::Length),
        };
    }
}

impl Body {
    fn skip(&mut self, bytes: &mut &[u8]) {
        let pass = |bytes: &mut &[u8], remaining: &mut u64| {
            let n = usize::try_from(*remaining).unwrap_or(usize::MAX).min(bytes.len());
            *bytes = &bytes[n..];
            *remaining -= n as u64;
        };
        loop {
            match self {
                Self::None => return,
                Self::Endless => {
                    *bytes = &[];
                    return;
                }
                Self::Length(remaining) => {
                    pass(bytes, remaining);
                    if *remaining > 0 {
                        return;
                    }
                    *self = Self::None;
                }
                Self::Chunked { line, remaining, last } => {
                    pass(bytes, remaining);
                    let Some((&byte, rest)) = bytes.split_first() else { return };
                    *bytes = rest;
                    line.push(byte);
                    if byte != b'\n' {
                        continue;
                    }
                    let text = String::from_utf8_lossy(line).trim().to_owned();
                    line.clear();
                    if *last && text.is_empty() {
                        *self = Self::None;
                    } else if !*last {
                        let size = text.split(';').next().unwrap_or_default();
                        let size = u64::from_str_radix(size, 16).unwrap_or(0);
                        *last = size == 0;
                        // The data has a line end of its own.
                        *remaining = if size == 0 { 0 } else { size.saturating_add(2) };
                    }
                }
            }
        }
    }
}

impl Head {
    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let printable =
            |bytes: &[u8]| bytes.iter().flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect();
        let mut lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let start: String = printable(lines.next()?);
        let fields: Vec<_> = lines
            .filter_map(|line| {
                let colon = line.iter().position(|&byte| byte == b':')?;
                Some((
                    String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase(),
                    line[colon + 1..].trim_ascii().to_vec(),
                ))
            })
            .collect();
        let all = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let lines = all.filter(|line| !line.is_empty()).map(printable).collect();
        Some(Self { lines, start, fields, bytes })
    }

    /// A head whose fields another protocol has brought.
    pub fn of_request(start: &str, fields: Vec<(String, Vec<u8>)>) -> Self {
        let shown = |value: &[u8]| {
            value.iter().flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect::<String>()
        };
        let lines = fields.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect();
        Self { bytes: Vec::new(), lines, start: start.to_owned(), fields }
    }

    /// The first field of this name, which is in lower case.
    pub fn field<'h>(&'h self, name: &'h str) -> Option<&'h [u8]> {
        self.fields(name).next()
    }

    pub fn fields<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| &value[..])
    }

    /// Whether a list field has this member.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        self.members(name).any(|own| own.eq_ignore_ascii_case(member))
    }

    /// The members of a list field, in all its lines.
    pub fn members(&self, name: &str) -> impl Iterator<Item = String> {
        let values: Vec<String> = self.fields(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        values.into_iter().flat_map(|value| {
            value
                .split(',')
                .map(|member| member.trim().to_owned())
                .filter(|member| !member.is_empty())
                .collect::<Vec<_>>()
        })
    }

    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The two digits of the version.
    pub fn version(&self) -> (u8, u8) {
        let version = self.start.split(' ').find_map(|word| word.strip_prefix("HTTP/")).unwrap_or_default();
        let mut digits = version.split('.').map(|digit| digit.parse().unwrap_or(0));
        (digits.next().unwrap_or(0), digits.next().unwrap_or(0))
    }

    pub fn status(&self) -> Option<u16> {
        if let Some(status) = self.field(":status") {
            return std::str::from_utf8(status).ok()?.parse().ok();
        }
        self.start.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()
    }

    /// Whether a request asks for WebSocket, rightly or wrongly.
    pub fn asks_for_websocket(&self) -> bool {
        self.field(":protocol").is_some()
            || self.field("sec-websocket-key").is_some()
            || self.lists("upgrade", "websocket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_after_bodies_of_each_kind_however_they_are_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\r\n\rHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3;x\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 101 Up\r\n\r\nrest";
        for cut in 0..bytes.len() {
            let (mut http, mut starts, mut last) = (Http::default(), Vec::new(), &[][..]);
            for mut part in [&bytes[..cut], &bytes[cut..]] {
                while let Some(head) = http.head(&mut part).unwrap() {
                    http.body_of(&head, Some("GET"));
                    starts.push(head.status());
                    if head.status() == Some(101) {
                        last = part;
                        break;
                    }
                }
            }
            assert_eq!(starts, [Some(200), Some(200), Some(304), Some(101)], "cut at {cut}");
            assert!(b"rest".starts_with(last) || last == b"rest", "cut at {cut}");
        }
    }
}
