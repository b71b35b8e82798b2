//! The fields of a head that another HTTP stack has parsed, in whatever form that stack keeps them.

/// The fields of a head (RFC 9110 §5), in a form that can be gone through more than once.
///
/// It is implemented for whatever iterates over pairs of a name and a value and can be cloned at little cost: `&http::HeaderMap`
/// (hyper, axum, h2, reqwest), `&actix_http::header::HeaderMap`, a slice or an array of pairs, a reference to a `Vec` or a map, and
/// an iterator that is `Clone`. Nothing is copied, and the crate does not depend on any of these stacks.
///
/// Names are in any letter case. A field that occurs several times comes as often, in its order. White space around a value is
/// ignored.
///
/// ```
/// use std::collections::BTreeMap;
/// use websocket_proto::handshake::{Parts, Received};
///
/// let array = [("host", "example.com")];
/// assert!(matches!(Received::from_parts(Parts::new("GET", "/", (1, 1), &array)), Ok(Received::Http(_))));
/// let slice: &[(String, Vec<u8>)] = &[("host".to_owned(), b"example.com".to_vec())];
/// assert!(matches!(Received::from_parts(Parts::new("GET", "/", (1, 1), slice)), Ok(Received::Http(_))));
/// let map = BTreeMap::from([("host", "example.com")]);
/// assert!(matches!(Received::from_parts(Parts::new("GET", "/", (1, 1), &map)), Ok(Received::Http(_))));
/// ```
pub trait FieldSection<'b>: sealed::FieldSection + Clone {
    /// Goes through the fields, in their order.
    type Pairs: Iterator<Item = (&'b str, &'b [u8])>;

    /// Each field's name and value, in their order.
    fn into_pairs(self) -> Self::Pairs;
}

impl<'b, T> FieldSection<'b> for T
where
    T: IntoIterator<Item: Field<'b>> + Clone,
{
    type Pairs = core::iter::Map<T::IntoIter, fn(T::Item) -> (&'b str, &'b [u8])>;

    fn into_pairs(self) -> Self::Pairs {
        self.into_iter().map(Field::into_pair)
    }
}

/// One field of a [`FieldSection`]: a pair of references, or a reference to a pair.
pub trait Field<'b>: sealed::Field {
    /// The name and the value.
    fn into_pair(self) -> (&'b str, &'b [u8]);
}

impl<'b, N: AsRef<str> + ?Sized, V: AsRef<[u8]> + ?Sized> Field<'b> for (&'b N, &'b V) {
    fn into_pair(self) -> (&'b str, &'b [u8]) {
        (self.0.as_ref(), self.1.as_ref())
    }
}

impl<'b, N: AsRef<str>, V: AsRef<[u8]>> Field<'b> for &'b (N, V) {
    fn into_pair(self) -> (&'b str, &'b [u8]) {
        (self.0.as_ref(), self.1.as_ref())
    }
}

/// The values of each field with this name.
pub(crate) fn values<'b, 'n, F: FieldSection<'b>>(
    fields: F,
    name: &'n str,
) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n, F> {
    fields.into_pairs().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

mod sealed {
    pub trait FieldSection {}
    impl<T: IntoIterator<Item: Field> + Clone> FieldSection for T {}

    pub trait Field {}
    impl<N: ?Sized, V: ?Sized> Field for (&N, &V) {}
    impl<N, V> Field for &(N, V) {}
}
