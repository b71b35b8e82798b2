//! A guide in reading order; each page's programs are tests.
//!
//! 1. [Echo in 20 lines](echo)
//! 2. [The four duties](duties)
//! 3. [Closing well](closing)
//! 4. [Async and cancellation](cancellation)
//! 5. [Two tasks](two_tasks)
//! 6. [TLS](tls)
//! 7. [Compression](compression)
//! 8. [Back-pressure](back_pressure)
//! 9. [Without an allocator](no_alloc)
//! 10. [Frames only](frames)
//! 11. [Fuzz your own](fuzzing)
//! 12. [Moving from tungstenite](from_tungstenite)
//! 13. [Questions](faq)

macro_rules! pages {
    ($($name:ident)*) => {
        $(
            #[doc = include_str!(concat!("guide/", stringify!($name), ".md"))]
            pub mod $name {}
        )*
    };
}

pages!(echo duties closing cancellation two_tasks tls compression back_pressure no_alloc frames fuzzing from_tungstenite faq);
