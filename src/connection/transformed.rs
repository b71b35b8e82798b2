//! Messages that an extension of the application's own has transformed (§9.1).

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use super::Message;
use super::{Connection, Part, Role, SendError};
#[cfg(feature = "alloc")]
use crate::extension::Encode;
use crate::wire::{MessageKind, Output, Rsv};

impl<R: Role> Connection<R> {
    /// Appends a message, or a fragment of one, whose payload an extension of the application's own has transformed: the bits tell the
    /// peer which. The payload is sent as it is, and what it means is between the extension's two ends.
    ///
    /// ```
    /// use websocket_proto::wire::Rsv;
    /// use websocket_proto::{Connection, Limits, MessageKind, Negotiated, Part, Server};
    ///
    /// let negotiated = Negotiated::elsewhere().with_extension(Rsv::RSV3);
    /// let mut connection = Connection::new(negotiated, Server, &Limits::default());
    /// let mut out = Vec::new();
    /// connection.send_transformed(MessageKind::Text, Rsv::RSV3, b"uryyb", Part::Whole, &mut out).unwrap();
    /// assert_eq!(out, b"\x91\x05uryyb");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`], with nothing written and the connection as before; [`SendError::ReservedBits`] for a bit that no extension of the
    /// application's own has been given.
    pub fn send_transformed(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
        part: Part,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        self.expect_own(rsv)?;
        self.append_frame(kind, payload, part, rsv, out)
    }

    /// Appends a message, or a fragment of one, transformed by an extension of the application's own: see
    /// [`Decode`](crate::extension::Decode) for an example. Fragments of a message go through the same encoder, in their order.
    ///
    /// # Errors
    ///
    /// As [`send_transformed`](Self::send_transformed). The encoder is not asked then, but where there is no room in the output.
    #[cfg(feature = "alloc")]
    pub fn send_encoded<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
        part: Part,
        encoder: &mut impl Encode,
        out: &mut impl Output,
    ) -> Result<(), SendError> {
        let (message, rsv) = (message.into(), encoder.rsv());
        self.expect_own(rsv)?;
        self.admit(message.kind(), part, rsv)?;
        let mut payload = Vec::new();
        encoder.encode(message.payload(), part.is_last(), &mut payload);
        self.append_frame(message.kind(), &payload, part, rsv, out)
    }

    /// Only an extension of the application's own may set these bits, which is in use.
    fn expect_own(&self, rsv: Rsv) -> Result<(), SendError> {
        // §5.2: the bits "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values".
        let others = rsv.without(self.reader.owned_rsv().without(self.deflate_rsv()));
        if others == Rsv::NONE { Ok(()) } else { Err(SendError::ReservedBits { rsv: others }) }
    }

    /// A fragment with these bits does not continue the message.
    #[cold]
    pub(super) fn other_form(&self, rsv: Rsv) -> SendError {
        match self.sending_rsv | rsv {
            bits if bits == self.deflate_rsv() => SendError::OtherForm { begun_compressed: rsv == Rsv::NONE },
            _ => SendError::OtherTransformation { begun: self.sending_rsv },
        }
    }
}
