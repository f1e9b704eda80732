//! Everything that can end or disturb a job, each on three real clusters with the real
//! llama-server: after each fault the registry, the connection file, the notifications, the exit
//! code and the list of processes must be what they ought to be.
//!
//! The clusters come from `make lab-up` or `make test`. Where the newest SLURM is not possible,
//! `make test` leaves the module `newest` out and says so.

mod crashes;
mod endings;
mod lab;
mod leases;
mod restarts;
mod values;

macro_rules! on_every_cluster {
    ($($module:ident: $($test:ident),+;)+) => {
        on_every_cluster!(@cluster pgid Pgid $($module: $($test),+;)+);
        on_every_cluster!(@cluster linuxproc Linuxproc $($module: $($test),+;)+);
        on_every_cluster!(@cluster newest Newest $($module: $($test),+;)+);
    };
    (@cluster $name:ident $variant:ident $($module:ident: $($test:ident),+;)+) => {
        mod $name {
            const CLUSTER: crate::common::cluster::Cluster =
                crate::common::cluster::Cluster::$variant;
            $($(
                #[test]
                fn $test() {
                    super::$module::$test(CLUSTER);
                }
            )+)+
        }
    };
}

on_every_cluster! {
    endings: scancel, scancel_while_a_short_answer_streams, scancel_while_a_long_answer_streams,
        term_to_every_process, time_limit_with_a_stream_running, stop_command;
    restarts: requeue, preemption, preemption_with_grace, array_job, two_copies_of_one_job;
    crashes: llama_server_killed, bad_model_file, port_taken, supervisor_killed;
    leases: registry_killed_and_restarted, registry_away_for_the_whole_job;
    values: strange_values_reach_llama_server_unchanged;
}
