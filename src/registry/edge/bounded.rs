//! What bounds each request.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::StatusCode;

use crate::registry::error::ApiError;

/// Answers within `limit`. A panic becomes an answer; and what was begun is finished where
/// whoever asked goes away meanwhile.
pub async fn bounded(
    limit: Duration,
    answer: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let answer = AssertUnwindSafe(answer).catch_unwind();
    let mut work = Work { answer: Some(Box::pin(answer)), limit };
    match tokio::time::timeout(limit, &mut work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            // The words of the panic are on stderr.
            tracing::error!("a request failed");
            ApiError::internal().into_response()
        }
        Err(_) => {
            work.answer = None;
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the request took too long")
                .hint("it may have been carried out: trying again is safe")
                .into_response()
        }
    }
}

type Finished = std::thread::Result<Response>;

/// What is done for a request. In the usual case the connection's own task does it: a task for
/// each request would cost more than most requests do.
struct Work {
    answer: Option<Pin<Box<dyn Future<Output = Finished> + Send>>>,
    limit: Duration,
}

impl Future for Work {
    type Output = Finished;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Finished> {
        let Some(answer) = &mut self.answer else { return Poll::Pending };
        let done = answer.as_mut().poll(context);
        if done.is_ready() {
            self.answer = None;
        }
        done
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let (Some(answer), Ok(runtime)) =
            (self.answer.take(), tokio::runtime::Handle::try_current())
        {
            let limit = self.limit;
            // The limit needs the runtime's clock, which a task has.
            runtime.spawn(async move { tokio::time::timeout(limit, answer).await });
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(15);

    #[tokio::test]
    async fn a_panic_reaches_the_client_only_as_an_internal_error() {
        let response = bounded(LONG, async { panic!("the secret reason") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&body[..], br#"{"error":"internal server error"}"#);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended_with_a_word() {
        let (held, dropped) = oneshot::channel::<()>();
        let endless = async move {
            let _held = held;
            std::future::pending().await
        };
        let response = bounded(Duration::from_millis(20), endless).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert!(dropped.await.is_err(), "it is not gone on with");
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_when_the_client_goes_away() {
        let (go, begun) = oneshot::channel::<()>();
        let (tell, done) = oneshot::channel();
        let mut work = Box::pin(bounded(LONG, async move {
            begun.await.unwrap();
            tell.send(()).unwrap();
            StatusCode::OK.into_response()
        }));
        assert!((&mut work).now_or_never().is_none(), "it waits");
        drop(work);
        go.send(()).expect("it is still there");
        done.await.expect("it is finished");
    }
}
