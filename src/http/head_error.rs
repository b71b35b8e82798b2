//! What can be wrong with the syntax of a head.

use crate::wire::{error_type, text_enum};

error_type! {
    /// A head that is not HTTP/1, or is beyond a limit: the first breach in the order of the bytes.
    ///
    /// Offsets count from the first byte that was received. Both sides use it: a server answers 400, 414 or 431
    /// ([`RequestError::Head`](crate::handshake::RequestError::Head)), a client fails
    /// ([`ResponseError::Head`](crate::handshake::ResponseError::Head)).
    ///
    /// ```
    /// use websocket_proto::handshake::{HeadError, RequestError, ServerHandshake};
    /// use websocket_proto::wire::Limits;
    ///
    /// let mut handshake = ServerHandshake::new(&Limits::DEFAULT);
    /// let error = handshake.receive(b"GET / HTTP/1.1\r\nHost : x").unwrap_err();
    /// assert_eq!(error, RequestError::Head(HeadError::SpaceInFieldName { offset: 20 }));
    /// assert_eq!(error.to_string(), "white space in a field name, at byte 20");
    /// ```
    #[non_exhaustive]
    pub enum HeadError: u16 {
        /// A byte that cannot stand where it was seen, such as the first byte of a TLS hello.
        UnexpectedByte {
            /// The byte.
            byte: u8,
            /// Where it was seen.
            offset: usize,
            /// What it was taken for.
            part: HeadPart,
        } [400] => "expected {part}, found '{}' at byte {offset}", byte.escape_ascii();
        /// A line that ends in LF alone. RFC 9112 §2.2 would allow it to be taken for a line end; where two readers
        /// disagree about it, requests are smuggled.
        BareLineFeed {
            /// Where the LF was seen.
            offset: usize,
        } [400] => "LF without CR, at byte {offset}";
        /// A CR without its LF (RFC 9112 §2.2).
        BareCarriageReturn {
            /// Where the CR was seen.
            offset: usize,
        } [400] => "CR without LF, at byte {offset}";
        /// A line that begins with white space, and would continue the field before it (RFC 9112 §5.2, `obs-fold`).
        FoldedLine {
            /// Where the line begins.
            offset: usize,
        } [400] => "line begins with white space, at byte {offset}";
        /// A space or tab in a field name, or between it and the colon (RFC 9112 §5.1).
        SpaceInFieldName {
            /// Where it was seen.
            offset: usize,
        } [400] => "white space in a field name, at byte {offset}";
        /// A field line that begins with its colon.
        EmptyFieldName {
            /// Where the line begins.
            offset: usize,
        } [400] => "field without a name, at byte {offset}";
        /// A field line without a colon.
        NoColon {
            /// Where the line ends.
            offset: usize,
        } [400] => "field without a colon, at byte {offset}";
        /// A start line that alone reaches the limit of the head.
        StartLineTooLong {
            /// [`Limits::max_head_len`](crate::wire::Limits::max_head_len).
            max: usize,
        } [414] => "expected a head of at most {max} bytes, found a longer start line";
        /// A head longer than the limit.
        TooLong {
            /// [`Limits::max_head_len`](crate::wire::Limits::max_head_len).
            max: usize,
        } [431] => "expected a head of at most {max} bytes, found a longer one";
        /// A head with more fields than the limit.
        TooManyFields {
            /// [`Limits::max_head_fields`](crate::wire::Limits::max_head_fields).
            max: usize,
        } [431] => "expected a head of at most {max} fields, found more";
    }
}

impl HeadError {
    /// The status of the response that refuses such a request.
    pub(crate) const fn status(&self) -> u16 {
        self.facts()
    }
}

text_enum! {
    /// The part of a head in which a byte was seen that cannot stand there.
    ///
    /// ```
    /// use websocket_proto::handshake::HeadPart;
    ///
    /// assert_eq!(HeadPart::Target.to_string(), "a request target");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum HeadPart {
        /// A request's method: a token.
        Method => "a method";
        /// A request's target: visible ASCII without `#`.
        Target => "a request target";
        /// `HTTP/`, a digit, a dot and a digit.
        Version => "an HTTP version";
        /// A response's status code: three digits.
        Status => "a status code";
        /// A response's reason phrase.
        Reason => "a reason phrase";
        /// A field's name: a token.
        FieldName => "a field name";
        /// A field's value: anything but control characters; tabs are fine.
        FieldValue => "a field value";
    }
}
