//! The parsers of foreign bytes, for the fuzz targets.
//!
//! The parsers' files are included directly and not through the crate, so that the targets build in
//! a minute or two, and only the parsers and what they use are instrumented.
#![allow(dead_code, unused_imports, reason = "the targets use a part of the files")]

#[path = "../../src"]
mod house {
    pub mod config;
    pub mod domain;

    pub mod auth {
        pub mod mini_app;

        /// The member of staff who is found in the data of a Mini App.
        pub struct Staff(pub crate::config::StaffMember);

        impl From<&crate::config::StaffMember> for Staff {
            fn from(member: &crate::config::StaffMember) -> Self {
                Self(member.clone())
            }
        }
    }

    pub mod telegram {
        pub mod callback;
    }

    pub mod web {
        pub mod graphql_http;
    }
}

pub mod endpoint;

pub use house::{auth, config, domain, telegram, web};
