//! What the supervisor does next: state × event → actions. Pure; time is passed in, as the
//! time since the start.

use std::time::Duration;

use crate::shutdown::Stop;

/// How long the child may be left unkilled after SIGKILL before it is given up: a process
/// in an uninterruptible wait (a dead file system, a GPU driver) does not end.
const KILL_WAITS: Duration = Duration::from_secs(5);

/// The time limits of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// How long loading may take.
    pub start: Duration,
    /// How long draining may take after the drain signal, with all that comes after it.
    pub drain: Duration,
    /// SLURM's KillWait: how long after SIGTERM the SIGKILL comes.
    pub kill_wait: Duration,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// What happens to the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// `/health` answered 200.
    Healthy,
    /// A signal.
    Stop(Stop),
    /// Nothing is in flight any more.
    Drained,
    /// The child ended.
    Ended(Ended),
    /// SLURM's KillWait became known.
    KillWait(Duration),
    /// [`Machine::wake`] has come.
    Tick,
}

/// What the supervisor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open the gate, and tell everybody.
    Announce,
    /// Refuse new requests, tell the registry, and watch for the last one to end.
    Refuse,
    /// Cut all connections.
    CloseAll,
    /// SIGINT to the child's process group.
    Interrupt,
    /// SIGKILL to the child's process group.
    Kill,
    /// It is over.
    Finish(End),
}

/// Why it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As somebody asked for.
    Stopped,
    /// As somebody asked for, but the child crashed on its way out.
    StoppedBadly(Ended),
    /// The child ended before it was ready.
    NeverReady(Ended),
    /// The child did not become ready in time.
    TooSlow,
    /// The child ended, and nobody had asked for it.
    Crashed(Ended),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    Ready,
    Draining { until: Duration },
    Stopping { step: Step, until: Duration },
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Interrupted,
    InterruptedAgain,
    Killed,
}

/// The life of one server.
#[derive(Debug)]
pub struct Machine {
    state: State,
    limits: Deadlines,
    /// When the first SIGTERM or SIGINT came.
    terminated: Option<Duration>,
    too_slow: bool,
}

impl Machine {
    /// A server that was just started.
    pub fn new(limits: Deadlines) -> Machine {
        Machine { state: State::Loading, limits, terminated: None, too_slow: false }
    }

    /// When to send [`Event::Tick`].
    pub fn wake(&self) -> Option<Duration> {
        match self.state {
            State::Loading => Some(self.limits.start),
            State::Draining { until } | State::Stopping { until, .. } => Some(until),
            State::Ready | State::Over => None,
        }
    }

    /// When this process is killed from outside, if that is known.
    pub fn killed_at(&self) -> Option<Duration> {
        self.terminated.map(|at| at + self.limits.kill_wait)
    }

