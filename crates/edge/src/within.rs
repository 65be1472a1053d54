use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use worker::Delay;

/// What `work` comes to; `None` when it takes longer.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Delay::from(time))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
