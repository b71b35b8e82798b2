//! Messages in, bytes out (§6.1, §5.4, §5.5).

use super::closing::Stage;
use super::{Connection, Message, Part, Role, SendError, ServerRole, State};
#[cfg(feature = "alloc")]
use super::{Prepared, PreparedForm};
use crate::frame::Sequence;
use crate::wire::{DataOpcode, EncodedHeader, Header, Masker, MaskingKey, MessageKind, Opcode, Output, Rsv, widened};

/// The longest payload whose length stands in a header's second byte (§5.2).
const SHORT: u16 = 125;

impl<R: Role> Connection<R> {
    /// Appends a message to `out`, in one frame; a client's is masked while it is copied.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send("Hello", &mut out).unwrap();
    /// connection.send(&[1, 2, 3], &mut out).unwrap();
    /// assert_eq!(out, b"\x81\x05Hello\x82\x03\x01\x02\x03");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before.
    #[inline(always)] // However many places in a program send.
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>, out: &mut impl Output) -> Result<(), SendError> {
        let message = message.into();
        let (kind, payload) = (message.kind(), message.payload());
        match u8::try_from(payload.len()) {
            Ok(len) if u16::from(len) <= SHORT && self.may_begin() => {
                let key = self.role.next_key();
                let header = Header::whole(Opcode::Data(kind.into()), len.into(), key).encode();
                out.append_frame(header, payload, Masker::of(key, self.level()))?;
                self.frame_sent(&header);
                Ok(())
            }
            _ => self.append_whole(kind, payload, out),
        }
    }

    /// Appends a fragment of a message to `out` (§5.4). Control frames may go out between fragments, other messages may not.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send_part("Hel", Part::First, &mut out).unwrap();
    /// connection.ping(b"", &mut out).unwrap();
    /// connection.send_part("lo", Part::Last, &mut out).unwrap();
    /// assert_eq!(out, b"\x01\x03Hel\x89\x00\x80\x02lo");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before.
    #[inline]
    pub fn send_part<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        part: Part,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let message = message.into();
        self.append_frame(message.kind(), message.payload(), part, Rsv::NONE, out)
    }

    /// Whether a whole message may come next, as far as can be seen at one glance.
    #[inline(always)]
    const fn may_begin(&self) -> bool {
        matches!((self.stage, self.sending), (Stage::Before(State::Open), Sequence::Between))
    }

    /// Appends a message of more than 125 bytes in one frame, or one that may not come next.
    #[inline(never)] // What is inlined is short.
    fn append_whole(&mut self, kind: MessageKind, payload: &[u8], out: &mut impl Output) -> Result<(), SendError> {
        match u16::try_from(payload.len()) {
            Ok(len) if len > SHORT && self.may_begin() => {
                let key = self.role.next_key();
                let header = Header::whole(Opcode::Data(kind.into()), len.into(), key).encode();
                out.append_frame(header, payload, Masker::of(key, self.level()))?;
                self.frame_sent(&header);
                Ok(())
            }
            _ => self.append_frame(kind, payload, Part::Whole, Rsv::NONE, out),
        }
    }

    /// Appends a data frame with this payload.
    #[inline(never)] // What is short is done before.
    pub(super) fn append_frame(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        part: Part,
        rsv: Rsv,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let (header, key, after) = self.frame(kind, part, rsv, widened(payload.len()))?;
        out.append_frame(header, payload, Masker::of(key, self.level()))?;
        self.data_sent(&header, after);
        Ok(())
    }

    /// A data frame with this header goes out.
    #[inline]
    pub(super) fn data_sent(&mut self, header: &EncodedHeader, after: Sequence) {
        self.sending = after;
        self.frame_sent(header);
    }

    /// The header of this side's next data frame, and where it leaves the sequence.
    #[inline]
    pub(super) fn frame(
        &mut self,
        kind: MessageKind,
        part: Part,
        rsv: Rsv,
        len: u64,
    ) -> Result<(EncodedHeader, Option<MaskingKey>, Sequence), SendError> {
        let (opcode, after) = self.admit(kind, part, rsv)?;
        let key = self.role.next_key();
        // RFC 7692 §6.1: an endpoint "MUST NOT set" the bit on "non-first fragments of a data message".
        let first_rsv = if part.is_first() { rsv } else { Rsv::NONE };
        let header = Header::data(opcode, part.is_last(), len)?.with_rsv(first_rsv).with_masking_key(key).encode();
        if part.is_first() {
            self.sending_rsv = rsv;
        }
        Ok((header, key, after))
    }

    /// Whether such a frame may come next, and where it leaves the sequence.
    #[inline]
    pub(super) fn admit(&self, kind: MessageKind, part: Part, rsv: Rsv) -> Result<(DataOpcode, Sequence), SendError> {
        self.expect_open()?;
        let opcode = if part.is_first() { kind.into() } else { DataOpcode::Continuation };
        let after = self.sending.after(opcode, part.is_last())?;
        match self.sending {
            Sequence::Within(begun) if begun != kind => Err(SendError::OtherKind { begun }),
            Sequence::Within(_) if self.sending_rsv != rsv => Err(self.other_form(rsv)),
            // What was sent as bytes ended inside a code point, which only bytes can continue.
            Sequence::Within(_) if self.sending_utf8.is_cut() => Err(SendError::NotUtf8 { valid_up_to: 0 }),
            Sequence::Within(_) | Sequence::Between => Ok((opcode, after)),
        }
    }

    #[inline]
    pub(super) fn expect_open(&self) -> Result<(), SendError> {
        match self.state() {
            State::Open => Ok(()),
            // §5.5.1: an endpoint "MUST NOT send any more data frames after sending a Close frame".
            state @ (State::CloseSent | State::CloseReceived | State::Closed) => Err(SendError::NotOpen { state }),
        }
    }

    /// Whether a whole message, already framed, may come next.
    #[cfg(feature = "alloc")]
    pub(crate) fn expect_between_messages(&self) -> Result<(), SendError> {
        self.expect_open()?;
        self.sending.after(DataOpcode::Binary, true)?;
        Ok(())
    }

    /// What [`send_prepared`](Connection::send_prepared) does; only a server has it, since a client masks each frame anew. Where the
    /// compressor is elsewhere, as a framer's is, it does not learn what goes out here.
    #[cfg(feature = "alloc")]
    pub(crate) fn admit_prepared(
        &mut self,
        message: &Prepared,
        compressor_is_elsewhere: bool,
    ) -> Result<PreparedForm, SendError> {
        self.expect_between_messages()?;
        #[cfg(feature = "deflate")]
        let is_compressed =
            message.compression().is_some_and(|compression| self.admit_broadcast(compression, compressor_is_elsewhere));
        #[cfg(not(feature = "deflate"))]
        let is_compressed = {
            let _ = compressor_is_elsewhere;
            false
        };
        let form = if is_compressed { PreparedForm::Compressed } else { PreparedForm::Plain };
        self.frame_sent(message.frame(form));
        Ok(form)
    }

    /// Whether what is sent is masked: what such a side receives is not (§5.1).
    #[cfg(feature = "alloc")]
    pub(crate) const fn masks() -> bool {
        matches!(R::RECEIVES, crate::frame::Masking::Forbidden)
    }

    /// What [`send_header_of`](Connection::send_header_of) does, for a role that does not [mask](Self::masks).
    pub(crate) fn announce(&mut self, kind: MessageKind, len: u64, part: Part) -> Result<EncodedHeader, SendError> {
        let (header, _, after) = self.frame(kind, part, Rsv::NONE, len)?;
        self.data_sent(&header, after);
        Ok(header)
    }
}