    /// How long requests in flight have from now, while draining.
    pub fn drains_for(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Draining { until } => Some(until.saturating_sub(now)),
            _ => None,
        }
    }

    /// Takes an event and says what to do.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        match (self.state, event) {
            (State::Over, _) => Vec::new(),
            (_, Event::KillWait(kill_wait)) => {
                self.limits.kill_wait = kill_wait;
                self.tighten();
                Vec::new()
            }
            (_, Event::Ended(ended)) => self.ended(ended),
            (_, Event::Stop(stop)) => self.stop(stop, now),
            (State::Loading, Event::Healthy) => {
                self.state = State::Ready;
                vec![Action::Announce]
            }
            (State::Loading, Event::Tick) if now >= self.limits.start => {
                self.too_slow = true;
                self.interrupt(now)
            }
            (State::Draining { .. }, Event::Drained) => self.interrupt(now),
            (State::Draining { until }, Event::Tick) if now >= until => self.interrupt(now),
            (State::Stopping { step, until }, Event::Tick) if now >= until => {
                self.escalate(step, now)
            }
            (_, Event::Healthy | Event::Drained | Event::Tick) => Vec::new(),
        }
    }

    fn stop(&mut self, stop: Stop, now: Duration) -> Vec<Action> {
        let again = stop == Stop::Terminate && self.terminated.is_some();
        if stop == Stop::Terminate && !again {
            self.terminated = Some(now);
        }
        match self.state {
            State::Loading => self.interrupt(now),
            State::Ready => {
                let time = self.limits.drain.saturating_sub(margin(self.limits.drain));
                let until = match stop {
                    Stop::Drain => now + time,
                    Stop::Terminate => self.term_deadline().unwrap_or(now),
                };
                self.state = State::Draining { until };
                vec![Action::Refuse]
            }
            State::Draining { .. } if again => self.interrupt(now),
            State::Stopping { step: Step::Interrupted | Step::InterruptedAgain, .. } if again => {
                self.kill(now)
            }
            State::Draining { .. } | State::Stopping { .. } => {
                self.tighten();
                Vec::new()
            }
            State::Over => Vec::new(),
        }
    }

    /// Draining never goes on beyond what SIGTERM leaves.
    fn tighten(&mut self) {
        if let (State::Draining { until }, Some(deadline)) = (self.state, self.term_deadline()) {
            self.state = State::Draining { until: until.min(deadline) };
        }
    }

    fn term_deadline(&self) -> Option<Duration> {
        let time = self.limits.kill_wait.saturating_sub(margin(self.limits.kill_wait));
        self.terminated.map(|at| at + time)
    }

    fn interrupt(&mut self, now: Duration) -> Vec<Action> {
        self.state = State::Stopping { step: Step::Interrupted, until: now + self.patience() };
        vec![Action::CloseAll, Action::Interrupt]
    }

    fn escalate(&mut self, step: Step, now: Duration) -> Vec<Action> {
        match step {
            Step::Interrupted => {
                let until = now + self.patience();
                self.state = State::Stopping { step: Step::InterruptedAgain, until };
                vec![Action::Interrupt]
            }
            Step::InterruptedAgain => self.kill(now),
            Step::Killed => {
                self.state = State::Over;
                let ended = Ended { code: None, signal: Some(9) };
                vec![Action::Finish(if self.too_slow {
                    End::TooSlow
                } else {
                    End::StoppedBadly(ended)
                })]
            }
        }
    }

    fn kill(&mut self, now: Duration) -> Vec<Action> {
        let mut until = now + KILL_WAITS;
        if let Some(killed) = self.killed_at() {
            until = until.min(killed.saturating_sub(self.patience())).max(now);
        }
        self.state = State::Stopping { step: Step::Killed, until };
        vec![Action::Kill]
    }

    /// How long the child has after each SIGINT. Two of them and the rest fit the margin.
    fn patience(&self) -> Duration {
        let short =
            if self.terminated.is_some() { self.limits.kill_wait } else { self.limits.drain };
        (margin(short) / 5).clamp(Duration::from_millis(100), Duration::from_secs(1))
    }

    fn ended(&mut self, ended: Ended) -> Vec<Action> {
        let end = match self.state {
            State::Loading => End::NeverReady(ended),
            State::Stopping { .. } if self.too_slow => End::TooSlow,
            State::Stopping { step, .. } if as_asked(step, ended) => End::Stopped,
            State::Stopping { .. } => End::StoppedBadly(ended),
            State::Ready | State::Draining { .. } | State::Over => End::Crashed(ended),
        };
        self.state = State::Over;
        vec![Action::Finish(end)]
    }
}

/// What is kept of `limit` for closing, stopping the child and unregistering: 5 s, or half
/// of a short limit.
pub fn margin(limit: Duration) -> Duration {
    Duration::from_secs(5).min(limit / 2)
}

