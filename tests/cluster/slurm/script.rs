//! The job script through real `sbatch`.

use llamactl::slurm::sbatch::Submission;
use llamactl::slurm::script::{self, Frame};

use super::bin::{Bin, Job};
use crate::common::script::{resolved, spec};

const NONCE: &str = "0123456789abcdef";

/// Names that sbatch's own reading of `#SBATCH` lines could spoil.
#[tokio::test]
async fn names_and_comments_come_out_of_slurm_as_they_went_in() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    for name in [
        "plain",
        "two words",
        "it's \"quoted\"",
        r"back\slash\\twice\",
        "#hash #more",
        "$HOME `id` $(id)",
        "a,b;c|d&e",
        "ünï 日本 🦙",
        "--time=1",
        "100%",
    ] {
        let mut all = resolved(spec());
        all.spec.name = name.to_owned();
        all.slurm.args = Some(vec!["--hold".into(), format!("--comment={name}")]);
        let script = script::render(&all, Frame { nonce: NONCE, llamactl: "/bin/true" }).unwrap();
        let submission =
            Submission { mark: script::mark(NONCE), name: name.to_owned(), cluster: None };
        let submitted = slurm.submit(&script, &submission).await.unwrap();
        let job = Job { id: submitted.id, bin: &bin };
        let seen = slurm.job_details(&job.id).await.unwrap().unwrap();
        assert_eq!(seen.name, name);
        assert_eq!(seen.comment, Some(format!("{name} llamactl:{NONCE}")));
    }
}
