//! Counting what is under way, by values that live as long as it does.

use std::sync::Arc;

use tokio::sync::watch;

/// How many there are; whoever waits is woken by each change.
pub type Counter = Arc<watch::Sender<usize>>;

/// One that is counted, until it is dropped.
#[derive(Debug)]
pub struct Counted(Counter);

impl Counted {
    /// Counts one more.
    pub fn new(counter: &Counter) -> Counted {
        counter.send_modify(|count| *count += 1);
        Counted(Arc::clone(counter))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
