//! The ssh command of a tunnel to a server through a login host.

use crate::domain::server::{self, authority};
use crate::exit::Failure;

/// Where a tunnel goes.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The login host, as ssh takes it.
    pub via: &'a str,
    /// The server's host, as the login host knows it.
    pub host: &'a str,
    /// The server's port.
    pub port: u16,
}

impl Route<'_> {
    /// Refuses what ssh could take for an option.
    ///
    /// # Errors
    /// Exit 2.
    pub fn check(&self) -> Result<(), Failure> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if self.via.is_empty() || self.via.starts_with('-') || self.via.contains(odd) {
            return Err(Failure::usage(format!("`{}` is no host to tunnel through", self.via)));
        }
        server::host(self.host)
            .map_err(|problem| Failure::new(format!("the server's address is wrong: {problem}")))
    }

    /// `-L`'s argument: only this machine may use the tunnel.
    pub fn forward(&self, local: u16) -> String {
        format!("127.0.0.1:{local}:{}", authority(self.host, self.port))
    }

    /// ssh's arguments. It listens on 127.0.0.1 alone, and ends when it can't listen, or when
    /// the connection is dead. It may use a connection that is already there, but does not
    /// become one that others use, since it ends with the program.
    pub fn args(&self, local: u16) -> Vec<String> {
        let forward = self.forward(local);
        [
            "-N",
            "-o",
            "ExitOnForwardFailure=yes",
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ControlMaster=no",
            "-L",
            &forward,
            "--",
            self.via,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// A shell command that opens the tunnel, and stays until Ctrl-C.
    ///
    /// # Errors
    /// A text that no shell can hold.
    pub fn command_line(&self, local: u16) -> Result<String, shlex::QuoteError> {
        let mut words = vec!["ssh".to_owned()];
        words.extend(self.args(local));
        shlex::try_join(words.iter().map(String::as_str))
    }

    /// The same, which goes to the background once the tunnel is open.
    ///
    /// # Errors
    /// A text that no shell can hold.
    pub fn background_line(&self, local: u16) -> Result<String, shlex::QuoteError> {
        Ok(self.command_line(local)?.replacen("ssh ", "ssh -f ", 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'a>(via: &'a str, host: &'a str) -> Route<'a> {
        Route { via, host, port: 7 }
    }

    #[test]
    fn nothing_can_become_an_option_of_ssh() {
        assert!(route("me@login", "n1").check().is_ok());
        for (via, host) in [("-oProxyCommand=id", "n1"), ("a b", "n1"), ("", "n1"), ("a", "-x")] {
            assert!(route(via, host).check().is_err(), "{via} {host}");
        }
        let args = route("me@login", "n1").args(9);
        assert_eq!(args[args.len() - 2..], ["--", "me@login"]);
    }

    #[test]
    fn only_this_machine_may_use_the_tunnel() {
        assert_eq!(route("l", "n1").forward(9), "127.0.0.1:9:n1:7");
        assert_eq!(route("l", "::1").forward(9), "127.0.0.1:9:[::1]:7");
        let line = route("me@login", "n1").background_line(9).unwrap();
        assert!(line.starts_with("ssh -f -N ") && line.ends_with(" -- me@login"), "{line}");
    }
}
