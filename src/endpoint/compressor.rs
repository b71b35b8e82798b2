//! Data frames, compressed where that was agreed on.

#[cfg(feature = "deflate")]
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Config;
#[cfg(feature = "deflate")]
use crate::extension::deflate::{Deflater, Effort};
use crate::{Connection, Message, Part, Role, SendError};

/// The compressor of one side; without the feature `deflate`, nothing.
#[derive(Debug)]
pub(super) struct Compressor {
    #[cfg(feature = "deflate")]
    deflater: Option<Box<Deflater>>,
    #[cfg(feature = "deflate")]
    effort: Effort,
    /// Whether messages are compressed here, if that was agreed on.
    #[cfg(feature = "deflate")]
    on: bool,
}

impl Compressor {
    pub(super) fn new<D>(config: &Config<D>) -> Self {
        let _ = config;
        Self {
            #[cfg(feature = "deflate")]
            deflater: None,
            #[cfg(feature = "deflate")]
            effort: config.effort,
            #[cfg(feature = "deflate")]
            on: true,
        }
    }

    /// Whether messages are compressed.
    #[inline]
    pub(super) fn compresses<R: Role>(&self, connection: &Connection<R>) -> bool {
        let _ = connection;
        #[cfg(feature = "deflate")]
        return self.is_on() && connection.deflate().is_some();
        #[cfg(not(feature = "deflate"))]
        false
    }

    /// Appends a frame.
    #[inline]
    pub(super) fn frame<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        part: Part,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        #[cfg(feature = "deflate")]
        if self.compresses(connection) {
            return self.compress(connection, message, part, out);
        }
        if part == Part::Whole {
            return connection.send(message, out);
        }
        connection.send_part(message, part, out)
    }

    #[cfg(feature = "deflate")]
    fn compress<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        part: Part,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        if self.deflater.is_none() {
            self.deflater = connection.deflater(self.effort).map(Box::new);
        }
        match &mut self.deflater {
            Some(deflater) if part == Part::Whole => connection.send_compressed(message, deflater, out),
            Some(deflater) => connection.send_compressed_part(message, part, deflater, out),
            None => connection.send_part(message, part, out),
        }
    }

    /// Whether messages are compressed here, if that was agreed on.
    pub(super) fn is_on(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.on;
        #[cfg(not(feature = "deflate"))]
        false
    }

    /// Whether messages are compressed here from now on, if that was agreed on.
    pub(super) fn turn(&mut self, on: bool) {
        let _ = on;
        #[cfg(feature = "deflate")]
        {
            self.on = on;
        }
    }

    /// Gives the memory back: the next message is compressed without the history of the earlier ones, which its receiver need not know.
    pub(super) fn hibernate(&mut self) {
        #[cfg(feature = "deflate")]
        {
            self.deflater = None;
        }
    }
}
