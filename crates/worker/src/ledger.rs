use quash_edge::LedgerObject;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// A shard of the ledger.
#[durable_object(alarm)]
pub struct Ledger(LedgerObject);

impl DurableObject for Ledger {
    fn new(state: State, env: Env) -> Self {
        Self(LedgerObject::new(state, env))
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.0.fetch(request).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.0.alarm().await
    }
}
