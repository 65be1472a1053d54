//! What a request costs in the core, as cases that run natively and as WebAssembly.
//!
//! In scope: the cases themselves, each as a batch of iterations. Out of scope: the clock. Natively `main.rs` holds it;
//! around the module it is the driver's, `core.ts`, because a Worker's own stands still while it computes.

pub mod cases;
#[cfg(target_arch = "wasm32")]
mod exports;
