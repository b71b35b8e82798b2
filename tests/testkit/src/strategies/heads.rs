//! Changes to the head of a request or response.

use proptest::prelude::*;

/// A change to a head.
#[derive(Clone, Debug)]
pub enum Mutation {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(&b"\r\n\t :,;=\"\\\0\x7f\x80"[..])];
    let at = 0..2000_usize;
    prop::collection::vec(
        prop_oneof![
            (at.clone(), byte.clone()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
            (at.clone(), byte).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
            (at.clone(), 1..40_usize).prop_map(|(at, len)| Mutation::Remove(at, len)),
            (at, 1..80_usize).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        ],
        0..6,
    )
}

pub fn mutate(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mutation in mutations {
        match *mutation {
            Mutation::Replace(at, byte) => {
                let at = at % (bytes.len() + 1);
                bytes.splice(at..bytes.len().min(at + 1), [byte]);
            }
            Mutation::Insert(at, byte) => bytes.insert(at % (bytes.len() + 1), byte),
            Mutation::Remove(at, len) => {
                let at = at % (bytes.len() + 1);
                bytes.drain(at..bytes.len().min(at + len));
            }
            Mutation::Repeat(at, len) => {
                let at = at % (bytes.len() + 1);
                let part = bytes[at..bytes.len().min(at + len)].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}
