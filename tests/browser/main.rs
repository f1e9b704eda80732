//! The dashboard in a real browser, with a real registry, real jobs and real shells behind it.
//!
//! Each check is a function in `tests/browser/checks/AREA.mjs`, run by node in a chromium of its
//! own; here it is a test with a sandbox, on a cluster. What it lacks is a failure.

#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::cluster::Cluster;
use crate::common::login::Login;
use crate::common::services::Daemon;
use crate::common::{
    LLAMACTL, Sandbox, assert_ok, lab_home, project, slow_model, text, tiny_model, wait_until,
};

/// Longer than the limit that a check has in `run.mjs`.
const LONG: Duration = Duration::from_secs(170);

/// Makes a test of each check of an area.
macro_rules! checks {
    ($($area:ident: $($check:ident)*;)*) => {
        $(mod $area {
            $(#[test]
            fn $check() {
                super::run(stringify!($area), stringify!($check));
            })*
        })*

        /// Every check that is a test here.
        const CHECKS: &[&str] = &[$($(concat!(stringify!($area), "::", stringify!($check)),)*)*];
    };
}

checks! {
    away:
        a_registry_that_stops_is_told_and_found_again
        it_can_be_installed
        offline_the_page_opens_with_what_was_known
        try_now_does_not_wait
        ;
    copy:
        a_private_key_is_for_its_owner
        copying_works_over_plain_http_too
        every_line_works_from_outside_through_the_tunnel
        every_line_works_on_the_cluster
        no_name_of_a_server_runs_in_a_shell
        ;
    fleet:
        a_node_is_taken_out_of_use_and_given_back
        a_node_that_falls_silent_is_seen_at_once
        capacity_draws_the_history_and_tells_it_in_numbers
        events_come_live_and_filter_by_the_address
        nodes_show_what_they_have_and_filter_by_the_address
        the_heat_map_tells_each_gpu_in_colour_and_words
        topology_can_be_read_at_200_nodes
        ;
    fleet_logic:
        a_watch_takes_the_models_that_the_registry_takes
        arrow_keys_reach_every_node
        every_event_is_a_sentence
        names_are_shortened_in_the_middle
        nothing_in_the_topology_lies_on_anything_else
        what_a_node_tells_is_not_believed_to_be_numbers
        what_get_started_makes_is_taken_by_the_program
        wrong_fields_are_named
        ;
    frame:
        every_page_is_reached_by_the_navigation
        ;
    hostile:
        nothing_of_a_node_runs
        nothing_of_a_server_runs
        nothing_of_an_old_clients_record_runs
        nothing_of_tokens_and_events_runs
        ;
    keyboard:
        a_server_is_found_opened_and_its_line_copied
        one_logs_in_and_out
        the_focus_is_always_seen
        the_focus_is_always_seen_on_a_phone_in_the_dark
        the_menu_of_a_phone_opens_and_closes
        ;
    logic:
        a_job_id_is_one_word_for_the_shell
        a_stream_is_read_whatever_its_pieces
        addresses_are_read_as_they_were_written
        lists_sort_and_search
        the_shell_has_every_file
        times_read_well
        ;
    look:
        a_view_that_is_not_there_is_no_riddle
        axe_finds_nothing_on_a_phone
        axe_finds_nothing_on_a_wide_screen
        contrast_suffices_on_a_phone_in_the_light
        contrast_suffices_on_a_wide_screen_in_the_dark
        empty_views_say_what_to_do_next
        no_view_scrolls_sideways_at_320
        no_view_scrolls_sideways_at_390
        no_view_scrolls_sideways_at_4k
        no_view_scrolls_sideways_at_768
        ;
    server:
        an_entry_is_taken_out_by_who_may
        it_tells_the_story_of_a_job_to_its_end
        keys_are_hidden_until_asked_for
        ;
    servers:
        a_job_arrives_and_leaves_without_a_reload
        a_real_job_is_shown_with_all_that_is_known_of_it
        an_update_touches_only_its_row
        busy_slots_and_speed_move_during_a_real_request
        filters_live_in_the_address
        headers_sort_and_say_so
        mine_is_asked_once_and_remembered
        what_runs_longest_and_ends_first_is_told_in_bars_and_times
        ;
    session:
        a_token_becomes_two_halves_and_no_script_reads_the_cookie
        a_token_that_is_revoked_ends_what_is_being_looked_at
        a_wrong_token_is_refused_with_a_reason
        nothing_is_left_after_the_logout
        tokens_are_for_administrators
        whoever_may_read_without_a_token_sees_servers_and_can_log_in
        ;
    start:
        a_token_is_made_shown_once_and_revoked
        every_line_is_one_that_llamactl_understands
        the_browser_tells_when_a_model_is_ready
        the_file_of_the_form_is_valid_and_can_be_submitted
        the_form_makes_a_command_that_submits_a_job
        the_registry_tells_when_a_model_is_ready
        wrong_fields_are_told_in_words
        ;
}

#[test]
fn every_check_of_the_browser_is_a_test_here() {
    let output = node().arg("--list").output().expect("node is missing: run `make test-deps`");
    assert_ok(&["run.mjs", "--list"], &output);
    let listed = text(&output.stdout);
    let theirs: BTreeSet<&str> = listed.lines().collect();
    assert_eq!(theirs, CHECKS.iter().copied().collect::<BTreeSet<_>>(), "see checks! above");
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(project().join("tests/browser/run.mjs"));
    command
}

/// Runs one check to its end, and fails with all that it said.
#[track_caller]
fn run(area: &str, check: &str) {
    let mut sandbox = world();
    // What is copied is pasted into shells that reach the cluster through a login host, too.
    let _login = (area == "copy").then(|| Login::start(&mut sandbox));
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard");
    std::fs::create_dir_all(&pictures).expect("a folder for pictures");
    let mut command = sandbox.command("node");
    command.arg(project().join("tests/browser/run.mjs")).args([area, check]);
    command.env("LLAMACTL", LLAMACTL).env("LLAMACTL_LAB", lab_home());
    command.env("LLAMACTL_TEST_FOLDER", sandbox.dir()).env("LLAMACTL_TEST_PICTURES", pictures);
    let mut node = Daemon::start(command, sandbox.path("check.txt"));
    let status = wait_until("the end of the check", LONG, || node.ended());
    let said = std::fs::read_to_string(sandbox.path("check.txt")).unwrap_or_default();
    assert!(status.success(), "{said}");
}

/// A sandbox on a cluster, with models to submit as `tiny` and `slow`.
fn world() -> Sandbox {
    let mut sandbox = Sandbox::new();
    Cluster::Pgid.enter(&mut sandbox);
    sandbox.set("LLAMACTL_LOG", "info");
    for (name, file) in [("tiny", tiny_model()), ("slow", slow_model())] {
        let model = format!(
            "name: {name}\nmodel: {file:?}\nserver:\n  context: 8192\n  threads: 1\n  parallel: 2\n  \
             host: 127.0.0.1\n  advertise: 127.0.0.1\nslurm: {{ cpus: 1, mem: 200M, gpus: 1, time: 30 }}\n"
        );
        sandbox.write(format!("work/configs/{name}.yaml"), model);
    }
    // What people type is the program's name.
    sandbox.program("llamactl", &format!("#!/bin/sh\nexec '{LLAMACTL}' \"$@\"\n"));
    sandbox
}
