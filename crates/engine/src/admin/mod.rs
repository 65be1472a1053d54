//! The Admin API: what an administrator asks, and what he is told. Read and written here, done by a host.
//!
//! Which mistake is dangerous: to take a demand for a wider one than was meant ends sessions that nobody wanted ended. So a member
//! that is not known is refused, and everything of an issuer's has to be asked for by that name.

mod audit;
mod demand;
mod explain;
mod listing;
mod once;
mod problem;
mod receipt;
mod route;

pub use audit::{Action, AuditPage, AuditRecord, audit_page};
pub use demand::{Demand, Demanded, Line, demands, lifting};
pub use explain::{explained, explanation};
pub use listing::{Listing, Page, Rows, listed};
pub use once::{IdempotencyKey, Remembered};
pub use problem::Problem;
pub use receipt::{Receipt, lifted, receipts};
pub use route::AdminRoute;
