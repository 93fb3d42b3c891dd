//! The HTTP that the portal's pages and the REST API share.
//!
//! - [`audio`]: sound as it is sent, whole or in part

pub mod audio;
