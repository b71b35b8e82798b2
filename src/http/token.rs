//! Tokens and comma-separated lists: the small words of field values (RFC 9110 §5.6).

/// RFC 9110 §5.6.2: `tchar`. RFC 2616's `token`, of which RFC 6455 speaks, is the same set.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    // A table of all 256 bytes: the lookup cannot fail.
    TOKEN_BYTES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// `token = 1*tchar`.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// How many bytes at the front of `bytes` are token bytes.
pub(crate) fn token_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| !is_token_byte(byte)).unwrap_or(bytes.len())
}

/// Takes as many token bytes from the front of `bytes` as there are.
pub(crate) fn split_token(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(token_len(bytes)).unwrap_or((bytes, &[]))
}

/// `value` without the optional white space (RFC 9110 §5.6.3: space and tab) in front of it.
pub(crate) fn trim_start(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    value
}

/// `value` without the optional white space around it.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let mut value = trim_start(value);
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The elements of a comma-separated list.
///
/// RFC 9110 §5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    value.split(|&byte| byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// Text of bytes that were found to be ASCII.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

static TOKEN_BYTES: [bool; 256] = alphanumeric_and(b"!#$%&'*+-.^_`|~");

/// A table of all bytes: true for letters and digits, and for the `others`.
#[allow(clippy::indexing_slicing)] // The compiler evaluates it.
pub(crate) const fn alphanumeric_and(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_bytes_are_visible_ascii_without_separators() {
        // RFC 2616 §2.2: token = 1*<any CHAR except CTLs or separators>.
        let separators = b"()<>@,;:\\\"/[]?={} \t";
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_graphic() && !separators.contains(&byte);
            assert_eq!(is_token_byte(byte), expected, "{byte:#x}");
        }
    }

    #[test]
    fn empty_elements_of_a_list_are_skipped() {
        let found: Vec<&[u8]> = elements(b", a ,,\tb,").collect();
        assert_eq!(found, [b"a", b"b"]);
    }
}
