//! The target of a request (RFC 9112 §3.2).

use super::excerpt::Excerpt;
use super::request_error::RequestError;
use super::text::is_target;

/// A request's target, in the forms that name a resource (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'b> {
    pub(super) whole: &'b str,
    /// Of the absolute form.
    pub(super) authority: Option<&'b str>,
    /// The path, and the query.
    resource: &'b str,
}

impl<'b> Target<'b> {
    pub(super) fn new(whole: &'b str) -> Result<Self, RequestError> {
        let error = || RequestError::Target { target: Excerpt::new(whole.as_bytes()) };
        if !is_target(whole) {
            return Err(error());
        }
        // §4.2.1, 1: a resource name "(or an absolute HTTP/HTTPS URI containing the /resource name/)".
        let (authority, resource) = if whole.starts_with('/') {
            (None, whole)
        } else {
            let (scheme, rest) = whole.split_once("://").ok_or_else(error)?;
            if !is_known_scheme(scheme) {
                return Err(error());
            }
            let len = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, resource) = rest.split_at_checked(len).ok_or_else(error)?;
            (Some(authority), resource)
        };
        Ok(Self { whole, authority, resource })
    }

    /// The target of a URI that was taken apart: its scheme and authority, where it is absolute, and its path and query.
    #[cfg(feature = "http")]
    pub(super) fn of_uri(
        scheme: Option<&str>,
        authority: Option<&'b str>,
        resource: &'b str,
    ) -> Result<Self, RequestError> {
        if !resource.starts_with('/') || !is_target(resource) || !scheme.is_none_or(is_known_scheme) {
            return Err(RequestError::Target { target: Excerpt::new(resource.as_bytes()) });
        }
        Ok(Self { whole: resource, authority, resource })
    }

    /// The `:path` of an extended CONNECT: the origin form alone.
    pub(super) fn path_only(path: &'b str) -> Result<Self, RequestError> {
        if !path.starts_with('/') || !is_target(path) {
            return Err(RequestError::Target { target: Excerpt::new(path.as_bytes()) });
        }
        Ok(Self { whole: path, authority: None, resource: path })
    }

    /// The path and the query, as they were sent.
    pub(super) fn split(&self) -> (&'b str, Option<&'b str>) {
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
