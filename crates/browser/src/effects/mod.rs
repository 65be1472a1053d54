//! What touches the page, one effect a file.

pub(crate) mod cookies;
pub(crate) mod notify;
pub(crate) mod storage;
pub(crate) mod tabs;
