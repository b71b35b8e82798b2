//! Extensions of the application's own, beside permessage-deflate.

use core::fmt;

use super::negotiate::ExtensionId;

/// Which extensions of the application's own an endpoint wants: as many as there are reserved bits, which no two can share.
#[derive(Clone, Copy)]
pub(crate) struct OwnIds([Option<&'static ExtensionId>; 3]);

impl OwnIds {
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static ExtensionId> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Takes out the extension with this name.
    pub(super) fn take(&mut self, name: &str) -> Option<&'static ExtensionId> {
        self.0.iter_mut().find_map(|place| place.take_if(|id| id.name == name))
    }
}

impl fmt::Debug for OwnIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|id| id.name)).finish()
    }
}

/// The same with what a request or a response has to write of each.
#[derive(Clone, Copy)]
pub(crate) struct OwnExtensions<T> {
    pub(super) ids: OwnIds,
    texts: [Option<T>; 3],
    /// The first one for which there was no place.
    pub(super) refused: Option<&'static ExtensionId>,
}

impl<T: Copy> OwnExtensions<T> {
    pub(super) const NONE: Self = Self { ids: OwnIds([None; 3]), texts: [None; 3], refused: None };

    /// Adds an extension, unless there are three already, or one of them `conflicts` with it or has the same name.
    pub(super) fn add(&mut self, id: &'static ExtensionId, text: T, conflicts: impl Fn(&ExtensionId) -> bool) {
        let conflicts = self.ids.iter().any(|other| other.name == id.name || conflicts(other));
        let place = self.ids.0.iter_mut().zip(&mut self.texts).find(|(place, _)| place.is_none());
        match place {
            Some((place, its_text)) if !conflicts => (*place, *its_text) = (Some(id), Some(text)),
            Some(_) | None => self.refused = self.refused.or(Some(id)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static ExtensionId, T)> + '_ {
        self.ids.iter().zip(self.texts.iter().flatten().copied())
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self.ids.0, [None, ..])
    }
}
