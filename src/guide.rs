//! A guide in reading order; each page's programs are tests.
//!
//! 1. [Closing well](closing)
//! 2. [Async and cancellation](cancellation)
//! 3. [TLS](tls)
//! 4. [Compression](compression)
//! 5. [Without an allocator](no_alloc)
//! 6. [Frames only](frames)
//! 7. [Fuzz your own](fuzzing)
//! 8. [Moving from tungstenite](from_tungstenite)
//! 9. [Questions](faq)

macro_rules! pages {
    ($($name:ident)*) => {
        $(
            #[doc = include_str!(concat!("guide/", stringify!($name), ".md"))]
            pub mod $name {}
        )*
    };
}

pages!(closing cancellation tls compression no_alloc frames fuzzing from_tungstenite faq);
