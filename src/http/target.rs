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
        if !is_target(whole) {
            return None;
        }
        // §4.2.1, 1: a resource name "(or an absolute HTTP/HTTPS URI containing the /resource name/)".
        let (authority, resource) = if whole.starts_with('/') {
            (None, whole)
        } else {
            let (scheme, rest) = whole.split_once("://")?;
            if !is_known_scheme(scheme) {
                return None;
            }
            let len = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, resource) = rest.split_at_checked(len)?;
            (Some(authority), resource)
        };
        Some(Self { whole, authority, resource })
    }

    /// The target of a URI that was taken apart: its scheme and authority, where it is absolute, and its path and query.
    #[cfg(feature = "http")]
    pub(crate) fn of_uri(scheme: Option<&str>, authority: Option<&'b str>, resource: &'b str) -> Option<Self> {
        if !resource.starts_with('/') || !is_target(resource) || !scheme.is_none_or(is_known_scheme) {
            return None;
        }
        Some(Self { whole: resource, authority, resource })
    }

    /// The `:path` of an extended CONNECT: the origin form alone.
    pub(crate) fn path_only(path: &'b str) -> Option<Self> {
        if !path.starts_with('/') || !is_target(path) {
            return None;
        }
        Some(Self { whole: path, authority: None, resource: path })
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
