//! Mistakes: each is shown with its place and a way to mend it.

use super::Home;

macro_rules! shows {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!($text, @$expected)
    };
}

#[test]
fn an_unknown_key() {
    shows!(Home::new().mistake("hf: a/b\nserver:\n  contxt: 8192\n"), @r#"
    error: there is no key `contxt` here
     --> configs/m.yaml:3:3
      |
    3 |   contxt: 8192
      |   ^^^^^^
    hint: did you mean `context`?
    "#);
}

#[test]
fn an_unknown_key_in_flow_style_in_a_variant() {
    shows!(Home::new().mistake("hf: a/b\nvariants:\n  v100: { slurm: { gpu: 4 } }\n"), @r#"
    error: there is no key `gpu` here
     --> configs/m.yaml:3:20
      |
    3 |   v100: { slurm: { gpu: 4 } }
      |                    ^^^
    hint: did you mean `gpus`?
    "#);
}

#[test]
fn a_key_that_belongs_elsewhere() {
    shows!(Home::new().mistake("hf: a/b\ncontext: 8192\n"), @r#"
    error: there is no key `context` here
     --> configs/m.yaml:2:1
      |
    2 | context: 8192
      | ^^^^^^^
    hint: `context` belongs under `server:`
    "#);
}

#[test]
fn a_key_of_the_other_file() {
    shows!(Home::new().mistake("hf: a/b\nregistry: { url: http://r }\n"), @r#"
    error: there is no key `registry` here
     --> configs/m.yaml:2:1
      |
    2 | registry: { url: http://r }
      | ^^^^^^^^
    hint: `registry:` belongs into config.yaml
    "#);
}

#[test]
fn a_key_like_no_other() {
    shows!(Home::new().mistake("hf: a/b\nhooks: { xyzzy: 1 }\n"), @r#"
    error: there is no key `xyzzy` here
     --> configs/m.yaml:2:10
      |
    2 | hooks: { xyzzy: 1 }
      |          ^^^^^
    hint: the keys here are `before`
    "#);
}

#[test]
fn a_text_where_a_number_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver:\n  context: 128k   # tokens\n"), @r#"
    error: `context` must be a whole number, not the text "128k"
     --> configs/m.yaml:3:12
      |
    3 |   context: 128k   # tokens
      |            ^^^^
    hint: write `131072`
    "#);
}

#[test]
fn a_word_where_a_list_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver: { args: --verbose }\n"), @r#"
    error: `args` must be a list, not the text "--verbose"
     --> configs/m.yaml:2:17
      |
    2 | server: { args: --verbose }
      |                 ^^^^^^^^^
    hint: write ["--verbose"]
    "#);
}

#[test]
fn yes_where_true_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver: { jinja: yes }\n"), @r#"
    error: `jinja` must be `true` or `false`, not the text "yes"
     --> configs/m.yaml:2:18
      |
    2 | server: { jinja: yes }
      |                  ^^^
    hint: write `true`
    "#);
}

#[test]
fn a_choice_that_is_none() {
    shows!(Home::new().mistake("hf: a/b\nserver: { access: opne }\n"), @r#"
    error: `access` can't be `opne`
     --> configs/m.yaml:2:19
      |
    2 | server: { access: opne }
      |                   ^^^^
    hint: did you mean `open`?
    "#);
}

#[test]
fn layers_that_are_no_layers() {
    shows!(Home::new().mistake("hf: a/b\nserver: { gpu_layers: most }\n"), @r#"
    error: `gpu_layers` must be `all`, `auto` or a number of layers
     --> configs/m.yaml:2:23
      |
    2 | server: { gpu_layers: most }
      |                       ^^^^
    "#);
}

#[test]
fn a_number_that_is_too_large() {
    shows!(Home::new().mistake("hf: a/b\nserver: { port: 99999 }\n"), @r#"
    error: `port` must be a whole number from 0 to 65535, not `99999`
     --> configs/m.yaml:2:17
      |
    2 | server: { port: 99999 }
      |                 ^^^^^
    "#);
}

#[test]
fn a_key_that_stands_twice() {
    shows!(Home::new().mistake("hf: a/b\nlabels:\n  team: x\n  team: y\n"), @r#"
    error: `labels.team` stands here for the second time
     --> configs/m.yaml:4:3
      |
    4 |   team: y
      |   ^^^^
    hint: the first is in line 3; keep one of the two
    "#);
}

#[test]
fn a_bracket_that_is_never_closed() {
    shows!(Home::new().mistake("name: a\nserver: { context: 1\n"), @r#"
    error: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
     --> configs/m.yaml:2:21
      |
    2 | server: { context: 1
      |                     ^
    hint: a bracket or a quote is not closed
    "#);
}

#[test]
fn tabs() {
    shows!(Home::new().mistake("server:\n\tcontext: 1\n"), @r#"
    error: this is not YAML: tabs disallowed within this context (block indentation)
     --> configs/m.yaml:2:2
      |
    2 |  context: 1
      |  ^
    hint: YAML is indented with spaces, not with tabs
    "#);
}

#[test]
fn a_colon_without_quotes() {
    shows!(Home::new().mistake("hf: a/b\ndescription: fast: very\n"), @r#"
    error: this is not YAML: mapping values are not allowed in this context
     --> configs/m.yaml:2:18
      |
    2 | description: fast: very
      |                  ^
    hint: a text with `: ` inside needs quotes
    "#);
}

#[test]
fn a_list_where_keys_belong() {
    shows!(Home::new().mistake("- hf: a/b\n"), @r#"
    error: keys and values are expected here
     --> configs/m.yaml:1:1
      |
    1 | - hf: a/b
      | ^
    hint: write `key: value`, one to a line
    "#);
}

#[test]
fn a_text_where_keys_belong() {
    shows!(Home::new().mistake("hf: a/b\nslurm: gpu\n"), @r#"
    error: `slurm` must be keys and values, not the text "gpu"
     --> configs/m.yaml:2:8
      |
    2 | slurm: gpu
      |        ^^^
    "#);
}

#[test]
fn a_second_document() {
    shows!(Home::new().mistake("hf: a/b\n---\nhf: c/d\n"), @r#"
    error: this is not YAML: a second document begins here (`---`)
     --> configs/m.yaml:2:1
      |
    2 | ---
      | ^^^
    "#);
}

#[test]
fn a_walltime_that_is_none() {
    shows!(Home::new().mistake("hf: a/b\nslurm:\n  time: 8h\n"), @r#"
    error: `8h` is not a walltime: 8:00:00, 90 (minutes), 1-12 (days-hours) and none are
     --> configs/m.yaml:3:9
      |
    3 |   time: 8h
      |         ^^
    "#);
}

#[test]
fn memory_in_the_wrong_unit() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { mem: 32GB }\n"), @r#"
    error: `32GB` is not a memory size: 32G is
     --> configs/m.yaml:2:15
      |
    2 | slurm: { mem: 32GB }
      |               ^^^^
    "#);
}

#[test]
fn a_secret_among_the_arguments() {
    shows!(Home::new().mistake("hf: a/b\nserver: { args: [\"--api-key\", \"x\"] }\n"), @r#"
    error: `--api-key` can't stand in `server.args`
     --> configs/m.yaml:2:11
      |
    2 | server: { args: ["--api-key", "x"] }
      |           ^^^^
    hint: arguments are readable by every user; llamactl makes a key of its own, and `server.access` says who gets it
    "#);
}

#[test]
fn a_line_break_that_would_end_a_directive() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { partition: \"a\\n#SBATCH --uid=0\" }\n"), @r#"
    error: `slurm.partition` must not have control characters or line breaks
     --> configs/m.yaml:2:21
      |
    2 | slurm: { partition: "a\n#SBATCH --uid=0" }
      |                     ^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn two_models() {
    shows!(Home::new().mistake("hf: a/b\nmodel: x.gguf\n"), @r#"
    error: `model` and `hf` exclude each other
     --> configs/m.yaml:1:5
      |
    1 | hf: a/b
      |     ^^^
    hint: keep one of the two
    "#);
}

#[test]
fn no_model() {
    shows!(Home::new().mistake("name: m\n"), @r#"
    error: neither `model` nor `hf` says what to serve
    --> configs/m.yaml
    hint: add `model: PATH.gguf` or `hf: owner/repo:quant`, or give --model FILE
    "#);
}

#[test]
fn a_path_with_an_unset_variable() {
    shows!(Home::new().mistake("model: $NOT_SET_HERE/m.gguf\n"), @r#"
    error: $NOT_SET_HERE is not set
     --> configs/m.yaml:1:8
      |
    1 | model: $NOT_SET_HERE/m.gguf
      |        ^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn draining_that_begins_before_the_job() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { time: 10, drain_before: 1h }\n"), @r#"
    error: `drain_before` is not shorter than the walltime
     --> configs/m.yaml:2:34
      |
    2 | slurm: { time: 10, drain_before: 1h }
      |                                  ^^
    hint: the job would be told to drain at its start
    "#);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = Home::new().mistake("hf: a/b\nserver: { \"con\\etext\": 1 } # \u{9b}31m\n");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn a_mistake_in_set() {
    let home = Home::new();
    let wrong = |set: &str| home.wrong(&["configs", "show", "tiny", "--set", set]);
    shows!(wrong("server.contxt=8192"), @r#"
    error: there is no key `contxt` here
    --> --set
     |
     | server.contxt=8192
     |        ^^^^^^
    hint: did you mean `context`?
    "#);
    shows!(wrong("slurm.mem=32GB"), @r#"
    error: `32GB` is not a memory size: 32G is
    --> --set
     |
     | slurm.mem=32GB
     |           ^^^^
    "#);
    shows!(wrong("server.context=many"), @r#"
    error: `context` must be a whole number, not the text "many"
    --> --set
     |
     | server.context=many
     |                ^^^^
    "#);
    shows!(wrong("server"), @r#"
    error: --set server is not KEY=VALUE
    hint: write it as --set server.context=8192
    "#);
    shows!(wrong("server=1"), @r#"
    error: `server` is a section
    --> --set
     |
     | server=1
     |        ^
    hint: set one of its keys, as `server.context=…`
    "#);
    shows!(wrong("variants.a.model=x"), @r#"
    error: there is no key `variants` here
    --> --set
     |
     | variants.a.model=x
     | ^^^^^^^^
    hint: the keys here are `name`, `description`, `model`, `hf`, `server`, `slurm`, `hooks`, `labels`, `registry`, `notify`, `ssh`, `node`, `paths`
    "#);
}

#[test]
fn a_mistake_in_the_environment() {
    let home = Home::new().env("SBATCH_TIMELIMIT", "8 hours");
    shows!(home.wrong(&["configs", "show", "tiny"]), @r#"
    error: `8 hours` is not a walltime: 8:00:00, 90 (minutes), 1-12 (days-hours) and none are
    --> SBATCH_TIMELIMIT
     |
     | 8 hours
     | ^^^^^^^
    "#);
}

#[test]
fn a_mistake_in_the_users_file() {
    let home = Home::new();
    home.write(".config/llamactl/config.yaml", "notify:\n  emial: a@b\n");
    shows!(home.wrong(&["configs", "show", "tiny"]), @r#"
    error: there is no key `emial` here
     --> ~/.config/llamactl/config.yaml:2:3
      |
    2 |   emial: a@b
      |   ^^^^^
    hint: did you mean `email`?
    "#);
}

#[test]
fn a_variant_that_the_model_does_not_have() {
    shows!(Home::new().wrong(&["configs", "show", "qwen3-30b", "--gpu-type", "b200"]), @r#"
    error: built-in qwen3-30b.yaml has no variant for the GPU type `b200`
    hint: it has h100, a100, v100, p40
    "#);
}
