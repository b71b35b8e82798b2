//! The compressors.

use websocket_proto::extension::deflate::{Compression, DeflateConfig, Deflater, Effort};

/// What is agreed on with a client that can compress: each message stands alone. So one compressor serves all connections, a broadcast is
/// compressed once, and a connection at rest has no history to keep.
pub const DEFLATE: DeflateConfig = DeflateConfig::DEFAULT.with_own(ALONE).with_peer(ALONE);

const ALONE: Compression = Compression::DEFAULT.with_context_takeover(false);

/// One compressor for each size of the window, made when it is needed.
#[derive(Default)]
pub struct Deflaters {
    made: Vec<Deflater>,
}

impl Deflaters {
    /// The compressor for a client that has agreed on this.
    pub fn like(&mut self, agreed: Compression) -> &mut Deflater {
        let wanted = agreed.with_context_takeover(false);
        let at = self.made.iter().position(|made| made.compression() == wanted).unwrap_or_else(|| {
            self.made.push(Deflater::new(wanted, Effort::FAST));
            self.made.len() - 1
        });
        &mut self.made[at]
    }

    /// The compressor for a message to all; a client that has agreed on less gets it as it is.
    pub fn for_all(&mut self) -> &mut Deflater {
        self.like(ALONE)
    }
}
