//! Enums whose text stands beside each variant.

/// Defines an enum and its `Display`: what stands after a variant's `=>` is its text, which may name the variant's fields.
///
/// What is in a tuple variant is given a name for that, as in `Head(error: HeadError) => "{error}";`.
macro_rules! text_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_attribute:meta])*
                $variant:ident
                $({ $( $(#[$field_attribute:meta])* $field:ident: $field_type:ty, )+ })?
                $(( $inner:ident: $inner_type:ty ))?
                => $text:literal $(, $argument:expr)*;
            )+
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $(
                $(#[$variant_attribute])*
                $variant $({ $( $(#[$field_attribute])* $field: $field_type, )+ })? $(( $inner_type ))?,
            )+
        }

        impl core::fmt::Display for $name {
            #[allow(unused_doc_comments, unused_variables)] // A variant's attributes go along; not each field is in its text.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(
                        $(#[$variant_attribute])*
                        Self::$variant $({ $( $field ),+ })? $(( $inner ))? => write!(f, $text $(, $argument)*),
                    )+
                }
            }
        }
    };
}

pub(crate) use text_enum;
