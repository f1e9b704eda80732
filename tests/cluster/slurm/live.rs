//! SLURM's commands on a real SLURM, and the faults that a real one does not produce on demand.

use std::time::Duration;

use llamactl::domain::job::{JobState, Presence};
use llamactl::slurm::SlurmError;
use llamactl::slurm::sbatch::{Submission, SubmitError};

use super::bin::{Bin, Job};
use crate::common::wait::until;

const SOON: Duration = Duration::from_secs(30);

fn submission(nonce: &str, name: &str) -> Submission {
    Submission { mark: format!("llamactl:{nonce}"), name: name.to_owned(), cluster: None }
}

/// A job that sleeps, as small as it can be.
fn script(submission: &Submission, more: &str) -> String {
    format!(
        "#!/bin/bash\n#SBATCH --job-name={}\n#SBATCH --comment={}\n#SBATCH --output=/dev/null\n\
         #SBATCH --mem=10M\n{more}\nexec sleep 300\n",
        submission.name, submission.mark
    )
}

fn nonce() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

async fn submit<'a>(bin: &'a Bin, more: &str) -> Job<'a> {
    let nonce = nonce();
    let submission = submission(&nonce, &format!("t{nonce}"));
    let submitted = bin.slurm().submit(&script(&submission, more), &submission).await.unwrap();
    Job { id: submitted.id, bin }
}

#[tokio::test]
async fn a_job_is_seen_from_the_queue_to_its_end() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    let job = submit(&bin, "").await;
    until(SOON, || async {
        (slurm.job(&job.id).await == Presence::Present(JobState::Running)).then_some(())
    })
    .await;
    let mine = slurm.jobs_mine().await.unwrap();
    let seen = mine.iter().find(|seen| seen.id == job.id).unwrap();
    assert_eq!(seen.partition.as_deref(), Some("main"));
    assert!(seen.start.is_some() && seen.nodes.is_some() && seen.work_dir.is_some());
    let details = slurm.job_details(&job.id).await.unwrap().unwrap();
    assert_eq!(details.log.as_deref(), Some(std::path::Path::new("/dev/null")));

    slurm.cancel(&job.id).await.unwrap();
    let reason = until(SOON, || async {
        match slurm.job(&job.id).await {
            Presence::Gone(reason) => Some(reason),
            _ => None,
        }
    })
    .await;
    assert!(reason.starts_with("CANCELLED"), "{reason}");
    assert!(slurm.jobs_mine().await.unwrap().iter().all(|seen| seen.id != job.id));
    slurm.cancel(&job.id).await.expect("cancelling twice is no error");
}

#[tokio::test]
async fn the_batch_shells_place_is_signalled_and_nothing_else() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    let job = submit(&bin, "").await;
    until(SOON, || async {
        (slurm.job(&job.id).await == Presence::Present(JobState::Running)).then_some(())
    })
    .await;
    // sleep does not catch it, so it dies of it. SLURM says that a job runs before its batch shell
    // is there, and a signal that comes in between reaches nobody.
    until(SOON, || async {
        let gone = matches!(slurm.job(&job.id).await, Presence::Gone(_));
        if !gone {
            // It may end in between.
            let _ = slurm.signal_batch(&job.id, "USR1").await;
        }
        gone.then_some(())
    })
    .await;
}

#[tokio::test]
async fn tasks_of_an_array_have_ids_of_their_own() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    let job = submit(&bin, "#SBATCH --array=1-2\n#SBATCH --hold").await;
    let task = format!("{}_2", job.id);
    assert_eq!(slurm.job(&task).await, Presence::Present(JobState::Pending));
    assert_eq!(slurm.job(&job.id).await, Presence::Present(JobState::Pending));
    slurm.cancel(&task).await.unwrap();
    until(SOON, || async { matches!(slurm.job(&task).await, Presence::Gone(_)).then_some(()) })
        .await;
    assert_eq!(slurm.job(&job.id).await, Presence::Present(JobState::Pending));
    assert!(matches!(slurm.job(&format!("{}_9", job.id)).await, Presence::Gone(_)));
}

