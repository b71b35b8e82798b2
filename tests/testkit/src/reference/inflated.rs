//! Messages that come compressed (RFC 7692 §6.2).

#[cfg(feature = "deflate")]
use websocket_proto::{MessageKind, ProtocolError, extension::deflate::Compression};

#[cfg(feature = "deflate")]
use super::{CodePoint, code_point, invalid_utf8, valid_up_to};
use super::{Decoder, End, Step};

#[cfg(feature = "deflate")]
/// The compressed messages so far, where they are decompressed.
pub(super) struct Inflated {
    pub(super) compression: Compression,
    pub(super) earlier: Vec<Vec<u8>>,
}

impl Decoder<'_> {
    pub(super) fn compressed_end(&mut self) -> Result<(), End> {
        #[cfg(feature = "deflate")]
        if self.inflated.is_some() {
            let bytes = self.inflate(true)?;
            let (message, inflated) = (self.message.take(), self.inflated.as_mut());
            let (message, inflated) = message.zip(inflated).expect("begun by its header");
            inflated.earlier.push(message.bytes);
            self.outcome.steps.push(Step::Message(message.kind, bytes));
            return Ok(());
        }
        let message = self.message.take().expect("begun by its header");
        self.outcome.steps.push(Step::Compressed(message.kind, message.bytes));
        Ok(())
    }

    /// A defect shows as soon as its bytes are there.
    pub(super) fn inflate_so_far(&mut self) -> Result<(), End> {
        #[cfg(feature = "deflate")]
        if self.inflated.is_some() && self.message.as_ref().is_some_and(|message| message.compressed) {
            self.inflate(false)?;
        }
        Ok(())
    }

    /// RFC 7692 §6.2: what the message decompresses to, as far as it has come. The first defect in it is the one that counts.
    #[cfg(feature = "deflate")]
    fn inflate(&self, whole: bool) -> Result<Vec<u8>, End> {
        let (message, inflated) = self.message.as_ref().zip(self.inflated.as_ref()).expect("a compressed message");
        let (bytes, result) = crate::inflate::next(inflated.compression, &inflated.earlier, &message.bytes, whole);
        let max = self.endpoint.limits.max_message_len;
        let fitting = &bytes[..bytes.len().min(usize::try_from(max).unwrap_or(usize::MAX))];
        if message.kind == MessageKind::Text {
            let valid = valid_up_to(fitting);
            if let CodePoint::Impossible = code_point(&fitting[valid..]) {
                return Err(End::Failed(invalid_utf8(valid)));
            }
        }
        if fitting.len() < bytes.len() {
            return Err(End::Failed(ProtocolError::MessageTooLong { len: max + 1, max }));
        }
        if let Err(error) = result {
            return Err(End::Failed(ProtocolError::InvalidCompression(error)));
        }
        let valid = valid_up_to(&bytes);
        if whole && message.kind == MessageKind::Text && valid < bytes.len() {
            return Err(End::Failed(invalid_utf8(valid)));
        }
        Ok(bytes)
    }
}
