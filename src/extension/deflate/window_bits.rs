//! The size of the window that back-references may reach into.

use core::fmt;

/// The base-2 logarithm of a window's size (RFC 7692 §7.1.2): 8 to 15, for 256 bytes to 32 KiB.
///
/// ```
/// use websocket_proto::extension::deflate::WindowBits;
///
/// assert_eq!(WindowBits::new(10).unwrap().size(), 1024);
/// assert!(WindowBits::new(7).is_none() && WindowBits::new(16).is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(u8)]
pub enum WindowBits {
    /// 256 bytes.
    W8 = 8,
    /// 512 bytes.
    W9,
    /// 1 KiB.
    W10,
    /// 2 KiB.
    W11,
    /// 4 KiB.
    W12,
    /// 8 KiB.
    W13,
    /// 16 KiB.
    W14,
    /// 32 KiB.
    #[default]
    W15,
}

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self::W8;
    /// 32 KiB, which is meant where nothing was agreed on.
    pub const MAX: Self = Self::W15;

    /// From a number, if it is 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        Some(match bits {
            8 => Self::W8,
            9 => Self::W9,
            10 => Self::W10,
            11 => Self::W11,
            12 => Self::W12,
            13 => Self::W13,
            14 => Self::W14,
            15 => Self::W15,
            _ => return None,
        })
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self as u8
    }

    /// The window's size in bytes.
    pub const fn size(self) -> usize {
        1 << self.get()
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
