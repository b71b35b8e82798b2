//! Settings that are made of others.

/// Defines methods that each give the same settings with another value in one field.
macro_rules! setters {
    ($settings:ident: $( $(#[$attribute:meta])* $setter:ident($field:ident: $type:ty), )+) => {
        impl $settings {
            $(
                $(#[$attribute])*
                #[must_use]
                pub const fn $setter(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )+
        }
    };
}

pub(crate) use setters;
