//! A host to log in to, as the one by which a laptop reaches a cluster.

use super::server::READY;
use crate::common::services::Daemon;
use crate::common::{Sandbox, free_port, wait_until};

/// A real ssh server on loopback for this user, with keys of its own, and an `ssh` on PATH
/// that knows it as `login`. A node's name that only the cluster resolves, `gpu-node` or `gpu-far`, is
/// resolved by that wrapper: it stands for the login host's resolver.
#[derive(Debug)]
pub struct Login {
    _sshd: Daemon,
}

impl Login {
    /// Starts it, and has the sandbox know it.
    #[track_caller]
    pub fn start(sandbox: &mut Sandbox) -> Login {
        let keys = sandbox.path("ssh");
        std::fs::create_dir(&keys).unwrap();
        for name in ["host", "user"] {
            let mut keygen = sandbox.command("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(keys.join(name));
            assert!(keygen.status().expect("ssh-keygen").success());
        }
        let port = free_port();
        let dir = keys.display();
        std::fs::copy(keys.join("user.pub"), keys.join("authorized")).unwrap();
        let host_key = std::fs::read_to_string(keys.join("host.pub")).unwrap();
        std::fs::write(keys.join("known"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let sshd = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {dir}/host\nPidFile none\n\
             AuthorizedKeysFile {dir}/authorized\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin yes\nAllowTcpForwarding yes\n"
        );
        std::fs::write(keys.join("sshd.conf"), sshd).unwrap();
        let user = llamactl::commands::identity::user();
        let ssh = format!(
            "Host login\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {dir}/user\n  \
             IdentitiesOnly yes\n  UserKnownHostsFile {dir}/known\n  BatchMode yes\n"
        );
        std::fs::write(keys.join("ssh.conf"), ssh).unwrap();
        if nix::unistd::getuid().is_root() {
            // sshd of root wants this folder, which its service would make.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut command = sandbox.command("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]).arg(keys.join("sshd.conf"));
        let sshd = Daemon::start(command, sandbox.path("sshd.log"));
        let real = which::which_in("ssh", sandbox.var("PATH"), ".").expect("ssh");
        let wrapper = format!(
            "#!/bin/bash\nset -- \"${{@/gpu-far/127.0.0.2}}\"\n\
             exec {} -F {dir}/ssh.conf \"${{@/gpu-node/127.0.0.1}}\"\n",
            real.display()
        );
        sandbox.program("ssh", &wrapper);
        wait_until("sshd", READY, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Login { _sshd: sshd }
    }
}
