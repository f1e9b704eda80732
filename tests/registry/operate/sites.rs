//! What sites run the registry with: systemd's units.

use super::run;
use crate::common::{Sandbox, project};

#[test]
fn the_units_are_right_and_hardened() {
    let sandbox = Sandbox::new();
    for unit in ["llamactl-registry.service", "llamactl-node-agent.service"] {
        let path = project().join("deploy/systemd").join(unit);
        let text = std::fs::read_to_string(path).unwrap();
        // systemd looks whether the program is there.
        let text = text.replace("/usr/local/bin/llamactl", "/bin/true");
        let file = sandbox.write(unit, text).display().to_string();
        let said = run("systemd-analyze", &["verify", "--man=no", &file]);
        assert_eq!(said.trim(), "", "{unit}");
        // The exposure level ends in one decimal; 2.0 is what systemd calls OK.
        let limit = ["security", "--offline=yes", "--no-pager", "--threshold=20", &file];
        run("systemd-analyze", &limit);
    }
}
