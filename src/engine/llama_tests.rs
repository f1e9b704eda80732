use super::*;

fn spec() -> Spec {
    serde_yaml::from_str("{name: m, model: /m/a.gguf, server: {}}").unwrap()
}

fn words(spec: &Spec) -> Vec<String> {
    let args = arguments(spec, Path::new("/run/x.sock"), Some(8));
    args.into_iter().map(|arg| arg.into_string().unwrap()).collect()
}

#[test]
fn every_key_becomes_its_option_and_words_of_the_users_own_come_last() {
    let mut spec = spec();
    spec.server = serde_yaml::from_str(
        "{context: 4096, gpu_layers: all, batch: 64, ubatch: 32, parallel: 2, threads: 3,
          flash_attn: auto, cache_type_k: q8_0, cache_type_v: q4_0, n_cpu_moe: 5,
          split_mode: row, tensor_split: '3,1', mmproj: /m/p, draft_model: /m/d, alias: a,
          jinja: true, chat_template_file: /m/t, reasoning_format: none,
          args: ['--temp', '0.7', '']}",
    )
    .unwrap();
    let expected = "--model /m/a.gguf --host /run/x.sock --port 0 --metrics --slots \
        --ctx-size 4096 --n-gpu-layers all --batch-size 64 --ubatch-size 32 --parallel 2 \
        --threads 3 --flash-attn auto --cache-type-k q8_0 --cache-type-v q4_0 --n-cpu-moe 5 \
        --split-mode row --tensor-split 3,1 --mmproj /m/p --model-draft /m/d --alias a --jinja \
        --chat-template-file /m/t --reasoning-format none --temp 0.7 ";
    assert_eq!(words(&spec).join(" "), expected);
}

#[test]
fn the_jobs_cpus_are_the_threads_unless_the_configuration_says_otherwise() {
    assert!(words(&spec()).join(" ").contains("--threads 8"));
    assert!(!arguments(&spec(), Path::new("/x.sock"), None).contains(&"--threads".into()));
}

#[test]
fn clients_see_the_name_and_not_the_path_of_the_file() {
    assert!(words(&spec()).join(" ").ends_with("--alias m"));
}

#[test]
fn arguments_of_the_supervisor_are_refused() {
    for arg in ["--port", "--host=1.2.3.4", "--api-key"] {
        let mut spec = spec();
        spec.server.args = Some(vec![arg.to_owned()]);
        let failure = check(&spec).unwrap_err();
        assert_eq!(failure.exit, crate::exit::Exit::USAGE);
        assert!(failure.message.contains(arg.split('=').next().unwrap()), "{failure}");
    }
    assert!(check(&spec()).is_ok());
}

#[test]
fn a_file_that_is_missing_is_named_before_the_start() {
    let failure = check_files(&spec()).unwrap_err();
    assert!(failure.message.contains("/m/a.gguf"), "{failure}");
}

#[test]
fn answers_are_understood_and_others_are_not_mistaken_for_them() {
    let models_body = br#"{"object":"list","data":[{"id":"tiny.gguf","object":"model"}]}"#;
    assert_eq!(models(models_body), Some(vec!["tiny.gguf".to_owned()]));
    let slots_body = br#"[{"id":0,"is_processing":true},{"id":1,"is_processing":false}]"#;
    assert_eq!(load(slots_body).map(|load| load.slots), Some(Slots { total: 2, busy: 1 }));
    let error = br#"{"error":{"message":"x","type":"y","code":501}}"#;
    assert_eq!((models(error), load(error)), (None, None));
}

#[test]
fn the_loading_answer_is_llama_servers_own() {
    let own = r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#;
    assert_eq!(error_body("Loading model", 503), own);
}

/// The logs are of llama-server 0.7.0, each after the failure that its name says.
#[test]
fn the_cause_is_found_in_real_logs() {
    for (log, expected) in [
        ("missing_model", "the model file can't be opened: '/nope/x.gguf' (No such file"),
        ("bad_gguf", "the model file is not a GGUF file"),
        ("empty_gguf", "the model file is empty"),
        ("truncated_gguf", "the model file is incomplete"),
        ("truncated_header", "the model file is incomplete"),
        ("oom_kv_cache", "not enough memory for the context"),
        ("unknown_flag", "llama-server does not know --no-such-flag"),
        ("bad_value", "wrong value of \"-c\": stoi"),
        ("bad_cache_type", "wrong value of \"-ctk\": Unsupported cache type: zzz"),
        ("bad_device", "wrong value of \"-dev\": invalid device: CUDA0"),
        ("bad_chat_template", "the chat template is not valid"),
        ("missing_lora", "the LoRA adapter can't be loaded: '/nope/l.gguf'"),
        ("missing_mmproj", "the multimodal projector can't be loaded: '/nope/mm.gguf'"),
        ("hf_no_network", "the model can't be downloaded: HTTPLIB failed"),
        ("hf_offline", "the model is not in the local cache"),
        ("bad_host", "llama-server could not listen: hostname: 10.99.99.99"),
    ] {
        let path = format!("{}/tests/fixtures/llama-server/{log}.log", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let reason = reason(&lines).unwrap_or_default();
        assert!(reason.starts_with(expected), "{log}: {reason:?}");
    }
}

#[test]
fn an_unknown_error_is_quoted_and_a_quiet_log_has_no_reason() {
    let lines = ["0.00.1 I srv  load_model: loading".to_owned(), "ggml: fatal: no.".to_owned()];
    assert_eq!(reason(&lines).as_deref(), Some("ggml: fatal: no."));
    assert_eq!(reason(&lines[..1]), None);
}
