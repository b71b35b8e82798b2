//! What drives a server and measures it.
#![allow(dead_code)] // each program uses a part

pub mod echoers;
pub mod program;
