//! What is asked of the core, as cases that run natively and as WebAssembly: what a request costs, and what a set of revocations.
//!
//! In scope: the cases themselves, each as a batch of iterations. Out of scope: the clock. Natively `main.rs` holds it;
//! around the module it is the driver's, `core.ts` or `follower.ts`, because a Worker's own stands still while it computes.

pub mod cases;
#[cfg(target_arch = "wasm32")]
mod exports;
pub mod ledger;
#[cfg(target_arch = "wasm32")]
mod set_exports;
pub mod sets;

/// As the engine has it.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