/// Whether this end is what the signals ask for: 0 (or the signal itself, while it loads)
/// after the first SIGINT, 1 after the second, and whatever SIGKILL leaves.
fn as_asked(step: Step, ended: Ended) -> bool {
    const SIGINT: Option<i32> = Some(2);
    const SIGKILL: Option<i32> = Some(9);
    let interrupted = ended.code == Some(0) || ended.signal == SIGINT;
    match step {
        Step::Interrupted => interrupted,
        Step::InterruptedAgain => interrupted || ended.code == Some(1),
        Step::Killed => interrupted || ended.code == Some(1) || ended.signal == SIGKILL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: Ended = Ended { code: Some(0), signal: None };
    const KILLED: Ended = Ended { code: None, signal: Some(9) };
    const LIMITS: Deadlines = Deadlines { start: s(1800), drain: s(120), kill_wait: s(30) };

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ready() -> Machine {
        let mut machine = Machine::new(LIMITS);
        assert_eq!(machine.on(Event::Healthy, s(1)), [Action::Announce]);
        machine
    }

    #[test]
    fn a_stop_without_requests_ends_at_once() {
        let mut machine = ready();
        assert_eq!(machine.on(Event::Stop(Stop::Terminate), s(10)), [Action::Refuse]);
        let actions = machine.on(Event::Drained, s(10));
        assert_eq!(actions, [Action::CloseAll, Action::Interrupt]);
        assert_eq!(machine.on(Event::Ended(CLEAN), s(10)), [Action::Finish(End::Stopped)]);
        assert_eq!(machine.on(Event::Ended(CLEAN), s(11)), []);
    }

    #[test]
    fn streams_have_until_the_deadline_and_the_child_until_the_margin_ends() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Terminate), s(10));
        assert_eq!(machine.wake(), Some(s(35)));
        assert_eq!(machine.on(Event::Tick, s(34)), []);
        assert_eq!(machine.on(Event::Tick, s(35)), [Action::CloseAll, Action::Interrupt]);
        assert_eq!(machine.on(Event::Tick, s(36)), [Action::Interrupt]);
        assert_eq!(machine.on(Event::Tick, s(37)), [Action::Kill]);
        assert!(machine.wake().unwrap() < machine.killed_at().unwrap());
        assert_eq!(machine.on(Event::Ended(KILLED), s(37)), [Action::Finish(End::Stopped)]);
    }

    #[test]
    fn the_drain_signal_has_its_own_time_which_a_term_cuts_short() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Drain), s(10));
        assert_eq!(machine.drains_for(s(10)), Some(s(115)));
        assert_eq!(machine.on(Event::Stop(Stop::Drain), s(11)), []);
        assert_eq!(machine.on(Event::Stop(Stop::Terminate), s(20)), []);
        assert_eq!(machine.wake(), Some(s(45)));
    }

    #[test]
    fn a_term_late_in_a_drain_does_not_lengthen_it() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Drain), s(10));
        machine.on(Event::Stop(Stop::Terminate), s(120));
        assert_eq!(machine.wake(), Some(s(125)));
    }

    #[test]
    fn a_second_term_ends_it_at_once_and_a_third_kills() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Terminate), s(10));
        let actions = machine.on(Event::Stop(Stop::Terminate), s(11));
        assert_eq!(actions, [Action::CloseAll, Action::Interrupt]);
        assert_eq!(machine.on(Event::Stop(Stop::Terminate), s(11)), [Action::Kill]);
        assert_eq!(machine.on(Event::Stop(Stop::Terminate), s(11)), []);
    }

    #[test]
    fn a_short_kill_wait_that_comes_late_still_counts() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Terminate), s(10));
        machine.on(Event::KillWait(s(4)), s(10));
        assert_eq!((machine.wake(), machine.killed_at()), (Some(s(12)), Some(s(14))));
    }

    #[test]
    fn a_child_that_ends_unasked_is_reported() {
        let mut machine = Machine::new(LIMITS);
        assert_eq!(
            machine.on(Event::Ended(KILLED), s(1)),
            [Action::Finish(End::NeverReady(KILLED))]
        );
        let crashed = [Action::Finish(End::Crashed(KILLED))];
        assert_eq!(ready().on(Event::Ended(KILLED), s(9)), crashed);
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Drain), s(9));
        assert_eq!(machine.on(Event::Ended(KILLED), s(9)), crashed);
    }

    #[test]
    fn a_crash_on_the_way_out_is_told_apart_from_what_the_signals_do() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Terminate), s(9));
        machine.on(Event::Drained, s(9));
        let abort = Ended { code: None, signal: Some(6) };
        assert_eq!(
            machine.on(Event::Ended(abort), s(9)),
            [Action::Finish(End::StoppedBadly(abort))]
        );
    }

    #[test]
    fn loading_that_takes_too_long_is_ended_and_said() {
        let mut machine = Machine::new(LIMITS);
        let actions = machine.on(Event::Tick, s(1800));
        assert_eq!(actions, [Action::CloseAll, Action::Interrupt]);
        assert_eq!(machine.on(Event::Healthy, s(1800)), []);
        let interrupted = Ended { code: None, signal: Some(2) };
        assert_eq!(machine.on(Event::Ended(interrupted), s(1801)), [Action::Finish(End::TooSlow)]);
    }

    #[test]
    fn a_stop_while_loading_does_not_wait_for_anything() {
        for stop in [Stop::Drain, Stop::Terminate] {
            let mut machine = Machine::new(LIMITS);
            let actions = machine.on(Event::Stop(stop), s(3));
            assert_eq!(actions, [Action::CloseAll, Action::Interrupt]);
            let interrupted = Ended { code: None, signal: Some(2) };
            assert_eq!(machine.on(Event::Ended(interrupted), s(3)), [Action::Finish(End::Stopped)]);
        }
    }

    #[test]
    fn a_child_that_survives_sigkill_is_given_up_in_time() {
        let mut machine = ready();
        machine.on(Event::Stop(Stop::Terminate), s(10));
        for second in [35, 36, 37] {
            machine.on(Event::Tick, s(second));
        }
        let wake = machine.wake().unwrap();
        assert!(wake < s(40), "{wake:?}");
        assert_eq!(machine.on(Event::Tick, wake), [Action::Finish(End::StoppedBadly(KILLED))]);
    }
}
