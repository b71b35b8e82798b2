//! A guide in reading order; each page's programs are tests.
//!
//! 1. [Echo in 20 lines](echo)
//! 2. [The four duties](duties)
//! 3. [Closing well](closing)
//! 4. [Async and cancellation](cancellation)
//! 5. [Two tasks](two_tasks)
//! 6. [TLS](tls)
//! 7. [With hyper, axum and proxies](behind_http)
//! 8. [Compression](compression)
//! 9. [Back-pressure](back_pressure)
//! 10. [Without an allocator](no_alloc)
//! 11. [Frames only](frames)
//! 12. [Fuzz your own](fuzzing)
//! 13. [Moving from tungstenite](from_tungstenite)
//! 14. [Questions](faq)

macro_rules! pages {
    ($($name:ident)*) => {
        $(
            #[doc = include_str!(concat!("guide/", stringify!($name), ".md"))]
            pub mod $name {}
        )*
    };
}

pages!(echo duties closing cancellation two_tasks tls behind_http compression back_pressure no_alloc frames fuzzing from_tungstenite faq);
