//! The target of a request (RFC 9112 §3.2).

use super::text::is_target;

/// A request's target, in the forms that name a resource (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'b> {
    pub(crate) whole: &'b str,
    /// Of the absolute form.
    pub(crate) authority: Option<&'b str>,
    /// The path, and the query.
    resource: &'b str,
}

impl<'b> Target<'b> {
    /// A target as it was sent; `None` unless it names a resource, alone or with a scheme and an authority.
    pub(crate) fn new(whole: &'b str) -> Option<Self> {
        if whole.starts_with('/') {
            return Self::path_only(whole);
        }
        // §4.2.1, 1: a resource name "(or an absolute HTTP/HTTPS URI containing the /resource name/)".
        let (scheme, rest) = whole.split_once("://")?;
        let (authority, resource) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let is_valid = is_known_scheme(scheme) && is_target(whole);
        is_valid.then_some(Self { whole, authority: Some(authority), resource })
    }

    /// The target of a URI that was taken apart: its scheme and authority, where it is absolute, and its path and query.
    #[cfg(feature = "http")]
    pub(crate) fn of_uri(scheme: Option<&str>, authority: Option<&'b str>, resource: &'b str) -> Option<Self> {
        let target = Self::path_only(resource)?;
        scheme.is_none_or(is_known_scheme).then_some(Self { authority, ..target })
    }

    /// The origin form alone, which the `:path` of an extended CONNECT has as well.
    pub(crate) fn path_only(path: &'b str) -> Option<Self> {
        let is_valid = path.starts_with('/') && is_target(path);
        is_valid.then_some(Self { whole: path, authority: None, resource: path })
    }

    /// The path and the query, as they were sent.
    pub(crate) fn split(&self) -> (&'b str, Option<&'b str>) {
        match self.resource.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.resource, None),
        }
    }
}

/// The schemes of an absolute target that may be meant (§4.2.1, 1).
fn is_known_scheme(scheme: &str) -> bool {
    ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}