impl<R: ServerRole> Connection<R> {
    /// Announces a message, or a fragment of one, whose payload the caller writes itself, right after the returned header: for
    /// a vectored write of a large or shared payload, which is copied nowhere.
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let picture = vec![0; 70_000];
    /// let header = connection.send_header(&picture, Part::Whole).unwrap();
    /// assert_eq!(header[..], [0x82, 127, 0, 0, 0, 0, 0, 0x01, 0x11, 0x70]);
    /// // socket.write_vectored(&[IoSlice::new(&header), IoSlice::new(&picture)])
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with the connection as before.
    #[must_use = "the frame counts as sent: header and payload have to be written"]
    pub fn send_header<'m>(&mut self, message: impl Into<Message<'m>>, part: Part) -> Result<EncodedHeader, SendError> {
        let message = message.into();
        self.announce(message.kind(), message.payload_len(), part)
    }

    /// Announces a message, or a fragment of one, by its kind and length: for a payload that is not in memory, such as a file that
    /// the operating system copies to the socket.
    ///
    /// That many bytes have to follow the header, and nothing between them. The caller vouches that text is UTF-8 (§5.6).
    ///
    /// ```
    /// use websocket_proto::{Connection, Limits, MessageKind, Negotiated, Part, Server};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// let header = connection.send_header_of(MessageKind::Binary, 3 << 30, Part::Whole).unwrap();
    /// assert_eq!(header[..], [0x82, 127, 0, 0, 0, 0, 0xc0, 0, 0, 0]);
    /// // socket.write_all(&header), then sendfile(socket, file, 3 GiB)
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with the connection as before; [`SendError::TooLarge`] for 2⁶³ bytes and more.
    #[must_use = "the frame counts as sent: header and payload have to be written"]
    pub fn send_header_of(
        &mut self,
        kind: MessageKind,
        payload_len: u64,
        part: Part,
    ) -> Result<EncodedHeader, SendError> {
        self.announce(kind, payload_len, part)
    }

    /// Admits a broadcast to this connection, and says in which form: [`Prepared::frame`] has the bytes to write, the same for all.
    ///
    /// # Errors
    ///
    /// [`SendError::NotOpen`], or [`SendError::OutOfSequence`] inside a fragmented message.
    #[cfg(feature = "alloc")]
    #[must_use = "the frame counts as sent: it has to be written"]
    pub fn send_prepared(&mut self, message: &Prepared) -> Result<PreparedForm, SendError> {
        self.admit_prepared(message, false)
    }
}