#[tokio::test]
async fn gone_is_what_slurm_says_and_never_what_it_fails_to_say() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    assert!(matches!(slurm.job("99999999").await, Presence::Gone(_)));
    assert_eq!(slurm.log_path("99999999").await.unwrap(), None);
    for failure in [
        "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1",
        "echo 'squeue: error: Socket timed out on send/recv operation' >&2; exit 1",
        "kill -9 $$",
        "echo 'some news of the site'",
    ] {
        bin.replace("squeue", failure);
        assert!(matches!(slurm.job("1").await, Presence::Unknown(_)), "{failure}");
    }
    for id in ["--help", "1 2", "", "x"] {
        assert!(matches!(slurm.job(id).await, Presence::Unknown(_)), "{id}");
        assert!(slurm.cancel(id).await.is_err(), "{id}");
    }
    std::fs::remove_file(bin.path().join("squeue")).unwrap();
    assert!(matches!(slurm.jobs_mine().await, Err(SlurmError::Missing(_))));
}

#[tokio::test]
async fn the_cluster_says_what_it_is_and_has() {
    let bin = Bin::new();
    let slurm = bin.slurm();
    let site = slurm.site().await.unwrap();
    assert!(site.cluster.is_some() && site.kill_wait.is_some());
    let types = slurm.gpu_types(None, None).await.unwrap();
    assert!(types.iter().any(|gpu| gpu.name.as_deref() == Some("h100")), "{types:?}");
    let types = slurm.gpu_types(Some("high"), None).await.unwrap();
    assert!(types.iter().all(|gpu| gpu.partitions == ["high"]), "{types:?}");
    assert_eq!(slurm.max_time(None, None).await.unwrap(), None);
}

#[tokio::test]
async fn what_slurm_refuses_is_no_job_and_one_call() {
    let bin = Bin::new();
    bin.wrap("sbatch", "exit $rc");
    let submission = submission(&nonce(), "refused");
    let script = script(&submission, "#SBATCH --partition=nope");
    let error = bin.slurm().submit(&script, &submission).await.unwrap_err();
    assert!(matches!(&error, SubmitError::Refused(why) if why.contains("partition")), "{error}");
    assert_eq!(bin.calls("sbatch"), 1);
}

/// The answer of the controller got lost: the job is there all the same.
#[tokio::test]
async fn a_submission_whose_answer_got_lost_is_found_by_its_mark() {
    let bin = Bin::new();
    for lost in [
        "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv \
         operation' >&2; exit 1",
        "kill -9 $$",
    ] {
        bin.wrap_silenced("sbatch", lost);
        let before = bin.calls("sbatch");
        let nonce = nonce();
        let submission = submission(&nonce, "same-name");
        let script = script(&submission, "#SBATCH --hold");
        let submitted = bin.slurm().submit(&script, &submission).await.unwrap();
        let job = Job { id: submitted.id, bin: &bin };
        let seen = bin.slurm().job_details(&job.id).await.unwrap().unwrap();
        assert_eq!(seen.comment, Some(format!("llamactl:{nonce}")));
        assert_eq!(bin.calls("sbatch") - before, 1, "nothing is submitted twice");
    }
}

#[tokio::test]
async fn a_submission_whose_comment_was_taken_away_is_found_by_its_name() {
    let bin = Bin::new();
    let nonce = nonce();
    let submission = submission(&nonce, &format!("t{nonce}"));
    // The script says no comment, as after a site's plugin has removed it.
    let script = script(&submission, "#SBATCH --hold");
    let script = script.replace(&format!("#SBATCH --comment={}\n", submission.mark), "");
    bin.wrap_silenced("sbatch", "kill -9 $$");
    let submitted = bin.slurm().submit(&script, &submission).await.unwrap();
    let job = Job { id: submitted.id, bin: &bin };
    let seen = bin.slurm().job_details(&job.id).await.unwrap().unwrap();
    assert_eq!(seen.name, submission.name);
}

#[tokio::test]
async fn a_submission_that_stays_unknown_is_not_tried_again() {
    let bin = Bin::new();
    bin.replace(
        "sbatch",
        &format!("cat >/dev/null; echo x >>{}; kill -9 $$", bin.path().join("calls").display()),
    );
    let submission = submission(&nonce(), "unknown");
    let error = bin.slurm().submit("#!/bin/bash\n", &submission).await.unwrap_err();
    let SubmitError::Unknown { reason, look } = &error else { panic!("{error:?}") };
    assert!(reason.contains("sbatch was killed; it is not in the queue"), "{reason}");
    assert!(look.contains("squeue --me") && look.contains(&submission.mark), "{look}");
    let calls = std::fs::read_to_string(bin.path().join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 1);
}
