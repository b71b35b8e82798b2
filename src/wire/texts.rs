//! Enums and errors whose text stands beside what they are.

/// Defines an enum and its `Display`: what stands after a variant's `=>` is its text, which may name the variant's fields.
///
/// What is in a tuple variant is given a name for that, as in `Head(error: HeadError) => "{error}";`, and converts into the enum.
///
/// An enum may state facts about its variants, such as a status code: their type stands after the enum's name, they stand in brackets
/// before each text, and the method `facts` gives them.
macro_rules! text_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident $(: $facts:ty)? {
            $(
                $(#[$variant_attribute:meta])*
                $variant:ident
                $({ $( $(#[$field_attribute:meta])* $field:ident: $field_type:ty, )+ })?
                $(( $inner:ident: $inner_type:ty ))?
                $([ $( $fact:expr ),+ ])? => $text:literal $(, $argument:expr)*;
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

        $( $(
            impl From<$inner_type> for $name {
                fn from($inner: $inner_type) -> Self {
                    Self::$variant($inner)
                }
            }
        )? )+

        $crate::wire::text_enum! {
            @facts $name $($facts)?; $( $variant $({ $( $field ),+ })? $(( $inner ))? $([ $( $fact ),+ ])? )+
        }
    };
    (@facts $name:ident; $( $variants:tt )+) => {};
    (@facts $name:ident $facts:ty; $( $variant:ident $({ $( $field:ident ),+ })? $(( $inner:ident ))? [ $( $fact:expr ),+ ] )+) => {
        impl $name {
            #[allow(unused_parens, unused_variables)] // One fact is not a tuple; few depend on what is in a variant.
            const fn facts(&self) -> $facts {
                match self {
                    $( Self::$variant $({ $( $field: _ ),+ })? $(( $inner ))? => ( $( $fact ),+ ), )+
                }
            }
        }
    };
}

/// Defines an error: an enum as [`text_enum`] does, or a struct with its text after `=>`. Each is `Copy`, and can be compared and hashed.
macro_rules! error_type {
    ($(#[$attribute:meta])* pub enum $name:ident $($rest:tt)+) => {
        $crate::wire::text_enum! {
            $(#[$attribute])*
            #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
            pub enum $name $($rest)+
        }

        impl core::error::Error for $name {}
    };
    (
        $(#[$attribute:meta])*
        pub struct $name:ident { $( $(#[$field_attribute:meta])* pub $field:ident: $field_type:ty, )+ }
        => $text:literal $(, $argument:expr)*;
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub struct $name { $( $(#[$field_attribute])* pub $field: $field_type, )+ }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let Self { $( $field ),+ } = self;
                write!(f, $text $(, $argument)*)
            }
        }

        impl core::error::Error for $name {}
    };
}

pub(crate) use {error_type, text_enum};
