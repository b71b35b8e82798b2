//! Ways to cut bytes.

use std::iter;

use arbitrary::Arbitrary;

/// The lengths of four pieces, over and over; 0 is an empty piece. Behind the 400th, all the rest is one: there are peers to which
/// each read costs as much as their whole buffer.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Cuts([u8; 4]);

impl Cuts {
    pub fn pieces<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut pieces = vec![];
        let mut rest = bytes;
        let mut lens = self.0.iter().map(|&len| usize::from(len)).cycle();
        if self.0 == [0; 4] {
            return vec![bytes];
        }
        while !rest.is_empty() && pieces.len() < 400 {
            let (piece, after) = rest.split_at(lens.next().unwrap_or(1).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    /// Where the pieces end, with the end of all of them.
    pub fn ends(&self, bytes: &[u8]) -> Vec<usize> {
        let ends = self.pieces(bytes).into_iter().scan(0, |end, piece| {
            *end += piece.len();
            Some(*end)
        });
        ends.chain(iter::once(bytes.len())).collect()
    }
}
