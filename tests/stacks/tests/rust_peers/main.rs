//! Each stack against peers that are written in Rust or speak byte by byte. Those in other languages: see `../../run`.

mod clients;
mod h2;
mod hyper_client;
mod servers;
mod support;
