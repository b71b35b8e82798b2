//! Heads of HTTP messages (RFC 9112), read strictly: what is amiss is noted, and the reading goes on.

/// A request's or response's head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The first line.
    pub first: Vec<u8>,
    /// Names and values, the values without white space around them.
    pub fields: Vec<(String, Vec<u8>)>,
    /// What no sender may write.
    pub faults: Vec<String>,
    /// Its bytes, with the empty line.
    pub len: usize,
    /// Whether it is that of an extended CONNECT, with pseudo-header fields and no first line.
    pub connect: bool,
}

impl Head {
    /// The head at the start of `bytes`, if it is complete.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut head = Self::default();
        let (mut rest, mut first) = (bytes, true);
        loop {
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let line = match line.strip_suffix(b"\r") {
                Some(line) => line,
                None => {
                    head.fault("expected CR LF at the end of a line, found LF alone (RFC 9112 §2.2)");
                    line
                }
            };
            if line.contains(&b'\r') || line.contains(&0) {
                head.fault("expected no CR and no NUL within a line (RFC 9112 §2.2, RFC 9110 §5.5)");
            }
            if line.is_empty() {
                head.len = bytes.len() - rest.len();
                return Some(head);
            }
            if first {
                head.first = line.to_vec();
                first = false;
            } else {
                head.field(line);
            }
        }
    }

    /// The head of an extended CONNECT, or of its answer (RFC 8441).
    pub fn connect(fields: &[(String, Vec<u8>)]) -> Self {
        Self { fields: fields.to_vec(), connect: true, ..Self::default() }
    }

    /// Whether a response of this head opens the connection.
    pub fn opens(&self) -> bool {
        // RFC 9110 §9.3.6: "Any 2xx (Successful) response indicates that the sender […] will switch".
        self.status().is_some_and(|(_, status)| if self.connect { status / 100 == 2 } else { status == 101 })
    }

    /// The values of the fields of this name.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect()
    }

    /// The elements of a field whose value is a list.
    pub fn elements(&self, name: &str) -> Vec<Vec<u8>> {
        let values = self.values(name);
        let elements = values.iter().flat_map(|value| split_list(value));
        elements.map(|element| trim(element).to_vec()).filter(|element| !element.is_empty()).collect()
    }

    /// Whether a list has this element, whatever its letter case.
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.elements(name).iter().any(|found| found.eq_ignore_ascii_case(element.as_bytes()))
    }

    /// Version and status of a response.
    pub fn status(&self) -> Option<(&[u8], u16)> {
        if self.connect {
            let status = self.values(":status").first().and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
            return status.map(|status| (&b""[..], status));
        }
        let line = &*self.first;
        let (version, rest) = line.split_at_checked(line.iter().position(|&byte| byte == b' ')?)?;
        let digits = rest.get(1..4)?;
        let ends = matches!(rest.get(4), None | Some(b' '));
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (ends && digits.iter().all(u8::is_ascii_digit)).then_some((version, status))
    }

    fn fault(&mut self, fault: &str) {
        if !self.faults.iter().any(|found| found == fault) {
            self.faults.push(fault.to_owned());
        }
    }

    fn field(&mut self, line: &[u8]) {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            self.fault("expected no folded line (RFC 9112 §5.2)");
            if let Some((_, value)) = self.fields.last_mut() {
                value.push(b' ');
                value.extend(trim(line));
            }
            return;
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            self.fault("expected a field with a colon");
            return;
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !name.iter().all(|&byte| is_tchar(byte)) {
            self.fault("expected a token before the colon of a field (RFC 9112 §5.1)");
        }
        if value.iter().any(|&byte| byte < b' ' && !b"\t\r\0".contains(&byte) || byte == 0x7f) {
            self.fault("expected no control characters in a field's value (RFC 9110 §5.5)");
        }
        self.fields.push((String::from_utf8_lossy(name).into_owned(), trim(value).to_vec()));
    }
}

/// Without blanks and tabs around it.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(start) = bytes.iter().position(|byte| !blank(byte)) else { return &[] };
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// At commas that are not in quotation marks.
pub fn split_list(value: &[u8]) -> Vec<&[u8]> {
    split(value, b',')
}

/// At a byte that is not in quotation marks.
pub fn split(value: &[u8], at: u8) -> Vec<&[u8]> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (i, &byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == at && !quoted => {
                parts.push(&value[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

/// What a token is made of (RFC 9110 §5.6.2).
pub fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_head_has_no_faults() {
        let head = Head::read(b"HTTP/1.1 101 Switching Protocols\r\nA: b, c\r\na:\t d \r\n\r\n\x81").unwrap();
        assert_eq!(head.status(), Some((&b"HTTP/1.1"[..], 101)));
        assert_eq!(head.values("A"), [&b"b, c"[..], b"d"]);
        assert!(head.lists("a", "C") && head.lists("a", "d") && !head.lists("a", "b, c"));
        assert!(head.faults.is_empty());
        assert_eq!(head.len, 53);
        assert!(Head::read(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n").is_none());
    }

    #[test]
    fn faults_are_noted() {
        for bytes in [
            &b"x\nA: b\r\n\r\n"[..],
            b"x\r\nA : b\r\n\r\n",
            b"x\r\nA: b\r\n c\r\n\r\n",
            b"x\r\nA\r\n\r\n",
            b"x\r\nA: b\rc\r\n\r\n",
        ] {
            assert_eq!(Head::read(bytes).unwrap().faults.len(), 1, "{}", bytes.escape_ascii());
        }
    }
}
